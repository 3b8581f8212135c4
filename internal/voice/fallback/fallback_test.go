package fallback

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"nacre/internal/call"
	"nacre/internal/provider"
	"nacre/internal/voice"
)

// recogniser is one whose ears do as a script says.
type recogniser struct {
	mu     sync.Mutex
	refuse error
	listen func(e *fakeEar)
	ears   []*fakeEar
}

func (r *recogniser) Ready(string) error { return nil }

func (r *recogniser) Listen(ctx context.Context, language string) (voice.Ear, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refuse != nil {
		return nil, r.refuse
	}
	e := &fakeEar{ctx: ctx, language: language, results: make(chan voice.Heard), changed: make(chan struct{}, 1000)}
	r.ears = append(r.ears, e)
	go func() {
		defer close(e.results)
		r.listen(e)
	}()
	return e, nil
}

type fakeEar struct {
	ctx      context.Context
	language string
	results  chan voice.Heard
	changed  chan struct{}

	mu     sync.Mutex
	got    string // "." a frame, "(" and ")" speech
	closed bool
}

func (e *fakeEar) add(what string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.got += what
	e.changed <- struct{}{}
}

func (e *fakeEar) Write(*call.Frame)           { e.add(".") }
func (e *fakeEar) Results() <-chan voice.Heard { return e.results }
func (e *fakeEar) Close()                      { e.mu.Lock(); e.closed = true; e.mu.Unlock() }
func (e *fakeEar) Speech(started bool)         { e.add(map[bool]string{true: "(", false: ")"}[started]) }
func (e *fakeEar) until(want string) {
	for !strings.HasSuffix(e.heard(), want) {
		<-e.changed
	}
}
func (e *fakeEar) heard() string { e.mu.Lock(); defer e.mu.Unlock(); return e.got }
func (e *fakeEar) stays()        { <-e.ctx.Done() }

func orderOf[T any](items ...T) *provider.Order[T] {
	o := provider.NewOrder[T](slog.New(slog.DiscardHandler))
	for n, item := range items {
		o.Add(string(rune('a'+n)), item)
	}
	return o
}

func TestEarThatEndsIsFollowed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		broken := &provider.Error{Kind: provider.Broken}
		first := &recogniser{listen: func(e *fakeEar) {
			e.until("..(.")
			e.results <- voice.Heard{Text: "my", From: 40 * time.Millisecond, To: 60 * time.Millisecond, Final: true, Err: broken}
		}}
		second := &recogniser{refuse: errors.New("no connection")}
		third := &recogniser{listen: func(e *fakeEar) {
			e.until(")")
			e.results <- voice.Heard{Text: "number", To: 20 * time.Millisecond, Words: []voice.Word{{Text: "number", To: 20 * time.Millisecond}}, Final: true}
			e.stays()
		}}
		ctx, cancel := context.WithCancel(t.Context())
		ear, err := NewRecognizer(orderOf[voice.Recognizer](first, second, third)).Listen(ctx, "de")
		if err != nil {
			t.Fatal(err)
		}
		ear.Write(&call.Frame{})
		ear.Write(&call.Frame{})
		ear.Speech(true)
		ear.Write(&call.Frame{})
		if h := <-ear.Results(); h.Text != "my" || h.From != 40*time.Millisecond || !errors.Is(h.Err, broken) {
			t.Errorf("%+v", h)
		}
		synctest.Wait()
		ear.Write(&call.Frame{})
		ear.Speech(false)
		h := <-ear.Results()
		if h.Text != "number" || h.From != 60*time.Millisecond || h.To != 80*time.Millisecond || h.Words[0].To != h.To {
			t.Errorf("times count from the first frame of all: %+v", h)
		}
		if got := third.ears[0].heard(); got != "(.)" || third.ears[0].language != "de" {
			t.Errorf("the next hears %q in %q: the rest of what is being said", got, third.ears[0].language)
		}
		if len(first.ears) != 1 || !first.ears[0].closed {
			t.Errorf("%d ears of the first", len(first.ears))
		}
		cancel()
		for range ear.Results() {
			t.Error("it goes on after its context")
		}
	})
}

func TestEarWaitsForAFrameAndKeepsWhatCame(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &recogniser{listen: func(e *fakeEar) { e.stays() }}
		r.refuse = errors.New("starting")
		ear, err := NewRecognizer(orderOf[voice.Recognizer](r)).Listen(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute) // of a bubble
		r.mu.Lock()
		opened := len(r.ears)
		r.mu.Unlock()
		if opened > 0 {
			t.Error("an ear is opened for a call on hold")
		}
		ear.Speech(true)
		ear.Write(&call.Frame{})
		ear.Speech(false)
		for range kept + 20 {
			ear.Write(&call.Frame{})
		}
		ear.Speech(true)
		synctest.Wait()
		r.mu.Lock()
		r.refuse = nil
		r.mu.Unlock()
		time.Sleep(2 * again)
		synctest.Wait()
		r.mu.Lock()
		got := r.ears[0].heard()
		r.mu.Unlock()
		if got != strings.Repeat(".", kept)+"(" {
			t.Errorf("%d bytes: %.20s", len(got), got)
		}
		ear.Close()
		for range ear.Results() {
		}
	})
}

// speaker speaks pieces of one sample, its number, and fails after some.
type speaker struct {
	name   string
	ids    []string
	pieces int
	err    error
	asked  []string
	closed bool
}

func (s *speaker) Voices() (list []voice.Info) {
	for _, id := range s.ids {
		list = append(list, voice.Info{ID: id, Name: s.name})
	}
	return list
}

func (s *speaker) Close() error { s.closed = true; return nil }

func (s *speaker) Length(voiceID, text string) (time.Duration, bool) {
	return time.Second, voiceID == s.ids[1]
}

func (s *speaker) Stream(_ context.Context, voiceID, text string) iter.Seq2[[]int16, error] {
	s.asked = append(s.asked, voiceID)
	return func(yield func([]int16, error) bool) {
		for n := range s.pieces {
			if !yield([]int16{int16(n)}, nil) {
				return
			}
		}
		if s.err != nil {
			yield(nil, s.err)
		}
	}
}

func (s *speaker) Speak(ctx context.Context, voiceID, text string) (all []int16, err error) {
	for samples, err := range s.Stream(ctx, voiceID, text) {
		if err != nil {
			return nil, err
		}
		all = append(all, samples...)
	}
	return all, nil
}

func TestVoices(t *testing.T) {
	t.Parallel()
	late := &provider.Error{Kind: provider.Late}
	a, b, c := &speaker{name: "a", ids: []string{"a1", "a2"}, pieces: 3}, &speaker{name: "b", ids: []string{"b1", "b2"}, err: late}, &speaker{name: "c", ids: []string{"c1", "b2"}, pieces: 2}
	v := NewVoices(orderOf[voice.Voices](), []Named{{"a", a, false}, {"b", b, false}, {"c", c, true}})
	var ids []string
	for _, info := range v.Voices() {
		ids = append(ids, info.ID)
	}
	if !slices.Equal(ids, []string{"a1", "a2", "b1", "b2", "c1"}) {
		t.Errorf("%v", ids)
	}
	if got := v.Cast("a2", nil, true); got != "a2" {
		t.Errorf("cast as %s", got)
	}
	stream := func(voiceID string, stopAfter int) (heard []int16, failed error) {
		for samples, err := range v.Stream(t.Context(), voiceID, "Hello.") {
			if failed = err; err == nil {
				heard = append(heard, samples...)
			}
			if len(heard) == stopAfter {
				break
			}
		}
		return heard, failed
	}
	if heard, err := stream("a2", -1); err != nil || len(heard) != 3 || a.asked[0] != "a2" {
		t.Errorf("%v, %v by %v", heard, err, a.asked)
	}
	if heard, err := stream("nobody's", 1); err != nil || len(heard) != 1 || a.asked[1] != "a1" {
		t.Errorf("%v, %v by %v", heard, err, a.asked)
	}
	if heard, err := stream("b2", -1); err != nil || len(heard) != 3 || b.asked[0] != "b2" || a.asked[2] != "" {
		t.Errorf("%v, %v by %v: the next provider's default voice speaks", heard, err, a.asked)
	}
	a.err = late
	if heard, err := stream("a1", -1); !errors.Is(err, late) || len(heard) != 3 || len(b.asked) > 1 {
		t.Errorf("%v, %v: what was heard is not begun anew", heard, err)
	}
	if samples, err := v.Speak(t.Context(), "a1", "Hello."); err != nil || len(samples) != 2 || c.asked[0] != "" {
		t.Errorf("%v, %v by %v", samples, err, c.asked)
	}
	c.err = errors.New("killed")
	if _, err := v.Speak(t.Context(), "a1", "Hello."); !errors.Is(err, late) || !strings.Contains(err.Error(), "killed") {
		t.Errorf("%v", err)
	}
	b.err = &provider.Error{Kind: provider.Unauthorized}
	if _, err := v.Speak(t.Context(), "b2", "Hello."); err == nil {
		t.Error("nobody speaks")
	}
	if got := v.Cast("b2", nil, true); got != "c1" {
		t.Errorf("%s: a call begins in a voice that does not rest", got)
	}
	if _, known := v.Length("b2", "Hello."); !known {
		t.Error("its own voice knows the length")
	}
	if err := v.Close(); err != nil || !a.closed || !b.closed || !c.closed {
		t.Errorf("%v", err)
	}
}
