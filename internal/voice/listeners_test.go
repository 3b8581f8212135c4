package voice

import (
	"testing"
	"testing/synctest"

	"nacre/internal/call"
)

// Who listens hears both sides from then on, to the end; who left, and who listens to a call that is over, hears nothing more.
func TestListeners(t *testing.T) {
	t.Parallel()
	l := NewListeners()
	if _, _, ok := l.Listen("a"); ok {
		t.Fatal("heard a call that there is not")
	}
	told, end := l.begin("a")
	tell := func(n int16) {
		said, heard := call.Frame{n}, call.Frame{-n}
		told.tell(&said, &heard)
	}
	tell(1) // to nobody
	first, leave, ok := l.Listen("a")
	if !ok {
		t.Fatal("the call is not heard")
	}
	tell(2)
	second, leaveSecond, _ := l.Listen("a")
	tell(3)
	leave()
	leave()
	tell(4)
	end()
	leaveSecond()
	tell(5)
	for name, c := range map[string]struct {
		ear  <-chan call.Sound
		want []int16
	}{"first": {first, []int16{2, 3}}, "second": {second, []int16{3, 4}}} {
		n := 0
		for s := range c.ear {
			if n == len(c.want) || s.Said[0] != c.want[n] || s.Heard[0] != -c.want[n] {
				t.Fatalf("%s heard %d and %d in place %d", name, s.Said[0], s.Heard[0], n)
			}
			n++
		}
		if n != len(c.want) {
			t.Errorf("%s heard %d frames", name, n)
		}
	}
	if _, _, ok := l.Listen("a"); ok {
		t.Error("heard a call that is over")
	}
}

// Whoever does not take what they hear holds up neither the call nor others.
func TestSlowListener(t *testing.T) {
	t.Parallel()
	l := NewListeners()
	told, end := l.begin("a")
	slow, _, _ := l.Listen("a")
	quick, _, _ := l.Listen("a")
	for n := range int16(3 * listenAhead) {
		told.tell(&call.Frame{n}, &call.Frame{})
		if s := <-quick; s.Said[0] != n {
			t.Fatalf("frame %d in place %d", s.Said[0], n)
		}
	}
	end()
	taken := 0
	for range slow {
		taken++
	}
	if taken != listenAhead {
		t.Errorf("the slow one was kept %d frames", taken)
	}
}

// A call can be listened to as long as it goes on.
func TestConversationIsHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listeners := NewListeners()
		script := offer()
		script.Call = "c"
		l := newLine("wait 0.5; say 0.6; hear; keys 1; hear; hang up")
		over := make(chan struct{})
		go func() {
			defer close(over)
			New(Config{Speaker: &tones{}, Listeners: listeners}).Hold(t.Context(), l, script, &desk{})
		}()
		synctest.Wait()
		frames, leave, ok := listeners.Listen("c")
		if !ok {
			t.Fatal("the call is not heard")
		}
		defer leave()
		said, heard := 0, 0
		for s := range frames {
			if s.Said != (call.Frame{}) {
				said++
			}
			if s.Heard != (call.Frame{}) {
				heard++
			}
		}
		<-over
		if said < 25 || heard < 25 {
			t.Errorf("%d frames of the agent, %d of the other side", said, heard)
		}
		if _, _, ok := listeners.Listen("c"); ok {
			t.Error("the call is still heard")
		}
	})
}
