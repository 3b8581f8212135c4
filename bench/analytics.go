package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"zombiezen.com/go/sqlite"

	"nacre/internal/account"
	"nacre/internal/id"
	"nacre/internal/report"
	"nacre/internal/store"
	"nacre/test/process"
)

// analytics measures the analytics of a campaign whose every lead was called twice within the longest range, over HTTP,
// against counting and adding up one column of the same calls.
func (b *bench) analytics(ctx context.Context) (err error) {
	calls := 2_000_000
	if b.quick {
		calls = 200_000
	}
	leads := calls / 2
	f, err := openFolder(ctx, filepath.Join(b.dir, "analytics"))
	if err != nil {
		return err
	}
	defer func() { _ = f.store.Close() }()
	pearlID, err := f.newPearl(ctx, "analytics", f.sandbox, 10)
	if err != nil {
		return err
	}
	raw, err := openRaw(filepath.Join(f.dir, store.FileName), tuned)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, raw.close()) }()
	from := report.BucketOf(time.Now().Add(-report.MaxRange - 24*time.Hour)).Add(7*time.Minute + 250*time.Millisecond)
	to := from.Add(report.MaxRange)
	if err := addCalls(raw, f.actor.Account, pearlID, from, calls, leads); err != nil {
		return fmt.Errorf("add calls: %w", err)
	}
	began := time.Now()
	for more := true; more; {
		if more, err = f.engine.RollUp(ctx); err != nil {
			return err
		}
	}
	rolling := time.Since(began)
	_, key, err := f.engine.CreateKey(ctx, f.actor, "bench", account.ScopeFull, time.Time{})
	if err = errors.Join(err, f.store.Close()); err != nil {
		return err
	}
	server, err := start(ctx, "", filepath.Join(b.dir, "analytics.log"), nil, b.nacre, "serve", "--data", f.dir, "--listen", "127.0.0.1:0",
		"--sip-listen", "127.0.0.1:0", "--rate-limit", "0", "--log-level", "error")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	if err := server.settle(ctx); err != nil {
		return err
	}
	c := client{process.Client{Base: server.address, Key: key}}
	body := map[string]any{"from": from, "to": to}
	var figures, limits []time.Duration
	for range 3 {
		began := time.Now()
		var seen int64
		if err := raw.each(`SELECT count(*), sum(duration) FROM call WHERE pearl_id = ?1 AND start >= ?2 AND start <= ?3`, func(stmt *sqlite.Stmt) {
			seen = stmt.ColumnInt64(0)
		}, string(pearlID), from.UnixMilli(), to.UnixMilli()); err != nil {
			return fmt.Errorf("raw: %w", err)
		}
		limits = append(limits, time.Since(began))
		for range 5 {
			began := time.Now()
			var found struct {
				CallsStatusOverview report.Overview
			}
			if err := c.Do(ctx, "POST", "/v2/Pearl/"+string(pearlID)+"/Analytics", body, &found); err != nil {
				return err
			}
			figures = append(figures, time.Since(began))
			if o := found.CallsStatusOverview; o.TotalCalls != calls || o.TotalLeads != leads || int64(calls) != seen {
				return fmt.Errorf("%d calls to %d leads were found, %d by the raw query", o.TotalCalls, o.TotalLeads, seen)
			}
		}
	}
	figure, limit := median(figures), median(limits)
	b.add(result{
		name: fmt.Sprintf("Analytics of %s calls to %s leads, 90 days", thousands(calls), thousands(leads)), figure: milliseconds(figure),
		raw: milliseconds(limit), ratio: times(float64(figure) / float64(limit)), goal: "< 300 ms", missed: figure >= 300*time.Millisecond,
	})
	b.add(result{name: "… rolling one call up", figure: microseconds(rolling / time.Duration(calls))})
	return nil
}

// addCalls writes finished calls at equal distances from an instant on. SQLite makes them by itself: through the store it
// would take minutes.
func addCalls(raw *rawDB, accountID, pearlID id.ID, from time.Time, calls, leads int) error {
	const chunk = 100_000
	if err := raw.exec("PRAGMA synchronous = OFF"); err != nil {
		return err
	}
	for first := 0; first < calls; first += chunk {
		err := raw.exec(`WITH RECURSIVE turn(n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM turn WHERE n + 1 < ?2)
			INSERT INTO call (id, account_id, pearl_id, lead_id, request_id, node, trunk_id, trace, from_number, to_number, name, search, start, answered, ended,
				finished, cancel, hang_up, status, outcome, conversation, duration, tags, sentiment, transferred, callback_promised, recording, cost, sequence,
				summary, call_data, collected, transcript) SELECT printf('68%06x1122334455%06x', n >> 24, n & 0xffffff), ?3, ?4,
				printf('69%06x1122334455%06x', n * 611953 % ?5 / 20000, n * 611953 % ?5), '', 'bench', '', '',
				'+12025550100', '+14155550101', 'Ada Example', 'ada example', ?6 + n * ?7, ?6 + n * ?7 + 5000, ?6 + n * ?7 + 65000, ?6 + n * ?7 + 66000, '', 0,
				CASE WHEN n % 10 < 6 THEN 4 ELSE 5 END, CASE WHEN n % 10 < 6 THEN 'success' ELSE 'busy' END, CASE WHEN n % 10 < 6 THEN 100 ELSE 10 END,
				CASE WHEN n % 10 < 6 THEN 60 ELSE 0 END, CASE WHEN n % 10 < 2 THEN char(10) || 'interested' || char(10) ELSE '' END, n % 6, 0, 0, '', 25, 0,
				'The person agrees and asks for nothing else.', '{}', '', '' FROM turn`,
			int64(first), int64(min(first+chunk, calls)), string(accountID), string(pearlID), int64(leads), from.UnixMilli(), report.MaxRange.Milliseconds()/int64(calls))
		if err != nil {
			return err
		}
	}
	return nil
}
