package media

import (
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"nacre/internal/call"
)

const (
	// ahead is how long before it is due a frame is made. Shorter stalls of the process (garbage collection, scheduling)
	// are inaudible.
	ahead = call.FrameTime
	// pacerStep is the resolution of due times: packets of one step are sent together.
	pacerStep = time.Millisecond
	// pacerSteps is how far ahead due times may be, in steps.
	pacerSteps = 32
	// pacerNap bounds the sleep without due packets, in steps: a late frame has little time left when it comes.
	pacerNap = 4
)

// pacer sends the packets of all sessions when they are due, on a thread of its own with real-time priority where the
// system grants it (ADR 14). It sleeps while there is no session.
type pacer struct {
	epoch    time.Time
	refused  error // why there is no real-time priority
	sessions atomic.Int64
	wake     chan struct{}
	// inbox is a lock-free list of the packets handed over since the last step, newest first.
	inbox atomic.Pointer[pacedPacket]

	// Of the pacer's thread:
	done   int64                      // steps since epoch whose packets were sent
	steps  [pacerSteps][]*pacedPacket // by step modulo its length
	queued int                        // packets in steps
}

// pacedPacket is a packet for the pacer; its session reuses it after it was sent.
type pacedPacket struct {
	waiting atomic.Bool // owned by the pacer
	next    *pacedPacket
	due     time.Time
	session *Session
	remote  netip.AddrPort
	length  int
	data    [12 + maxPacket]byte
	route   route
}

// sharedPacer returns the pacer of the process: one thread is enough for all calls.
var sharedPacer = sync.OnceValue(func() *pacer {
	p := newPacer()
	began := make(chan struct{})
	go func() {
		runtime.LockOSThread()
		p.refused = takeRealTime()
		close(began)
		p.run()
	}()
	<-began
	return p
})

func newPacer() *pacer {
	return &pacer{epoch: time.Now(), wake: make(chan struct{}, 1)}
}

// RealTime returns why audio is sent without real-time priority; nil if it has that priority.
func RealTime() error { return sharedPacer().refused }

// join keeps the pacer awake until leave.
func (p *pacer) join() {
	if p.sessions.Add(1) == 1 {
		select {
		case p.wake <- struct{}{}:
		default:
		}
	}
}

func (p *pacer) leave() { p.sessions.Add(-1) }

// send hands a packet over.
func (p *pacer) send(packet *pacedPacket) {
	packet.waiting.Store(true)
	for {
		packet.next = p.inbox.Load()
		if p.inbox.CompareAndSwap(packet.next, packet) {
			return
		}
	}
}

func (p *pacer) run() {
	for {
		<-p.wake
		// While there are sessions the thread occupies one P of the Go scheduler, also asleep (see sleepThread).
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1)
		for p.sessions.Load() > 0 || p.queued > 0 || p.inbox.Load() != nil {
			p.step(p.now())
			p.nap()
		}
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) - 1)
	}
}

// now returns the current step, in steps since epoch.
func (p *pacer) now() int64 { return int64(time.Since(p.epoch) / pacerStep) }

// step sends what is due at the given step.
func (p *pacer) step(now int64) {
	for p.done < now {
		p.done = max(p.done+1, now-pacerSteps+1) // after a long stall or sleep one round of the ring is enough
		p.release(int(p.done % pacerSteps))
	}
	p.collect()
}

// release sends the packets of a step.
func (p *pacer) release(n int) {
	for _, packet := range p.steps[n] {
		packet.leave()
	}
	p.queued -= len(p.steps[n])
	clear(p.steps[n])
	p.steps[n] = p.steps[n][:0]
}

// collect moves packets from the inbox into their steps, and sends those that are due.
func (p *pacer) collect() {
	var oldest *pacedPacket
	for packet := p.inbox.Swap(nil); packet != nil; {
		packet.next, oldest, packet = oldest, packet, packet.next
	}
	for packet := oldest; packet != nil; {
		next := packet.next
		packet.next = nil
		if step := int64((packet.due.Sub(p.epoch) + pacerStep - 1) / pacerStep); step <= p.done {
			packet.leave()
		} else {
			n := min(step, p.done+pacerSteps-1) % pacerSteps
			p.steps[n] = append(p.steps[n], packet)
			p.queued++
		}
		packet = next
	}
}

// nap sleeps until the next step with packets.
func (p *pacer) nap() {
	wait := int64(1)
	for wait < pacerNap && len(p.steps[(p.done+wait)%pacerSteps]) == 0 {
		wait++
	}
	if rest := time.Duration(p.done+wait)*pacerStep - time.Since(p.epoch); rest > 0 {
		sleepThread(rest)
	}
}

// leave sends the packet and returns it to its session.
func (p *pacedPacket) leave() {
	s := p.session
	defer p.waiting.Store(false)
	defer s.survive() // the thread is that of all calls
	late := time.Since(p.due) > lateAfter
	if p.route.send(s.sockets.rtp, p.data[:p.length], p.remote) == nil {
		s.sent.Add(1)
		s.sentOctets.Add(uint32(p.length - 12))
		if late {
			s.late.Add(1)
		}
	}
}
