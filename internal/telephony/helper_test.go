package telephony

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/id"
)

const (
	caller = "+14155550100"
	callee = "+14155550101"
)

// timeout bounds every wait of a test; nothing correct comes near it.
const timeout = 15 * time.Second

// open is an endpoint on loopback that ends with the test.
func open(t *testing.T, cfg Config) *Endpoint {
	t.Helper()
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:0"
	}
	if cfg.Networks == nil {
		cfg.Networks = loopback
	}
	cfg.Log = slog.New(slog.NewTextHandler(testLog{t}, &slog.HandlerOptions{Level: slog.LevelInfo}))
	e, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		if err := e.Close(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("close: %v", err)
		}
	})
	return e
}

// testLog writes the endpoint's log to the test's.
type testLog struct{ t *testing.T }

func (l testLog) Write(line []byte) (int, error) {
	l.t.Logf("%s", bytes.TrimSpace(line))
	return len(line), nil
}

func trunkTo(peer netip.AddrPort) call.Trunk {
	return call.Trunk{ID: id.ID("6650a1f2c3d4e5f607182930"), Host: peer.Addr().String(), Port: int(peer.Port()), Transport: "udp"}
}

func inviteTo(trunk call.Trunk, ringFor time.Duration) call.Invite {
	return call.Invite{Call: id.ID("6650a1f2c3d4e5f607182931"), Trace: "4bf92f3577b34da6a3ce929d0e0e4736",
		Trunk: trunk, From: caller, To: callee, RingFor: ringFor}
}

// dialed is the answer of a Dial that runs on.
type dialed struct {
	leg     call.Leg
	failure *call.Failure
}

func dial(ctx context.Context, e *Endpoint, invite call.Invite) <-chan dialed {
	result := make(chan dialed, 1)
	go func() {
		leg, failure := e.Dial(ctx, invite)
		result <- dialed{leg, failure}
	}()
	return result
}

func await[T any](t *testing.T, what string, from <-chan T) T {
	t.Helper()
	select {
	case value := <-from:
		return value
	case <-time.After(timeout):
		t.Fatalf("waited in vain for %s", what)
		panic("unreachable")
	}
}

// wantFailure dials and expects this cause and code.
func wantFailure(t *testing.T, e *Endpoint, invite call.Invite, cause call.Cause, code int) {
	t.Helper()
	got := await(t, "the end of the call", dial(t.Context(), e, invite))
	checkFailure(t, got, cause, code)
}

func checkFailure(t *testing.T, got dialed, cause call.Cause, code int) {
	t.Helper()
	if got.failure == nil {
		got.leg.HangUp()
		t.Fatalf("answered, want %s", cause)
	}
	if got.failure.Cause != cause || got.failure.Code != code {
		t.Errorf("got %+v, want %s with code %d", *got.failure, cause, code)
	}
}

// person is a call.Party that hums and listens.
type person struct {
	talkFor  int // frames until it hangs up; 0 = never
	frames   atomic.Int64
	heard    atomic.Int64  // frames that were no silence
	hearing  chan struct{} // closed when something was heard
	onHold   chan bool
	heldAt   []int64 // frames exchanged when Held was called
	keys     chan rune
	wasHeard bool
}

func newPerson() *person {
	return &person{hearing: make(chan struct{}), onHold: make(chan bool, 8), keys: make(chan rune, 32)}
}

func (p *person) Exchange(heard, say *call.Frame) bool {
	n := p.frames.Add(1)
	for i := range say {
		say[i] = int16(8000 - 16000*(i/10%2)) // a square wave of 400 Hz
	}
	for _, sample := range heard {
		if sample > 1000 || sample < -1000 {
			p.heard.Add(1)
			if !p.wasHeard {
				p.wasHeard = true
				close(p.hearing)
			}
			break
		}
	}
	return p.talkFor == 0 || n < int64(p.talkFor)
}

func (p *person) Key(key rune) { p.keys <- key }
func (p *person) Held(on bool) {
	p.heldAt = append(p.heldAt, p.frames.Load())
	p.onHold <- on
}

func serve(ctx context.Context, leg call.Leg, party call.Party) <-chan call.Ending {
	ended := make(chan call.Ending, 1)
	go func() { ended <- leg.Serve(ctx, party) }()
	return ended
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for begun := time.Now(); !holds(); <-tick.C {
		if time.Since(begun) > timeout {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// rawPeer is a SIP peer of bare text over UDP, for what a well-behaved one does not do.
type rawPeer struct {
	t    *testing.T
	conn *net.UDPConn
	from *net.UDPAddr    // of the last message read
	seen map[string]bool // what tells a message from its retransmission, of all that were read
}

func newRawPeer(t *testing.T) *rawPeer {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return rawPeerOn(t, conn)
}

func rawPeerOn(t *testing.T, conn *net.UDPConn) *rawPeer {
	return &rawPeer{t: t, conn: conn, seen: map[string]bool{}}
}

func (p *rawPeer) address() netip.AddrPort { return p.conn.LocalAddr().(*net.UDPAddr).AddrPort() }

// message is a request or response as it came.
type message struct {
	first string
	lines []string
	body  string
	again bool // it was read before
}

func parseMessage(text string) message {
	head, body, _ := strings.Cut(text, "\r\n\r\n")
	lines := strings.Split(head, "\r\n")
	return message{first: lines[0], lines: lines[1:], body: body}
}

func (m message) method() string { method, _, _ := strings.Cut(m.first, " "); return method }

// header is the value of the first field of that name.
func (m message) header(name string) string {
	for _, line := range m.lines {
		if field, value, _ := strings.Cut(line, ":"); strings.EqualFold(field, name) {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// read answers the next message, within limit.
func (p *rawPeer) read(limit time.Duration) (message, bool) {
	buffer := make([]byte, 4096)
	_ = p.conn.SetReadDeadline(time.Now().Add(limit))
	n, from, err := p.conn.ReadFromUDP(buffer)
	if err != nil {
		return message{}, false
	}
	p.from = from
	m := parseMessage(string(buffer[:n]))
	sent := m.first + m.header("Via") + m.header("CSeq") + m.header("To")
	m.again, p.seen[sent] = p.seen[sent], true
	return m, true
}

// expect reads until a message begins with that; INVITEs and what is sent again, as on a busy machine, are passed over.
func (p *rawPeer) expect(begins string) message {
	p.t.Helper()
	for begun := time.Now(); time.Since(begun) < timeout; {
		m, ok := p.read(timeout)
		if !ok {
			break
		}
		if strings.HasPrefix(m.first, begins) {
			return m
		}
		if m.method() != "INVITE" && !m.again {
			p.t.Fatalf("got %q, want %q", m.first, begins)
		}
	}
	p.t.Fatalf("waited in vain for %q", begins)
	panic("unreachable")
}

func (p *rawPeer) send(text string) {
	p.t.Helper()
	if _, err := p.conn.WriteToUDP([]byte(text), p.from); err != nil {
		p.t.Fatal(err)
	}
}

// respond answers a request with a status, a To tag ("" = none), more header lines and a body.
func (p *rawPeer) respond(to message, status, tag, extra, body string) {
	p.t.Helper()
	var text strings.Builder
	fmt.Fprintf(&text, "SIP/2.0 %s\r\n", status)
	for _, line := range to.lines {
		name, _, _ := strings.Cut(line, ":")
		switch strings.ToLower(name) {
		case "via", "from", "call-id", "cseq":
			text.WriteString(line + "\r\n")
		case "to":
			if tag != "" && !strings.Contains(line, "tag=") {
				line += ";tag=" + tag
			}
			text.WriteString(line + "\r\n")
		}
	}
	if !strings.HasPrefix(extra, "Contact: ") {
		fmt.Fprintf(&text, "Contact: <sip:peer@%s>\r\n", p.address())
	}
	text.WriteString(extra)
	if body != "" {
		text.WriteString("Content-Type: application/sdp\r\n")
	}
	fmt.Fprintf(&text, "Content-Length: %d\r\n\r\n%s", len(body), body)
	p.send(text.String())
}

// description is an SDP with G.711 on that port.
func description(port int, direction string) string {
	return fmt.Sprintf("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"+
		"m=audio %d RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=%s\r\n", port, direction)
}

// sipp runs SIPp as the called side with a scenario of testdata. It must end by itself, without a complaint.
// SIPp takes status lines in a scenario literally only, so the status of a refusal is written in for STATUS.
type sipp struct {
	t       *testing.T
	address netip.AddrPort
	done    chan error
	output  *bytes.Buffer
	errors  string
}

func startSIPp(t *testing.T, scenario, transport string, options ...string) *sipp {
	t.Helper()
	return startSIPpRefusing(t, scenario, transport, "", options...)
}

func startSIPpRefusing(t *testing.T, scenario, transport, status string, options ...string) *sipp {
	t.Helper()
	if testing.Short() {
		t.Skip("needs SIPp (Debian: sip-tester)")
	}
	program, err := exec.LookPath("sipp")
	if err != nil {
		t.Fatal("SIPp is missing (Debian: sip-tester)")
	}
	folder := t.TempDir()
	s := &sipp{t: t, done: make(chan error, 1), output: &bytes.Buffer{}, errors: filepath.Join(folder, "errors")}
	s.address = netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), freePort(t))
	mode := "u1"
	if transport == "tcp" {
		mode = "t1"
	}
	text, err := os.ReadFile(filepath.Join("testdata", scenario+".xml"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, "scenario.xml")
	if err := os.WriteFile(file, bytes.ReplaceAll(text, []byte("STATUS"), []byte(status)), 0o600); err != nil {
		t.Fatal(err)
	}
	arguments := append([]string{"-sf", file, "-i", "127.0.0.1", "-p", strconv.Itoa(int(s.address.Port())),
		"-mi", "127.0.0.1", "-mp", strconv.Itoa(int(freePort(t)) &^ 1), "-t", mode, "-m", "1", "-nostdin",
		"-timeout", "20s", "-trace_err", "-error_file", s.errors}, options...)
	command := exec.CommandContext(t.Context(), program, arguments...)
	command.Dir = folder
	command.Stdout, command.Stderr = s.output, s.output
	command.Env = append(os.Environ(), "TERM=dumb")
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { s.done <- command.Wait(); close(ended) }()
	t.Cleanup(func() { <-ended })
	eventually(t, "SIPp listens", func() bool { return bound(t, transport, s.address.Port()) })
	return s
}

// finish waits until SIPp has seen its scenario through.
func (s *sipp) finish() {
	s.t.Helper()
	if err := await(s.t, "the end of SIPp", s.done); err != nil {
		complaints, _ := os.ReadFile(s.errors)
		s.t.Errorf("SIPp: %v\n%s\n%s", err, complaints, tail(s.output.String()))
	}
}

func tail(text string) string { return text[max(0, len(text)-3000):] }

// freePort is a port that nothing is bound to at the moment.
func freePort(t *testing.T) uint16 {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.LocalAddr().(*net.UDPAddr).AddrPort().Port()
}

// bound reports whether some process has a socket on that port.
func bound(t *testing.T, transport string, port uint16) bool {
	t.Helper()
	file, err := os.Open("/proc/net/" + transport)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) > 1 && strings.HasSuffix(fields[1], fmt.Sprintf(":%04X", port)) {
			return true
		}
	}
	return false
}
