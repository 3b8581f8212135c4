package store

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"nacre/internal/call"
	"nacre/internal/engine"
	"nacre/internal/id"
)

var feedTable = newTable("feed", "account_id, place, id, pearl_id, kind, lead_id, call_id, status, created, body")

// feedRow is an entry whose place nobody knows yet.
type feedRow = engine.FeedEntry

// ofAccount is the entries of one account, in order.
type ofAccount struct {
	account string
	rows    []feedRow
}

// byAccount is the entries by account, in one order of accounts for all transactions.
func byAccount(rows []feedRow) (groups []ofAccount) {
	for _, r := range rows {
		n, known := slices.BinarySearchFunc(groups, string(r.Account), func(g ofAccount, account string) int { return strings.Compare(g.account, account) })
		if !known {
			groups = slices.Insert(groups, n, ofAccount{account: string(r.Account)})
		}
		groups[n].rows = append(groups[n].rows, r)
	}
	return groups
}

// takePlaces takes the next places of an account's feed and returns the last of them. On PostgreSQL the account's row is held to
// the end of the transaction: who waits for it comes later in the feed as in time.
const takePlaces = `INSERT INTO feed_end AS f (account_id, place) VALUES (?1, ?2)
	ON CONFLICT (account_id) DO UPDATE SET place = f.place + excluded.place RETURNING place`

// insertFeed adds entries on SQLite, whose one writer inserts them in the order of transactions.
func insertFeed(conn *sqliteConn, entries []feedRow) error {
	for _, of := range byAccount(entries) {
		var last int64
		if err := conn.each(func(r row) error { return r.Scan(&last) }, takePlaces, of.account, len(of.rows)); err != nil {
			return err
		}
		rows := make([][]any, len(of.rows))
		for n, e := range of.rows {
			rows[n] = []any{of.account, last - int64(len(of.rows)-1-n), string(e.ID), string(e.Pearl), string(e.Kind), string(e.Lead), string(e.Call),
				int64(e.Status), millis(e.Created), notNull(e.Body)}
		}
		if err := insertRows(conn, feedTable, rows); err != nil {
			return err
		}
	}
	return nil
}

// appendFeed adds entries of one account on PostgreSQL. It goes out with the COMMIT, behind everything else: who holds the
// account's end of the feed waits for nobody.
const appendFeed = `WITH taken AS (` + takePlaces + `)
INSERT INTO feed (account_id, place, id, pearl_id, kind, lead_id, call_id, status, created, body)
	SELECT ?1, taken.place - ?2 + e.n, e.id, e.pearl_id, e.kind, e.lead_id, e.call_id, e.status, e.created, e.body FROM taken,
	unnest(?3::text[], ?4::text[], ?5::text[], ?6::text[], ?7::text[], ?8::bigint[], ?9::bigint[], ?10::bytea[])
		WITH ORDINALITY AS e(id, pearl_id, kind, lead_id, call_id, status, created, body, n)`

// arrays are the values of appendFeed.
func (of ofAccount) arrays() []any {
	count := len(of.rows)
	ids, pearls, kinds, leads, calls := make([]string, count), make([]string, count), make([]string, count), make([]string, count), make([]string, count)
	statuses, created, bodies := make([]int64, count), make([]int64, count), make([][]byte, count)
	for n, e := range of.rows {
		ids[n], pearls[n], kinds[n], leads[n], calls[n] = string(e.ID), string(e.Pearl), string(e.Kind), string(e.Lead), string(e.Call)
		statuses[n], created[n], bodies[n] = int64(e.Status), millis(e.Created), notNull(e.Body)
	}
	return []any{of.account, int64(count), ids, pearls, kinds, leads, calls, statuses, created, bodies}
}

func notNull(body []byte) []byte {
	if body == nil {
		return []byte{}
	}
	return body
}

// Announce implements engine.Tx.
func (t *tx) Announce(entries ...engine.FeedEntry) error {
	t.announce(entries)
	return nil
}

// maxFeed is how many bytes of bodies a page of the feed has at most, but for its first entry.
const maxFeed = 4 << 20

// readFeed leaves out what the retention of deliveries has taken the body of.
const readFeed = `SELECT f.place, f.id, f.account_id, f.pearl_id, f.kind, f.lead_id, f.call_id, f.status, f.created,
	CASE WHEN length(f.body) > 0 THEN f.body ELSE d.body END
	FROM feed f LEFT JOIN delivery d ON d.id = f.id
	WHERE f.account_id = ?1 AND f.place > ?2 AND (length(f.body) > 0 OR d.id IS NOT NULL) ORDER BY f.place LIMIT ?3`

var errPageFull = errors.New("the page is full")

// Feed implements engine.Queries.
func (s *Store) Feed(ctx context.Context, accountID id.ID, after int64, limit int) (entries []engine.FeedEntry, more bool, err error) {
	err = s.backend.read(ctx, func(q session) error {
		entries, more = nil, false
		bytes := 0
		err := q.each(func(r row) error {
			var e engine.FeedEntry
			var created int64
			err := r.Scan(&e.Place, (*string)(&e.ID), (*string)(&e.Account), (*string)(&e.Pearl), (*string)(&e.Kind), (*string)(&e.Lead), (*string)(&e.Call),
				&e.Status, &created, &e.Body)
			if err != nil {
				return err
			}
			if bytes += len(e.Body); len(entries) == limit || len(entries) > 0 && bytes > maxFeed {
				more = true
				return errPageFull
			}
			e.Created = instant(created)
			entries = append(entries, e)
			return nil
		}, readFeed, accountID, after, limit+1)
		if errors.Is(err, errPageFull) {
			return nil
		}
		return err
	})
	return entries, more, wrap("read feed", err)
}

// FeedEnd implements engine.Queries.
func (s *Store) FeedEnd(ctx context.Context, accountID id.ID) (place int64, err error) {
	err = s.backend.read(ctx, func(q session) error {
		place, err = one(q, func(r row) (n int64, err error) { return n, r.Scan(&n) }, "SELECT COALESCE(max(place), 0) FROM feed_end WHERE account_id = ?1", accountID)
		return err
	})
	return place, wrap("read end of feed", err)
}

// TrimFeed implements engine.Tx. Places that were taken are not taken again.
func (t *tx) TrimFeed(accountID id.ID, before time.Time, limit int) (int, error) {
	type oldest struct{ place, created int64 }
	found, err := list(t, func(r row) (o oldest, err error) { return o, r.Scan(&o.place, &o.created) },
		"SELECT place, created FROM feed WHERE account_id = ?1 ORDER BY place LIMIT ?2", accountID, limit)
	if err != nil {
		return 0, err
	}
	count := slices.IndexFunc(found, func(o oldest) bool { return o.created >= millis(before) })
	if count < 0 {
		count = len(found)
	}
	if count == 0 {
		return 0, nil
	}
	return count, t.queue(nil, "DELETE FROM feed WHERE account_id = ?1 AND place <= ?2", accountID, found[count-1].place)
}

// LiveCalls implements engine.Queries.
func (s *Store) LiveCalls(ctx context.Context, accountID id.ID) (live []call.Call, err error) {
	err = s.backend.read(ctx, func(q session) error {
		live, err = list(q, scanLightCall, "SELECT "+lightCallColumns+" FROM call WHERE account_id = ?1 AND ended = 0 ORDER BY start, id", accountID)
		return err
	})
	return live, wrap("list live calls", err)
}
