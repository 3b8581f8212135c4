package kokoro

import (
	"context"
	"sync"
	"time"

	"nacre/internal/call"
	"nacre/internal/speech"
)

// pace is how quickly this machine makes speech. The zero value knows nothing, and is not quick.
type pace struct {
	mu     sync.Mutex
	factor float64 // seconds to make a second of speech that is heard; 0 = not measured
	letter time.Duration
}

const (
	// quickEnough is the factor below which a talk is spoken as it goes: the sentence after a pause of half its length, in
	// the worst case, and two calls at a time.
	quickEnough = 0.4
	// trial is what is spoken to measure: of the length of a sentence.
	trial = "Thank you very much for your time, and have a wonderful day."
	// retryMeasure is the time between two tries to measure.
	retryMeasure = 2 * time.Second
)

// set records that a clause of letters took a time to make, and is heard for another.
func (p *pace) set(letters int, took, heard time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.factor = took.Seconds() / max(heard.Seconds(), 0.1)
	p.letter = took / time.Duration(max(letters, 1))
}

// expect returns how long a clause of letters takes to make.
func (p *pace) expect(letters int) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.factor == 0 {
		return time.Hour // nothing is known
	}
	return time.Duration(letters+10) * p.letter // the model makes some silence, too
}

func (p *pace) quick() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.factor > 0 && p.factor <= quickEnough
}

// measure speaks a sentence, the better of two times, when the speech process is ready.
func (v *Voice) measure() {
	clauses, err := v.clauses("", trial)
	if err != nil || len(clauses) == 0 {
		return
	}
	var all clause
	for _, c := range clauses {
		all.ids = append(all.ids, c.ids...)
	}
	say := speech.Say{Voice: v.voices[0].ID, IDs: all.ids, Speed: 1}
	best := time.Duration(0)
	var heard time.Duration
	for tries := 0; tries < 2; {
		began := time.Now()
		said, err := v.sayer.Say(v.closing, say, speech.Ahead)
		if v.closing.Err() != nil {
			return
		}
		if err != nil {
			if !wait(v.closing, retryMeasure) {
				return
			}
			continue
		}
		tries++
		if took := time.Since(began); best == 0 || took < best {
			best = took
		}
		const silence = 0.7 // of a second, at both ends of a clause
		heard = time.Duration((float64(len(said.Samples)/2)/float64(max(said.Rate, call.SampleRate)) - silence) * float64(time.Second))
	}
	v.pace.set(len(say.IDs), best, heard)
	v.pace.mu.Lock()
	factor := v.pace.factor
	v.pace.mu.Unlock()
	v.log.Info("neural voice measured", "seconds_per_second", factor, "speaks_as_the_talk_goes", v.pace.quick())
}

// wait returns false if ctx ends first.
func wait(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
