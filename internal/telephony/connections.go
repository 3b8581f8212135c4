package telephony

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// maxConnections is how many TCP connections from strangers are held at once, each with 64 kB of the library's, and as many
// from trunks besides.
const maxConnections = 1000

// guarded bounds what others can hold of us over TCP: so many connections, few of one address, and none that has been
// silent for long, or has never said anything. Trunks have their own places.
type guarded struct {
	net.Listener
	strangers *strangers
	limit     int           // of strangers, and of trunks
	perSource int           // of one stranger
	idle      time.Duration // without a word
	firstWord time.Duration // after which one that has said nothing is closed

	mu     sync.Mutex
	held   [2]int // by strangers, by trunks
	source map[netip.Addr]int
}

// Accept answers the next connection; those beyond the limits are closed at once.
func (g *guarded) Accept() (net.Conn, error) {
	for {
		conn, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from := addressOf(conn.RemoteAddr())
		leave, ok := g.enter(from, g.strangers.off || g.strangers.known(from, time.Now()))
		if !ok {
			_ = conn.Close() // nothing has been said
			continue
		}
		return &visitor{Conn: conn, idle: g.idle, first: g.firstWord, leave: sync.OnceFunc(leave)}, nil
	}
}

func (g *guarded) enter(from netip.Addr, trunk bool) (leave func(), ok bool) {
	kind := 0
	if trunk {
		kind = 1
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.held[kind] >= g.limit || !trunk && g.source[from] >= g.perSource {
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

// visitor is a connection from outside.
type visitor struct {
	net.Conn
	idle, first time.Duration
	spoke       bool // only the library's reader asks
	leave       func()
}

// Read gives a silent peer up; it can connect again.
func (v *visitor) Read(into []byte) (int, error) {
	patience := v.idle
	if !v.spoke {
		patience = v.first
	}
	if err := v.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return 0, err
	}
	n, err := v.Conn.Read(into)
	v.spoke = v.spoke || n > 0
	return n, err
}

func (v *visitor) Close() error {
	v.leave()
	return v.Conn.Close()
}
