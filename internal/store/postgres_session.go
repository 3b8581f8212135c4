package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// postgresSession is one transaction, or a read. What nobody waits for is queued and goes out together with the next
// query or with the COMMIT, in one round trip.
type postgresSession struct {
	ctx      context.Context
	conn     *pgxpool.Conn
	backend  *postgresBackend
	begin    string // begins the transaction, with the first statement; "" = none is needed
	began    bool
	readOnly bool
	queued   []queuedStatement
	counts   buffer
	feed     []feedRow
}

type queuedStatement struct {
	text      string
	args      []any
	otherwise error // returned where no row was touched
}

// call runs fn; a panic is an error of its transaction.
func (s *postgresSession) call(fn func(session) error) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = panicked(reason)
		}
	}()
	return fn(s)
}

// send sends what is queued and then a last statement (none where text is ""), in one round trip. read reads its result.
func (s *postgresSession) send(text string, args []any, read func(pgx.BatchResults) error) error {
	if s.begin != "" && !s.began {
		s.queued = append([]queuedStatement{{text: s.begin}}, s.queued...)
		s.began = true
	}
	if len(s.queued) == 0 && text == "" {
		return nil
	}
	batch := &pgx.Batch{}
	for _, q := range s.queued {
		batch.Queue(q.text, q.args...)
	}
	if text != "" {
		batch.Queue(text, args...)
	}
	sent := s.queued
	s.queued = nil
	results := s.conn.SendBatch(s.ctx, batch)
	for _, q := range sent {
		if _, err := results.Exec(); err != nil {
			_ = results.Close() // it repeats the error
			if q.otherwise != nil && sqlState(err) == divisionByZero {
				return q.otherwise
			}
			return err
		}
	}
	if text == "" {
		return results.Close()
	}
	err := read(results)
	if closed := results.Close(); err == nil {
		err = closed
	}
	return err
}

// divisionByZero is how a statement that should have touched a row fails: see queue.
const divisionByZero = "22012"

func (s *postgresSession) each(scan func(row) error, text string, args ...any) error {
	text = s.backend.text(text)
	if len(s.queued) == 0 && (s.began || s.begin == "") {
		rows, err := s.conn.Query(s.ctx, text, args...)
		return readRows(rows, err, scan)
	}
	return s.send(text, args, func(results pgx.BatchResults) error {
		rows, err := results.Query()
		return readRows(rows, err, scan)
	})
}

func readRows(rows pgx.Rows, err error, scan func(row) error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (s *postgresSession) exec(text string, args ...any) (touched int64, err error) {
	if s.readOnly {
		return 0, errReadOnly
	}
	err = s.send(s.backend.text(text), notNil(args), func(results pgx.BatchResults) error {
		tag, err := results.Exec()
		touched = tag.RowsAffected()
		return err
	})
	return touched, err
}

// queue makes a statement that must touch a row fail by itself when it does not: so the COMMIT can be sent right behind
// it, and PostgreSQL skips it.
func (s *postgresSession) queue(otherwise error, text string, args ...any) error {
	if s.readOnly {
		return errReadOnly
	}
	if otherwise != nil {
		text = "WITH changed AS (" + text + " RETURNING 1) SELECT 1 / count(*) FROM changed"
	}
	s.queued = append(s.queued, queuedStatement{s.backend.text(text), notNil(args), otherwise})
	return nil
}

// require is queue for a query: it fails by itself where it finds no row.
func (s *postgresSession) require(otherwise error, text string, args ...any) error {
	text = "WITH found AS (" + text + ") SELECT 1 / count(*) FROM found"
	s.queued = append(s.queued, queuedStatement{s.backend.text(text), args, otherwise})
	return nil
}

// notNil keeps empty bytes from being stored as NULL.
func notNil(args []any) []any {
	for n, arg := range args {
		if raw, ok := arg.([]byte); ok && raw == nil {
			args[n] = []byte{}
		}
	}
	return args
}

// copyRows is from how many rows on COPY is quicker than INSERTs in one round trip.
const copyRows = 64

func (s *postgresSession) insert(into table, rows [][]any) error {
	if s.readOnly {
		return errReadOnly
	}
	if len(rows) < copyRows {
		text := into.insertion(1)
		for _, values := range rows {
			s.queued = append(s.queued, queuedStatement{text: s.backend.text(text), args: notNil(values)})
		}
		return nil
	}
	if err := s.send("", nil, nil); err != nil {
		return err
	}
	_, err := s.conn.CopyFrom(s.ctx, pgx.Identifier{into.name}, into.columns, pgx.CopyFromRows(rows))
	return err
}

// flush has nothing to do: every query goes out behind what is queued.
func (s *postgresSession) flush() error { return nil }

func (s *postgresSession) violates(err error, unique uniqueIndex) bool {
	var failed *pgconn.PgError
	return errors.As(err, &failed) && failed.Code == "23505" && failed.ConstraintName == unique.name
}

func (s *postgresSession) count(pearlID string, status, n int) { s.counts.count(pearlID, status, n) }

func (s *postgresSession) announce(entries []feedRow) { s.feed = append(s.feed, entries...) }

// shards is over how many rows a counter is spread, so that transactions that move it at the same time seldom wait for
// each other. They hold its lock only while they commit, and take several in one order.
const shards = 16

func (s *postgresSession) commit() error {
	if !s.began && len(s.queued) == 0 && len(s.counts.counts) == 0 && len(s.feed) == 0 {
		return nil // nothing was done
	}
	shard := rand.IntN(shards)
	for _, key := range sorted(s.counts.counts) {
		s.queued = append(s.queued, queuedStatement{text: s.backend.text(addCount), args: []any{key.pearl, key.status, shard, s.counts.counts[key]}})
	}
	for _, of := range byAccount(s.feed) {
		s.queued = append(s.queued, queuedStatement{text: s.backend.text(appendFeed), args: of.arrays()})
	}
	err := s.send("COMMIT", nil, func(results pgx.BatchResults) error {
		tag, err := results.Exec()
		if err == nil && tag.String() != "COMMIT" {
			err = errors.New("a statement had failed before") // fn returned nil all the same
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	s.began = false
	return nil
}

func (s *postgresSession) rollback() error {
	s.queued = nil
	if !s.began || s.conn.Conn().IsClosed() || s.conn.Conn().PgConn().TxStatus() == 'I' {
		return nil
	}
	if s.ctx.Err() != nil {
		return nil // pgx closes the connection
	}
	if _, err := s.conn.Exec(s.ctx, "ROLLBACK"); err != nil {
		return fmt.Errorf("roll back: %w", err)
	}
	return nil
}
