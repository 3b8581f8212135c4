package voice

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/turn"
)

// listener is a recogniser whose ears hear what is said next: one text an utterance, when it ends. "!" is an error, "." the
// end of the ear.
type listener struct {
	says   []string
	listen error
	slow   time.Duration // until the ear is open
	panics bool
	deaf   int // how often it is not ready yet

	ears []*scriptedEar
}

func (l *listener) Ready(language string) error {
	if l.deaf--; l.deaf >= 0 {
		return errors.New("no ears yet")
	}
	return nil
}

func (l *listener) Listen(ctx context.Context, language string) (Ear, error) {
	select {
	case <-time.After(l.slow):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if l.panics {
		panic("no model")
	}
	if l.listen != nil {
		return nil, l.listen
	}
	e := &scriptedEar{listener: l, results: make(chan Heard, 10), language: language}
	l.ears = append(l.ears, e)
	return e, nil
}

type scriptedEar struct {
	listener *listener
	language string
	frames   int
	from     int
	results  chan Heard
	closed   bool
}

func (e *scriptedEar) Write(*call.Frame)     { e.frames++ }
func (e *scriptedEar) Results() <-chan Heard { return e.results }
func (e *scriptedEar) Close()                { e.closed = true }

func (e *scriptedEar) Speech(started bool) {
	if started {
		e.from = e.frames - 4
		return
	}
	h := Heard{Final: true, From: time.Duration(e.from) * call.FrameTime, To: time.Duration(e.frames-20) * call.FrameTime}
	if says := e.listener.says; len(says) > 0 {
		h.Text, e.listener.says = says[0], says[1:]
	}
	switch h.Text {
	case "!":
		h.Text, h.Err = "", errors.New("the words are lost")
	case ".":
		close(e.results)
		return
	}
	e.results <- h
}

// What was said stands in the transcript at its time, also where the ear was opened late and the call was on hold, and
// reaches the brain.
func TestWords(t *testing.T) {
	t.Parallel()
	m := &mind{replies: []func(context.Context, turn.Input, turn.Turn) (turn.Reply, error){
		after(300*time.Millisecond, "What is your name?"),
		after(300*time.Millisecond, "And yours?"),
	}}
	l := &listener{says: []string{"Hello?", "Who is this?", "It is Bob", "I am Joe"}, slow: 200 * time.Millisecond}
	agent := New(Config{Speaker: &tones{}, Recognizer: l, Brains: func(call.Script) []turn.Brain { return []turn.Brain{m} }})
	script := offer()
	script.Language = "en-GB"
	d := &desk{}
	talk, _ := hold(t, agent, script, newLine("wait 0.3; say 0.6; hear; say 1; hear; hold 5; say 0.8; hear; say 1"), d)
	if got := strings.Join(lines(talk, call.Client), " | "); got != "Hello? | Who is this? | It is Bob | I am Joe" {
		t.Errorf("heard %q", got)
	}
	if len(m.asked) != 3 || m.asked[0].Words != "Who is this?" || m.asked[1].Words != "It is Bob" || m.asked[2].Words != "I am Joe" {
		t.Errorf("asked %+v", m.asked)
	}
	var told []string // beside, while it is said
	for _, line := range talk.Transcript {
		told = append(told, map[call.Role]string{call.Pearl: "agent: ", call.Client: "person: "}[line.Role]+line.Content)
	}
	slices.Sort(told)
	if slices.Sort(d.told); !slices.Equal(d.told, told) {
		t.Errorf("told %q while it is said, in the end %q", d.told, told)
	}
	for n, line := range talk.Transcript {
		if n > 0 && line.Start < talk.Transcript[n-1].End-0.1 {
			t.Errorf("%q at %.2f s, before the end of %q", line.Content, line.Start, talk.Transcript[n-1].Content)
		}
	}
	if len(l.ears) != 1 || !l.ears[0].closed || l.ears[0].language != "en-GB" {
		t.Errorf("ears %+v", l.ears)
	}
}

// Whatever befalls the ear, the call goes on, and keys are understood.
func TestEarsFail(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		listener *listener
	}{
		{"cannot be opened", &listener{listen: errors.New("connection refused")}},
		{"panics", &listener{panics: true}},
		{"opens when the call is over", &listener{slow: time.Minute}},
		{"loses words", &listener{says: []string{"Hello?", "!", "!"}}},
		{"ends", &listener{says: []string{"Hello?", "."}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := newLine("say 0.5; hear; say 1; hear; hear; keys 1")
			talk, ending := hold(t, New(Config{Speaker: &tones{}, Recognizer: c.listener}), offer(), l, &desk{})
			if !talk.Success || talk.Broke != "" || ending != call.PartyHungUp {
				t.Errorf("%s, %+v", ending, talk)
			}
			if !strings.Contains(strings.Join(lines(talk, call.Client), " | "), "(speech)") {
				t.Errorf("what was not recognised is not in the transcript: %+v", talk.Transcript)
			}
		})
	}
}

// By words it is words that stop us: as much sound without any does not.
func TestBargeInByWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		says  string
		stops bool
	}{{"That was not my", true}, {"mm-hm", false}, {"", false}} {
		l := newLine("start; wait 0.5; say 0.9; wait 4; hang up")
		hold(t, New(Config{Speaker: &tones{}, Recognizer: &listener{says: []string{c.says}}}), offer(), l, &desk{})
		end := l.marks[1] + int((900+400)*time.Millisecond/call.FrameTime) // the ear's words come when its detector ends
		silent := true
		for _, said := range l.said[end+4 : end+14] {
			silent = silent && !said
		}
		if silent != c.stops {
			t.Errorf("%q: silent %v", c.says, silent)
		}
	}
}

// A call that begins while no ears are ready goes by keys, says so, and is heard as soon as they are.
func TestEarsComeLater(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	l := &listener{says: []string{"Mumble", "Yes, please."}, deaf: 14}
	talk, ending := hold(t, New(Config{Speaker: &tones{}, Recognizer: l, Log: slog.New(slog.NewTextHandler(&log, nil))}), offer(), newLine("say 0.5; hear; say 1; hear; say 1; hear; say 1"), &desk{})
	if !talk.Success || talk.Broke != "" || ending != call.PartyHungUp {
		t.Errorf("%s, %+v", ending, talk)
	}
	english := turn.SentencesIn("en")
	said := strings.Join(lines(talk, call.Pearl), " | ")
	keys, words := strings.Index(said, english.OptOutKeys), strings.Index(said, english.Hears)
	if only := strings.Index(said, english.OnlyKeys); keys < 0 || only < keys || words < only || strings.Contains(said, english.OptOut) || strings.Contains(said[words:], english.YesNoKeys) {
		t.Errorf("said %s", said)
	}
	if got := strings.Join(lines(talk, call.Client), " | "); !strings.HasSuffix(got, "Yes, please.") {
		t.Errorf("heard %q", got)
	}
	if text := log.String(); strings.Count(text, "not understood yet") != 1 || strings.Count(text, "understood from now on") != 1 {
		t.Errorf("the log: %s", text)
	}
}

// Who says never to be called again and hangs up within the word is not: the words are waited for when the call is over.
func TestWordsAfterTheCall(t *testing.T) {
	t.Parallel()
	l := &listener{says: []string{"Hello?", "Never call me again."}}
	d := &desk{}
	talk, ending := hold(t, New(Config{Speaker: &tones{}, Recognizer: l}), offer(), newLine("wait 0.3; say 0.6; hear; say+ 2; wait 1.5; hang up"), d)
	if !talk.OptOut || talk.Callback != nil || ending != call.PeerHungUp {
		t.Errorf("%s, opted out %t", ending, talk.OptOut)
	}
	if got := strings.Join(lines(talk, call.Client), " | "); got != "Hello? | Never call me again." {
		t.Errorf("heard %q", got)
	}
}

// sparingEar notes when partial results were wanted.
type sparingEar struct {
	*scriptedEar
	wanted []bool
}

func (e *sparingEar) WantPartial(wanted bool) { e.wanted = append(e.wanted, wanted) }

type sparingListener struct {
	*listener
	ear *sparingEar
}

func (l *sparingListener) Listen(ctx context.Context, language string) (Ear, error) {
	ear, err := l.listener.Listen(ctx, language)
	if err != nil {
		return nil, err
	}
	l.ear = &sparingEar{scriptedEar: ear.(*scriptedEar)}
	return l.ear, nil
}

// Partial results are wanted while we speak, and not in a turn of theirs.
func TestPartialsAreSpared(t *testing.T) {
	t.Parallel()
	l := &sparingListener{listener: &listener{says: []string{"Hello?", "Yes."}}}
	hold(t, New(Config{Speaker: &tones{}, Recognizer: l}), offer(), newLine("wait 0.3; say 0.6; hear; say 1"), &desk{})
	if got := l.ear.wanted; !slices.Equal(got, []bool{false, true}) && !slices.Equal(got, []bool{false, true, false, true}) {
		t.Errorf("wanted %v", got)
	}
}
