package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"nacre/internal/fault"
)

// postgresBackend runs every Update as a transaction of its own, READ COMMITTED with the row locks that the ports ask for.
type postgresBackend struct {
	pool    *pgxpool.Pool
	dialect dialect
	texts   sync.Map  // statements by their text with ?1: rewritten once
	lock    *pgx.Conn // of the node, nil where it is not one; used by nodeEpoch
}

// nodeLock is the advisory lock of the one node: "nacre" in ASCII.
const nodeLock = 0x6e61637265

// OpenPostgres connects to a PostgreSQL database (15 or later) and brings its tables up to date.
func OpenPostgres(ctx context.Context, url string, options Options) (*Store, error) {
	b, err := openPostgres(ctx, url, options)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", unavailable(err))
	}
	s, err := start(ctx, b, options)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	return s, nil
}

func openPostgres(ctx context.Context, url string, options Options) (b *postgresBackend, err error) {
	config, err := postgresConfig(url, options)
	if err != nil {
		return nil, err
	}
	b = &postgresBackend{dialect: postgresDialect()}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.close())
		}
	}()
	if options.Node {
		if b.lock, err = lockDatabase(ctx, config.ConnConfig); err != nil {
			return b, err
		}
	}
	if b.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return b, err
	}
	migrating := config.ConnConfig.Copy() // which may take as long as it takes
	migrating.AfterConnect = func(ctx context.Context, c *pgconn.PgConn) error { return settleSession(ctx, c, 0) }
	db := stdlib.OpenDB(*migrating)
	if err := errors.Join(migratePostgres(ctx, db, config.ConnConfig, options.Node), db.Close()); err != nil {
		return b, fmt.Errorf("migrate: %w", err)
	}
	return b, nil
}

func (b *postgresBackend) text(text string) string {
	if rewritten, ok := b.texts.Load(text); ok {
		return rewritten.(string)
	}
	rewritten := dollars(b.dialect.words(text))
	b.texts.Store(text, rewritten)
	return rewritten
}

// attempts is how often a transaction is run that PostgreSQL rolled back for the sake of another.
const attempts = 10

func (b *postgresBackend) update(ctx context.Context, fn func(session) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), updateTimeout, errSilent)
	defer cancel()
	for attempt := 1; ; attempt++ {
		err := b.transaction(ctx, fn)
		b.doubt(ctx)
		if attempt == attempts || !rolledBackForOthers(err) {
			return unavailable(err)
		}
		timer := time.NewTimer(time.Duration(attempt) * time.Duration(rand.Int64N(int64(10*time.Millisecond))))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return unavailable(err)
		}
	}
}

func (b *postgresBackend) transaction(ctx context.Context, fn func(session) error) (err error) {
	conn, err := b.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer conn.Release() // closes the connection where a transaction is still open on it
	s := &postgresSession{ctx: ctx, conn: conn, backend: b, begin: "BEGIN"}
	if err := s.call(fn); err != nil {
		return errors.Join(err, s.rollback())
	}
	if err := s.commit(); err != nil {
		return errors.Join(err, s.rollback())
	}
	return nil
}

// errSilent is why a read or a transaction was given up: PostgreSQL has not answered in our time.
var errSilent = errors.New("PostgreSQL does not answer in time")

// doubt closes all connections of the pool after one of them was silent: those beside it went the same way, and whoever comes
// next should not wait for each of them in turn.
func (b *postgresBackend) doubt(ctx context.Context) {
	if errors.Is(context.Cause(ctx), errSilent) {
		b.pool.Reset()
	}
}

func (b *postgresBackend) read(ctx context.Context, fn func(session) error) error {
	return b.reading(ctx, "", fn)
}

func (b *postgresBackend) snapshot(ctx context.Context, fn func(session) error) error {
	return b.reading(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", fn)
}

// scan takes a share of the pool: Store lets scans in, and there are more connections.
func (b *postgresBackend) scan(ctx context.Context, fn func(session) error) error {
	return b.snapshot(ctx, fn)
}

func (b *postgresBackend) room(int64) error { return nil }

// awaitPart has nothing to wait for: transactions run side by side, and rows are locked one by one.
func (b *postgresBackend) awaitPart(context.Context) (done func(), err error) {
	return func() {}, nil
}

func (b *postgresBackend) reading(ctx context.Context, begin string, fn func(session) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, readTimeout, errSilent)
	defer cancel()
	defer b.doubt(ctx)
	conn, err := b.pool.Acquire(ctx)
	if err != nil {
		return unavailable(fmt.Errorf("connect: %w", err))
	}
	defer conn.Release()
	s := &postgresSession{ctx: ctx, conn: conn, backend: b, begin: begin, readOnly: true}
	err = s.call(fn)
	if ended := s.rollback(); err == nil {
		err = ended
	}
	return unavailable(err)
}

// lockDatabase takes the node's lock on a connection of its own: PostgreSQL frees it with that, also when the process is killed.
func lockDatabase(ctx context.Context, config *pgx.ConnConfig) (*pgx.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	var locked bool
	err = conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", int64(nodeLock)).Scan(&locked)
	if err == nil && !locked {
		err = fmt.Errorf("lock: the database %s is in use by another process", config.Database)
	}
	if err != nil {
		return nil, errors.Join(err, closeConn(conn))
	}
	return conn, nil
}

func (b *postgresBackend) nodeEpoch(ctx context.Context) (epoch int64, err error) {
	err = b.lock.QueryRow(ctx, readEpoch).Scan(&epoch)
	if err != nil && b.lock.IsClosed() {
		err = fmt.Errorf("%w: its connection to PostgreSQL is gone: %w", errLockLost, err)
	}
	return epoch, err
}

func closeConn(conn *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return conn.Close(ctx)
}

func (b *postgresBackend) close() error {
	if b.pool != nil {
		b.pool.Close()
	}
	if b.lock == nil {
		return nil
	}
	return closeConn(b.lock) // the last: until then nobody else begins
}

// sqlState is PostgreSQL's code of an error, "" where it is none of PostgreSQL's.
func sqlState(err error) string {
	var failed *pgconn.PgError
	if errors.As(err, &failed) {
		return failed.Code
	}
	return ""
}

// rolledBackForOthers: serialisation failures and deadlocks; the same transaction may succeed now.
func rolledBackForOthers(err error) bool {
	state := sqlState(err)
	return state == "40001" || state == "40P01"
}

// unavailable marks errors that say that the database does not answer, whatever was asked of it.
func unavailable(err error) error {
	if err == nil || fault.Of(err) != fault.Internal {
		return err
	}
	why := unavailableWhy(err)
	if why == "" {
		return err
	}
	return &fault.Error{Kind: fault.Unavailable, Detail: why, RetryAfter: time.Second, Err: err}
}

// unavailableWhy names the cause of an error of that kind, "" where it is none: SQLSTATE classes 08, 53, 57 and 58
// (https://www.postgresql.org/docs/current/errcodes-appendix.html), or of the connection.
func unavailableWhy(err error) string {
	var connect *pgconn.ConnectError
	var network net.Error
	state := sqlState(err)
	switch {
	case state == "53100":
		return "The disk of the database is full."
	case strings.HasPrefix(state, "53"):
		return "The database has no memory or connections left."
	case state == "57014":
		return "The database did not answer in time."
	case strings.HasPrefix(state, "57P"):
		return "The database is starting or stopping."
	case strings.HasPrefix(state, "58"):
		return "The disk of the database fails."
	case errors.As(err, &network) && network.Timeout():
		return "The database did not answer in time."
	case errors.As(err, &connect):
		return "The database cannot be reached, or refuses the connection."
	case network != nil, errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), strings.HasPrefix(state, "08"):
		return "The connection to the database broke."
	}
	return ""
}
