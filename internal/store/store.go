// Package store keeps everything: it implements the engine's ports (Store, Tx, Queries) over SQLite and PostgreSQL, with
// one text for nearly every statement. It decides how rows are laid out, found, locked and written, and what "committed" means. It refuses to know what a change means: no status, retry, hour or
// limit is judged here, and SQL compares nothing but ids, versions and instants that others made.
package store

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"nacre/internal/datakey"
	"nacre/internal/engine"
	"nacre/internal/id"
)

// FileName is the database file within the data folder.
const FileName = "nacre.db"

// Options are what both databases take. The zero value is usable.
type Options struct {
	Log *slog.Logger // nil: silent
	// Node makes this process the one node on the database, until Close (ADR 19). Opening fails at once where another is: the
	// lock comes first, then the tables are brought up to date. Short commands that run beside a server (key create) do without;
	// they change no tables while a node is there.
	Node bool
	// Connections bounds how many are open at once for look-ups (SQLite, default 4) or at all (PostgreSQL, default 16).
	Connections int
	// Group bounds how many transactions share one commit of SQLite (default 512). 1 gives each its own: what grouping is
	// measured against.
	Group int
	// Keys finds the keys that secrets are encrypted with, given whether secrets of this database are encrypted already. No
	// ring, or nil: new secrets are stored as they are, and encrypted ones cannot be read.
	Keys func(sealed bool) (*datakey.Ring, error)
}

func (o Options) logger() *slog.Logger {
	if o.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return o.Log
}

// backend is one of the two databases.
type backend interface {
	// update runs fn in one transaction, as engine.Store says of Update.
	update(ctx context.Context, fn func(session) error) error
	// read runs fn on a connection that sees everything committed before; each statement by itself.
	read(ctx context.Context, fn func(session) error) error
	// snapshot is read where all statements of fn see the same state.
	snapshot(ctx context.Context, fn func(session) error) error
	// scan is snapshot for what may take long: on connections that read and snapshot do not need, at most so many at once as scans
	// says. It is interrupted when ctx ends.
	scan(ctx context.Context, fn func(session) error) error
	// nodeEpoch reads the epoch beside what holds the node's lock; errLockLost where that is gone.
	nodeEpoch(ctx context.Context) (int64, error)
	// room and awaitPart are as engine.Store says of Room and AwaitPart.
	room(bytes int64) error
	awaitPart(ctx context.Context) (done func(), err error)
	close() error
}

// Store implements engine.Store. Safe for concurrent use.
type Store struct {
	backend backend
	log     *slog.Logger

	epoch    int64 // as this process raised it, 0 where it is not the node
	nodeLost chan error

	keys       *datakey.Ring // set before the store is handed out
	parsed     parsed
	turns      *turns
	summing    chan struct{} // held by RememberedAnswers
	scanTime   time.Duration
	matches    int                 // how many leads one of the searches of MatchingLeads finds
	touched    map[id.ID]time.Time // keys used since the last flush
	touchMu    sync.Mutex
	stop       chan struct{}
	background sync.WaitGroup
	closeOnce  sync.Once
	closeErr   error
}

var _ engine.Store = (*Store)(nil)

// Open opens the database at databaseURL (postgres://…), or where that is empty the SQLite file in dataDir, and brings
// its tables up to date.
func Open(ctx context.Context, dataDir, databaseURL string, options Options) (*Store, error) {
	var s *Store
	var err error
	switch {
	case databaseURL == "":
		s, err = OpenSQLite(filepath.Join(dataDir, FileName), options)
	case strings.HasPrefix(databaseURL, "postgres://"), strings.HasPrefix(databaseURL, "postgresql://"):
		s, err = OpenPostgres(ctx, databaseURL, options)
	default:
		err = errors.New("open database: the URL must begin with postgres:// (leave it empty for SQLite)")
	}
	if err != nil || options.Keys == nil {
		return s, err
	}
	if err := s.unlock(ctx, options.Keys); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// start begins what runs beside. b is closed where that fails.
func start(ctx context.Context, b backend, options Options) (*Store, error) {
	s := &Store{backend: b, log: options.logger(), nodeLost: make(chan error, 1), touched: map[id.ID]time.Time{}, turns: newTurns(scans), summing: make(chan struct{}, 1), scanTime: scanTime, matches: matchedAtOnce, stop: make(chan struct{})}
	if options.Node {
		if err := s.becomeNode(ctx); err != nil {
			return nil, errors.Join(err, b.close())
		}
	}
	s.background.Go(s.flushTouches)
	return s, nil
}

// Close ends all work and releases the node lock; SQLite's log is copied into its file where nobody else has it open. Transactions that were begun are
// finished first; later ones fail.
func (s *Store) Close() error {
	s.closeOnce.Do(func() {
		close(s.stop)
		s.background.Wait()
		s.closeErr = s.backend.close()
	})
	return s.closeErr
}

// Update implements engine.Store.
func (s *Store) Update(ctx context.Context, fn func(tx engine.Tx) error) error {
	return s.backend.update(ctx, func(q session) error { return fn(s.newTx(q)) })
}

// Room implements engine.Store.
func (s *Store) Room(bytes int64) error { return s.backend.room(bytes) }

// AwaitPart implements engine.Store.
func (s *Store) AwaitPart(ctx context.Context) (done func(), err error) {
	return s.backend.awaitPart(ctx)
}

// Ping implements engine.Queries: it asks the database something.
func (s *Store) Ping(ctx context.Context) error {
	return s.backend.read(ctx, func(q session) error {
		_, err := one(q, scanInt, "SELECT 1")
		return err
	})
}

// tx implements engine.Tx over one transaction of either database, or one read.
type tx struct {
	session
	parsed *parsed
	epoch  int64
	keys   *datakey.Ring
}

func (s *Store) newTx(q session) *tx {
	return &tx{session: q, parsed: &s.parsed, epoch: s.epoch, keys: s.keys}
}

var _ engine.Tx = (*tx)(nil)
