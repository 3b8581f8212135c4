package store

import (
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"nacre/internal/subprocess"
)

// loggedWriter makes a database whose log nobody folds but the test.
func loggedWriter(t *testing.T) (path string, conn *sqliteConn) {
	t.Helper()
	if err := registerVFS(); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "logged.db")
	conn, err := openSQLiteConn(path, gatheringVFS, "wal_autocheckpoint(0)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.close(); err != nil {
			t.Error(err)
		}
	})
	mustExec(t, conn, "CREATE TABLE page (n INTEGER PRIMARY KEY, written INTEGER, content BLOB)")
	return path, conn
}

func mustExec(t *testing.T, conn *sqliteConn, text string, args ...any) {
	t.Helper()
	if _, err := conn.exec(text, args...); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

// writePages changes about so many pages in one transaction.
func writePages(t *testing.T, conn *sqliteConn, count, turn int) {
	t.Helper()
	mustExec(t, conn, "BEGIN IMMEDIATE")
	for range count {
		mustExec(t, conn, "INSERT INTO page (n, written, content) VALUES (?1, ?2, zeroblob(3000)) ON CONFLICT (n) DO UPDATE SET written = excluded.written",
			rand.IntN(4*count), turn)
	}
	mustExec(t, conn, "COMMIT")
}

// sumOf answers what a database that is opened anew holds.
func sumOf(t *testing.T, path string) (found string) {
	t.Helper()
	conn, err := openSQLiteConn(path, "")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.close()
	for _, text := range []string{"PRAGMA integrity_check", "SELECT count(*) || ' rows, sum ' || sum(n * written) FROM page"} {
		err := conn.each(func(r row) error {
			var line string
			err := r.Scan(&line)
			found += line + "; "
			return err
		}, text)
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// Whatever becomes of the process, and whenever, nothing is lost, and the log is folded by the next one.
func TestCheckpointerIsKilled(t *testing.T) {
	t.Parallel()
	path, writer := loggedWriter(t)
	c := &checkpointer{path: path, log: slog.New(slog.DiscardHandler)}
	killed := 0
	for turn := range 12 {
		writePages(t, writer, 3000, turn)
		before := sumOf(t, path)
		if c.process != nil {
			victim := c.process.Process
			shot := time.AfterFunc(rand.N(30*time.Millisecond), func() { _ = victim.Kill() })
			defer shot.Stop()
		}
		pid := 0
		if c.process != nil {
			pid = c.process.Process.Pid
		}
		// Killed once it is started again, and killed for the second time only by the shot of the turn that follows.
		if little, err := c.fold(); err != nil || !little {
			t.Fatalf("turn %d: little is left: %v, %v", turn, little, err)
		}
		if pid != 0 && c.process.Process.Pid != pid {
			killed++
		}
		if after := sumOf(t, path); after != before || !strings.HasPrefix(after, "ok; ") {
			t.Fatalf("turn %d: %s, before %s", turn, after, before)
		}
		pages, folded, err := fold(writer, "NOOP")
		if err != nil || pages-folded > restartPages {
			t.Fatalf("turn %d: %d of %d pages are folded, %v", turn, folded, pages, err)
		}
	}
	if killed == 0 {
		t.Error("it was never killed while it folded")
	}
	if err := c.end(); err != nil && !strings.Contains(err.Error(), "killed") { // by the last shot
		t.Errorf("end: %v", err)
	}
}

// A service manager signals every process of the service, and the last writes are still to be folded.
func TestCheckpointerOutlivesSignalsAndEndsWithItsOrders(t *testing.T) {
	t.Parallel()
	path, writer := loggedWriter(t)
	c := &checkpointer{path: path, log: slog.New(slog.DiscardHandler)}
	writePages(t, writer, 100, 1)
	if _, err := c.fold(); err != nil {
		t.Fatal(err)
	}
	process := c.process
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if err := process.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
	}
	writePages(t, writer, 2000, 2)
	if little, err := c.fold(); err != nil || !little || c.process != process {
		t.Errorf("after signals: %v, %v, another process: %v", little, err, c.process != process)
	}
	if err := c.end(); err != nil || !process.ProcessState.Success() {
		t.Errorf("end: %v, %v", err, process.ProcessState)
	}
}

// Where there is no such process, the writer is told to fold by itself.
func TestCheckpointerCannotWork(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "missing", "none.db")
	var said strings.Builder
	c := &checkpointer{path: path, log: slog.New(slog.NewTextHandler(&said, nil)), begin: make(chan struct{}), done: make(chan bool, 1)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.run()
	}()
	for range 2 {
		c.begin <- struct{}{}
		if little := <-c.done; !little {
			t.Error("the writer was not told to fold")
		}
	}
	close(c.begin)
	<-ended
	if !strings.Contains(said.String(), "unable to open database file") {
		t.Errorf("the log says %q", said.String())
	}
}

// The process ends when the server does, however that ends: the pipe of its orders is closed.
func TestCheckpointerEndsWithItsServer(t *testing.T) {
	t.Parallel()
	path, writer := loggedWriter(t)
	writePages(t, writer, 100, 1)
	cmd, err := subprocess.Command(checkpointerTitle, path)
	if err != nil {
		t.Fatal(err)
	}
	orders, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var answers strings.Builder
	cmd.Stdout = &answers
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(orders, "\n"); err != nil {
		t.Error(err)
	}
	if err := orders.Close(); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("wait: %v", err)
	}
	if want := fmt.Sprintln(`{"Little":true,"Err":""}`); answers.String() != want {
		t.Errorf("it answered %q, want %q", answers.String(), want)
	}
}
