package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"nacre/internal/engine"
	"nacre/internal/id"
	"nacre/internal/report"
)

// TallyCalls implements engine.Queries. Whole buckets come from their rollups; calls are handed out one by one at the edges
// of the range and where a bucket is due. That a bucket without a rollup is empty unless it is due is kept by triggers.
func (s *Store) TallyCalls(ctx context.Context, accountID, pearlID id.ID, from, to time.Time, tally *report.Tally) error {
	err := s.scan(ctx, accountID, func(q session) error {
		if owned, err := owns(q, accountID, pearlID); err != nil || !owned {
			return err
		}
		first, until := instantOf(millis(from)), instantOf(millis(to)+1)
		due, err := list(q, func(r row) (time.Time, error) {
			var bucket int64
			err := r.Scan(&bucket)
			return instantOf(bucket), err
		}, "SELECT bucket FROM rollup_due WHERE pearl_id = ?1 AND bucket >= ?2 AND bucket < ?3 ORDER BY bucket",
			pearlID, report.BucketOf(first).UnixMilli(), until.UnixMilli())
		if err != nil {
			return err
		}
		for _, stretch := range tally.Stretches(first, until, due) {
			show := showCalls
			if stretch.Rolled {
				show = showRollups
			}
			if err := show(q, pearlID, stretch.From.UnixMilli(), stretch.Until.UnixMilli(), tally); err != nil {
				return err
			}
		}
		return nil
	})
	return wrap("add up calls", err)
}

// instantOf is instant for values of which 0 is one like any other.
func instantOf(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

func showRollups(q session, pearlID id.ID, from, until int64, tally *report.Tally) error {
	return q.each(func(r row) error {
		var bucket int64
		var body []byte
		if err := r.Scan(&bucket, &body); err != nil {
			return err
		}
		if err := tally.AddRollup(instantOf(bucket), body); err != nil {
			return fmt.Errorf("rollup of %s at %d: %w", pearlID, bucket, err)
		}
		return nil
	}, rollups, pearlID, from, until)
}

const rollups = "SELECT bucket, body FROM rollup WHERE pearl_id = ?1 AND bucket >= ?2 AND bucket < ?3 ORDER BY bucket"

func showCalls(q session, pearlID id.ID, from, until int64, tally *report.Tally) error {
	if err := eachCall(q, pearlID, from, until, tally.Add); err != nil {
		return err
	}
	return eachWrongCode(q, pearlID, from, until, tally.WrongCode)
}

// eachCall hands out what analytics need of calls, in the order of time.
func eachCall(q session, pearlID id.ID, from, until int64, show func(report.Call)) error {
	return q.each(func(r row) error {
		var c report.Call
		var start, finished int64
		var tags string
		err := r.Scan(&start, &finished, (*string)(&c.Lead), (*int)(&c.Status), (*string)(&c.Outcome), &c.Conversation, &c.Sentiment, &c.Callback, &c.Transferred,
			&c.Duration, &c.Cost, &tags, &c.SMS, &c.Emails)
		if err != nil {
			return err
		}
		c.Start, c.Final = instantOf(start), finished > 0
		if tags != "" {
			c.Tags = strings.Split(strings.Trim(tags, "\n"), "\n")
		}
		show(c)
		return nil
	}, callsOfBucket, pearlID, from, until)
}

const callsOfBucket = `SELECT start, finished, lead_id, status, outcome, conversation, sentiment, callback_promised, transferred, duration, cost, tags, sms_sent, emails_sent FROM call
	WHERE pearl_id = ?1 AND start >= ?2 AND start < ?3 ORDER BY start`

// eachWrongCode begins at the few entries that say so, by the partial index on them, and looks up the Pearl of each.
func eachWrongCode(q session, pearlID id.ID, from, until int64, show func(leadID id.ID, at time.Time)) error {
	return q.each(func(r row) error {
		var leadID id.ID
		var at int64
		err := r.Scan((*string)(&leadID), &at)
		show(leadID, instantOf(at))
		return err
	}, wrongCodesOfBucket, from, until, pearlID)
}

const wrongCodesOfBucket = `SELECT lead_id, at FROM history WHERE status_to = 30 AND at >= ?1 AND at < ?2
	AND (SELECT l.pearl_id FROM lead l WHERE l.id = history.lead_id) = ?3 ORDER BY at`

// markWrongCode marks the bucket in which a lead became WrongCountryCode. Calls are marked by triggers.
const markWrongCode = `INSERT INTO rollup_due (pearl_id, bucket) SELECT pearl_id, ?1 FROM lead WHERE id = ?2
	ON CONFLICT (pearl_id, bucket) DO UPDATE SET bucket = excluded.bucket`

// DueRollups implements engine.Tx.
func (t *tx) DueRollups(before time.Time, limit int) ([]engine.DueRollup, error) {
	return list(t, func(r row) (d engine.DueRollup, err error) {
		var bucket int64
		err = r.Scan((*string)(&d.Pearl), &bucket)
		d.Bucket = instantOf(bucket)
		return d, err
	}, dueRollups, before.UnixMilli(), limit)
}

var saveRollup = newTable("rollup", "pearl_id, bucket, body").replacing(2)

const dueRollups = "SELECT pearl_id, bucket FROM rollup_due WHERE bucket < ?1 ORDER BY bucket LIMIT ?2 {skip locked}"

// RollUp implements engine.Tx. Nothing of the bucket changes meanwhile: its mark is locked, and every change shares the mark.
func (t *tx) RollUp(due engine.DueRollup) (calls int, err error) {
	from, until := due.Bucket.UnixMilli(), due.Bucket.Add(report.Bucket).UnixMilli()
	var rollup report.Rollup
	if err := t.flush(); err != nil { // history that still waits to be inserted has made its mark already
		return 0, err
	}
	err = eachCall(t, due.Pearl, from, until, func(c report.Call) {
		calls++
		rollup.Add(c)
	})
	if err != nil {
		return 0, err
	}
	if err := eachWrongCode(t, due.Pearl, from, until, func(leadID id.ID, _ time.Time) { rollup.WrongCode(leadID) }); err != nil {
		return 0, err
	}
	if rollup.Empty() {
		err = t.queue(nil, "DELETE FROM rollup WHERE pearl_id = ?1 AND bucket = ?2", due.Pearl, from)
	} else {
		err = t.queue(nil, saveRollup, due.Pearl, from, rollup.Append(nil))
	}
	if err != nil {
		return 0, err
	}
	return calls, t.queue(nil, "DELETE FROM rollup_due WHERE pearl_id = ?1 AND bucket = ?2", due.Pearl, from)
}
