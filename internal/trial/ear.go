package trial

import (
	"context"
	"sync"
	"time"

	"nacre/internal/call"
	"nacre/internal/rehearsal"
	"nacre/internal/scenario"
)

const (
	mostQueued = call.SampleRate / 2  // of the person's sound: what is older is left out, so that the agent does not answer late
	refill     = call.SampleRate / 10 // that has to be there before a pause in what comes is over, against gaps
	tellEvery  = 10                   // frames
	mostKeys   = 64                   // on their way
	mostLate   = time.Second          // that frames are caught up with
	mostGone   = 20 * 50              // frames without any sound, after which the person has gone
)

// ear is a talk in sound and in real time (call.Leg): the person's sound comes in parts, the agent's is heard as that of a call is
// that somebody listens to.
type ear struct {
	script call.Script
	begun  chan struct{} // closed when it can be listened to, or is over already
	begin  func()        // closes begun

	mu     sync.Mutex
	queue  []int16 // the person's sound
	dry    bool    // it has run out
	gone   int     // frames since something came
	keys   []rune
	left   bool // the person hangs up
	over   bool
	after  time.Duration // the answer
	result rehearsal.Result
}

var _ call.Leg = (*ear)(nil)

// newEar is a talk that has not begun.
func newEar(script call.Script) *ear {
	e := &ear{script: script, dry: true, begun: make(chan struct{})}
	e.begin = sync.OnceFunc(func() { close(e.begun) })
	return e
}

// hold conducts the talk to its end.
func (e *ear) hold(ctx context.Context, agent call.Agent, desk call.Desk) {
	defer e.begin()
	talk, ending := agent.Hold(ctx, e, e.script, desk)
	by := scenario.ByAgent
	switch ending {
	case call.PeerHungUp:
		by = scenario.ByPerson
	case call.ContextEnded:
		by = scenario.ByTimeout
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.result, e.over = rehearsal.ResultOf(e.script, talk, by, e.after), true
}

// Serve passes frames between the person and the agent, every 20 ms (call.Leg).
func (e *ear) Serve(ctx context.Context, agent call.Party) call.Ending {
	e.begin()
	teller, tells := agent.(interface{ Talk() call.Talk })
	var said, heard call.Frame
	due := time.Now()
	for n := 1; ; n++ {
		if due = due.Add(call.FrameTime); time.Since(due) > mostLate {
			due = time.Now()
		}
		select {
		case <-ctx.Done():
			return call.ContextEnded
		case <-time.After(time.Until(due)):
		}
		key, left := e.next(&heard)
		if left {
			return call.PeerHungUp
		}
		if key != 0 {
			agent.Key(key)
		}
		more := agent.Exchange(&heard, &said)
		if tells && n%tellEvery == 0 {
			talk := teller.Talk()
			e.mu.Lock()
			e.result = rehearsal.ResultOf(e.script, talk, "", e.after)
			e.mu.Unlock()
		}
		if !more {
			return call.PartyHungUp
		}
	}
}

// next returns the next 20 ms of the person: silence where nothing has come, a key that they press, and whether they hang up.
func (e *ear) next(heard *call.Frame) (key rune, left bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.after += call.FrameTime
	e.gone++
	*heard = call.Frame{}
	if len(e.keys) > 0 {
		key, e.keys = e.keys[0], e.keys[1:]
	}
	if e.dry && len(e.queue) >= refill {
		e.dry = false
	}
	if !e.dry {
		e.queue = e.queue[copy(heard[:], e.queue):]
		e.dry = len(e.queue) == 0
	}
	return key, e.left || e.gone > mostGone
}

// hear adds to what the person says.
func (e *ear) hear(samples []int16) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.queue, e.gone = append(e.queue, samples...), 0
	if late := len(e.queue) - mostQueued; late > 0 {
		e.queue = append([]int16(nil), e.queue[late:]...)
	}
}

// press and leave are what the person does besides talking.
func (e *ear) press(keys string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.keys = append(e.keys, []rune(keys)...)
	e.keys = e.keys[:min(len(e.keys), mostKeys)]
}

func (e *ear) leave() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.left = true
}

func (e *ear) view() (over bool, result rehearsal.Result) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.over, e.result
}

// Transfer comes about at once (call.Leg).
func (e *ear) Transfer(context.Context, string) error { return nil }

// SendKeys, HangUp and Stats are of calls on a wire (call.Leg).
func (e *ear) SendKeys(string)      {}
func (e *ear) HangUp()              { e.leave() }
func (e *ear) Stats() call.LegStats { return call.LegStats{} }
