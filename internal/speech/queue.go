package speech

import (
	"slices"
	"time"
)

// Urgency orders work of one kind; within an urgency the oldest is first.
type Urgency int

const (
	// Final is an utterance that is over: somebody on the telephone waits for the reply.
	Final Urgency = iota
	// Waited is speech that somebody on the telephone waits for.
	Waited
	// Partial is an utterance that still goes on.
	Partial
	// Ahead is speech that is made before it is needed.
	Ahead
	urgencies
)

// kind is what an order asks for. A kind has workers of its own: a sentence that is being spoken for seconds holds up no ear.
type kind int

const (
	hearing kind = iota
	saying
	kinds
)

const (
	// stale is how old a partial may get before it is worked on; the next one is on its way.
	stale = 300 * time.Millisecond
	// late is how long a final may wait before hearing is said to be behind.
	late = time.Second
	// recovery is how long hearing is said to be behind after the last sign of it.
	recovery = 10 * time.Second
	// capacity bounds the orders of one kind that wait.
	capacity = 500
)

// job is an order and whoever waits for its answer.
type job struct {
	order    Order
	kind     kind
	urgency  Urgency
	since    time.Time
	tries    int       // processes it was given to
	sent     time.Time // to the present one
	canceled bool
	done     chan result // receives once
}

type result struct {
	answer Answer
	err    error
}

func (j *job) end(answer Answer, err error) { j.done <- result{answer, err} }

// queue holds the jobs that wait. It reads no clock.
type queue struct {
	waiting [kinds][]*job // in the order in which they are worked on
	behind  time.Time     // hearing is behind until then

	staled, lost uint64 // partials and finals that were not worked on
}

// push takes a job. It returns false if the job is refused: partials while hearing is behind, and what is beyond the capacity,
// where finals replace partials.
func (q *queue) push(j *job, now time.Time) bool {
	q.look(now)
	if j.urgency == Partial && now.Before(q.behind) {
		q.staled++
		return false
	}
	line := q.waiting[j.kind]
	if len(line) >= capacity {
		last := line[len(line)-1]
		if last.urgency <= j.urgency {
			q.miss(j, now)
			return false
		}
		q.waiting[j.kind] = line[:len(line)-1]
		q.miss(last, now)
		last.end(Answer{}, ErrBehind)
	}
	q.insert(j)
	return true
}

// insert puts a job before all that are less urgent, or as urgent and younger.
func (q *queue) insert(j *job) {
	at, _ := slices.BinarySearchFunc(q.waiting[j.kind], j, func(a, b *job) int {
		if a.urgency != b.urgency {
			return int(a.urgency) - int(b.urgency)
		}
		if a.since.After(b.since) {
			return 1
		}
		return -1
	})
	q.waiting[j.kind] = slices.Insert(q.waiting[j.kind], at, j)
}

// next takes the job of a kind that is worked on next; nil if there is none. Stale partials are dropped.
func (q *queue) next(k kind, now time.Time) *job {
	q.look(now)
	for len(q.waiting[k]) > 0 {
		j := q.waiting[k][0]
		q.waiting[k] = q.waiting[k][1:]
		if j.urgency == Partial && now.Sub(j.since) > stale {
			q.staled++
			j.end(Answer{}, ErrBehind)
			continue
		}
		return j
	}
	return nil
}

// remove takes out a job that nobody waits for any longer, and reports whether it was waiting.
func (q *queue) remove(j *job, now time.Time) bool {
	at := slices.Index(q.waiting[j.kind], j)
	if at < 0 {
		return false
	}
	q.waiting[j.kind] = slices.Delete(q.waiting[j.kind], at, at+1)
	q.miss(j, now)
	return true
}

// miss counts a job that was not worked on.
func (q *queue) miss(j *job, now time.Time) {
	switch j.urgency {
	case Final:
		q.lost++
		if now.Sub(j.since) > late {
			q.behind = now.Add(recovery)
		}
	case Partial:
		q.staled++
	}
}

// look notices that hearing is behind: a final waits for long.
func (q *queue) look(now time.Time) {
	if line := q.waiting[hearing]; len(line) > 0 && line[0].urgency == Final && now.Sub(line[0].since) > late {
		q.behind = now.Add(recovery)
	}
}

// drain takes out all jobs.
func (q *queue) drain() (all []*job) {
	for k := range q.waiting {
		all = append(all, q.waiting[k]...)
		q.waiting[k] = nil
	}
	return all
}
