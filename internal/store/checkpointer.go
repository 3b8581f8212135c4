package store

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"time"

	"nacre/internal/subprocess"
)

// checkpointer has a process of its own fold the log while the writer goes on (ADR 18). It is started when it is first needed, and
// again when it has ended.
type checkpointer struct {
	path  string // of the database
	log   *slog.Logger
	begin chan struct{} // fold
	done  chan bool     // whether little is left, or the writer is to fold all by itself

	process *exec.Cmd // nil: none runs
	orders  io.WriteCloser
	answers *json.Decoder
}

// folded is what the process answers to an order, which is one byte, as a line of JSON.
type folded struct {
	Little bool   // is left
	Err    string // "" is none
}

const (
	// foldingTime is how long the process may take over an order. A log of ten times foldPages takes seconds.
	foldingTime = time.Minute
	// checkpointerFarewell is how long it may take to end.
	checkpointerFarewell = 10 * time.Second
)

// run serves until begin is closed.
func (c *checkpointer) run() {
	for range c.begin {
		little, err := c.fold()
		if err != nil {
			c.log.Warn("database log not folded beside the writer", "error", err)
			little = true
		}
		c.done <- little
	}
	if err := c.end(); err != nil {
		c.log.Warn("process of the checkpointer did not end well", "error", err)
	}
}

// fold has the process fold the log. When it was gone another one is started.
func (c *checkpointer) fold() (little bool, err error) {
	for again := c.process != nil; ; again = false {
		if err := c.start(); err != nil {
			return false, fmt.Errorf("start process: %w", err)
		}
		answer, err := c.order()
		switch {
		case err == nil && answer.Err != "":
			return false, errors.New(answer.Err)
		case err == nil:
			return answer.Little, nil
		}
		err = errors.Join(fmt.Errorf("process ended: %w", err), c.end())
		if !again {
			return false, err
		}
		c.log.Warn("process of the checkpointer is started again", "error", err)
	}
}

func (c *checkpointer) order() (answer folded, err error) {
	process := c.process.Process
	late := time.AfterFunc(foldingTime, func() { _ = process.Kill() })
	defer late.Stop()
	if _, err := c.orders.Write([]byte{'\n'}); err != nil {
		return answer, err
	}
	return answer, c.answers.Decode(&answer)
}

// start starts the process unless it runs.
func (c *checkpointer) start() error {
	if c.process != nil {
		return nil
	}
	cmd, err := subprocess.Command(checkpointerTitle, c.path)
	if err != nil {
		return err
	}
	cmd.Stderr = os.Stderr
	orders, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	answers, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	c.process, c.orders, c.answers = cmd, orders, json.NewDecoder(answers)
	return nil
}

// end ends the process, if there is one: it has no more orders to read.
func (c *checkpointer) end() error {
	cmd := c.process
	if cmd == nil {
		return nil
	}
	c.process = nil
	_ = c.orders.Close()
	late := time.AfterFunc(checkpointerFarewell, func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	return cmd.Wait()
}

// What ps and top show of the process.
const (
	checkpointerTitle = "nacre: checkpointer"
	checkpointerName  = "nacre-fold"
)

func init() {
	subprocess.Serve(checkpointerTitle, checkpointerName, func(path string) int { return serveFolding(path, os.Stdin, os.Stdout) })
}

// serveFolding is the process: it folds the log of a database whenever an order comes, and answers the exit code.
func serveFolding(path string, orders io.Reader, answers io.Writer) int {
	out := json.NewEncoder(answers)
	f, err := openFolder(path)
	if err != nil {
		_ = out.Encode(folded{Err: err.Error()})
		return 1
	}
	code := 0
	for in := bufio.NewReader(orders); ; {
		if _, err := in.ReadByte(); err != nil {
			break
		}
		little, err := f.fold()
		answer := folded{Little: little}
		if err != nil {
			answer.Err = err.Error()
		}
		if out.Encode(answer) != nil {
			code = 1
			break
		}
	}
	if errors.Join(f.conn.close(), f.file.Close()) != nil {
		code = 1
	}
	return code
}

// folder folds the log of a database.
type folder struct {
	conn *sqliteConn
	file *os.File // the database, to be written back. To close it would let go of SQLite's locks on it
}

func openFolder(path string) (*folder, error) {
	if err := registerVFS(); err != nil {
		return nil, err
	}
	conn, err := openSQLiteConn(path, writingBackVFS, fmt.Sprintf("cache_size(%d)", readerCache))
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, errors.Join(err, conn.close())
	}
	return &folder{conn: conn, file: file}, nil
}

// nicenesses are those of one pass over the log after the other. The first, which have most to do, take what the server leaves of
// a busy core, but then the log grows about as fast as it is folded: those that follow take more, for a moment.
var nicenesses = [...]int{10, 10, 7, 5, 5, 3, 3, 1, 0, 0, 0}

// longPages is when the log has got so long, 700 MiB, that it has to be folded whoever waits.
const longPages = 4 * foldPages

// fold folds what is in the log, again and again, since the writer goes on: each time less is left.
func (f *folder) fold() (little bool, err error) {
	before := -1
	for _, niceness := range nicenesses {
		pages, folded, err := fold(f.conn, "NOOP")
		switch {
		case err != nil, pages-folded <= restartPages:
			return err == nil, err
		case folded == before:
			return false, nil // a reader needs the rest
		case pages > longPages:
			niceness = 0
		}
		before = folded
		if err := f.pass(niceness); err != nil {
			return false, err
		}
	}
	return true, nil // the writer is faster than we are: for once it has to wait
}

// pass folds what is in the log now. SQLite syncs the file only with the last page of the log, when the writer stands still: what
// is folded before is written back here. The thread ends with the pass, since it cannot take back its niceness.
func (f *folder) pass(niceness int) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		lowerPriority(niceness)
		_, _, err := fold(f.conn, "PASSIVE")
		if err == nil {
			err = writeBack(f.file)
		}
		done <- err
	}()
	return <-done
}
