package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"nacre/internal/id"
)

// loadOptions are what the load generator is told; it runs as a process of its own, so that its work is not measured as
// the server's.
type loadOptions struct {
	Base, Key, Pearl string
	IDs              string // file with the ids of leads, one a line
	Method           string // GET, or PUT for updates
	Callers, From    int    // From: the first turn
	Length           time.Duration
}

// loadResult is what it answers, as JSON.
type loadResult struct {
	Rate     float64
	P50, P99 time.Duration
	Turns    int           // of the load generator: the next turn
	CPU      time.Duration // of the raw writer: processor time of each
}

// loadFrom runs the load generator.
func loadFrom(ctx context.Context, o loadOptions) (loadResult, error) {
	options, err := json.Marshal(o)
	if err != nil {
		return loadResult{}, err
	}
	self, err := os.Executable()
	if err != nil {
		return loadResult{}, err
	}
	_, theirs := cores()
	command := pinned(ctx, theirs, self, "load", string(options))
	command.Stderr = os.Stderr
	out, err := command.Output()
	if err != nil {
		return loadResult{}, fmt.Errorf("generate load: %w", err)
	}
	var result loadResult
	return result, json.Unmarshal(out, &result)
}

// load is the load generator: each caller sends the next request on its own connection as soon as the last was answered.
func load(options string) error {
	var o loadOptions
	if err := json.Unmarshal([]byte(options), &o); err != nil {
		return fmt.Errorf("read options: %w", err)
	}
	ids, err := readIDs(o.IDs)
	if err != nil {
		return err
	}
	order := shuffled(len(ids))
	lines := make(chan *line, o.Callers)
	for range o.Callers {
		l, err := dialLine(o.Base)
		if err != nil {
			return err
		}
		defer l.conn.Close()
		lines <- l
	}
	var t turns
	t.n.Store(int64(o.From))
	figure, err := hammer(o.Callers, o.Length, &t, func(turn int) error {
		l := <-lines
		defer func() { lines <- l }()
		n := order[turn%len(order)]
		var body []byte
		if o.Method == http.MethodPut {
			status := statuses[turn/len(order)%len(statuses)]
			body = append(append([]byte(`{"status":`+strconv.Itoa(status)+`,"callData":`), callData(n, turn+1)...), '}')
		}
		return l.send(o, ids[n], body)
	})
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(loadResult{Rate: figure.rate, P50: figure.p50, P99: figure.p99, Turns: int(t.n.Load())})
}

func readIDs(path string) (ids []id.ID, err error) {
	raw, err := os.ReadFile(path)
	for line := range strings.Lines(string(raw)) {
		ids = append(ids, id.ID(strings.TrimSpace(line)))
	}
	return ids, err
}

// line is one connection; requests are written by hand, since the generator shares the machine with what it measures.
type line struct {
	conn net.Conn
	in   *bufio.Reader
	out  bytes.Buffer
}

func dialLine(base string) (*line, error) {
	conn, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
	if err != nil {
		return nil, err
	}
	return &line{conn: conn, in: bufio.NewReader(conn)}, nil
}

func (l *line) send(o loadOptions, leadID id.ID, body []byte) error {
	l.out.Reset()
	fmt.Fprintf(&l.out, "%s /v2/Outbound/%s/Lead/%s HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\n", o.Method, o.Pearl, leadID, o.Key)
	if body != nil {
		fmt.Fprintf(&l.out, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	l.out.WriteString("\r\n")
	l.out.Write(body)
	if _, err := l.conn.Write(l.out.Bytes()); err != nil {
		return err
	}
	answer, err := http.ReadResponse(l.in, nil)
	if err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(answer.Body)
		return fmt.Errorf("%s lead: %d: %s", o.Method, answer.StatusCode, text)
	}
	_, err = io.Copy(io.Discard, answer.Body)
	return err
}
