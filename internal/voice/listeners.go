package voice

import (
	"sync"
	"sync/atomic"

	"nacre/internal/call"
	"nacre/internal/id"
)

// listenAhead is how many frames a listener may fall behind, a second; later ones are left out until it has caught up. Nobody who
// listens can hold up the call.
const listenAhead = 50

// Listeners let people hear calls while these go on. It is safe for concurrent use; nil lets nobody.
type Listeners struct {
	mu    sync.Mutex
	calls map[id.ID]*overheard
}

// NewListeners returns Listeners without calls.
func NewListeners() *Listeners { return &Listeners{calls: map[id.ID]*overheard{}} }

// Listen returns the frames of a conversation from now on, both sides, until it is over or leave is called; ok is false where none goes
// on. On hold there are none.
func (l *Listeners) Listen(callID id.ID) (frames <-chan call.Sound, leave func(), ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	o := l.calls[callID]
	if o == nil {
		return nil, nil, false
	}
	ear := make(chan call.Sound, listenAhead)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ears = append(o.ears, ear)
	o.any.Store(true)
	return ear, sync.OnceFunc(func() { o.leave(ear) }), true
}

// begin lets people hear a call until end.
func (l *Listeners) begin(callID id.ID) (o *overheard, end func()) {
	if l == nil || callID == "" {
		return nil, func() {}
	}
	o = new(overheard)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls[callID] = o
	return o, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.calls[callID] == o {
			delete(l.calls, callID)
		}
		o.end()
	}
}

// overheard is a conversation that people may be listening to.
type overheard struct {
	any  atomic.Bool // somebody is
	mu   sync.Mutex
	ears []chan call.Sound
}

// tell passes 20 ms to whoever listens. It does not block; nil tells nobody.
func (o *overheard) tell(said, heard *call.Frame) {
	if o == nil || !o.any.Load() {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, ear := range o.ears {
		select {
		case ear <- call.Sound{Said: *said, Heard: *heard}:
		default: // too slow
		}
	}
}

func (o *overheard) leave(ear chan call.Sound) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for n, other := range o.ears {
		if other == ear {
			o.ears = append(o.ears[:n], o.ears[n+1:]...)
			close(ear)
			break
		}
	}
	o.any.Store(len(o.ears) > 0)
}

func (o *overheard) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, ear := range o.ears {
		close(ear)
	}
	o.ears = nil
	o.any.Store(false)
}
