package store

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"nacre/internal/id"
)

// group is one transaction of the database, shared by the Updates of its jobs.
type group struct {
	conn    *sqliteConn
	began   time.Time
	open    bool   // BEGIN was run
	wrote   bool   // something of an earlier job is in the transaction
	lost    error  // why SQLite rolled the transaction back by itself; nothing was undone yet
	spoiled bool   // the transaction was lost with what earlier jobs wrote
	jobs    []*job // those that were run; err is set where fn failed
	rows    buffer // to be inserted at the commit
	// pearls are those that were read since BEGIN: until the commit nobody else can change them, and nearly every job
	// reads the same one.
	pearls map[id.ID]pearlRow
}

// run runs a job in the transaction, unless its caller has gone. Where its fn fails, what it wrote is undone.
func (g *group) run(j *job) {
	if !j.state.CompareAndSwap(jobWaiting, jobRunning) {
		return
	}
	g.attempt(j)
}

func (g *group) attempt(j *job) {
	g.jobs = append(g.jobs, j)
	if j.err = g.begin(); j.err != nil {
		return
	}
	s := &sqliteSession{group: g}
	if j.err = s.call(j.fn); j.err == nil {
		j.err = g.lost // fn made nothing of it
	}
	if j.err == nil {
		j.err = s.release()
	}
	if j.err != nil {
		s.undo()
	}
}

// tellCallers returns each job's error to its caller. Those whose fn failed are told after the commit too: what they met may be a neighbour's work.
func (g *group) tellCallers() {
	for _, j := range g.jobs {
		j.done <- j.err
	}
}

func (g *group) begin() error {
	if g.open {
		return nil
	}
	if _, err := g.exec("BEGIN IMMEDIATE"); err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	g.open = true
	return nil
}

func (g *group) exec(text string, args ...any) (int64, error) {
	return g.conn.exec(text, args...)
}

// rolledBack returns the error of a statement, and notes where SQLite rolled the whole transaction back because of it: it does so
// on I/O errors, a full disk, or no memory, on reads too (https://www.sqlite.org/lang_transaction.html). Nothing may run then that
// belongs to the transaction: without one, each statement would be committed by itself.
func (g *group) rolledBack(err error) error {
	if err != nil && g.lost == nil && g.open && g.conn.conn.AutocommitEnabled() {
		g.lost = fmt.Errorf("the transaction was rolled back: %w", err)
	}
	return err
}

// commit writes what waits and makes the transaction durable. When it fails nothing of the group was changed.
func (g *group) commit() error {
	if g.spoiled {
		return errors.New("commit: the transaction was rolled back")
	}
	if !g.open && g.rows.empty() {
		return nil
	}
	if err := g.begin(); err != nil {
		return err
	}
	g.open = false
	err := g.rows.write(g.conn)
	if err == nil {
		_, err = g.exec("COMMIT")
	}
	if err != nil {
		_, _ = g.exec("ROLLBACK") // refused where SQLite did it by itself (disk full): there is none left either way
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// abandon rolls the transaction back. Without work of others in it, the next job begins a new one; with it, the group is
// over, and its jobs are run again one by one.
func (g *group) abandon() {
	_, _ = g.exec("ROLLBACK") // as in commit
	g.pearls = nil
	g.open, g.lost = false, nil
	g.spoiled = g.wrote
}

// sqliteSession is the session of one job within a group.
type sqliteSession struct {
	group     *group
	savepoint bool
	wrote     bool
	flushed   bool   // the group's rows were inserted under our savepoint
	rows      buffer // ours
	// only is the first statement, while it waits for a second: one alone needs no savepoint, since SQLite does all of a
	// statement or nothing.
	only *statement
}

// statement is one that was queued.
type statement struct {
	otherwise error
	text      string
	args      []any
}

func (s *sqliteSession) call(fn func(session) error) (err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = panicked(reason)
		}
	}()
	return fn(s)
}

// write makes sure that what follows can be undone without undoing others. The first job of a group needs no savepoint:
// the whole transaction is its own.
func (s *sqliteSession) write() error {
	if s.group.wrote && !s.savepoint {
		if _, err := s.run("SAVEPOINT job"); err != nil {
			return err
		}
		s.savepoint = true
	}
	s.wrote = true
	return nil
}

// release makes what the job wrote a part of the group: it runs the statement that waits, and releases the savepoint.
func (s *sqliteSession) release() error {
	if only := s.only; only != nil {
		s.only = nil
		n, err := s.run(only.text, only.args...)
		if err == nil && n == 0 && only.otherwise != nil {
			return only.otherwise // nothing was written, nothing is to be undone
		}
		s.wrote = true
		if err != nil {
			return err
		}
		if n != 1 && only.otherwise != nil {
			return only.otherwise
		}
	}
	if s.savepoint {
		if _, err := s.run("RELEASE job"); err != nil {
			return fmt.Errorf("release savepoint: %w", err)
		}
		s.savepoint = false
	}
	if s.flushed {
		s.group.rows = buffer{}
	}
	s.group.rows.add(&s.rows)
	s.group.wrote = s.group.wrote || s.wrote
	return nil
}

func (s *sqliteSession) undo() {
	if s.group.lost != nil {
		s.group.abandon()
		return
	}
	if !s.wrote {
		return
	}
	s.group.pearls = nil // they may have been ours
	if s.savepoint {
		_, err := s.group.exec("ROLLBACK TO job")
		if err == nil {
			_, err = s.group.exec("RELEASE job")
		}
		if err == nil {
			return
		}
	}
	s.group.abandon()
}

// runFirst runs the statement that waits, now that another follows.
func (s *sqliteSession) runFirst() error {
	only := s.only
	if only == nil {
		return nil
	}
	s.only = nil
	n, err := s.exec(only.text, only.args...)
	if err == nil && only.otherwise != nil && n != 1 {
		return only.otherwise
	}
	return err
}

func (s *sqliteSession) each(scan func(row) error, text string, args ...any) error {
	if err := s.runFirst(); err != nil {
		return err
	}
	if s.group.lost != nil {
		return s.group.lost
	}
	return s.group.rolledBack(s.group.conn.each(scan, text, args...))
}

// run runs a statement in the transaction.
func (s *sqliteSession) run(text string, args ...any) (int64, error) {
	if s.group.lost != nil {
		return 0, s.group.lost
	}
	n, err := s.group.exec(text, args...)
	return n, s.group.rolledBack(err)
}

func (s *sqliteSession) exec(text string, args ...any) (int64, error) {
	if err := s.runFirst(); err != nil {
		return 0, err
	}
	if err := s.write(); err != nil {
		return 0, err
	}
	return s.run(text, args...)
}

func (s *sqliteSession) queue(otherwise error, text string, args ...any) error {
	if !s.wrote && s.only == nil {
		s.only = &statement{otherwise, text, args}
		return nil
	}
	n, err := s.exec(text, args...)
	if err == nil && otherwise != nil && n != 1 {
		return otherwise
	}
	return err
}

func (s *sqliteSession) require(otherwise error, text string, args ...any) error {
	_, err := one(s, func(row) (struct{}, error) { return struct{}{}, nil }, text, args...)
	if errors.Is(err, errNoRow) {
		return otherwise
	}
	return err
}

func (s *sqliteSession) insert(into table, rows [][]any) error {
	s.rows.insert(into, rows)
	return nil
}

func (s *sqliteSession) flush() error {
	if s.rows.empty() && (s.flushed || s.group.rows.empty()) {
		return nil
	}
	if err := s.runFirst(); err != nil {
		return err
	}
	if err := s.write(); err != nil {
		return err
	}
	if !s.flushed {
		// Under our savepoint: when we fail they are undone with us, and the group still has them.
		if err := s.insertBuffered(&s.group.rows); err != nil {
			return err
		}
		s.flushed = true
	}
	err := s.insertBuffered(&s.rows)
	s.rows = buffer{}
	return err
}

func (s *sqliteSession) insertBuffered(rows *buffer) error {
	if s.group.lost != nil {
		return s.group.lost
	}
	return s.group.rolledBack(rows.write(s.group.conn))
}

func (s *sqliteSession) cachedPearl(accountID, pearlID id.ID) (pearlRow, bool) {
	cached, ok := s.group.pearls[pearlID]
	return cached, ok && cached.pearl.Account == accountID
}

func (s *sqliteSession) cachePearl(p pearlRow) {
	if s.group.pearls == nil {
		s.group.pearls = map[id.ID]pearlRow{}
	}
	s.group.pearls[p.pearl.ID] = p
}

func (s *sqliteSession) forgetPearls() { s.group.pearls = nil }

func (s *sqliteSession) violates(err error, unique uniqueIndex) bool {
	return s.group.conn.violates(err, unique)
}

func (s *sqliteSession) announce(entries []feedRow) { s.rows.feed = append(s.rows.feed, entries...) }

func (s *sqliteSession) count(pearlID string, status, n int) { s.rows.count(pearlID, status, n) }

// buffer holds rows to be inserted, and counters to be moved, several at a time.
type buffer struct {
	tables []bufferedTable
	feed   []feedRow
	counts map[counted]int
}

func (b *buffer) empty() bool { return len(b.tables) == 0 && len(b.counts) == 0 && len(b.feed) == 0 }

type bufferedTable struct {
	table table
	rows  [][]any
}

// counted names one counter: leads of a Pearl in a status.
type counted struct {
	pearl  string
	status int
}

func (b *buffer) insert(into table, rows [][]any) {
	for n := range b.tables {
		if b.tables[n].table.name == into.name {
			b.tables[n].rows = append(b.tables[n].rows, rows...)
			return
		}
	}
	b.tables = append(b.tables, bufferedTable{into, rows})
}

func (b *buffer) count(pearlID string, status, n int) {
	if b.counts == nil {
		b.counts = map[counted]int{}
	}
	b.counts[counted{pearlID, status}] += n
}

func (b *buffer) add(other *buffer) {
	for _, t := range other.tables {
		b.insert(t.table, t.rows)
	}
	b.feed = append(b.feed, other.feed...)
	for key, n := range other.counts {
		b.count(key.pearl, key.status, n)
	}
}

// sorted returns the counters that move, in one order for all, so that PostgreSQL's row locks cannot cross.
func sorted(counts map[counted]int) []counted {
	keys := make([]counted, 0, len(counts))
	for key, n := range counts {
		if n != 0 {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(a, b counted) int {
		if order := strings.Compare(a.pearl, b.pearl); order != 0 {
			return order
		}
		return a.status - b.status
	})
	return keys
}

const addCount = `INSERT INTO lead_count AS c (pearl_id, status, shard, n) VALUES (?1, ?2, ?3, ?4)
	ON CONFLICT (pearl_id, status, shard) DO UPDATE SET n = c.n + excluded.n`

// write inserts the rows: many a statement, because the driver's work for each statement is more than SQLite's for a row.
func (b *buffer) write(conn *sqliteConn) error {
	for _, t := range b.tables {
		if err := insertRows(conn, t.table, t.rows); err != nil {
			return fmt.Errorf("insert into %s: %w", t.table.name, err)
		}
	}
	for _, key := range sorted(b.counts) {
		if _, err := conn.exec(addCount, key.pearl, key.status, 0, b.counts[key]); err != nil {
			return fmt.Errorf("count leads: %w", err)
		}
	}
	if err := insertFeed(conn, b.feed); err != nil {
		return fmt.Errorf("insert into feed: %w", err)
	}
	return nil
}

func insertRows(conn *sqliteConn, into table, rows [][]any) error {
	var args []any
	for _, chunk := range [...]int{32, 8, 1} {
		for len(rows) >= chunk {
			args = args[:0]
			for _, values := range rows[:chunk] {
				args = append(args, values...)
			}
			if _, err := conn.exec(conn.insertion(into, chunk), args...); err != nil {
				return err
			}
			rows = rows[chunk:]
		}
	}
	return nil
}

// insertion is the statement that inserts count rows. OR FAIL spares SQLite the means to undo half a statement: whoever
// inserts undoes all of it anyway.
func (c *sqliteConn) insertion(into table, count int) string {
	key := into.name + strconv.Itoa(count)
	if text, ok := c.insertions[key]; ok {
		return text
	}
	c.insertions[key] = strings.Replace(into.insertion(count), "INSERT", "INSERT OR FAIL", 1)
	return c.insertions[key]
}
