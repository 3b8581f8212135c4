package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"modernc.org/sqlite"

	"nacre/internal/fault"
)

// sqliteConn is one connection with its prepared statements. It goes around database/sql: the writer is one goroutine
// with one connection, and the pool's bookkeeping would cost it more than SQLite's own work on small statements.
type sqliteConn struct {
	conn interface {
		driver.Conn
		driver.ConnPrepareContext
		sqlite.DBStatus
	}
	dialect    dialect
	prepared   map[string]driver.Stmt
	args       []driver.NamedValue // reused from statement to statement
	insertions map[string]string   // texts, by table and number of rows
}

// sqliteDSN names the file with what every connection needs.
func sqliteDSN(path string, pragmas ...string) (string, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	values := url.Values{"_pragma": append([]string{"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)"}, pragmas...)}
	return (&url.URL{Scheme: "file", Path: absolute, RawQuery: values.Encode()}).String(), nil
}

func openSQLiteConn(path string, pragmas ...string) (*sqliteConn, error) {
	dsn, err := sqliteDSN(path, pragmas...)
	if err != nil {
		return nil, err
	}
	opened, err := (&sqlite.Driver{}).Open(dsn)
	if err != nil {
		return nil, err
	}
	c := &sqliteConn{dialect: sqliteDialect(), prepared: map[string]driver.Stmt{}, insertions: map[string]string{}}
	var ok bool
	if c.conn, ok = opened.(interface {
		driver.Conn
		driver.ConnPrepareContext
		sqlite.DBStatus
	}); !ok {
		return nil, errors.Join(errors.New("the SQLite driver lacks what it had"), opened.Close())
	}
	return c, nil
}

func (c *sqliteConn) close() error {
	c.forget()
	return c.conn.Close()
}

func (c *sqliteConn) forget() {
	for text, stmt := range c.prepared {
		_ = stmt.Close() // it repeats the error of the statement's last run, which was answered then
		delete(c.prepared, text)
	}
}

// maxPrepared bounds statements whose text depends on filters.
const maxPrepared = 500

func (c *sqliteConn) prepare(text string) (driver.Stmt, error) {
	if stmt, ok := c.prepared[text]; ok {
		return stmt, nil
	}
	if len(c.prepared) >= maxPrepared {
		c.forget()
	}
	stmt, err := c.conn.PrepareContext(context.Background(), anonymous(c.dialect.words(text)))
	if err != nil {
		return nil, fmt.Errorf("prepare %q: %w", text, err)
	}
	c.prepared[text] = stmt
	return stmt, nil
}

// bind brings values into the few types that the driver takes.
func (c *sqliteConn) bind(args []any) []driver.NamedValue {
	c.args = c.args[:0]
	for n, arg := range args {
		switch value := arg.(type) {
		case int:
			arg = int64(value)
		case []byte:
			if value == nil {
				arg = []byte{} // nil would be NULL
			}
		case int64, string, bool, nil:
		default:
			switch v := reflect.ValueOf(arg); v.Kind() {
			case reflect.String:
				arg = v.String()
			case reflect.Int, reflect.Int64:
				arg = v.Int()
			}
		}
		c.args = append(c.args, driver.NamedValue{Ordinal: n + 1, Value: arg})
	}
	return c.args
}

func (c *sqliteConn) exec(ctx context.Context, text string, args ...any) (int64, error) {
	stmt, err := c.prepare(text)
	if err != nil {
		return 0, err
	}
	result, err := stmt.(driver.StmtExecContext).ExecContext(ctx, c.bind(args))
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (c *sqliteConn) each(ctx context.Context, scan func(row) error, text string, args ...any) (err error) {
	stmt, err := c.prepare(text)
	if err != nil {
		return err
	}
	rows, err := stmt.(driver.StmtQueryContext).QueryContext(ctx, c.bind(args))
	if err != nil {
		return err
	}
	defer func() {
		if closed := rows.Close(); err == nil {
			err = closed
		}
	}()
	current := sqliteRow{values: make([]driver.Value, len(rows.Columns()))}
	for {
		switch err := rows.Next(current.values); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if err := scan(&current); err != nil {
			return err
		}
	}
}

type sqliteRow struct{ values []driver.Value }

func (r *sqliteRow) Scan(dest ...any) error {
	if len(dest) != len(r.values) {
		return fmt.Errorf("scan: %d columns into %d values", len(r.values), len(dest))
	}
	for n, into := range dest {
		if !assign(into, r.values[n]) {
			return fmt.Errorf("scan: column %d is %T, wanted %T", n, r.values[n], into)
		}
	}
	return nil
}

// assign copies a column. The driver answers int64, string, []byte (nil when empty) and nil (an aggregate over nothing).
func assign(into any, value driver.Value) bool {
	switch into := into.(type) {
	case *string:
		text, ok := value.(string)
		*into = text
		return ok || value == nil
	case *int:
		n, ok := value.(int64)
		*into = int(n)
		return ok || value == nil
	case *int64:
		n, ok := value.(int64)
		*into = n
		return ok || value == nil
	case *bool:
		n, ok := value.(int64)
		*into = n != 0
		return ok || value == nil
	case *[]byte:
		raw, ok := value.([]byte)
		*into = raw
		return ok || value == nil
	}
	return false
}

// unanswered marks errors that say that the file cannot be written just now, whatever was to be written: another process
// holds it, the disk is full or faulty.
func unanswered(err error) error {
	const busy, ioError, full = 5, 10, 13 // SQLITE_BUSY, SQLITE_IOERR, SQLITE_FULL
	var failed *sqlite.Error
	if fault.Of(err) != fault.Internal || !errors.As(err, &failed) {
		return err
	}
	switch failed.Code() & 0xff {
	case busy, ioError, full:
		return &fault.Error{Kind: fault.Unavailable, Detail: "the database does not answer", RetryAfter: time.Second, Err: err}
	}
	return err
}

// violates reports whether an insert met a row with the same key in the index.
func (c *sqliteConn) violates(err error, unique uniqueIndex) bool {
	const constraintUnique = 2067 // SQLITE_CONSTRAINT_UNIQUE
	var failed *sqlite.Error
	return errors.As(err, &failed) && failed.Code() == constraintUnique && strings.Contains(failed.Error(), unique.columns)
}
