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
	// ahead is how long before its instant a frame is made. Whatever keeps the program from its work for less (a garbage
	// collection, a busy neighbour, a hypervisor) the person on the line does not hear.
	ahead = call.FrameTime
	// pacerStep is how exact instants are kept: packets of one step leave together.
	pacerStep = time.Millisecond
	// pacerSteps is how far instants may lie ahead, in steps.
	pacerSteps = 32
	// pacerNap bounds the sleep while nothing is due, since a frame that was made late comes with little time left.
	pacerNap = 4
)

// pacer sends the packets of all sessions at their instants, on a thread of its own that has nothing else to do and, where
// the system grants it, real-time priority (ADR 14). It sleeps while there is no session.
type pacer struct {
	epoch    time.Time
	refused  error // why there is no real-time priority
	sessions atomic.Int64
	wake     chan struct{}
	// inbox holds what was handed over since the last step, the newest first: nobody waits for a lock.
	inbox atomic.Pointer[pacedPacket]

	// Of the pacer's thread:
	done   int64                      // steps since epoch whose packets have left
	steps  [pacerSteps][]*pacedPacket // by step modulo its length
	queued int                        // packets in steps
}

// pacedPacket is a packet on its way through the pacer; its session uses it again when it has left.
type pacedPacket struct {
	waiting atomic.Bool // it is the pacer's
	next    *pacedPacket
	due     time.Time
	session *Session
	remote  netip.AddrPort
	length  int
	data    [12 + maxPacket]byte
	route   route
}

// sharedPacer is the process's: one thread is enough for all calls.
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

// RealTime answers why audio leaves without real-time priority; nil when it has that.
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
		// While it is awake it keeps one of the scheduler's processors, also asleep (see sleepThread).
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1)
		for p.sessions.Load() > 0 || p.queued > 0 || p.inbox.Load() != nil {
			p.step(p.now())
			p.nap()
		}
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) - 1)
	}
}

// now is the current step, in steps since epoch.
func (p *pacer) now() int64 { return int64(time.Since(p.epoch) / pacerStep) }

// step sends what is due at the given step.
func (p *pacer) step(now int64) {
	for p.done < now {
		p.done = max(p.done+1, now-pacerSteps+1) // of a long stall, or sleep, one round is enough
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

// collect sorts what was handed over into the steps, and sends what is due already.
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

// leave sends the packet and gives it back to its session.
func (p *pacedPacket) leave() {
	s := p.session
	late := time.Since(p.due) > lateAfter
	if p.route.send(s.sockets.rtp, p.data[:p.length], p.remote) == nil {
		s.sent.Add(1)
		s.sentOctets.Add(uint32(p.length - 12))
		if late {
			s.late.Add(1)
		}
	}
	p.waiting.Store(false)
}
