package store

import (
	"context"
	"time"
)

// Figures are what the whole database holds, for metrics.
type Figures struct {
	Leads   map[int]int // by status
	Pending int         // webhook deliveries that are to be sent
	Waiting time.Time   // when the oldest of them was made, zero without any
}

type statusCount struct{ status, count int }

func scanStatusCount(r row) (c statusCount, err error) { return c, r.Scan(&c.status, &c.count) }

type backlog struct {
	count  int
	oldest int64
}

func scanBacklog(r row) (b backlog, err error) { return b, r.Scan(&b.count, &b.oldest) }

// Figures counts. It walks an index over all leads (a tenth of a second for a million), on a connection for what may take long.
func (s *Store) Figures(ctx context.Context) (f Figures, err error) {
	err = s.backend.scan(ctx, func(q session) error {
		counts, err := list(q, scanStatusCount, "SELECT status, count(*) FROM lead GROUP BY status")
		if err != nil {
			return err
		}
		f.Leads = make(map[int]int, len(counts))
		for _, c := range counts {
			f.Leads[c.status] = c.count
		}
		waiting, err := one(q, scanBacklog, "SELECT count(*), COALESCE(min(created), 0) FROM delivery WHERE state = 'pending'")
		f.Pending, f.Waiting = waiting.count, instant(waiting.oldest)
		return err
	})
	return f, wrap("count for metrics", err)
}
