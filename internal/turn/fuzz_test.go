package turn

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"nacre/internal/call"
)

// watch checks what must hold after every step, whatever happens.
type watch struct {
	inAir  int // the utterance told to be spoken and not yet told to stop, or reported
	last   int
	optOut time.Duration // when it was asked for
	asked  bool
	done   bool
	hungUp bool
	open   bool // the utterance in the air may be added to
	ask    int  // being replied to; 0 = none
	fatal  func(string, ...any)
	sawKey bool
	// Whoever has said words of an assistant, a menu or an announcement, and none of a mailbox since, is left no message.
	voicemail string
	gate      string
	mailbox   bool // words of one were heard
}

// heard notes who picked up, as words tell.
func (w *watch) heard(e Event) {
	switch who := answerersIn("en").who(e.Text); who {
	case mailbox:
		w.gate, w.mailbox = "", true
	case screener, outOfService:
		w.gate, w.mailbox = e.Text, false
	case menu:
		if !w.mailbox { // a mailbox has one, too
			w.gate = e.Text
		}
	}
}

func (w *watch) before(now time.Duration, e Event) {
	if e.Kind == OptOutDone {
		w.done = true
	}
	if e.Kind == Heard {
		w.heard(e)
	}
	if (e.Kind == PlayoutFinished || e.Kind == SpeakFailed) && e.Utterance == w.inAir {
		w.inAir = 0
	}
	if (e.Kind == ReplyEnd || e.Kind == AskFailed) && e.Ask == w.ask {
		w.ask = 0
	}
	if e.Kind == PeerHungUp { // whoever holds the call cancels then
		w.ask = 0
	}
}

func (w *watch) after(now time.Duration, e Event, actions []Action) {
	for _, a := range actions {
		if w.hungUp {
			w.fatal("%v after the hang-up", a)
		}
		switch a.Do {
		case Speak:
			if w.inAir != 0 || a.Utterance <= w.last {
				w.fatal("speak %d while %d is in the air, after %d", a.Utterance, w.inAir, w.last)
			}
			w.inAir, w.last, w.open = a.Utterance, a.Utterance, a.More
			if w.voicemail != "" && w.gate != "" && slices.Equal(a.Parts, []string{w.voicemail}) {
				w.fatal("a message is left after %q", w.gate)
			}
		case SpeakMore:
			if a.Utterance != w.inAir || !w.open {
				w.fatal("more of %d while %d is in the air, open %v", a.Utterance, w.inAir, w.open)
			}
			w.open = a.More
		case Ask:
			if w.ask != 0 {
				w.fatal("asked %d while %d is being replied to", a.Ask, w.ask)
			}
			w.ask = a.Ask
		case CancelAsk:
			if a.Ask != w.ask {
				w.fatal("cancelled %d while %d is being replied to", a.Ask, w.ask)
			}
			w.ask = 0
		case StopSpeaking:
			if a.Utterance != w.inAir {
				w.fatal("stop %d, but %d is in the air", a.Utterance, w.inAir)
			}
			w.inAir = 0
		case OptOut:
			if w.asked {
				w.fatal("opted out twice")
			}
			w.asked, w.optOut = true, now
		case HangUp:
			w.hungUp = true
			if w.asked && !w.done && now-w.optOut < Defaults().OptOutLimit {
				w.fatal("hung up %s after an opt-out that is not written", now-w.optOut)
			}
			if w.inAir != 0 || w.ask != 0 {
				w.fatal("hung up while %d was spoken and %d replied to", w.inAir, w.ask)
			}
		}
	}
}

func (w *watch) talk(m *Machine) {
	talk := m.Talk()
	// What they said last is found out when the call is over; whoever held it writes it then.
	if talk.OptOut != w.asked && !(talk.OptOut && m.Over()) {
		w.fatal("opt-out in the talk: %v, asked for: %v", talk.OptOut, w.asked)
	}
	if talk.OptOut && talk.Callback != nil {
		w.fatal("called back after an opt-out")
	}
	if w.sawKey && talk.Answerer == call.MachineAnswerer {
		w.fatal("a machine that pressed keys")
	}
	if talk.VoicemailLeft && talk.Answerer != call.MachineAnswerer {
		w.fatal("voicemail left with %s", talk.Answerer)
	}
	previous := 0.0
	for _, line := range talk.Transcript {
		if line.Start > line.End || line.Start < previous || line.Content == "" {
			w.fatal("transcript %v", talk.Transcript)
		}
		previous = line.Start
	}
}

func drawScript(t *rapid.T) call.Script {
	script := call.Script{Opening: "Hello from Example.", Answered: time.Date(2026, 11, 26, 15, 15, 0, 0, time.UTC), SuccessDefined: rapid.Bool().Draw(t, "success")}
	if rapid.Bool().Draw(t, "voicemail") {
		script.VoiceMail = "Please call us back."
	}
	if rapid.Bool().Draw(t, "menu keys") {
		script.MenuKeys = "1"
	}
	kinds := []call.VariableType{call.Boolean, call.Float, call.Int, call.String}
	for i := range rapid.IntRange(0, 3).Draw(t, "questions") {
		script.Questions = append(script.Questions, call.Question{
			ID: fmt.Sprint("v", i), Ask: "How about it?", Type: rapid.SampledFrom(kinds).Draw(t, "type"),
		})
	}
	if rapid.Bool().Draw(t, "nodes") {
		drawNodes(t, &script)
	}
	return script
}

// drawNodes makes the script one of nodes that lead anywhere.
func drawNodes(t *rapid.T, script *call.Script) {
	script.Actions = []call.Action{{Kind: call.ActRequest, Name: "ask"}}
	many := rapid.IntRange(1, 5).Draw(t, "many")
	texts := []string{"", "All right.", "Would you like that?", "Is it {v0}, or {other}?"}
	names := []string{"Yes", "No", "Otherwise", "Wants an offer", "Has a question", "Customer declines"}
	for n := range many {
		node := call.Node{Name: fmt.Sprint("n", n), Say: rapid.SampledFrom(texts).Draw(t, "say"), Action: rapid.SampledFrom([]int{0, 0, 1}).Draw(t, "does")}
		if n == 0 {
			node.Say, node.Action = script.Opening, 0
		}
		for q := range script.Questions {
			switch rapid.IntRange(0, 3).Draw(t, "asked") {
			case 0:
				node.Asks = append(node.Asks, q)
			case 1:
				node.Needs = append(node.Needs, q)
			}
		}
		for range rapid.IntRange(0, 3).Draw(t, "ways") {
			node.Ways = append(node.Ways, call.Way{
				Name: rapid.SampledFrom(names).Draw(t, "name"), To: rapid.IntRange(0, many).Draw(t, "to"),
				After: map[bool]call.Result{true: call.Result(1 + len(node.Ways)%2)}[node.Action > 0],
			})
		}
		script.Nodes = append(script.Nodes, node)
	}
	script.Nodes = append(script.Nodes, call.Node{Name: "end", Say: "Goodbye.", Ends: true})
}

func drawRules(t *rapid.T, script call.Script) Rules {
	form := NewForm(script)
	switch rapid.IntRange(0, 2).Draw(t, "understands") {
	case 1:
		return wordy{form}
	case 2:
		form.Listen()
	}
	return form
}

// things are what somebody may say.
var things = append([]string{
	"", "Yes.", "no", "mm-hm", "um", "4 1 5", "Who is this", "okay thank you", "bye", "never call me again", "Hello from Example", "...", "leave a message", "After the tone.",
	"Please say your name and why you are calling.", "Please state your name.", "Thank you. One moment, please.", "For sales, press one. For support, press two.", "For sales, press one.",
	"The number you have dialed is not in service.",
}, whatPeopleSay...)

// Any events in any order, also such as no line could give.
func TestAnyEvents(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		script := drawScript(t)
		m := New(Config{
			Rules: drawRules(t, script), Voicemail: script.VoiceMail, MenuKeys: script.MenuKeys, Timing: Defaults(),
			Brains: rapid.IntRange(0, 2).Draw(t, "brains"), Opening: []string{script.Opening}, Questions: script.Questions, Actions: script.Actions,
		})
		w := &watch{fatal: t.Fatalf, voicemail: script.VoiceMail}
		now := time.Duration(0)
		for range rapid.IntRange(1, 200).Draw(t, "events") {
			now += time.Duration(rapid.SampledFrom([]int{0, 0, 20, 20, 20, 100, 500, 3000, 11000}).Draw(t, "ms")) * time.Millisecond
			e := Event{
				Kind: Kind(rapid.IntRange(int(Tick), int(Resumed)).Draw(t, "kind")), Active: rapid.Bool().Draw(t, "active"),
				Key:       rapid.SampledFrom([]rune("0123456789*#*9*2A\x00")).Draw(t, "key"),
				Utterance: rapid.IntRange(0, w.last+1).Draw(t, "utterance"), Part: rapid.IntRange(-1, 6).Draw(t, "part"),
				Fraction: rapid.Float64Range(0, 1).Draw(t, "fraction"), Text: rapid.SampledFrom(things).Draw(t, "text"),
				Final: rapid.Bool().Draw(t, "final"), EndOfTurn: rapid.IntRange(0, 5).Draw(t, "over") == 0,
				From: now - time.Duration(rapid.IntRange(0, 3000).Draw(t, "from"))*time.Millisecond, To: now - time.Duration(rapid.IntRange(-500, 500).Draw(t, "to"))*time.Millisecond,
				Ask: max(w.ask-rapid.SampledFrom([]int{0, 0, 0, 1}).Draw(t, "ask"), 0), Use: 1,
				Reply: Reply{End: rapid.IntRange(0, 4).Draw(t, "ends") == 0, Expect: Expect(rapid.IntRange(0, 3).Draw(t, "expect"))},
				Tool:  Tool{Kind: rapid.SampledFrom([]ToolKind{ToolOptOut, ToolCallBack, ToolCollect}).Draw(t, "tool"), After: time.Hour},
			}
			if rapid.IntRange(0, 100).Draw(t, "end") == 0 {
				e.Kind = rapid.SampledFrom([]Kind{PeerHungUp, TimeUp, OptOutDone}).Draw(t, "last")
			}
			wasOver := m.Over()
			w.before(now, e)
			actions := slices.Clone(m.Step(now, e))
			if wasOver && len(actions) > 0 {
				t.Fatalf("actions after the end: %v", actions)
			}
			w.after(now, e, actions)
			w.sawKey = w.sawKey || !wasOver && e.Kind == KeyPressed && strings.ContainsRune("0123456789*#", e.Key)
			w.talk(m)
		}
	})
}

// A line that behaves as lines do: people who speak, press keys and beep as they please. Every conversation ends by
// itself, and *9 always ends in an opt-out.
func TestAnyParty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		script := drawScript(t)
		s := &stage{}
		s.m = New(Config{
			Rules: drawRules(t, script), Voicemail: script.VoiceMail, MenuKeys: script.MenuKeys, Timing: Defaults(),
			Brains: rapid.IntRange(0, 2).Draw(t, "brains"), Opening: []string{script.Opening}, Questions: script.Questions, Actions: script.Actions,
		})
		for range rapid.IntRange(0, 8).Draw(t, "replies") {
			var items []string
			for range rapid.IntRange(0, 4).Draw(t, "items") {
				items = append(items, fmt.Sprintf("%.2f %s", rapid.Float64Range(0, 9).Draw(t, "after"), rapid.SampledFrom([]string{
					"Yes.", "Let me tell you something about that.", "!end", "!yesno", "!fail", "!hang", "!neverCallAgain", "!callBack 2h",
				}).Draw(t, "item")))
			}
			s.replies = append(s.replies, items)
		}
		w := &watch{fatal: t.Fatalf, voicemail: script.VoiceMail}
		s.watch = w
		if s.ears = rapid.Bool().Draw(t, "ears"); s.ears {
			s.step(Event{Kind: Ears, Active: true})
		}
		optsOut := false
		for range rapid.IntRange(0, 12).Draw(t, "acts") {
			act := rapid.SampledFrom([]string{"wait", "say", "say+", "keys", "beep", "hear", "start", "quiet", "hold", "slow opt-out", "mute", "deaf", "lag"}).Draw(t, "act")
			switch act {
			case "keys":
				keys := rapid.SampledFrom([]string{"1", "2", "5", "12#", "#", "*1", "*2", "*23#", "3**5", "**", "*9"}).Draw(t, "keys")
				optsOut = optsOut || keys == "*9"
				act += " " + keys
			case "mute":
				if rapid.IntRange(0, 9).Draw(t, "mute") > 0 {
					continue
				}
			case "deaf":
				if rapid.Bool().Draw(t, "gone") {
					act = "deaf for good"
				}
			case "say", "say+":
				act = fmt.Sprintf("%s %.2f %s", act, rapid.Float64Range(0.05, 20).Draw(t, "seconds"), rapid.SampledFrom(things).Draw(t, "text"))
			case "hear", "start", "quiet", "slow opt-out":
			default:
				act = fmt.Sprintf("%s %.2f", act, rapid.Float64Range(0.05, 20).Draw(t, "seconds"))
			}
			s.todo = append(s.todo, act)
		}
		for s.now < 20*time.Minute && !s.over {
			s.frame()
		}
		if !s.over {
			t.Fatalf("still on after 20 minutes: %v\n%s", s.todo, s.log.String())
		}
		w.talk(s.m)
		if optsOut && len(s.todo) == 0 && !s.m.Talk().OptOut && s.star9 {
			t.Fatalf("*9 was pressed and nobody opted out\n%s", s.log.String())
		}
	})
}
