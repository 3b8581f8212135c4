package store

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"

	"nacre/internal/fault"
)

// sqliteConn is one connection with its prepared statements, used by one goroutine at a time (ADR 15).
type sqliteConn struct {
	conn       *sqlite.Conn
	dialect    dialect
	prepared   map[string]*sqlite.Stmt
	insertions map[string]string // texts, by table and number of rows
}

// connectionPragmas are what every connection needs. The size of pages holds for a file that is made; others keep theirs (ADR 17).
var connectionPragmas = []string{
	fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()), fmt.Sprintf("page_size(%d)", pageSize), "journal_mode(WAL)", "synchronous(FULL)",
}

// busyTimeout is how long a connection waits for a lock that another process holds.
const busyTimeout = 10 * time.Second

// sqliteDSN names the file for package database/sql, which migrations use.
func sqliteDSN(path string) (string, error) {
	return sqliteURI(path, url.Values{"_pragma": connectionPragmas})
}

func sqliteURI(path string, values url.Values) (string, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return (&url.URL{Scheme: "file", Path: absolute, RawQuery: values.Encode()}).String(), nil
}

func openSQLiteConn(path string, pragmas ...string) (*sqliteConn, error) {
	uri, err := sqliteURI(path, nil)
	if err != nil {
		return nil, err
	}
	conn, err := sqlite.OpenConn(uri, sqlite.OpenReadWrite, sqlite.OpenCreate, sqlite.OpenURI)
	if err != nil {
		return nil, err
	}
	c := &sqliteConn{conn: conn, dialect: sqliteDialect(), prepared: map[string]*sqlite.Stmt{}, insertions: map[string]string{}}
	for _, pragma := range append(connectionPragmas[:len(connectionPragmas):len(connectionPragmas)], pragmas...) {
		if _, err := c.exec("PRAGMA " + pragma); err != nil {
			return nil, errors.Join(fmt.Errorf("PRAGMA %s: %w", pragma, err), conn.Close())
		}
	}
	return c, nil
}

func (c *sqliteConn) close() error { return c.conn.Close() }

func (c *sqliteConn) forget() {
	for text, stmt := range c.prepared {
		_ = stmt.Finalize() // it repeats the error of the statement's last run, which was returned then
		delete(c.prepared, text)
	}
}

// maxPrepared bounds statements whose text depends on filters.
const maxPrepared = 500

func (c *sqliteConn) prepare(text string) (*sqlite.Stmt, error) {
	if stmt, ok := c.prepared[text]; ok {
		return stmt, nil
	}
	if len(c.prepared) >= maxPrepared {
		c.forget()
	}
	stmt, err := c.conn.Prepare(guarded(c.dialect.words(text)))
	if err != nil {
		return nil, fmt.Errorf("prepare %q: %w", text, err)
	}
	c.prepared[text] = stmt
	return stmt, nil
}

// bind gives a statement its values. What was bound before stays bound: every run binds all of them.
func bind(stmt *sqlite.Stmt, args []any) error {
	for n, arg := range args {
		param := n + 1
		switch value := arg.(type) {
		case string:
			stmt.BindText(param, value)
		case int64:
			stmt.BindInt64(param, value)
		case int:
			stmt.BindInt64(param, int64(value))
		case bool:
			stmt.BindBool(param, value)
		case []byte:
			stmt.BindBytes(param, value)
		case nil:
			stmt.BindNull(param)
		default:
			switch v := reflect.ValueOf(arg); v.Kind() {
			case reflect.String:
				stmt.BindText(param, v.String())
			case reflect.Int, reflect.Int64:
				stmt.BindInt64(param, v.Int())
			default:
				return fmt.Errorf("bind: value %d is %T", param, arg)
			}
		}
	}
	return nil
}

func (c *sqliteConn) exec(text string, args ...any) (int64, error) {
	err := c.each(func(row) error { return nil }, text, args...)
	return int64(c.conn.Changes()), err
}

// each hands the rows of a query to scan, which may run other queries.
func (c *sqliteConn) each(scan func(row) error, text string, args ...any) (err error) {
	stmt, err := c.prepare(text)
	if err != nil {
		return err
	}
	if want := stmt.BindParamCount(); want != len(args) {
		return fmt.Errorf("bind: %d values for %d parameters", len(args), want)
	}
	defer func() {
		if reset := stmt.Reset(); err == nil {
			err = reset
		}
	}()
	if err := bind(stmt, args); err != nil {
		return err
	}
	for {
		switch more, err := stmt.Step(); {
		case err != nil:
			return err
		case !more:
			return nil
		}
		if err := scan(sqliteRow{stmt}); err != nil {
			return err
		}
	}
}

// interruptible runs fn, whose queries are interrupted when ctx ends; to watch it takes a goroutine.
func (c *sqliteConn) interruptible(ctx context.Context, fn func() error) error {
	if ctx.Done() == nil {
		return fn()
	}
	c.conn.SetInterrupt(ctx.Done())
	err := fn()
	c.conn.SetInterrupt(nil)
	if sqlite.ErrCode(err) == sqlite.ResultInterrupt && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

type sqliteRow struct{ stmt *sqlite.Stmt }

// Scan copies the columns. All tables are STRICT, so a column has its type, or is NULL, which reads as zero: an aggregate over nothing.
func (r sqliteRow) Scan(dest ...any) error {
	if columns := r.stmt.ColumnCount(); len(dest) != columns {
		return fmt.Errorf("scan: %d columns into %d values", columns, len(dest))
	}
	for n, into := range dest {
		switch into := into.(type) {
		case *string:
			*into = r.stmt.ColumnText(n)
		case *int:
			*into = r.stmt.ColumnInt(n)
		case *int64:
			*into = r.stmt.ColumnInt64(n)
		case *bool:
			*into = r.stmt.ColumnBool(n)
		case *[]byte:
			*into = nil
			if length := r.stmt.ColumnLen(n); length > 0 {
				*into = make([]byte, length)
				r.stmt.ColumnBytes(n, *into)
			}
		default:
			return fmt.Errorf("scan: column %d into %T", n, into)
		}
	}
	return nil
}

// unanswered marks errors that say that the file cannot be read or written just now, whatever was asked of it, and names the cause.
func unanswered(err error) error {
	if err == nil || fault.Of(err) != fault.Internal {
		return err
	}
	var why string
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultBusy:
		why = "The database is held by another process."
	case sqlite.ResultFull:
		why = "The disk of the database is full."
	case sqlite.ResultIOErr:
		why = "The disk of the database fails."
	case sqlite.ResultReadOnly, sqlite.ResultCantOpen:
		why = "The files of the database cannot be written."
	case sqlite.ResultNoMem:
		why = "The database has no memory left."
	default:
		return err
	}
	return &fault.Error{Kind: fault.Unavailable, Detail: why, RetryAfter: time.Second, Err: err}
}

// violates reports whether an insert met a row with the same key in the index.
func (c *sqliteConn) violates(err error, unique uniqueIndex) bool {
	return sqlite.ErrCode(err) == sqlite.ResultConstraintUnique && strings.Contains(err.Error(), unique.columns)
}
