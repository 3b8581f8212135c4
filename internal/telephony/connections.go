package telephony

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// maxConnections bounds the TCP connections from strangers, each with 64 kB of the library's, and separately those from known
// addresses.
const maxConnections = 1000

// limitedListener limits incoming TCP connections: in all, per source address, and in how long they may send nothing.
// Known addresses have a limit of their own.
type limitedListener struct {
	net.Listener
	strangers *strangers
	limit     int           // connections of strangers; as many of known addresses
	perSource int           // connections of one stranger
	idle      time.Duration // read timeout
	firstByte time.Duration // read timeout before the first byte

	mu     sync.Mutex
	held   [2]int // open connections of strangers, of known addresses
	source map[netip.Addr]int
}

// Accept returns the next connection; those beyond the limits are closed at once (net.Listener).
func (g *limitedListener) Accept() (net.Conn, error) {
	for {
		conn, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from := addressOf(conn.RemoteAddr())
		leave, ok := g.enter(from, g.strangers.off || g.strangers.knows(from, time.Now()))
		if !ok {
			_ = conn.Close() // nothing was sent or received
			continue
		}
		return &limitedConn{Conn: conn, idle: g.idle, first: g.firstByte, leave: sync.OnceFunc(leave)}, nil
	}
}

// enter counts a connection of an address; ok is false beyond the limits. leave must be called when it closes.
func (g *limitedListener) enter(from netip.Addr, known bool) (leave func(), ok bool) {
	kind := 0
	if known {
		kind = 1
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.held[kind] >= g.limit || !known && g.source[from] >= g.perSource {
		return nil, false
	}
	g.held[kind]++
	g.source[from]++
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.held[kind]--
		if g.source[from]--; g.source[from] == 0 {
			delete(g.source, from)
		}
	}, true
}

// limitedConn is a connection that limitedListener accepted.
type limitedConn struct {
	net.Conn
	idle, first time.Duration
	received    bool // only the library's reader asks
	leave       func()
}

// Read reads with a deadline: a peer that sends nothing loses its connection, and can connect again.
func (v *limitedConn) Read(into []byte) (int, error) {
	timeout := v.idle
	if !v.received {
		timeout = v.first
	}
	if err := v.SetReadDeadline(time.Now().Add(timeout)); err != nil {
		return 0, err
	}
	n, err := v.Conn.Read(into)
	v.received = v.received || n > 0
	return n, err
}

func (v *limitedConn) Close() error {
	v.leave()
	return v.Conn.Close()
}
