package voice

import (
	"testing"

	"nacre/internal/call"
)

// frames readies a session in the middle of its opening sentence, with a person babbling on the line.
func frames(tb testing.TB) func() {
	tb.Helper()
	script := offer()
	script.Timeout = 0
	a := New(Config{Speaker: &tones{}})
	s := a.session(tb.Context(), nil, script, &desk{})
	for _, text := range []string{script.Opening, "Press star nine to never be called again.", script.Questions[0].Ask, "Press 1 for yes, 2 for no."} {
		<-s.book.get(text).done
	}
	sound := babble(200e9)
	var heard, say call.Frame
	for range 60 { // silence, until the agent begins
		s.Exchange(&heard, &say)
	}
	at := 0
	return func() {
		at += copy(heard[:], sound[at%(len(sound)-len(heard)):])
		s.Exchange(&heard, &say)
	}
}

// Not parallel: it counts the allocations of the whole process.
func TestFramesMakeNoGarbage(t *testing.T) {
	next := frames(t)
	if n := testing.AllocsPerRun(500, next); n > 0.1 {
		t.Errorf("%.2f allocations a frame", n)
	}
}

func BenchmarkExchange(b *testing.B) {
	next := frames(b)
	b.ReportAllocs()
	for b.Loop() {
		next()
	}
}
