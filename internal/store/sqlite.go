package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"

	"nacre/internal/fault"
)

// sqliteBackend is one writer goroutine with its connection, readers, and a checkpointer.
type sqliteBackend struct {
	path     string
	log      *slog.Logger
	readers  *readerPool // for look-ups
	scanners *readerPool
	conns    []*sqliteConn // all that are open
	writer   *sqliteConn
	file     *os.File // the database, to sync it
	asideMu  sync.Mutex
	aside    map[string]*os.File // database, log and its index, by the ends of their names, once room was set aside for them
	count    int                 // of readers
	group    int                 // transactions that may share a commit
	parts    *parts              // of long lists
	jobs     chan *job
	closing  chan struct{}  // no more jobs come
	pending  sync.WaitGroup // callers of update
	mu       sync.Mutex     // guards closed against new callers
	closed   bool
	running  sync.WaitGroup // writer and checkpointer
	scanning sync.RWMutex   // held for reading by each scan, so that the writer can wait until none needs the log
	lock     *os.File       // of the node, nil where it is not one
}

// The page caches. A million leads take about half a GB on disk; what the caches do not hold comes from the operating
// system's. Those of readers are as small as SQLite makes a cache at once (SQLITE_DEFAULT_PCACHE_INITSZ): each commit makes it
// throw away all pages of a reader, and giving memory back to the system costs far more than reading pages again.
const (
	writerCache = -64 << 10 // KiB
	readerCache = 20        // pages
)

// OpenSQLite opens or makes the database file at path and brings its tables up to date. Its folder must exist. Several
// processes may have it open, one of them as the node.
func OpenSQLite(path string, options Options) (*Store, error) {
	b, err := openSQLite(path, options)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	s, err := start(context.Background(), b, options)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	return s, nil
}

func openSQLite(path string, options Options) (b *sqliteBackend, err error) {
	if runtime.GOMAXPROCS(0) < 2 {
		runtime.GOMAXPROCS(2) // the writer would wait for the scheduler behind every disk write: p99 of 1.6 s was measured
	}
	var lock *os.File
	if options.Node {
		if lock, err = lockFolder(filepath.Dir(path)); err != nil {
			return nil, err
		}
		defer func() {
			if err != nil {
				err = errors.Join(err, lock.Close())
			}
		}()
	}
	if err := migrateSQLite(path, options.Node); err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	count := options.Connections
	if count <= 0 {
		count = 4
	}
	b = &sqliteBackend{
		path: path, log: options.logger(), count: count, lock: lock, aside: map[string]*os.File{},
		group: maxGroup, parts: newParts(), jobs: make(chan *job, maxGroup), closing: make(chan struct{}),
	}
	if options.Group > 0 {
		b.group = options.Group
	}
	if err := b.start(); err != nil {
		return nil, err
	}
	return b, nil
}

// start opens the connections and starts the goroutines.
func (b *sqliteBackend) start() error {
	var err error
	cache := func(size int) string { return fmt.Sprintf("cache_size(%d)", size) }
	b.writer, err = b.open(cache(writerCache), "temp_store(MEMORY)", fmt.Sprintf("journal_size_limit(%d)", walLimit))
	if err != nil {
		return err
	}
	c, err := b.newCheckpointer()
	if err != nil {
		return errors.Join(err, b.closeConns())
	}
	readers := make([]*sqliteConn, b.count+scans)
	for n := range readers {
		if readers[n], err = b.open(cache(readerCache), "query_only(1)"); err != nil {
			return errors.Join(err, b.closeConns())
		}
	}
	b.readers, b.scanners = newReaderPool(readers[:b.count]), newReaderPool(readers[b.count:])
	w := &writer{conn: b.writer, most: b.group, jobs: b.jobs, log: b.log, checkpointer: c, parts: b.parts, scans: &b.scanning, copied: -1}
	b.running.Go(func() { w.run(b.closing) })
	b.running.Go(c.run)
	return nil
}

// open opens a connection that closeConns closes.
func (b *sqliteBackend) open(pragmas ...string) (*sqliteConn, error) {
	conn, err := openSQLiteConn(b.path, append(pragmas, "wal_autocheckpoint(0)")...)
	if err == nil {
		b.conns = append(b.conns, conn)
	}
	return conn, err
}

// closeConns closes the connections. The last one on the file, of all processes, copies the log into it and deletes the log, which
// a short command beside a server therefore leaves alone. b.file comes after them: to close it drops SQLite's POSIX locks on it.
func (b *sqliteBackend) closeConns() (err error) {
	for _, conn := range b.conns {
		err = errors.Join(err, conn.close())
	}
	if b.file != nil {
		err = errors.Join(err, b.file.Close())
	}
	for _, file := range b.aside {
		err = errors.Join(err, file.Close())
	}
	return err
}

func (b *sqliteBackend) update(ctx context.Context, fn func(session) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return errClosed()
	}
	b.pending.Add(1)
	b.mu.Unlock()
	defer b.pending.Done()
	j := &job{fn: fn, done: make(chan error, 1)}
	select {
	case b.jobs <- j:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-j.done:
		return unanswered(err)
	case <-ctx.Done():
		if j.state.CompareAndSwap(jobWaiting, jobWithdrawn) {
			return ctx.Err()
		}
		return unanswered(<-j.done) // it runs: what becomes of it must be known
	}
}

func errClosed() error {
	return &fault.Error{Kind: fault.Unavailable, Detail: "the database is closed"}
}

func (b *sqliteBackend) read(ctx context.Context, fn func(session) error) error {
	// Not interrupted: to watch ctx takes a goroutine, which costs as much as finding a row.
	return b.readFrom(ctx, b.readers, fn)
}

func (b *sqliteBackend) readFrom(ctx context.Context, pool *readerPool, fn func(session) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return errClosed()
	}
	b.pending.Add(1)
	b.mu.Unlock()
	defer b.pending.Done()
	n, err := pool.take(ctx)
	if err != nil {
		return err
	}
	defer pool.give(n)
	return unanswered(fn(sqliteReader{pool.conns[n]}))
}

func (b *sqliteBackend) snapshot(ctx context.Context, fn func(session) error) error {
	return b.readFrom(ctx, b.readers, func(q session) error { return inSnapshot(ctx, q.(sqliteReader), fn) })
}

func (b *sqliteBackend) scan(ctx context.Context, fn func(session) error) error {
	return b.readFrom(ctx, b.scanners, func(q session) error {
		b.scanning.RLock()
		defer b.scanning.RUnlock()
		return inSnapshot(ctx, q.(sqliteReader), fn)
	})
}

// inSnapshot is interrupted when ctx ends: nobody waits for it any more.
func inSnapshot(ctx context.Context, q sqliteReader, fn func(session) error) error {
	if _, err := q.conn.exec("BEGIN"); err != nil {
		return err
	}
	err := q.conn.interruptible(ctx, func() error { return fn(q) })
	if _, ended := q.conn.exec("ROLLBACK"); err == nil {
		err = ended
	}
	return err
}

// nodeEpoch also looks whether the lock file is the one that is locked: where somebody has removed it, another process
// locks a new one.
func (b *sqliteBackend) nodeEpoch(ctx context.Context) (epoch int64, err error) {
	locked, err := b.lock.Stat()
	if err != nil {
		return 0, err
	}
	named, err := os.Stat(b.lock.Name())
	if errors.Is(err, os.ErrNotExist) || err == nil && !os.SameFile(locked, named) {
		return 0, fmt.Errorf("%w: %s was removed or replaced", errLockLost, b.lock.Name())
	}
	if err != nil {
		return 0, err
	}
	err = b.read(ctx, func(q session) error {
		epoch, err = one(q, scanEpoch, readEpoch)
		return err
	})
	return epoch, err
}

func (b *sqliteBackend) close() error {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.pending.Wait()
	close(b.closing)
	b.running.Wait()
	err := b.closeConns()
	if b.lock != nil {
		err = errors.Join(err, b.lock.Close())
	}
	return err
}

// readerPool hands out the first connection that is free: the fewer are in use, the warmer are their caches.
type readerPool struct {
	places chan struct{}
	conns  []*sqliteConn
	mu     sync.Mutex
	taken  []bool
}

func newReaderPool(conns []*sqliteConn) *readerPool {
	return &readerPool{places: make(chan struct{}, len(conns)), conns: conns, taken: make([]bool, len(conns))}
}

// take returns the number of the connection, for give.
func (p *readerPool) take(ctx context.Context) (n int, err error) {
	select {
	case p.places <- struct{}{}:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	n = slices.Index(p.taken, false)
	p.taken[n] = true
	return n, nil
}

func (p *readerPool) give(n int) {
	p.mu.Lock()
	p.taken[n] = false
	p.mu.Unlock()
	<-p.places
}

// sqliteReader is a session that only reads.
type sqliteReader struct{ conn *sqliteConn }

var errReadOnly = errors.New("a read cannot write")

func (r sqliteReader) each(scan func(row) error, text string, args ...any) error {
	return r.conn.each(scan, text, args...)
}
func (r sqliteReader) exec(string, ...any) (int64, error)  { return 0, errReadOnly }
func (r sqliteReader) queue(error, string, ...any) error   { return errReadOnly }
func (r sqliteReader) require(error, string, ...any) error { return errReadOnly }
func (r sqliteReader) insert(table, [][]any) error         { return errReadOnly }
func (r sqliteReader) flush() error                        { return nil }
func (r sqliteReader) violates(error, uniqueIndex) bool    { return false }
func (r sqliteReader) count(pearlID string, status, n int) {}
func (r sqliteReader) announce([]feedRow)                  {}
