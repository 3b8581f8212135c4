package speech

import (
	"errors"
	"testing"
	"time"
)

// line builds a queue of jobs that came one after another, 10 ms apart.
func line(t *testing.T, q *queue, at time.Time, kinds string) []*job {
	t.Helper()
	var jobs []*job
	for i, letter := range kinds {
		j := &job{since: at.Add(time.Duration(i) * 10 * time.Millisecond), done: make(chan result, 1)}
		switch letter {
		case 'F':
			j.urgency = Final
		case 'P':
			j.urgency = Partial
		case 'W':
			j.kind, j.urgency = saying, Waited
		case 'A':
			j.kind, j.urgency = saying, Ahead
		}
		if !q.push(j, j.since) {
			t.Fatalf("job %d was refused", i)
		}
		jobs = append(jobs, j)
	}
	return jobs
}

func TestOrderOfWork(t *testing.T) {
	t.Parallel()
	start := time.Unix(1000, 0)
	for _, test := range []struct {
		jobs string
		kind kind
		want []int
	}{
		{"PFPFF", hearing, []int{1, 3, 4, 0, 2}}, // finals first, each by age
		{"AWAWP", saying, []int{1, 3, 0, 2}},     // what somebody waits for first; ears have their own workers
		{"FFF", hearing, []int{0, 1, 2}},
		{"", hearing, nil},
	} {
		var q queue
		jobs := line(t, &q, start, test.jobs)
		for _, want := range test.want {
			if got := q.next(test.kind, start.Add(60*time.Millisecond)); got != jobs[want] {
				t.Errorf("%s: not job %d", test.jobs, want)
			}
		}
		if got := q.next(test.kind, start.Add(60*time.Millisecond)); got != nil {
			t.Errorf("%s: more than was asked for", test.jobs)
		}
	}
}

func TestStalePartialsAreDropped(t *testing.T) {
	t.Parallel()
	var q queue
	start := time.Unix(1000, 0)
	jobs := line(t, &q, start, "PPF")
	now := start.Add(stale + 5*time.Millisecond)
	if q.next(hearing, now) != jobs[2] || q.next(hearing, now) != jobs[1] {
		t.Error("not the final, then the partial that is young enough")
	}
	if r := <-jobs[0].done; !errors.Is(r.err, ErrBehind) || q.staled != 1 || q.lost != 0 {
		t.Errorf("the stale partial: %v; %d dropped, %d lost", r.err, q.staled, q.lost)
	}
}

func TestFallingBehind(t *testing.T) {
	t.Parallel()
	var q queue
	start := time.Unix(1000, 0)
	line(t, &q, start, "F")
	now := start.Add(late + time.Millisecond)
	partial := &job{urgency: Partial, since: now, done: make(chan result, 1)}
	if q.push(partial, now) {
		t.Error("a partial was taken while finals wait")
	}
	if q.next(hearing, now) == nil {
		t.Error("the final was not worked on")
	}
	if now = now.Add(recovery - time.Second); q.push(partial, now) {
		t.Error("a partial was taken too soon after")
	}
	if now = now.Add(2 * time.Second); !q.push(partial, now) {
		t.Error("a partial was refused long after")
	}
}

func TestCapacity(t *testing.T) {
	t.Parallel()
	var q queue
	now := time.Unix(1000, 0)
	push := func(urgency Urgency) (*job, bool) {
		j := &job{urgency: urgency, since: now, done: make(chan result, 1)}
		return j, q.push(j, now)
	}
	last, _ := push(Partial)
	for range capacity - 1 {
		if _, ok := push(Final); !ok {
			t.Fatal("a final was refused")
		}
	}
	if _, ok := push(Partial); ok {
		t.Error("a partial was taken by a full queue")
	}
	if _, ok := push(Final); !ok {
		t.Error("a final did not take a partial's place")
	}
	if r := <-last.done; !errors.Is(r.err, ErrBehind) {
		t.Errorf("the partial that was replaced: %v", r.err)
	}
	if _, ok := push(Final); ok {
		t.Error("a final was taken by a queue full of finals")
	}
	if q.staled != 2 || q.lost != 1 {
		t.Errorf("%d dropped, %d lost", q.staled, q.lost)
	}
}
