package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"

	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/lead"
	"nacre/internal/store/storetest"
)

// together runs transactions so that all but the first share one group: the first holds the writer until they wait.
func together(t *testing.T, s *Store, fns ...func(q session) error) []error {
	t.Helper()
	b := s.backend.(*sqliteBackend)
	holding, release := make(chan struct{}), make(chan struct{})
	var wait sync.WaitGroup
	var once sync.Once // a transaction may be run again
	wait.Go(func() {
		err := b.update(context.Background(), func(session) error { once.Do(func() { close(holding) }); <-release; return nil })
		if err != nil {
			t.Errorf("holding the writer: %v", err)
		}
	})
	<-holding
	answers := make([]error, len(fns))
	for n, fn := range fns {
		wait.Go(func() { answers[n] = b.update(context.Background(), fn) })
		for len(b.jobs) <= n {
			runtime.Gosched()
		}
	}
	close(release)
	wait.Wait()
	return answers
}

func TestGroup(t *testing.T) {
	t.Parallel()
	s, err := OpenSQLite(filepath.Join(t.TempDir(), FileName), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	boom := errors.New("boom")
	insert := func(leadID id.ID) func(q session) error {
		return func(q session) error {
			tx := s.newTx(q)
			return errors.Join(
				tx.InsertLeads([]lead.Lead{{ID: leadID, Account: "a", Campaign: "p", Phone: "+14155550101", Status: lead.New, Version: 1}}),
				tx.AddHistory(engine.History{Lead: leadID, At: storetest.Noon, Kind: "added"}),
				tx.AddDeliveries(engine.Delivery{ID: leadID, Pearl: "p", Kind: engine.LeadDelivery, Lead: leadID, State: engine.DeliveryPending, Created: storetest.Noon, NextTry: storetest.Noon}))
		}
	}
	then := func(first func(q session) error, rest func(q session) error) func(q session) error {
		return func(q session) error {
			if err := first(q); err != nil {
				return err
			}
			return rest(q)
		}
	}
	fails := func(session) error { return boom }
	panics := func(session) error { panic("in the middle") }
	sees := func(leadID id.ID, want int) func(q session) error {
		return func(q session) error {
			if err := q.flush(); err != nil {
				return err
			}
			for _, table := range []string{"lead WHERE id = ?1", "history WHERE lead_id = ?1", "delivery WHERE id = ?1"} {
				if n, err := one(q, scanInt, "SELECT count(*) FROM "+table, string(leadID)); err != nil || n != want {
					return errors.Join(errors.New("count of "+table), err)
				}
			}
			return nil
		}
	}
	// A neighbour's transaction that is over counts, one that failed does not.
	for name, group := range map[string][]func(q session) error{
		"the first fails":   {then(insert("1a"), fails), insert("1b"), sees("1a", 0), sees("1b", 1)},
		"one in the middle": {insert("2a"), then(insert("2b"), fails), insert("2c"), sees("2a", 1), sees("2b", 0), sees("2c", 1)},
		"a panic":           {insert("3a"), then(insert("3b"), panics), then(sees("3a", 1), insert("3c"))},
		"after having seen": {insert("4a"), then(sees("4a", 1), fails), sees("4a", 1), then(sees("4a", 1), insert("4b"))},
		"seen, then failed": {insert("5a"), then(insert("5b"), then(sees("5a", 1), then(sees("5b", 1), fails))), sees("5a", 1), sees("5b", 0)},
		"nothing but reads": {sees("6a", 0), sees("6a", 0), fails},
		"the transaction is lost": {insert("7a"), then(insert("7b"), func(q session) error {
			_, err := q.exec("ROLLBACK")
			return errors.Join(err, boom)
		}), insert("7c")},
		"a row twice at the commit": {insert("8a"), func(q session) error {
			return s.newTx(q).AddDeliveries(engine.Delivery{ID: "8a", Pearl: "p", Kind: engine.LeadDelivery, State: engine.DeliveryPending})
		}, insert("8c")},
	} {
		answers := together(t, s, group...)
		for n, err := range answers {
			wrong := name == "a row twice at the commit" && n == 1
			switch {
			case err == nil && !wrong:
			case errors.Is(err, boom), err != nil && strings.Contains(err.Error(), "in the middle"):
			case wrong && err != nil && strings.Contains(err.Error(), "UNIQUE"):
			default:
				t.Errorf("%s: transaction %d answers %v", name, n, err)
			}
		}
	}
	for leadID, want := range map[id.ID]int{
		"1a": 0, "1b": 1, "2a": 1, "2b": 0, "2c": 1, "3a": 1, "3b": 0, "3c": 1, "4a": 1, "4b": 1, "5a": 1, "5b": 0, "7a": 1, "7b": 0, "7c": 1, "8a": 1, "8c": 1,
	} {
		if err := s.backend.update(t.Context(), sees(leadID, want)); err != nil {
			t.Errorf("lead %s is there %d times: %v", leadID, want, err)
		}
	}
	counts, err := s.PearlCounts(t.Context(), "p", storetest.Noon)
	if err != nil || counts.Leads != 12 {
		t.Errorf("%d leads counted, want 12, %v", counts.Leads, err)
	}
}

// TestWithdrawn: a transaction whose caller has gone before its turn is not run.
func TestWithdrawn(t *testing.T) {
	t.Parallel()
	s, err := OpenSQLite(filepath.Join(t.TempDir(), FileName), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	b := s.backend.(*sqliteBackend)
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	err = b.update(t.Context(), func(session) error {
		go func() {
			gone <- b.update(ctx, func(session) error { t.Error("a withdrawn transaction ran"); return nil })
		}()
		for len(b.jobs) == 0 {
			runtime.Gosched()
		}
		cancel()
		if err := <-gone; !errors.Is(err, context.Canceled) {
			t.Errorf("withdrawn: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.update(t.Context(), func(session) error { return nil }); err != nil {
		t.Errorf("after a withdrawn one: %v", err)
	}
}

// TestUnanswered: a file that another process holds is a reason to come again, a wrong statement is none.
func TestUnanswered(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), FileName)
	s, err := OpenSQLite(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	other, err := openSQLiteConn(path, "busy_timeout(0)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.close() })
	err = s.backend.update(t.Context(), func(session) error {
		_, err := other.exec("BEGIN IMMEDIATE")
		if got := unanswered(err); fault.Of(got) != fault.Unavailable {
			t.Errorf("a file that is held: %v", got)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = s.backend.update(t.Context(), func(q session) error { _, err := q.exec("SELECT nonsense"); return err })
	if err == nil || fault.Of(err) != fault.Internal {
		t.Errorf("a wrong statement: %v", err)
	}
}

// logger writes to a database and looks at its log.
type logger struct {
	t       *testing.T
	store   *Store
	path    string
	watcher *sqliteConn
	content []byte
	grown   *sync.Cond // on written
	written int        // megabytes
}

func newLogger(t *testing.T) *logger {
	t.Helper()
	path := filepath.Join(t.TempDir(), FileName)
	s, err := OpenSQLite(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	l := &logger{t: t, store: s, path: path, content: make([]byte, 1<<20), grown: sync.NewCond(&sync.Mutex{})}
	l.watcher = l.open()
	return l
}

// open is another connection to the database.
func (l *logger) open() *sqliteConn {
	l.t.Helper()
	conn, err := openSQLiteConn(l.path)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { _ = conn.close() })
	return conn
}

// write writes megabytes, over the same few pages.
func (l *logger) write(megabytes int) {
	l.t.Helper()
	for range megabytes {
		l.grown.L.Lock()
		l.written++
		n := byte(l.written)
		l.grown.L.Unlock()
		l.grown.Broadcast()
		for at := 0; at < len(l.content); at += 1000 { // SQLite leaves pages alone that stay the same
			l.content[at] = n
		}
		err := l.store.backend.update(l.t.Context(), func(q session) error {
			_, err := q.exec("INSERT INTO secret (name, content) VALUES ('large', ?1) ON CONFLICT (name) DO UPDATE SET content = excluded.content", l.content)
			return err
		})
		if err != nil {
			l.t.Fatalf("write a megabyte: %v", err)
		}
	}
}

// logged is how many pages the log has, and how many of them are copied.
func (l *logger) logged() (pages, copied int) {
	l.t.Helper()
	_, pages, copied, err := checkpoint(l.watcher, "NOOP")
	if err != nil {
		l.t.Fatal(err)
	}
	return pages, copied
}

// TestLogIsBounded: the log is written over from its start while writing goes on; where a reader needs it, it grows until that has
// ended; and when nothing is written all of it is copied into the file, however short it is.
func TestLogIsBounded(t *testing.T) {
	t.Parallel()
	l := newLogger(t)
	reader := l.open()
	for range 20 {
		l.write(10)
		if pages, _ := l.logged(); pages > walPages+walPages/16 { // a megabyte above, and no reader was in the way
			t.Fatalf("the log has %d pages, its limit is %d", pages, walPages)
		}
	}

	mustExec(t, reader, "BEGIN")
	mustExec(t, reader, "SELECT count(*) FROM replay")
	l.write(100)
	if pages, copied := l.logged(); pages < walPages || pages-copied < walPages {
		t.Errorf("%d of %d pages are copied though a reader needs them", copied, pages)
	}
	mustExec(t, reader, "ROLLBACK")
	for began := time.Now(); ; {
		l.write(5)
		if pages, _ := l.logged(); pages < walPages {
			break
		}
		if time.Since(began) > time.Minute {
			t.Fatal("the log is not restarted after its reader has gone")
		}
	}
	if info, err := os.Stat(l.path + "-wal"); err != nil || info.Size() > walLimit+walLimit/16 {
		t.Errorf("the log's file: %v, %v", info, err)
	}

	for began := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		pages, copied := l.logged()
		if pages == copied {
			break
		}
		if time.Since(began) > 30*time.Second {
			t.Fatalf("%d of %d pages are copied, long after the last write", copied, pages)
		}
	}
}

// TestScansLeaveTheLog: searches that overlap for ever do not keep the log from its restart.
func TestScansLeaveTheLog(t *testing.T) {
	t.Parallel()
	l := newLogger(t)
	over := false
	var scanning sync.WaitGroup
	begun := make(chan struct{}, 2)
	// Each search ends after 20 more megabytes, the first one of the second account after 10, so that one always runs.
	for n, accountID := range []id.ID{"aaaaaaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbbbbbb"} {
		scanning.Go(func() {
			for hold, ended := 20-10*n, false; !ended; hold = 20 {
				err := l.store.scan(t.Context(), accountID, func(q session) error {
					if _, err := one(q, scanInt, "SELECT count(*) FROM replay"); err != nil {
						return err
					}
					select {
					case begun <- struct{}{}:
					default:
					}
					l.grown.L.Lock()
					defer l.grown.L.Unlock()
					for until := l.written + hold; l.written < until && !over; {
						l.grown.Wait()
					}
					ended = over
					return nil
				})
				if err != nil {
					t.Errorf("a search: %v", err)
					return
				}
			}
		})
	}
	<-begun
	<-begun
	longest := 0
	for {
		l.write(1)
		pages, _ := l.logged()
		if longest > scanPages && pages < walPages {
			break // it was restarted
		}
		if longest = max(longest, pages); longest > 2*scanPages {
			t.Errorf("the log has %d pages, and searches that begin have not waited", pages)
			break
		}
	}
	l.grown.L.Lock()
	over = true
	l.grown.L.Unlock()
	l.grown.Broadcast()
	scanning.Wait()
}

func mustExec(t *testing.T, conn *sqliteConn, text string, args ...any) {
	t.Helper()
	if _, err := conn.exec(text, args...); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

// TestShortCommand: what closes beside a server leaves its log alone, since to cut it takes the right to write; the last one cuts it.
func TestShortCommand(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), FileName)
	var stores [2]*Store
	for n := range stores {
		var err error
		if stores[n], err = OpenSQLite(path, Options{}); err != nil {
			t.Fatal(err)
		}
		err = stores[n].backend.update(t.Context(), func(q session) error {
			_, err := q.exec("INSERT INTO secret (name, content) VALUES (?1, ?2)", fmt.Sprint(n), make([]byte, 1<<20))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	server, command := stores[0], stores[1]
	if err := command.Close(); err != nil {
		t.Fatal(err)
	}
	beside, err := openSQLiteConn(path) // the writer's own is in use by its goroutine
	if err != nil {
		t.Fatal(err)
	}
	if _, pages, _, err := checkpoint(beside, "NOOP"); err != nil || pages == 0 {
		t.Errorf("the log has %d pages after a short command, %v", pages, err)
	}
	if err := beside.close(); err != nil {
		t.Fatal(err)
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path + "-wal"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the log after the last has closed: %v", err)
	}
}

// TestASnapshotIsInterrupted: queries of a snapshot may run within the rows of others; when its caller has gone the one that
// runs ends, and the connection is as good as before.
func TestASnapshotIsInterrupted(t *testing.T) {
	t.Parallel()
	s, err := OpenSQLite(filepath.Join(t.TempDir(), FileName), Options{Connections: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	nested := func(ctx context.Context) (sum int, err error) {
		return sum, s.backend.snapshot(ctx, func(q session) error {
			return q.each(func(r row) error {
				outer, err := scanInt(r)
				if err != nil {
					return err
				}
				inner, err := one(q, scanInt, "SELECT ?1 * 10", outer)
				sum += inner
				return err
			}, "SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3")
		})
	}
	for range 3 {
		ctx, cancel := context.WithCancel(t.Context())
		if sum, err := nested(ctx); err != nil || sum != 60 {
			t.Fatalf("%d, %v", sum, err)
		}
		begun := make(chan struct{})
		go func() {
			<-begun
			cancel()
		}()
		err := s.backend.snapshot(ctx, func(q session) error {
			close(begun)
			_, err := one(q, scanInt, "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n")
			return err
		})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("an endless query: %v", err)
		}
	}
}

// readFails has the next read_page() fail as a read of a page from a faulty disk.
var readFails atomic.Bool

// registerReadPage makes the function known to connections that are opened later, by SQLite's own interface: errors of functions
// that are made by that of the driver have no code.
var registerReadPage = sync.OnceValue(func() error {
	tls := libc.NewTLS()
	defer tls.Close()
	opened := addReadPage
	if code := lib.Xsqlite3_auto_extension(tls, *(*uintptr)(unsafe.Pointer(&opened))); code != lib.SQLITE_OK {
		return fmt.Errorf("register read_page: error %d", code)
	}
	return nil
})

// addReadPage is called with a connection that is opened. Functions are kept as the translation of SQLite to Go keeps them
// (modernc.org/ccgo), so they must not be closures.
func addReadPage(tls *libc.TLS, db, _, _ uintptr) int32 {
	name, err := libc.CString("read_page")
	if err != nil {
		return lib.SQLITE_NOMEM
	}
	defer libc.Xfree(tls, name)
	function := readPage
	return lib.Xsqlite3_create_function(tls, db, name, 0, lib.SQLITE_UTF8, 0, *(*uintptr)(unsafe.Pointer(&function)), 0, 0)
}

func readPage(tls *libc.TLS, context uintptr, _ int32, _ uintptr) {
	if readFails.CompareAndSwap(true, false) {
		lib.Xsqlite3_result_error_code(tls, context, lib.SQLITE_IOERR_READ)
		return
	}
	lib.Xsqlite3_result_int(tls, context, 1)
}

// TestRolledBackByAnError: an I/O error, on a read too, makes SQLite roll back what the whole group has written. Everything is done
// once all the same, and nothing is committed by itself.
func TestRolledBackByAnError(t *testing.T) {
	t.Parallel()
	if err := registerReadPage(); err != nil {
		t.Fatal(err)
	}
	s, err := OpenSQLite(filepath.Join(t.TempDir(), FileName), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	write := func(name string) func(q session) error {
		return func(q session) error {
			_, err := q.exec("INSERT INTO secret (name, content) VALUES (?1, ?2)", name, []byte("x"))
			return err
		}
	}
	reads := func(q session) error {
		_, err := one(q, scanInt, "SELECT max(read_page()) FROM sqlite_schema")
		return err
	}
	if err := s.backend.update(t.Context(), write("there")); err != nil {
		t.Fatal(err)
	}
	readFails.Store(true)
	if err := s.backend.update(t.Context(), reads); fault.Of(err) != fault.Unavailable {
		t.Errorf("a read that fails: %v", err)
	}
	if err := s.backend.update(t.Context(), write("alone")); err != nil {
		t.Errorf("after a read that failed: %v", err)
	}
	for name, reader := range map[string]func(q session) error{
		"returned": func(q session) error { return reads(q) },
		"ignored": func(q session) error {
			_ = reads(q)
			return write("ignored")(q)
		},
		"after a write": func(q session) error {
			if err := write("after a write")(q); err != nil {
				return err
			}
			_ = reads(q)
			return q.queue(nil, "DELETE FROM secret WHERE name = 'there'")
		},
	} {
		readFails.Store(true)
		group := []func(q session) error{write(name + " 1"), reader, write(name + " 2")}
		if name == "after a write" { // it is run again, and only then may it delete
			group = []func(q session) error{write(name + " 1"), func(q session) error {
				if err := reader(q); err != nil {
					return err
				}
				return errors.New("boom")
			}, write(name + " 2")}
		}
		for n, err := range together(t, s, group...) {
			if want := name == "after a write" && n == 1; (err != nil) != want {
				t.Errorf("%s: transaction %d returns %v", name, n, err)
			}
		}
		if readFails.Load() {
			t.Errorf("%s: no read has failed", name)
		}
	}
	var names []string
	err = s.backend.read(t.Context(), func(q session) (err error) {
		names, err = list(q, scanText[string], "SELECT name FROM secret WHERE content = ?1 ORDER BY name", []byte("x"))
		return err
	})
	want := []string{"after a write 1", "after a write 2", "alone", "ignored", "ignored 1", "ignored 2", "returned 1", "returned 2", "there"}
	if err != nil || !slices.Equal(names, want) {
		t.Errorf("stored %q, %v, want %q", names, err, want)
	}
}
