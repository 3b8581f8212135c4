package utterance

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"nacre/internal/call"
	"nacre/internal/hearing"
	"nacre/internal/voice"
)

// scripted is a recogniser that takes a while for each utterance, and returns its length in tenths of a second of sound.
type scripted struct {
	takes time.Duration
	fail  func(u Utterance) error

	mu    sync.Mutex
	asked []Utterance
	most  int // at the same time
	now   int
}

func (s *scripted) recognize(ctx context.Context, u Utterance) (string, error) {
	s.mu.Lock()
	s.asked = append(s.asked, u)
	s.now++
	s.most = max(s.most, s.now)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.now--
		s.mu.Unlock()
	}()
	select {
	case <-time.After(s.takes):
	case <-ctx.Done():
		return "", ctx.Err()
	}
	if s.fail != nil {
		if err := s.fail(u); err != nil {
			return "", err
		}
	}
	loud := 0
	for _, sample := range u.Samples {
		if sample > 2000 || sample < -2000 {
			loud++
		}
	}
	return fmt.Sprintf(" %d ", (loud+call.SampleRate/20)*10/call.SampleRate), nil
}

// caller is one call: frames of noise, or of noise and a voice whose first and last 60 ms are soft, as consonants are.
type caller struct {
	ear   voice.Ear
	vad   *hearing.VAD
	noise *rand.Rand
	heard []voice.Heard
	at    []time.Duration // when each was brought
	now   time.Duration
	plan  []int // peaks of the frames to come
}

func listen(t *testing.T, r *Recognizer) *caller {
	t.Helper()
	ear, err := r.Listen(t.Context(), "en-US")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(ear.Close)
	return &caller{ear: ear, vad: hearing.NewVAD(hearing.VADConfig{}), noise: rand.New(rand.NewPCG(1, 2))}
}

// play gives the caller the frames of its plan, in the time of the bubble.
func (c *caller) play() { play(c) }

// play gives all callers the frames of their plans, side by side.
func play(callers ...*caller) {
	for {
		left := false
		time.Sleep(call.FrameTime)
		synctest.Wait()
		for _, c := range callers {
			if len(c.plan) > 0 {
				c.frame(c.plan[0])
				c.plan = c.plan[1:]
				left = true
			}
		}
		synctest.Wait()
		for _, c := range callers {
			c.take()
		}
		if !left {
			return
		}
	}
}

// frame plays 20 ms at the given peak of the voice, 0 = silence.
func (c *caller) frame(peak int) {
	var f call.Frame
	for n := range f {
		f[n] = int16(c.noise.IntN(9) - 4)
		if peak > 0 {
			f[n] += int16(peak * (1 - n%2*2)) // a square wave: each sample is at its peak
		}
	}
	c.now += call.FrameTime
	c.ear.Write(&f)
	switch c.vad.Push(&f) {
	case hearing.Started:
		c.ear.Speech(true)
	case hearing.Ended:
		c.ear.Speech(false)
	}
}

func (c *caller) take() {
	for {
		select {
		case h, ok := <-c.ear.Results():
			if !ok {
				return
			}
			c.heard, c.at = append(c.heard, h), append(c.at, c.now)
		default:
			return
		}
	}
}

func (c *caller) quiet(d time.Duration) *caller {
	c.plan = append(c.plan, make([]int, d/call.FrameTime)...)
	return c
}

// say speaks in syllables: 60 ms soft at either end, 24 dB below the rest.
func (c *caller) say(d time.Duration) *caller {
	for n := range int(d / call.FrameTime) {
		switch {
		case n < 3 || n >= int(d/call.FrameTime)-3:
			c.plan = append(c.plan, 500)
		case n%25 >= 20 && n%25 < 22: // between two words
			c.plan = append(c.plan, 0)
		case n/5%2 == 0:
			c.plan = append(c.plan, 3000)
		default:
			c.plan = append(c.plan, 8000)
		}
	}
	return c
}

func (c *caller) finals() (finals []voice.Heard) {
	for _, h := range c.heard {
		if h.Final {
			finals = append(finals, h)
		}
	}
	return finals
}

func bubble(t *testing.T, s *scripted, config Config, test func(t *testing.T, r *Recognizer)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		config.Recognize = s.recognize
		test(t, New(config))
	})
}

// An utterance is cut tightly, with its soft first and last sounds; partial results come while it lasts, and the final one
// is there when it is known to be over.
func TestUtterance(t *testing.T) {
	s := &scripted{takes: 60 * time.Millisecond}
	bubble(t, s, Config{}, func(t *testing.T, r *Recognizer) {
		c := listen(t, r)
		c.quiet(2 * time.Second).say(2 * time.Second).quiet(time.Second).play()
		if len(c.finals()) != 1 {
			t.Fatalf("heard %+v", c.heard)
		}
		last := c.heard[len(c.heard)-1]
		if !last.Final || last.Text != "17" || last.Err != nil {
			t.Errorf("the last result is %+v", last)
		}
		if last.From != 2*time.Second || last.To != 4*time.Second {
			t.Errorf("spoken from 2 s to 4 s, heard from %s to %s", last.From, last.To)
		}
		if at := c.at[len(c.at)-1]; at != 4400*time.Millisecond { // the detector's 400 ms of silence, and not a frame more
			t.Errorf("final words at %s", at)
		}
		var partials []time.Duration
		for n, h := range c.heard {
			if !h.Final {
				partials = append(partials, c.at[n]-2*time.Second)
			}
		}
		if len(partials) != 4 || partials[0] > 800*time.Millisecond || partials[1]-partials[0] != 500*time.Millisecond || partials[3] > 2300*time.Millisecond {
			t.Errorf("partial results %s after the first sound", partials)
		}
		for _, u := range s.asked {
			if u.Language != "en-US" {
				t.Errorf("language %q", u.Language)
			}
		}
		whole := s.asked[len(s.asked)-1]
		if got := voice.LengthOf(whole.Samples); got < 2*time.Second || got > 2*time.Second+lead+trail || !whole.Final {
			t.Errorf("2 s were spoken, %s were asked for, final %v", got, whole.Final)
		}
	})
}

// Where partial results are of no use words are asked for at a pause alone, until they are of use again.
func TestSparing(t *testing.T) {
	s := &scripted{takes: 30 * time.Millisecond}
	bubble(t, s, Config{}, func(t *testing.T, r *Recognizer) {
		c := listen(t, r)
		c.ear.(voice.Sparing).WantPartial(false)
		c.quiet(time.Second).say(3 * time.Second).quiet(time.Second).play()
		if len(s.asked) != 1 || len(c.heard) != 2 || !c.heard[1].Final {
			t.Errorf("%d were recognised, heard %+v", len(s.asked), c.heard)
		}
		c.say(time.Second).play()
		c.ear.(voice.Sparing).WantPartial(true)
		if c.say(time.Second).play(); len(s.asked) < 2 {
			t.Error("none were made although they were of use")
		}
	})
}

// Words that a pause had recognised are not final when more is said.
func TestPause(t *testing.T) {
	s := &scripted{takes: 30 * time.Millisecond}
	bubble(t, s, Config{FirstPartial: time.Hour}, func(t *testing.T, r *Recognizer) {
		c := listen(t, r)
		c.quiet(time.Second).say(time.Second).quiet(240 * time.Millisecond).say(time.Second).quiet(time.Second)
		c.say(500 * time.Millisecond).quiet(time.Second).play()
		var got []string
		for _, h := range c.heard {
			got = append(got, fmt.Sprint(h.Text, h.Final))
		}
		if want := "8false 16false 16true 3false 3true"; strings.Join(got, " ") != want {
			t.Errorf("heard %q, want %q", got, want)
		}
		if len(s.asked) != 3 {
			t.Errorf("%d utterances were recognised for three pauses", len(s.asked))
		}
	})
}

// Calls share the recogniser by age; while it is behind, words of those who still speak give way, and each call hears its
// own in order.
func TestQueueByAge(t *testing.T) {
	s := &scripted{takes: 350 * time.Millisecond}
	bubble(t, s, Config{Deadline: time.Minute}, func(t *testing.T, r *Recognizer) {
		var callers []*caller
		for range 6 {
			callers = append(callers, listen(t, r))
		}
		for n, c := range callers {
			c.quiet(time.Second + time.Duration(n)*100*time.Millisecond)
			for range 3 {
				c.say(time.Second).quiet(600 * time.Millisecond)
			}
			c.quiet(20 * time.Second)
		}
		play(callers...)
		if s.most != 1 {
			t.Errorf("%d at the same time", s.most)
		}
		finals, partials := 0, 0
		for n, c := range callers {
			last := time.Duration(0)
			for _, h := range c.finals() {
				if h.Err != nil || h.Text != "8" || h.From < last {
					t.Errorf("caller %d heard %+v", n, h)
				}
				last = h.To
			}
			finals += len(c.finals())
			partials += len(c.heard) - len(c.finals())
		}
		if finals != 18 || partials > 18 {
			t.Errorf("%d finals of 18, %d partials", finals, partials)
		}
	})
}

// A recogniser that hangs costs the utterance, not the ear; Ready tells, and tells that it is over.
func TestDeadline(t *testing.T) {
	s := &scripted{takes: time.Hour}
	var reports []Report
	var mu sync.Mutex
	config := Config{Observe: func(r Report) { mu.Lock(); reports = append(reports, r); mu.Unlock() }, FirstPartial: -1}
	bubble(t, s, config, func(t *testing.T, r *Recognizer) {
		if err := r.Ready(""); err != nil {
			t.Fatal(err)
		}
		c, other := listen(t, r), listen(t, r)
		c.quiet(time.Second).say(time.Second).quiet(4 * time.Second)
		other.quiet(1100 * time.Millisecond).say(time.Second).quiet(3900 * time.Millisecond)
		play(c, other)
		if len(c.finals()) != 1 || len(other.finals()) != 1 {
			t.Fatalf("heard %+v, %+v", c.heard, other.heard)
		}
		for n, f := range append(c.finals(), other.finals()...) {
			if !errors.Is(f.Err, ErrLate) || f.Text != "" {
				t.Errorf("%d: %+v", n, f)
			}
		}
		if at := other.at[0]; at > 2500*time.Millisecond+3*time.Second+call.FrameTime {
			t.Errorf("told at %s", at)
		}
		if err := r.Ready(""); !errors.Is(err, ErrBehind) {
			t.Errorf("ready: %v", err)
		}
		if len(reports) != 2 || !errors.Is(reports[1].Err, ErrLate) {
			t.Errorf("reports %+v", reports)
		}
		s.takes = 10 * time.Millisecond
		c.say(time.Second).quiet(25 * time.Second).play()
		if f := c.finals(); len(f) != 2 || f[1].Text != "8" {
			t.Errorf("after that: %+v", f)
		}
		if err := r.Ready(""); err != nil {
			t.Errorf("still not ready: %v", err)
		}
	})
}

// A recogniser that fails, or panics, costs that utterance; the others of the call are heard.
func TestFailures(t *testing.T) {
	broken := true
	s := &scripted{fail: func(u Utterance) error {
		if broken {
			panic("bad weights")
		}
		return nil
	}}
	bubble(t, s, Config{}, func(t *testing.T, r *Recognizer) {
		c := listen(t, r)
		c.quiet(time.Second).say(time.Second).quiet(time.Second).play()
		broken = false
		c.say(time.Second).quiet(time.Second).play()
		f := c.finals()
		if len(f) != 2 || f[0].Err == nil || !strings.Contains(f[0].Err.Error(), "bad weights") || f[1].Err != nil || f[1].Text != "8" {
			t.Errorf("heard %+v", f)
		}
	})
}

// Talk without an end is cut at a pause, and nothing of it is lost or said twice.
func TestLongTalk(t *testing.T) {
	s := &scripted{takes: 50 * time.Millisecond}
	bubble(t, s, Config{}, func(t *testing.T, r *Recognizer) {
		c := listen(t, r)
		c.quiet(time.Second)
		spoken := 0
		for range 15 {
			c.say(3 * time.Second)
			spoken += 3
			c.quiet(200 * time.Millisecond)
		}
		c.say(30 * time.Second) // without a pause
		c.quiet(time.Second).play()
		sum, last := 0, time.Duration(0)
		for _, f := range c.finals() {
			var n int
			if _, err := fmt.Sscan(f.Text, &n); err != nil && f.Text != "" {
				t.Fatal(err)
			}
			sum += n
			if f.From < last || f.To-f.From > longest {
				t.Errorf("from %s to %s after %s", f.From, f.To, last)
			}
			last = f.To
		}
		if sum < 650 || sum > 700 { // 75 s in tenths, less soft ends and pauses between words
			t.Errorf("%d tenths of a second were heard: %+v", sum, c.finals())
		}
		for _, u := range s.asked {
			if voice.LengthOf(u.Samples) > longest+lead+trail {
				t.Errorf("an utterance of %s", voice.LengthOf(u.Samples))
			}
		}
	})
}

// An ear that is closed, or whose call is over, leaves nothing behind.
func TestClose(t *testing.T) {
	s := &scripted{takes: time.Hour}
	bubble(t, s, Config{}, func(t *testing.T, r *Recognizer) {
		c := listen(t, r)
		c.quiet(time.Second).say(2 * time.Second).play()
		c.ear.Close()
		c.ear.Close()
		synctest.Wait()
		for range c.ear.Results() { // ends: it is closed
			t.Error("a result of a recogniser that hangs")
		}
		c.say(time.Second).quiet(time.Second).play()
		if r.running != 0 || len(r.finals)+len(r.likely)+len(r.partial) != 0 {
			t.Errorf("%d are running, %d wait", r.running, len(r.finals)+len(r.likely)+len(r.partial))
		}
	})
}

// TestLanguages: an ear that does not know the language of a call is none, so that another in the order may hear it.
func TestLanguages(t *testing.T) {
	t.Parallel()
	recognize := func(context.Context, Utterance) (string, error) { return "", nil }
	for _, c := range []struct {
		knows    []string
		language string
		want     error
	}{{[]string{"en"}, "en-US", nil}, {[]string{"en"}, "EN", nil}, {[]string{"en"}, "", nil}, {[]string{"en"}, "es-MX", voice.ErrLanguage}, {[]string{"en"}, "eng", voice.ErrLanguage}, {nil, "es", nil}} {
		r := New(Config{Recognize: recognize, Languages: c.knows})
		ear, err := r.Listen(t.Context(), c.language)
		if !errors.Is(err, c.want) || (err == nil) != (ear != nil) {
			t.Errorf("%v, %q: %v", c.knows, c.language, err)
		}
		if err := r.Ready(c.language); !errors.Is(err, c.want) {
			t.Errorf("%v, %q: ready %v", c.knows, c.language, err)
		}
	}
}

// An ear tells that words are to come until they are there, however partial results and their answers cross.
func TestPendingEnds(t *testing.T) {
	t.Parallel()
	for _, takes := range []time.Duration{time.Microsecond, 10 * time.Millisecond, 700 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			s := &scripted{takes: takes}
			ear, err := New(Config{Recognize: s.recognize}).Listen(t.Context(), "")
			if err != nil {
				t.Fatal(err)
			}
			defer ear.Close()
			tells := ear.(voice.Pending)
			frame, was := call.Frame{}, 0
			for n := range frame {
				frame[n] = int16(n%40*400 - 8000)
			}
			for n := range 500 {
				if n%100 == 0 || n%100 == 90 {
					ear.Speech(n%100 == 0)
				}
				if sound := &frame; n%100 < 80 {
					ear.Write(sound)
				} else {
					ear.Write(&call.Frame{})
				}
				if pending, ok := tells.Pending(); pending && ok {
					was++
					if n%3 == 0 {
						time.Sleep(time.Second) // of the bubble
						synctest.Wait()
						if pending, _ := tells.Pending(); pending {
							t.Fatalf("frame %d: still pending", n)
						}
					}
				}
			}
			if was == 0 {
				t.Error("nothing was ever pending")
			}
		})
	}
}
