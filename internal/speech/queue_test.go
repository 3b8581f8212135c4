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
			j.urgency = Waited
		case 'A':
			j.urgency = Ahead
		}
		if !q.push(j) {
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
		want []int
	}{
		{"PFPFF", []int{1, 3, 4, 0, 2}}, // finals first, each by age
		{"AWAW", []int{1, 3, 0, 2}},     // what somebody waits for first
		{"FFF", []int{0, 1, 2}},
		{"", nil},
	} {
		var q queue
		jobs := line(t, &q, start, test.jobs)
		for _, want := range test.want {
			if got := q.next(); got != jobs[want] {
				t.Errorf("%s: not job %d", test.jobs, want)
			}
		}
		if got := q.next(); got != nil {
			t.Errorf("%s: more than was asked for", test.jobs)
		}
	}
}

func TestCapacity(t *testing.T) {
	t.Parallel()
	var q queue
	now := time.Unix(1000, 0)
	push := func(urgency Urgency) (*job, bool) {
		j := &job{urgency: urgency, since: now, done: make(chan result, 1)}
		return j, q.push(j)
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
	if len(q) != capacity || !q.remove(q[7]) || len(q) != capacity-1 || q.remove(last) {
		t.Errorf("%d wait", len(q))
	}
}
