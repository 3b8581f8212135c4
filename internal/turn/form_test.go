package turn

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"nacre/internal/call"
)

func TestValueOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind call.VariableType
		keys string
		want any
		ok   bool
	}{
		{call.Boolean, "1", true, true}, {call.Boolean, "2", false, true},
		{call.Boolean, "3", false, false}, {call.Boolean, "", false, false},
		{call.Int, "007", int64(7), true}, {call.Int, "", nil, true}, {call.Int, "99999999999999999999", int64(1<<63 - 1), false},
		{call.Float, "3.5", 3.5, true}, {call.Float, "12", 12.0, true}, {call.Float, "", nil, true}, {call.Float, "3.", 3.0, true},
		{call.String, "0094", "0094", true}, {call.String, "", nil, true}, {"", "5", "5", true},
	} {
		got, ok := valueOf(c.kind, c.keys)
		if ok != c.ok || !reflect.DeepEqual(got, c.want) {
			t.Errorf("valueOf(%q, %q) = %#v, %v; want %#v, %v", c.kind, c.keys, got, ok, c.want, c.ok)
		}
	}
}

func TestHoursOf(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]int{"": 24, "0": 24, "1": 1, "48": 48, "721": 720, "99999999999999999999999999999999": 720} {
		if got := hoursOf(typed); got != want {
			t.Errorf("hoursOf(%q) = %d, want %d", typed, got, want)
		}
	}
}

func TestKeypad(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		keys   string
		expect Expect
		want   command
		text   string
	}{
		{"1", ExpectYesNo, commandAnswer, "1"},
		{"12#", ExpectDigits, commandAnswer, "12"},
		{"12", ExpectDigits, commandNone, ""},
		{"3**5#", ExpectDecimal, commandAnswer, "3.5"},
		{"3**5**1#", ExpectDecimal, commandRepeat, ""}, // a second point is none: the star begins a command
		{"**9", ExpectDecimal, commandOptOut, ""},      // no number begins with a point
		{"3*9", ExpectDecimal, commandOptOut, ""},
		{"12*9", ExpectDigits, commandOptOut, ""},
		{"*9", ExpectNothing, commandOptOut, ""},
		{"*5", ExpectYesNo, commandNone, ""},
		{"*1", ExpectDigits, commandRepeat, ""},
		{"*2", ExpectYesNo, commandCallback, ""},
		{"*248#", ExpectYesNo, commandHours, "48"},
		{"*2*9", ExpectYesNo, commandOptOut, ""},
		{"*23*1", ExpectYesNo, commandRepeat, ""},
		{"7", ExpectNothing, commandNone, ""},
		{"5*#", ExpectDigits, commandAnswer, "5"},
	} {
		k, got := keypad{}, commandNone
		for _, key := range c.keys {
			if got = k.press(key, c.expect); got == commandRepeat || got == commandOptOut {
				break
			}
		}
		if got != c.want || (got == commandAnswer || got == commandHours) && k.text != c.text {
			t.Errorf("%q with %d: %d %q, want %d %q", c.keys, c.expect, got, k.text, c.want, c.text)
		}
	}
}

func TestSpokenText(t *testing.T) {
	t.Parallel()
	parts := []string{"Good day.", "Would you like an offer?"}
	for _, c := range []struct {
		played   int
		fraction float64
		want     string
	}{
		{0, 0, ""}, {0, 0.3, ""}, {0, 0.5, "Good"}, {1, 0, "Good day."}, {1, 0.5, "Good day. Would you"},
		{2, 0, "Good day. Would you like an offer?"}, {7, 0.5, "Good day. Would you like an offer?"}, {-1, 0, ""},
	} {
		if got := spokenText(parts, c.played, c.fraction); got != c.want {
			t.Errorf("played %d and %v: %q, want %q", c.played, c.fraction, got, c.want)
		}
	}
}

// Everything the form says is in its vocabulary, so that it can be made into speech beforehand.
func TestVocabularyIsWhole(t *testing.T) {
	t.Parallel()
	for _, script := range []call.Script{
		{Opening: "Hello."},
		{Opening: "Hello.", SuccessDefined: true, Questions: []call.Question{{Ask: "How many?", Type: call.Int}}},
		{Opening: "Hello.", Questions: []call.Question{
			{Ask: "Yes?", Type: call.Boolean}, {Ask: "How much?", Type: call.Float}, {Ask: "Who?", Type: call.String},
		}},
	} {
		inputs := []Input{
			{Kind: InputKeys, Keys: "1"}, {Kind: InputKeys, Keys: "2"}, {Kind: InputKeys, Keys: "77"}, {Kind: InputKeys},
			{Kind: InputSilence}, {Kind: InputRepeat}, {Kind: InputWords, Spoke: time.Second, Heard: 9},
			{Kind: InputWords, Interrupted: true, Heard: 1},
		}
		for n := range 2 * len(inputs) {
			first, ears := inputs[n/2], n%2 == 1
			for _, second := range inputs {
				for _, third := range inputs {
					f := NewForm(script)
					if ears {
						f.Listen()
					}
					known := f.Vocabulary()
					replies := []Reply{f.Open(), f.Next(first), f.Next(second), f.Next(third), f.Next(third), f.Next(second)}
					for _, reply := range replies {
						for _, part := range reply.Parts {
							if !slices.Contains(known, part) {
								t.Fatalf("%q is not in the vocabulary %q", part, known)
							}
						}
					}
				}
			}
		}
	}
}

func TestWordsAreEvidence(t *testing.T) {
	t.Parallel()
	m := New(Config{Rules: NewForm(call.Script{Opening: "Hello."}), Timing: Defaults()})
	now := time.Duration(0)
	run := func(until time.Duration, active bool) (first time.Duration) {
		for ; now < until; now += tick {
			for _, a := range m.Step(now, Event{Kind: Tick, Active: active}) {
				if a.Do == Speak && first == 0 {
					first = now
				}
			}
		}
		return first
	}
	run(100*time.Millisecond, false)
	m.Step(now, Event{Kind: SpeechStarted})
	run(4*time.Second, true)
	m.Step(now, Event{Kind: SpeechEnded})
	m.Step(now, Event{Kind: Heard, Final: true, From: 100 * time.Millisecond, To: now, Text: "Sorry, I can't come to the phone. Leave a message after the tone."})
	began := run(20*time.Second, false)
	if began < 9*time.Second || began > 10500*time.Millisecond {
		t.Errorf("with the words of a machine the agent began at %s, not six seconds after them", began)
	}
	talk := m.Talk()
	if len(talk.Transcript) != 1 || talk.Transcript[0].Content[:5] != "Sorry" {
		t.Errorf("transcript %v", talk.Transcript)
	}
}

func TestBargeInTiming(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		speech time.Duration
		stops  bool
	}{{200 * time.Millisecond, false}, {360 * time.Millisecond, false}, {440 * time.Millisecond, true}, {2 * time.Second, true}} {
		s := &stage{t: t}
		s.m = New(Config{Rules: NewForm(call.Script{Opening: "A rather long opening sentence that takes a while to say."}), Timing: Defaults()})
		for s.now < 3*time.Second {
			s.frame()
		}
		begun := s.now + tick
		s.todo = []string{fmt.Sprintf("say %.2f", c.speech.Seconds())}
		stopped := time.Duration(0)
		for s.now < 6*time.Second && stopped == 0 {
			s.frame()
			if s.current == nil {
				stopped = s.now
			}
		}
		if (stopped != 0) != c.stops || stopped-begun > 400*time.Millisecond+3*tick {
			t.Errorf("speech of %s: stopped after %s, want %v", c.speech, stopped-begun, c.stops)
		}
	}
}

// TestFormUnderstandsItsLanguage: the tables of words are those of the call's language.
func TestFormUnderstandsItsLanguage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		language, words string
		want            any
	}{
		{"", "yes, sure", true}, {"en-GB", "no, thank you", false}, {"es-MX", "sí, claro", true}, {"es", "no, gracias", false},
		{"fr-FR", "oui", true}, {"de", "ja, gerne", true}, {"he-IL", "כן", true}, {"en-US", "כן", nil},
	} {
		f := NewForm(call.Script{Opening: "Hello.", Language: c.language, Questions: []call.Question{{ID: "a", Ask: "Would you?", Type: call.Boolean}}})
		f.Listen()
		heard := len(f.Open().Parts)
		f.Next(Input{Kind: InputWords, Words: c.words, Spoke: time.Second, Heard: heard})
		var got any
		if collected, _ := f.Result(); len(collected) > 0 {
			got = collected[0].Value
		}
		if got != c.want {
			t.Errorf("%q in %q: %v, want %v", c.words, c.language, got, c.want)
		}
	}
}

// Ears that come in the middle of a call are told of, once, and what is said to them is understood.
func TestFormListensLater(t *testing.T) {
	t.Parallel()
	english := SentencesIn("en")
	ask := func(id string) call.Question {
		return call.Question{ID: id, Ask: "Would you like " + id + "?", Type: call.Boolean}
	}
	f := NewForm(call.Script{Opening: "Hello.", Questions: []call.Question{ask("a"), ask("b"), ask("c")}})
	reply := f.Open()
	says := func(kind InputKind, words string, want ...string) {
		t.Helper()
		reply = f.Next(Input{Kind: kind, Words: words, Spoke: time.Second, Heard: len(reply.Parts), Deaf: f.ears == nil})
		if !slices.Equal(reply.Parts, want) {
			t.Errorf("%q is answered by %q, want %q", words, reply.Parts, want)
		}
	}
	says(InputWords, "", english.OnlyKeys, english.OtherKeys, "Would you like a?", english.YesNoKeys)
	for range patience/wearShort - 1 { // one more, and the form gives up
		says(InputWords, "", english.OnlyKeys, "Would you like a?", english.YesNoKeys)
	}
	f.Listen()
	says(InputWords, "bananas", english.NotUnderstood, english.YesOrNo, english.Hears, "Would you like a?")
	says(InputWords, "yes please", english.Thanks, "Would you like b?")
	says(InputWords, "no thanks", english.Thanks, "Would you like c?")
	says(InputWords, "yes", english.Goodbye)
	want := []call.Value{{ID: "a", Value: true}, {ID: "b", Value: false}, {ID: "c", Value: true}}
	if got, _ := f.Result(); !reflect.DeepEqual(got, want) {
		t.Errorf("collected %+v", got)
	}
	// Before the first words there is nothing to be told.
	f = NewForm(call.Script{Opening: "Hello."})
	f.Listen()
	if parts := f.Open().Parts; !slices.Equal(parts, []string{"Hello.", english.OptOut}) {
		t.Errorf("opens by %q", parts)
	}
}
