package store

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"zombiezen.com/go/sqlite"

	"nacre/internal/fault"
)

// TestUnavailableNamesItsCause: who reads the log knows what to mend.
func TestUnavailableNamesItsCause(t *testing.T) {
	t.Parallel()
	refused := func(code string) error { return &pgconn.PgError{Code: code} }
	for _, c := range []struct {
		mark func(error) error
		err  error
		want string // "" is none of them
	}{
		{unanswered, sqlite.ResultFull.ToError(), "disk of the database is full"},
		{unanswered, sqlite.ResultIOErrWrite.ToError(), "disk of the database fails"},
		{unanswered, sqlite.ResultBusySnapshot.ToError(), "held by another process"},
		{unanswered, sqlite.ResultReadOnlyDBMoved.ToError(), "cannot be written"},
		{unanswered, sqlite.ResultConstraintUnique.ToError(), ""},
		{unanswered, fault.Missing("LeadId"), ""},
		{unavailable, refused("53100"), "disk of the database is full"},
		{unavailable, refused("53300"), "no memory or connections left"},
		{unavailable, refused("57P01"), "starting or stopping"},
		{unavailable, refused("57014"), "in time"},
		{unavailable, refused("58030"), "disk of the database fails"},
		{unavailable, &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}, "in time"},
		{unavailable, &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}, "connection to the database broke"},
		{unavailable, io.ErrUnexpectedEOF, "connection to the database broke"},
		{unavailable, &pgconn.ConnectError{}, "cannot be reached"},
		{unavailable, refused("23505"), ""},
		{unavailable, errors.New("ours"), ""},
	} {
		got := c.mark(fmt.Errorf("commit: %w", c.err))
		var told *fault.Error
		if is := errors.As(got, &told) && told.Kind == fault.Unavailable; is != (c.want != "") || is && !strings.Contains(told.Detail, c.want) {
			t.Errorf("%v: got %v, want %q", c.err, got, c.want)
		}
	}
}
