package store

import (
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// job is one Update on its way through the writer.
type job struct {
	fn    func(session) error
	state atomic.Int32
	err   error
	done  chan error // buffered
}

const (
	jobWaiting int32 = iota
	jobRunning
	jobWithdrawn
)

const (
	// maxGroup and groupTime bound how much shares one disk write: what is in the group waits for its last member.
	maxGroup  = 512
	groupTime = 20 * time.Millisecond
)

// writer runs transactions on the one connection that writes. Updates that come while a commit is on its way to the
// disk share the next one, each under a savepoint of its own.
type writer struct {
	conn         *sqliteConn
	most         int // transactions in a group
	jobs         chan *job
	log          *slog.Logger
	checkpointer *checkpointer
	parts        *parts
	scans        *sync.RWMutex // see sqliteBackend

	checkpointing bool          // by the checkpointer
	pages, copied int           // of the log: how many there were when it was last looked at, how many were copied when it was last begun
	due           int           // nothing is tried before the log has so many
	ended         chan struct{} // receives when no scan needs the log and none begins; nil where that is not awaited
}

// run serves until closing is closed and no job is left.
func (w *writer) run(closing <-chan struct{}) {
	idle := time.NewTimer(idleTime)
	for {
		select {
		case first := <-w.jobs:
			w.group(first)
			w.checkpointIfDue(false)
			idle.Reset(idleTime)
		case <-w.checkpointer.done:
			w.checkpointing = false
			w.checkpointIfDue(false)
			idle.Reset(idleTime)
		case <-w.ended:
			w.ended = nil
			w.restart()
			w.scans.Unlock()
		case <-idle.C:
			w.checkpointIfDue(true)
		case <-closing:
			w.parts.note(w.pages, false)
			close(w.checkpointer.begin)
			return
		}
	}
}

// group runs the job and those that wait behind it in one transaction.
func (w *writer) group(first *job) {
	g := &group{conn: w.conn, began: time.Now()}
	next := first
	yielded := false
	for next != nil {
		g.run(next)
		next = nil
		if g.spoiled || len(g.jobs) >= w.most || time.Since(g.began) > groupTime {
			break
		}
		select {
		case next = <-w.jobs:
		default:
			if !yielded {
				// Callers that were told a moment ago may be about to come with their next: one turn for them is cheaper than a disk write.
				yielded = true
				runtime.Gosched()
				select {
				case next = <-w.jobs:
				default:
				}
			}
		}
	}
	err := g.commit()
	if err != nil && len(g.jobs) > 1 {
		// It failed for all: each gets another chance alone, so that one bad neighbour cannot fail the others.
		for _, j := range g.jobs {
			alone := &group{conn: w.conn}
			alone.attempt(j)
			if err := alone.commit(); err != nil && j.err == nil {
				j.err = err
			}
		}
	} else if err != nil && g.jobs[0].err == nil {
		g.jobs[0].err = err
	}
	g.tellCallers()
}

// panicked is the error of a transaction whose fn panicked.
func panicked(reason any) error {
	return fmt.Errorf("transaction panicked: %v\n%s", reason, debug.Stack())
}
