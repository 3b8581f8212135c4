package amd

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nacre/internal/call"
	"nacre/internal/voice/utterance"
)

// sound is test audio made of pieces: "0.5" is silence of so many seconds, "speech 1.2" is sound with the rhythm of speech, "beep
// 0.5" a tone of 1000 Hz, "tone HZ 0.3".
func sound(t *testing.T, pieces ...string) (samples []int16) {
	t.Helper()
	tone := func(hz, seconds float64) {
		for n := range int(seconds * call.SampleRate) {
			samples = append(samples, int16(6000*math.Sin(2*math.Pi*hz*float64(n)/call.SampleRate)))
		}
	}
	for _, piece := range pieces {
		words := strings.Fields(piece)
		length, err := time.ParseDuration(words[len(words)-1] + "s")
		if err != nil {
			t.Fatal(err)
		}
		switch words[0] {
		case "speech":
			for n := range int(length.Seconds() * call.SampleRate) {
				at := float64(n) / call.SampleRate
				_, pulse := math.Modf(at * (120 + 15*math.Sin(at*9)))
				syllable := 0.25 + 0.75*math.Abs(math.Sin(math.Pi*4*at+0.8))
				samples = append(samples, int16(9000*syllable*math.Exp(-pulse*4)*math.Sin(pulse*2*math.Pi*5)))
			}
		case "beep":
			tone(1000, length.Seconds())
		case "tone":
			hz, err := time.ParseDuration(words[1] + "s")
			if err != nil {
				t.Fatal(err)
			}
			tone(hz.Seconds(), length.Seconds())
		default:
			samples = append(samples, make([]int16, int(length.Seconds()*call.SampleRate))...)
		}
	}
	return samples
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// TestJudge: what the agent makes of who picks up, and when, in virtual time; words are those that are given for any utterance.
func TestJudge(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sound []string
		words string
		label Label
		beep  float64
		want  call.Answerer
		check func(Judgement) bool
	}{
		"hello": {sound: []string{"0.5", "speech 0.6", "5"}, label: call.Human, want: call.Human,
			check: func(j Judgement) bool { return j.Opening > seconds(1.1) && j.Opening <= seconds(1.5) && j.Message == 0 }},
		"long hello": {sound: []string{"0.5", "speech 3.4", "5"}, label: call.Human, want: call.UnknownAnswerer,
			check: func(j Judgement) bool { return j.Opening > seconds(3.9) && j.Opening <= seconds(4.3) && j.Message == 0 }},
		"long hello, by its words": {sound: []string{"0.5", "speech 3.4", "5"}, words: "Good morning, Miller and Sons, how can I help you?", label: call.Human, want: call.UnknownAnswerer,
			check: func(j Judgement) bool { return j.Opening > seconds(3.9) && j.Opening <= seconds(4.3) }},
		"machine": {sound: []string{"0.5", "speech 4", "0.6", "beep 0.5", "4"}, label: call.MachineAnswerer, beep: 5.6, want: call.MachineAnswerer,
			check: func(j Judgement) bool { return j.Message >= seconds(5.6) && j.Message <= seconds(5.9) }},
		"machine, by its words": {sound: []string{"0.5", "speech 4", "3", "beep 0.5", "4"}, words: "Please leave a message after the tone.", label: call.MachineAnswerer, beep: 8, want: call.MachineAnswerer,
			check: func(j Judgement) bool {
				return j.Decided < seconds(5) && j.Opening == 0 && j.Message >= seconds(8) && j.Message <= seconds(8.3)
			}},
		"screening": {sound: []string{"0.5", "speech 4", "6"}, words: "Please say your name and why you are calling.", label: call.Screening, want: call.Screening,
			check: func(j Judgement) bool { return j.Message == 0 }},
		"menu": {sound: []string{"0.5", "speech 4", "6"}, words: "For sales, press one. For support, press two.", label: call.Menu, want: call.Menu,
			check: func(j Judgement) bool { return j.Left > 0 && j.Left < seconds(8) }},
		"tones of the network": {sound: []string{"0.5", "tone 913.8 0.274", "tone 1370.6 0.274", "tone 1776.7 0.38", "0.3", "speech 4", "6"}, label: call.Announcement, want: call.Announcement,
			check: func(j Judgement) bool { return j.Left > 0 && j.Opening == 0 && j.Message == 0 }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := Config{}
			if c.words != "" {
				config.Recognizer = &Ears{Recognize: func(_ context.Context, u utterance.Utterance) (string, error) {
					said := strings.Fields(c.words) // as many as fit into what was heard
					return strings.Join(said[:min(len(said), 1+len(said)*len(u.Samples)/(3*call.SampleRate))], " "), nil
				}}
			}
			r := Recording{Name: name, Label: c.label, Samples: sound(t, c.sound...), Beep: seconds(c.beep)}
			j, err := Judge(t.Context(), r, config)
			if err != nil {
				t.Fatal(err)
			}
			if j.Answerer != c.want || !c.check(j) {
				t.Errorf("judged %+v", j)
			}
			result := Compare(r, j, DefaultAppAMD())
			if result.Wrong() {
				t.Errorf("counted as wrong: %+v", result)
			}
			again, err := Judge(t.Context(), r, config)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(j, again); diff != "" {
				t.Errorf("judged differently again (-first +again):\n%s", diff)
			}
		})
	}
}

// TestAppAMD: each rule of Asterisk's AMD, as its parameters are documented.
func TestAppAMD(t *testing.T) {
	t.Parallel()
	short := "tone 300 0.3" // a word
	for name, c := range map[string]struct {
		sound []string
		want  call.Answerer
		cause string
		at    float64
	}{
		"hello":           {[]string{"0.4", "tone 300 0.6", "3"}, call.Human, "HUMAN", 1.8},
		"two words":       {[]string{"0.4", short, "0.2", short, "3"}, call.Human, "HUMAN", 2},
		"three words":     {[]string{"0.4", short, "0.2", short, "0.2", short, "3"}, call.MachineAnswerer, "MAXWORDS", 1.5},
		"long greeting":   {[]string{"0.4", "tone 300 3"}, call.MachineAnswerer, "LONGGREETING", 1.9},
		"silence":         {[]string{"6"}, call.MachineAnswerer, "INITIALSILENCE", 2.5},
		"clicks":          {[]string{"0.4", "tone 300 0.06", "0.2", "tone 300 0.06", "0.2", "tone 300 0.06", "6"}, call.MachineAnswerer, "INITIALSILENCE", 2.7},
		"words, no pause": {[]string{"2.4", "tone 300 0.5", "0.78", "tone 300 0.6", "0.78"}, call.UnknownAnswerer, "TOOLONG", 5},
	} {
		got, at, cause := DefaultAppAMD().Judge(sound(t, c.sound...))
		if got != c.want || cause != c.cause || math.Abs(at.Seconds()-c.at) > 0.15 {
			t.Errorf("%s: %s, %s at %s, want %s, %s at %.1f s", name, got, cause, at, c.want, c.cause, c.at)
		}
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	results := []Result{
		{Recording: Recording{Name: "a", Label: call.Human}, Ours: Judgement{Answerer: call.Human, Hello: seconds(1), Opening: seconds(1.3)}, Theirs: call.Human, TheirsAt: seconds(2)},
		{Recording: Recording{Name: "b", Label: call.Human}, Ours: Judgement{Answerer: call.MachineAnswerer, Message: seconds(5)}, Theirs: call.MachineAnswerer, TheirsAt: seconds(2)},
		{Recording: Recording{Name: "c", Label: call.MachineAnswerer, Beep: seconds(6)}, Ours: Judgement{Answerer: call.MachineAnswerer, Decided: seconds(4), Message: seconds(6.25)}, Theirs: call.MachineAnswerer, TheirsAt: seconds(2)},
		{Recording: Recording{Name: "d", Label: call.MachineAnswerer, Beep: seconds(6)}, Ours: Judgement{Answerer: call.UnknownAnswerer}, Theirs: call.UnknownAnswerer, TheirsAt: seconds(5)},
		{Recording: Recording{Name: "e", Label: call.Menu}, Ours: Judgement{Answerer: call.Menu}, Theirs: call.MachineAnswerer, TheirsAt: seconds(2)},
	}
	var out, wrong strings.Builder
	report := Reports(results)
	if err := report.Write(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"people treated as machines              1 of 2, 50.0%",
		"machines found before or at their beep  1 of 2, 50.0%",
		"p50 0.25 s", "human (2)        0      1        1", "menu (1)",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, out.String())
		}
	}
	report.WriteWrong(&wrong)
	if got := wrong.String(); !strings.Contains(got, "\nb: machine") || !strings.Contains(got, "\nd: unknown") || strings.Contains(got, "\na:") || strings.Contains(got, "\nc:") {
		t.Errorf("told as wrong:\n%s", got)
	}
}
