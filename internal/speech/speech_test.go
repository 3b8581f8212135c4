package speech_test

import (
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"nacre/internal/speech"
	"nacre/internal/subprocess"
)

// The process of these tests has no models: what it hears is how many samples it was given, and some numbers have a meaning.
const (
	title     = "nacre: scripted speech"
	dies      = 1 // samples that kill it
	hangs     = 2 // samples that it works on until they are canceled
	diesLater = 3 // samples that kill the first process; the next answers
	rubbish   = 4 // samples after which it writes no gob
)

func init() {
	subprocess.Serve(title, "nacre-speech", func(string) int { return scripted(os.Stdin, os.Stdout) })
}

func scripted(orders io.Reader, answers io.Writer) int {
	in, out := gob.NewDecoder(orders), gob.NewEncoder(answers)
	var setup speech.Setup
	if in.Decode(&setup) != nil {
		return 1
	}
	first := false
	if f, err := os.OpenFile(setup.Folder+"/first", os.O_CREATE|os.O_EXCL, 0o600); err == nil {
		first = true
		_ = f.Close()
	}
	greeting := speech.Greeting{}
	if _, err := os.Stat(setup.Folder + "/refuse"); err == nil {
		greeting.Err = "it was told to refuse"
	}
	_ = out.Encode(greeting)
	for {
		var order speech.Order
		if in.Decode(&order) != nil {
			return 0
		}
		answer := speech.Answer{Number: order.Number}
		switch {
		case order.Cancel:
			answer.Err = "canceled"
		case order.Hear != nil:
			n := len(order.Hear.Samples) / 2
			switch {
			case n == dies || n == diesLater && first:
				os.Exit(3)
			case n == hangs:
				_, _ = os.Create(setup.Folder + "/hangs")
				continue
			case n == rubbish && first:
				_, _ = os.Stdout.WriteString(strings.Repeat("no gob", 100))
				continue
			}
			answer.Heard.Text = fmt.Sprint(n)
		}
		_ = out.Encode(answer)
	}
}

type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func open(t *testing.T, dir string) (*speech.Client, *logged) {
	t.Helper()
	log := &logged{}
	c := speech.Open(speech.Config{
		Folder: dir, Command: func() (*exec.Cmd, error) { return subprocess.Command(title, "") }, Workers: 1,
		Log: slog.New(slog.NewTextHandler(log, nil)),
	})
	t.Cleanup(func() { _ = c.Close() })
	return c, log
}

func hear(t *testing.T, c *speech.Client, samples int) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	heard, err := c.Hear(ctx, make([]int16, samples), "", speech.Final)
	return heard.Text, err
}

func TestWorkIsDoneByOneProcess(t *testing.T) {
	t.Parallel()
	c, _ := open(t, t.TempDir())
	var all sync.WaitGroup
	for n := range 50 {
		all.Go(func() {
			if text, err := hear(t, c, 100+n); err != nil || text != fmt.Sprint(100+n) {
				t.Errorf("%d: %q, %v", n, text, err)
			}
		})
	}
	all.Wait()
	if f := c.Figures(); !f.Up || f.Done != 50 || f.Restarts != 0 {
		t.Errorf("%+v", f)
	}
	if c.Ready() != nil {
		t.Errorf("ready: %v", c.Ready())
	}
}

// A process that ends costs time, not a sentence; a sentence that ends two is given up.
func TestProcessEnds(t *testing.T) {
	t.Parallel()
	c, log := open(t, t.TempDir())
	if text, err := hear(t, c, diesLater); err != nil || text != "3" {
		t.Errorf("over a process that died: %q, %v", text, err)
	}
	if _, err := hear(t, c, dies); !errors.Is(err, speech.ErrEnded) {
		t.Errorf("a sentence that kills: %v", err)
	}
	if text, err := hear(t, c, 7); err != nil || text != "7" {
		t.Errorf("afterwards: %q, %v", text, err)
	}
	if f := c.Figures(); f.Restarts != 3 {
		t.Errorf("%d restarts", f.Restarts)
	}
	if !strings.Contains(log.String(), "a speech process ended") {
		t.Error("nothing was logged")
	}
}

func TestProcessWritesRubbish(t *testing.T) {
	t.Parallel()
	c, _ := open(t, t.TempDir())
	if text, err := hear(t, c, rubbish); err != nil || text != "4" {
		t.Errorf("%q, %v", text, err)
	}
}

func TestProcessCannotStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/refuse", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c, log := open(t, dir)
	if err := c.Wait(t.Context()); err == nil || !strings.Contains(err.Error(), "told to refuse") {
		t.Errorf("wait: %v", err)
	}
	if c.Ready() == nil || !strings.Contains(log.String(), "told to refuse") {
		t.Errorf("ready: %v, log: %s", c.Ready(), log)
	}
	if err := os.Remove(dir + "/refuse"); err != nil {
		t.Fatal(err)
	}
	if text, err := hear(t, c, 9); err != nil || text != "9" { // it is tried again, and what was asked meanwhile waits
		t.Errorf("%q, %v", text, err)
	}
}

func TestProgramIsMissing(t *testing.T) {
	t.Parallel()
	c := speech.Open(speech.Config{Folder: t.TempDir()})
	if err := c.Wait(t.Context()); err == nil {
		t.Error("nothing was started without complaint")
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

// A client that is closed while its process is being started complains of nothing.
func TestClosedWhileItStarts(t *testing.T) {
	t.Parallel()
	log := &logged{}
	c := speech.Open(speech.Config{
		Folder: t.TempDir(), Command: func() (*exec.Cmd, error) { return exec.Command("sleep", "60"), nil }, Log: slog.New(slog.NewTextHandler(log, nil)), // it never greets
	})
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if log.String() != "" {
		t.Errorf("the log: %s", log)
	}
}

// Who waits no longer has the work stopped, and the next one gets the worker.
func TestCanceled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c, _ := open(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	canceled := make(chan error, 1)
	go func() {
		_, err := c.Hear(ctx, make([]int16, hangs), "", speech.Final)
		canceled <- err
	}()
	for deadline := time.Now().Add(20 * time.Second); ; {
		if _, err := os.Stat(dir + "/hangs"); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the work did not begin")
		}
	}
	waits, end := context.WithCancel(t.Context())
	waiting := make(chan error, 1)
	go func() {
		_, err := c.Hear(waits, make([]int16, 50), "", speech.Partial)
		waiting <- err
	}()
	for c.Figures().Waiting[speech.Partial] == 0 {
		select {
		case err := <-waiting:
			t.Fatalf("it did not wait: %v", err)
		default:
		}
	}
	end()
	if err := <-waiting; !errors.Is(err, context.Canceled) {
		t.Errorf("canceled while it waited: %v", err)
	}
	cancel()
	if err := <-canceled; !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	if text, err := hear(t, c, 60); err != nil || text != "60" {
		t.Errorf("afterwards: %q, %v", text, err)
	}
	if f := c.Figures(); f.Done != 1 || f.Restarts != 0 || f.Waiting != [4]int{} {
		t.Errorf("%+v", f)
	}
}

func TestClose(t *testing.T) {
	t.Parallel()
	c, log := open(t, t.TempDir())
	if err := c.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if _, err := hear(t, c, 5); !errors.Is(err, speech.ErrClosed) {
		t.Errorf("after close: %v", err)
	}
	if strings.Contains(log.String(), "started again") {
		t.Errorf("a closed process was logged as one that ended: %s", log)
	}
}
