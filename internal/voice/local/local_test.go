package local

import (
	"context"
	"errors"
	"iter"
	"testing"
	"time"

	"nacre/internal/voice"
)

// fake is a Speaker that speaks its name.
type fake struct {
	ids    []string
	name   int16
	ready  bool
	asked  string
	closed bool
}

func (f *fake) Voices() (list []voice.Info) {
	for _, id := range f.ids {
		list = append(list, voice.Info{ID: id})
	}
	return list
}
func (f *fake) Speak(context.Context, string, string) ([]int16, error) { return []int16{f.name}, nil }
func (f *fake) Stream(ctx context.Context, voiceID, text string) iter.Seq2[[]int16, error] {
	return voice.Whole(func() ([]int16, error) { return f.Speak(ctx, voiceID, text) })
}
func (f *fake) Length(string, string) (time.Duration, bool) { return time.Duration(f.name), true }
func (f *fake) Close() error                                { f.closed = true; return errors.New("closed") }
func (f *fake) Ready(voiceID string, texts []string, open bool) bool {
	f.asked = voiceID
	return f.ready && !open
}

func TestCast(t *testing.T) {
	t.Parallel()
	neural, embedded := &fake{ids: []string{"heart", "puck"}, name: 1}, &fake{ids: []string{"kal", "slt"}, name: 2}
	v := New(neural, embedded)
	for _, test := range []struct {
		voice       string
		ready, open bool
		want        string
	}{
		{"", true, false, ""}, {"puck", true, false, "puck"}, {"puck", true, true, "kal"}, {"puck", false, false, "kal"}, {"", false, false, "kal"},
		{"slt", false, true, "slt"}, {"nobody", false, false, "kal"},
	} {
		neural.ready = test.ready
		if got := voice.Cast(v, test.voice, []string{"Hello"}, test.open); got != test.want {
			t.Errorf("%q, ready %v, open %v: cast as %q, want %q", test.voice, test.ready, test.open, got, test.want)
		}
	}
	if got := New(neural, nil).Cast("puck", nil, true); got != "puck" {
		t.Errorf("without embedded voices: cast as %q", got)
	}
}

func TestVoicesSpeakThemselves(t *testing.T) {
	t.Parallel()
	neural, embedded := &fake{ids: []string{"heart", "same"}, name: 1}, &fake{ids: []string{"kal", "same"}, name: 2}
	v := New(neural, embedded)
	if list := v.Voices(); len(list) != 3 || list[0].ID != "heart" {
		t.Errorf("voices %v", list)
	}
	for id, want := range map[string]int16{"": 1, "heart": 1, "same": 1, "kal": 2} {
		samples, err := v.Speak(t.Context(), id, "Hello")
		length, _ := v.Length(id, "Hello")
		if err != nil || samples[0] != want || length != time.Duration(want) {
			t.Errorf("%q: %v, %v, %v", id, samples, length, err)
		}
		for samples, err := range v.Stream(t.Context(), id, "Hello") {
			if err != nil || samples[0] != want {
				t.Errorf("%q streams %v, %v", id, samples, err)
			}
		}
	}
	if err := v.Close(); err == nil || !neural.closed || !embedded.closed {
		t.Errorf("close: %v", err)
	}
}
