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

// capacity bounds the orders that wait.
const capacity = 500

// job is an order and whoever waits for its answer.
type job struct {
	order    Order
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

// queue holds the jobs that wait, in the order in which they are worked on.
type queue []*job

// push takes a job. In a full queue it takes the place of the last one, if that is less urgent; otherwise it is refused.
func (q *queue) push(j *job) bool {
	if waiting := len(*q); waiting >= capacity {
		last := (*q)[waiting-1]
		if last.urgency <= j.urgency {
			return false
		}
		*q = (*q)[:waiting-1]
		last.end(Answer{}, ErrBehind)
	}
	q.insert(j)
	return true
}

// insert puts a job before all that are less urgent, or as urgent and younger.
func (q *queue) insert(j *job) {
	at, _ := slices.BinarySearchFunc(*q, j, func(a, b *job) int {
		if a.urgency != b.urgency {
			return int(a.urgency) - int(b.urgency)
		}
		if a.since.After(b.since) {
			return 1
		}
		return -1
	})
	*q = slices.Insert(*q, at, j)
}

// next takes the job that is worked on next; nil if there is none.
func (q *queue) next() *job {
	if len(*q) == 0 {
		return nil
	}
	j := (*q)[0]
	*q = (*q)[1:]
	return j
}

// remove takes out a job that nobody waits for any longer, and reports whether it was waiting.
func (q *queue) remove(j *job) bool {
	at := slices.Index(*q, j)
	if at < 0 {
		return false
	}
	*q = slices.Delete(*q, at, at+1)
	return true
}

// drain takes out all jobs.
func (q *queue) drain() []*job {
	all := *q
	*q = nil
	return all
}
