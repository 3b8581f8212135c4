package turn

import (
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nacre/internal/call"
	"nacre/internal/understanding"
)

var update = flag.Bool("update", false, "rewrite the scenarios' answers")

// A scenario is a script, a list of what the other side does, and, after a line of dashes, what came of it.
//
//	success | ask all | voicemail TEXT | menu KEYS | screened TEXT | question TYPE TEXT | agent NAME | company NAME | about TEXT | language TAG     the script
//	brains N       so many brains are asked before the rules reply
//	reply ITEMS    the reply of a brain to the next turn: items separated by " / ", each S WHAT: S seconds after the one
//	               before comes a part of the reply, or !fail, !end (hang up), !hang (nothing more) or the tool !KIND ARGUMENT
//	ears           a recogniser listens: it has words 60 ms after a pause of 160 ms, every half second of speech, and at its end
//	listens        the form understands words
//	action KIND NAME  the script has such an action
//	works S ok|fail TEXT id=VALUE …  what comes, S seconds later, of the next action that is done; nothing without it
//	node NAME TEXT the script is made of nodes: one that says TEXT, the first of which is the opening; what follows is of it
//	needs|asks N … questions, from 1, that are asked before and after it has been said
//	does NAME      its action
//	ends           the talk ends after it
//	way NODE NAME  leads there; "ok: NAME" and "failed: NAME" after an action
//	understands    rules for these tests know yes, no, digits, "never call" and what is unfinished
//	wait S         let S seconds pass
//	say S TEXT     speak for S seconds, then go on with the list; a recogniser hears TEXT, nothing without it
//	say+ S         begin to speak for S seconds, and go on at once
//	keys TEXT      press keys, 0.15 s each
//	beep S         sound a tone for S seconds
//	network KIND   sound special information tones for a second: number, or circuit
//	hear           wait for the end of the agent's turn by ear: 0.7 s of quiet after it has spoken
//	start          wait for the agent's next word
//	quiet          wait until the agent is not speaking
//	hold S         put the call on hold for S seconds
//	mute           from here on nothing the agent says can be made into speech
//	hang up        end the call
//	limit          the longest duration is reached
//	slow opt-out   from here on the suppression list never answers
//	lag S          from here on results of the recogniser take S seconds more
//	deaf           from here on the recogniser has no results; deaf for good: it is gone
func TestScenarios(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) < 20 {
		t.Fatalf("scenarios: %v, %v", files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			given, want, _ := strings.Cut(string(text), "\n----\n")
			got := runScenario(t, given)
			if *update {
				if err := os.WriteFile(file, []byte(strings.TrimRight(given, "\n")+"\n----\n"+got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", file, diff)
			}
		})
	}
}

// TestKindsOfTalk: of each kind of disturbed talk there are several scenarios, and a hundred of all together.
func TestKindsOfTalk(t *testing.T) {
	t.Parallel()
	all := 0
	for _, kind := range []string{"two", "television", "hold-music", "handover", "silence", "over"} {
		files, err := filepath.Glob("testdata/" + kind + "-[0-9][0-9].txt")
		if err != nil || len(files) < 15 {
			t.Errorf("%s: %d scenarios, %v", kind, len(files), err)
		}
		all += len(files)
	}
	if all < 100 {
		t.Errorf("%d scenarios", all)
	}
	if files, err := filepath.Glob("testdata/walk-*.txt"); err != nil || len(files) < 20 {
		t.Errorf("%d walks over nodes, %v", len(files), err)
	}
}

const tick = 20 * time.Millisecond

// stage plays the telephone line around a machine: a voice that speaks 15 letters a second, a speech detector with
// 60 ms of onset and 400 ms of hangover, and the other side.
type stage struct {
	t       *testing.T
	m       *Machine
	now     time.Duration
	log     strings.Builder
	over    bool
	optOut  time.Duration // when the opt-out is answered; 0 = none asked
	slow    bool
	mute    bool
	watch   *watch
	star9   bool // *9 was pressed while the call was up
	starred bool
	current *playing
	ears    bool
	deaf    bool
	lag     time.Duration
	from    time.Duration // start of the speech now heard
	uttered []uttered     // of the speech now heard
	partial time.Duration // the next partial result is asked for
	results []Event       // of the recogniser, on their way
	due     []time.Duration
	thought *thought   // the reply that is being made
	replies [][]string // of the brains, to the turns to come
	asks    int

	works   []string    // what comes of actions, in order
	working []beingDone // actions that are being done

	todo      []string
	until     time.Duration // the list goes on then
	sayUntil  time.Duration
	sayFrom   time.Duration
	beepUntil time.Duration
	beepFrom  time.Duration
	tones     string // of the network, that are being sounded
	heldUntil time.Duration
	vad       bool
	lastSound time.Duration
	agentLast time.Duration // its last sound
	agentTurn bool          // it has spoken since the list last waited for it
}

type playing struct {
	id    int
	parts []string
	more  bool
	at    time.Duration // into the utterance
	begun bool
}

// uttered is a word that was said.
type uttered struct {
	text string
	end  time.Duration
}

// wordy are Rules that understand little words.
type wordy struct{ *Form }

func (w wordy) OptsOut(words string) bool { return strings.Contains(words, "never call") }

func (w wordy) Judge(expect Expect, words string, _ time.Duration) understanding.Completeness {
	all := wordsOf(words)
	if len(all) == 0 {
		return understanding.MayGoOn
	}
	last := all[len(all)-1]
	_, digits := strconv.Atoi(last)
	switch {
	case slices.Contains([]string{"um", "is", "and", "see"}, last), expect == ExpectDigits && digits == nil && len(all) < 4:
		return understanding.Unfinished
	case expect == ExpectYesNo && (last == "yes" || last == "no"), w.OptsOut(words):
		return understanding.Complete
	}
	return understanding.MayGoOn
}

func (w wordy) Next(in Input) Reply {
	if in.Kind == InputWords {
		all := wordsOf(in.Words)
		switch {
		case w.OptsOut(in.Words):
			return Reply{Tools: []Tool{{Kind: ToolOptOut}}}
		case slices.Contains(all, "yes"):
			return w.Form.Next(Input{Kind: InputKeys, Keys: "1", Heard: in.Heard})
		case slices.Contains(all, "no"):
			return w.Form.Next(Input{Kind: InputKeys, Keys: "2", Heard: in.Heard})
		}
		digits := strings.Map(func(r rune) rune {
			if r < '0' || r > '9' {
				return -1
			}
			return r
		}, in.Words)
		if digits != "" {
			return w.Form.Next(Input{Kind: InputKeys, Keys: digits, Heard: in.Heard})
		}
	}
	return w.Form.Next(in)
}

// beingDone is an action that is being done.
type beingDone struct {
	event Event
	due   time.Duration
}

// work has an action done: S ok|fail [TEXT] [v=VALUE …] S seconds later.
func (s *stage) work(a Action) {
	s.logf("work %d: action %d", a.Work, a.Number)
	for _, v := range a.Values {
		s.logf("    %s = %v", v.ID, v.Value)
	}
	if len(s.works) == 0 {
		return // nothing is heard of it
	}
	number, rest, _ := strings.Cut(s.works[0], " ")
	s.works = s.works[1:]
	seconds, _ := strconv.ParseFloat(number, 64)
	how, text, _ := strings.Cut(rest, " ")
	e := Event{Kind: Worked, Work: a.Work, Failed: how == "fail"}
	for _, word := range strings.Fields(text) {
		if id, value, ok := strings.Cut(word, "="); ok {
			e.Values = append(e.Values, call.Value{ID: id, Name: id, Value: value})
		} else {
			e.Text = join(e.Text, word)
		}
	}
	s.working = append(s.working, beingDone{e, s.now + time.Duration(seconds*float64(time.Second))})
}

// thought is what a brain is about to say.
type thought struct {
	ask   int
	items []string
	next  time.Duration
}

func lengthOf(text string) time.Duration {
	return max(tick, time.Duration(len(text))*time.Second/15/tick*tick)
}

func runScenario(t *testing.T, given string) string {
	t.Helper()
	script := call.Script{Opening: "Hello, this is Anna of Example Corporation.", Answered: time.Date(2026, 11, 24, 15, 0, 0, 0, time.UTC)}
	s := &stage{t: t}
	brains, understands, listens := 0, false, false
	var ways []namedWay
	for line := range strings.Lines(given) {
		line = strings.TrimSpace(line)
		word, rest, _ := strings.Cut(line, " ")
		switch word {
		case "", "#":
		case "success":
			script.SuccessDefined = true
		case "ask":
			script.AskAll = true
		case "opening":
			script.Opening = rest
		case "agent":
			script.AgentName = rest
		case "company":
			script.Brief.Company = rest
		case "about":
			script.Brief.Description = rest
		case "language":
			script.Language = rest
		case "voicemail":
			script.VoiceMail = rest
		case "menu":
			script.MenuKeys = rest
		case "screened":
			script.ScreeningAnswer = rest
		case "question":
			kind, ask, _ := strings.Cut(rest, " ")
			id := "v" + strconv.Itoa(len(script.Questions)+1)
			script.Questions = append(script.Questions, call.Question{ID: id, Name: id, Type: call.VariableType(kind), Ask: ask})
		case "ears":
			s.ears = true
		case "weekdays": // calls are made from Monday to Friday, from nine
			script.Reopens = func(at time.Time) time.Time {
				for ; at.Weekday() == time.Saturday || at.Weekday() == time.Sunday || at.Hour() < 9; at = at.Truncate(time.Hour).Add(time.Hour) {
				}
				return at
			}
		case "known":
			id, value, _ := strings.Cut(rest, " ")
			if script.Known == nil {
				script.Known = map[string]any{}
			}
			script.Known[id] = value
		case "listens":
			listens = true
		case "understands":
			understands = true
		case "action":
			kind, name, _ := strings.Cut(rest, " ")
			script.Actions = append(script.Actions, call.Action{Kind: call.ActionKind(kind), Name: name})
		case "works":
			s.works = append(s.works, rest)
		case "node", "needs", "asks", "does", "ends", "way":
			ways = addNode(&script, ways, word, rest)
		case "brains":
			brains, _ = strconv.Atoi(rest)
		case "reply":
			s.replies = append(s.replies, strings.Split(rest, " / "))
		default:
			s.todo = append(s.todo, line)
		}
	}
	for _, w := range ways {
		w.of(&script).To = slices.IndexFunc(script.Nodes, func(n call.Node) bool { return n.Name == w.to })
	}
	form := NewForm(script)
	if listens {
		form.Listen()
	}
	config := Config{
		Rules: form, Voicemail: script.VoiceMail, MenuKeys: script.MenuKeys, Timing: Defaults(),
		Brains: brains, Opening: []string{script.Opening}, Questions: script.Questions, Actions: script.Actions, Language: script.Language,
	}
	if understands {
		config.Rules = wordy{form}
	}
	s.m = New(config)
	if s.ears {
		s.step(Event{Kind: Ears, Active: true})
	}
	for !s.over && s.now < 20*time.Minute {
		s.frame()
	}
	if !s.over {
		s.logf("still on after 20 minutes")
	}
	s.heardAfter()
	s.talk()
	return s.log.String()
}

// namedWay is a way whose node may come later.
type namedWay struct {
	node, number int
	to           string
}

func (w namedWay) of(script *call.Script) *call.Way { return &script.Nodes[w.node].Ways[w.number] }

// addNode reads one line about nodes.
func addNode(script *call.Script, ways []namedWay, word, rest string) []namedWay {
	if word == "node" {
		name, say, _ := strings.Cut(rest, " ")
		if len(script.Nodes) == 0 {
			script.Opening = say
		}
		script.Nodes = append(script.Nodes, call.Node{Name: name, Say: say})
		return ways
	}
	n := &script.Nodes[len(script.Nodes)-1]
	switch word {
	case "needs", "asks":
		for number := range strings.FieldsSeq(rest) {
			q, _ := strconv.Atoi(number)
			if word == "needs" {
				n.Needs = append(n.Needs, q-1)
			} else {
				n.Asks = append(n.Asks, q-1)
			}
		}
	case "does":
		n.Action = 1 + slices.IndexFunc(script.Actions, func(a call.Action) bool { return a.Name == rest })
	case "ends":
		n.Ends = true
	case "way":
		to, name, _ := strings.Cut(rest, " ")
		way := call.Way{Name: name}
		if ok, found := strings.CutPrefix(name, "ok: "); found {
			way = call.Way{Name: ok, After: call.ActionDone}
		} else if failed, found := strings.CutPrefix(name, "failed: "); found {
			way = call.Way{Name: failed, After: call.ActionFailed}
		}
		n.Ways = append(n.Ways, way)
		ways = append(ways, namedWay{len(script.Nodes) - 1, len(n.Ways) - 1, to})
	}
	return ways
}

func (s *stage) logf(format string, args ...any) {
	fmt.Fprintf(&s.log, "%7.2f  %s\n", s.now.Seconds(), fmt.Sprintf(format, args...))
}

func (s *stage) step(e Event) {
	if s.watch != nil {
		s.watch.before(s.now, e)
		s.watch.sawKey = s.watch.sawKey || e.Kind == KeyPressed
	}
	actions := slices.Clone(s.m.Step(s.now, e))
	if s.watch != nil {
		s.watch.after(s.now, e, actions)
	}
	for _, a := range actions {
		s.act(a)
	}
}

func (s *stage) act(a Action) {
	switch a.Do {
	case Speak:
		if s.mute {
			s.logf("speak %d fails", a.Utterance)
			s.step(Event{Kind: SpeakFailed, Utterance: a.Utterance, Text: "no voice"})
			return
		}
		s.logf("speak %d  %s", a.Utterance, strings.Join(a.Parts, " | "))
		s.current = &playing{id: a.Utterance, parts: slices.Clone(a.Parts), more: a.More}
	case SpeakMore:
		if len(a.Parts) > 0 {
			s.logf("more %d  %s", a.Utterance, strings.Join(a.Parts, " | "))
		}
		s.current.parts, s.current.more = append(s.current.parts, a.Parts...), a.More
	case Ask:
		kind := [...]string{"keys " + a.Input.Keys, "words " + a.Input.Words, "silence", "repeat", "worked " + a.Input.Text}[a.Input.Kind]
		s.logf("ask %d of brain %d  %s", a.Ask, a.Brain, kind)
		for _, l := range a.Input.Transcript {
			s.logf("    %d  %s", l.Role, l.Content)
		}
		s.think(a.Ask)
	case CancelAsk:
		s.logf("cancel %d", a.Ask)
		if s.thought != nil && s.thought.ask == a.Ask {
			s.thought = nil
		}
	case ToolResult:
		s.logf("tool: %s, failed %v", a.Text, a.Failed)
	case StopSpeaking:
		s.logf("stop %d", a.Utterance)
		s.finish()
	case Work:
		s.work(a)
	case PressKeys:
		s.logf("press %s", a.Text)
	case OptOut:
		s.logf("opt out")
		s.optOut = s.now + time.Second
	case HangUp:
		s.logf("hang up")
		s.over = true
	}
}

func (s *stage) think(ask int) {
	s.asks++
	s.thought = &thought{ask: ask, items: []string{"0 !hang"}}
	if len(s.replies) > 0 {
		s.thought.items, s.replies = s.replies[0], s.replies[1:]
	}
	s.thought.wait(s.now)
}

func (th *thought) wait(now time.Duration) {
	if len(th.items) > 0 {
		seconds, _, _ := strings.Cut(th.items[0], " ")
		after, _ := strconv.ParseFloat(seconds, 64)
		th.next = now + time.Duration(after*float64(time.Second))
	}
}

// brains brings what the brain has come to say.
func (s *stage) brains() {
	for th := s.thought; th != nil && th == s.thought && s.now >= th.next && !s.over; {
		if len(th.items) == 0 {
			s.thought = nil
			s.step(Event{Kind: ReplyEnd, Ask: th.ask})
			return
		}
		_, what, _ := strings.Cut(th.items[0], " ")
		th.items = th.items[1:]
		th.wait(s.now)
		word, argument, _ := strings.Cut(what, " ")
		switch word {
		case "!fail":
			s.thought = nil
			s.step(Event{Kind: AskFailed, Ask: th.ask, Text: "no model"})
		case "!end":
			s.thought = nil
			s.step(Event{Kind: ReplyEnd, Ask: th.ask, Reply: Reply{End: true}})
		case "!yesno":
			s.thought = nil
			s.step(Event{Kind: ReplyEnd, Ask: th.ask, Reply: Reply{Expect: ExpectYesNo}})
		case "!hang":
			s.thought = nil
		default:
			if !strings.HasPrefix(word, "!") {
				s.step(Event{Kind: ReplyPart, Ask: th.ask, Text: what})
				continue
			}
			tool := Tool{Kind: ToolKind(word[1:]), Text: argument, Reached: argument == "true"}
			tool.Number, _ = strconv.Atoi(argument)
			tool.After, _ = time.ParseDuration(argument)
			if id, value, ok := strings.Cut(argument, "="); ok {
				tool.Value = call.Value{ID: id, Value: value}
				if value == "true" || value == "false" {
					tool.Value.Value = value == "true"
				}
			}
			s.step(Event{Kind: ToolUsed, Ask: th.ask, Use: s.asks, Tool: tool})
		}
	}
}

// played answers how much of the current utterance is out.
func (s *stage) played() (part int, fraction float64) {
	at := s.current.at
	for _, text := range s.current.parts {
		if at < lengthOf(text) {
			return part, float64(at) / float64(lengthOf(text))
		}
		at -= lengthOf(text)
		part++
	}
	return part, 0
}

func (s *stage) finish() {
	part, fraction := s.played()
	id := s.current.id
	s.current = nil
	s.step(Event{Kind: PlayoutFinished, Utterance: id, Part: part, Fraction: fraction})
}

func (s *stage) frame() {
	s.now += tick
	if s.heldUntil != 0 {
		if s.now < s.heldUntil {
			return
		}
		s.heldUntil = 0
		s.step(Event{Kind: Resumed})
	}
	if s.optOut != 0 && s.now >= s.optOut && !s.slow {
		s.optOut = 0
		s.logf("opted out")
		s.step(Event{Kind: OptOutDone})
	}
	for n := 0; n < len(s.working) && !s.over; n++ {
		if s.now >= s.working[n].due {
			e := s.working[n].event
			s.working = slices.Delete(s.working, n, n+1)
			s.logf("worked %d, failed %v  %s", e.Work, e.Failed, e.Text)
			s.step(e)
			n--
		}
	}
	if s.over {
		return
	}
	s.brains()
	s.party()
	if s.over || s.heldUntil != 0 {
		return
	}
	s.hear()
	if !s.over {
		s.recognise()
	}
	if s.over || s.current == nil {
		return
	}
	before, _ := s.played()
	if !s.current.begun {
		s.current.begun = true
		s.step(Event{Kind: PlayoutStarted, Utterance: s.current.id})
	}
	if part, _ := s.played(); part == len(s.current.parts) {
		if !s.current.more {
			s.finish()
		}
		return // what follows is not made yet
	}
	s.current.at += tick
	s.agentLast, s.agentTurn = s.now, true
	part, _ := s.played()
	if part > before {
		s.step(Event{Kind: PlayoutPart, Utterance: s.current.id, Part: part})
	}
	if part == len(s.current.parts) && !s.current.more {
		s.finish()
	}
}

// recognise is one frame of the recogniser's work.
func (s *stage) recognise() {
	ask := func(final bool, after time.Duration) {
		if s.deaf {
			return
		}
		e := Event{Kind: Heard, Final: final, From: s.from, To: s.lastSound}
		var words []string
		for _, w := range s.uttered {
			if w.end <= s.now {
				words = append(words, w.text)
			}
		}
		e.Text = strings.Join(words, " ")
		s.results, s.due = append(s.results, e), append(s.due, s.now+after+s.lag)
	}
	switch {
	case !s.ears:
	case !s.vad:
		s.partial = 0
		if len(s.uttered) > 0 && s.lastSound < s.now && s.now >= s.sayUntil {
			ask(true, 0)
			s.uttered = nil
		}
	case s.partial == 0:
		s.from = s.sayFrom
		s.partial = s.now + 540*time.Millisecond
	case s.now-s.lastSound == 160*time.Millisecond:
		ask(false, 60*time.Millisecond)
	case s.now >= s.partial && s.now-s.lastSound < 160*time.Millisecond:
		ask(false, 60*time.Millisecond)
		s.partial = s.now + 500*time.Millisecond
	}
	for len(s.due) > 0 && s.now >= s.due[0] && !s.over {
		e := s.results[0]
		s.results, s.due = s.results[1:], s.due[1:]
		s.step(e)
	}
}

// hear is one frame of the other side's sound.
func (s *stage) hear() {
	sound := s.now < s.sayUntil || s.now < s.beepUntil
	if sound {
		s.lastSound = s.now
	}
	from := max(s.sayFrom, s.beepFrom)
	switch {
	case sound && !s.vad && s.now-from >= 60*time.Millisecond:
		s.vad = true
		s.step(Event{Kind: SpeechStarted})
	case s.vad && s.now-s.lastSound >= 400*time.Millisecond:
		s.vad = false
		s.step(Event{Kind: SpeechEnded})
	}
	if s.tones != "" && s.now-s.beepFrom >= 880*time.Millisecond && !s.over {
		s.step(Event{Kind: NetworkTones, NotInService: s.tones == "number"})
		s.tones = ""
	}
	if s.now < s.beepUntil && s.now-s.beepFrom >= 160*time.Millisecond && !s.over {
		s.step(Event{Kind: Beep, Tone: 1000})
	}
	if !s.over {
		s.step(Event{Kind: Tick, Active: sound})
	}
}

func (s *stage) party() {
	for s.now >= s.until && !s.over && s.heldUntil == 0 {
		if len(s.todo) == 0 {
			return
		}
		word, rest, _ := strings.Cut(s.todo[0], " ")
		number, text, _ := strings.Cut(rest, " ")
		seconds, _ := strconv.ParseFloat(number, 64)
		length := time.Duration(seconds * float64(time.Second))
		switch word {
		case "wait":
			s.until = s.now + length
		case "lag":
			s.lag = length
		case "deaf":
			if s.deaf = true; rest != "" {
				s.step(Event{Kind: Ears})
			}
		case "say", "say+":
			s.sayFrom, s.sayUntil = s.now, s.now+length
			all := strings.Fields(text)
			for n, w := range all {
				s.uttered = append(s.uttered, uttered{w, s.now + length*time.Duration(n+1)/time.Duration(len(all))})
			}
			if len(all) == 0 {
				s.uttered = append(s.uttered, uttered{"", s.now})
			}
			if word == "say" {
				s.until = s.sayUntil
			}
		case "beep":
			s.beepFrom, s.beepUntil, s.until = s.now, s.now+length, s.now+length
		case "network":
			s.beepFrom, s.beepUntil, s.until = s.now, s.now+time.Second, s.now+time.Second
			s.tones = rest
		case "keys":
			s.star9 = s.star9 || rest == "9" && s.starred && !s.over
			s.starred = rest == "*9"
			s.step(Event{Kind: KeyPressed, Key: rune(rest[0])})
			s.until = s.now + 150*time.Millisecond
			if len(rest) > 1 {
				s.todo[0] = "keys " + rest[1:]
				continue
			}
		case "hear":
			if !s.agentTurn || s.current != nil || s.now-s.agentLast < 700*time.Millisecond {
				return
			}
			s.agentTurn = false
		case "start":
			if s.current == nil || !s.current.begun {
				return
			}
		case "quiet":
			if s.current != nil {
				return
			}
		case "hold":
			s.step(Event{Kind: Held})
			s.heldUntil = s.now + length
		case "mute":
			s.mute = true
		case "slow":
			s.slow = true
		case "hang":
			s.logf("peer hangs up")
			if s.current != nil {
				s.finish()
			}
			s.step(Event{Kind: PeerHungUp})
			s.over = true
		case "limit":
			s.step(Event{Kind: TimeUp})
		default:
			s.t.Fatalf("scenario: %q is nothing the other side can do", s.todo[0])
		}
		s.todo = s.todo[1:]
	}
}

// heardAfter has the recogniser bring the words that were on their way, or that it was at, when the call ended.
func (s *stage) heardAfter() {
	for _, e := range s.results {
		if e.Final {
			s.step(e)
		}
	}
	if s.ears && !s.deaf && len(s.uttered) > 0 {
		var words []string
		for _, w := range s.uttered {
			words = append(words, w.text)
		}
		s.step(Event{Kind: Heard, Final: true, Text: strings.Join(words, " "), From: s.sayFrom, To: s.lastSound})
	}
}

func (s *stage) talk() {
	talk := s.m.Talk()
	fmt.Fprintf(&s.log, "answerer %s", talk.Answerer)
	if talk.NotInService {
		s.log.WriteString(", not in service")
	}
	if talk.VoicemailLeft {
		s.log.WriteString(", voicemail left")
	}
	if talk.Success {
		s.log.WriteString(", success")
	}
	if talk.Callback != nil {
		fmt.Fprintf(&s.log, ", call back in %s", talk.Callback.After)
	}
	if talk.Transferred {
		s.log.WriteString(", transferred")
	}
	if talk.OptOut {
		s.log.WriteString(", opted out")
	}
	if len(talk.Tags)+len(talk.Notes) > 0 {
		fmt.Fprintf(&s.log, ", tags %q, notes %q", talk.Tags, talk.Notes)
	}
	if talk.Broke != "" {
		fmt.Fprintf(&s.log, ", broke: %s", talk.Broke)
	}
	s.log.WriteByte('\n')
	for _, v := range talk.Collected {
		fmt.Fprintf(&s.log, "collected %s = %#v\n", v.ID, v.Value)
	}
	for _, l := range talk.Transcript {
		fmt.Fprintf(&s.log, "%7.2f %6.2f  %d  %s\n", l.Start, math.Max(l.Start, l.End), l.Role, l.Content)
	}
	for _, e := range talk.Evidence {
		fmt.Fprintf(&s.log, "%7.2f  %s: %s %+d, %s\n", e.At, e.Source, e.Answerer, e.Weight, e.Detail)
	}
	fmt.Fprintf(&s.log, "latency ms %v\n", talk.TurnLatencyMS)
}
