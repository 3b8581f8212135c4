package store

import (
	"context"
	"strings"
	"time"

	"nacre/internal/id"
	"nacre/internal/report"
)

// TallyCalls implements engine.Queries. Calls are handed out one by one: SQL that adds up, with distinct leads and by days
// on somebody's wall, takes three times as long.
func (s *Store) TallyCalls(ctx context.Context, accountID, pearlID id.ID, from, to time.Time, tally *report.Tally) error {
	err := s.backend.snapshot(ctx, func(q session) error {
		if err := tallyCalls(q, accountID, pearlID, from, to, tally); err != nil {
			return err
		}
		return tallyWrongCodes(q, accountID, pearlID, from, to, tally)
	})
	return wrap("add up calls", err)
}

func tallyCalls(q session, accountID, pearlID id.ID, from, to time.Time, tally *report.Tally) error {
	return q.each(func(r row) error {
		var c report.Call
		var start, finished int64
		var tags string
		err := r.Scan(&start, &finished, (*string)(&c.Lead), (*int)(&c.Status), (*string)(&c.Outcome), &c.Conversation, &c.Sentiment, &c.Callback, &c.Transferred,
			&c.Duration, &c.Cost, &tags)
		if err != nil {
			return err
		}
		c.Start, c.Final = instant(start), finished > 0
		if tags != "" {
			c.Tags = strings.Split(strings.Trim(tags, "\n"), "\n")
		}
		tally.Add(c)
		return nil
	}, `SELECT start, finished, lead_id, status, outcome, conversation, sentiment, callback_promised, transferred, duration, cost, tags FROM call
		WHERE pearl_id = ?1 AND account_id = ?2 AND start >= ?3 AND start <= ?4 ORDER BY start`, pearlID, accountID, millis(from), millis(to))
}

// tallyWrongCodes begins at the few entries that say so, by the partial index on them, and looks up the Pearl of each.
func tallyWrongCodes(q session, accountID, pearlID id.ID, from, to time.Time, tally *report.Tally) error {
	return q.each(func(r row) error {
		var leadID id.ID
		var at int64
		err := r.Scan((*string)(&leadID), &at)
		tally.WrongCode(leadID, instant(at))
		return err
	}, `SELECT lead_id, at FROM history WHERE status_to = 30 AND at >= ?1 AND at <= ?2
		AND (SELECT l.pearl_id FROM lead l WHERE l.id = history.lead_id AND l.account_id = ?3) = ?4 ORDER BY at`,
		millis(from), millis(to), accountID, pearlID)
}
