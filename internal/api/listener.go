package api

import (
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// Connections are limits of connections; 0 = none.
type Connections struct {
	PerAddress int // of one address; of IPv6 a /64
	Total      int
	// Proxies are networks of trusted proxies: what comes from one is no single client, and PerAddress does not count it.
	Proxies []netip.Prefix
	Log     *slog.Logger // of refused connections, at most one line a minute; nil = none
}

// Listener takes connections for NewServer, as many as the limits allow: one too many is answered 503 and closed, where it
// does not speak TLS.
func Listener(inner net.Listener, limits Connections) net.Listener {
	return &listener{Listener: inner, Connections: limits, open: map[string]int{}}
}

type listener struct {
	net.Listener
	Connections

	mu     sync.Mutex
	open   map[string]int // connections by address
	total  int
	logged time.Time
}

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	for {
		accepted, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from := l.source(accepted.RemoteAddr().String())
		if !l.enter(from) {
			turnAway(accepted)
			continue
		}
		c := &connection{Conn: accepted, closed: sync.OnceFunc(func() { l.leave(from) })}
		if secure, isTLS := accepted.(*tls.Conn); isTLS {
			return tlsConnection{connection: c, tls: secure}, nil
		}
		return c, nil
	}
}

// source is what a peer's connections are counted under, "" for those of a trusted proxy.
func (l *listener) source(peer string) string {
	if from, err := netip.ParseAddrPort(peer); err == nil && within(l.Proxies, from.Addr().Unmap().WithZone("")) {
		return ""
	}
	return addressOf(peer)
}

// enter takes a place for a connection from the address.
func (l *listener) enter(from string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if from != "" && l.PerAddress > 0 && l.open[from] >= l.PerAddress || l.Total > 0 && l.total >= l.Total {
		if now := time.Now(); l.Log != nil && now.Sub(l.logged) >= time.Minute {
			l.logged = now
			l.Log.Warn("too many HTTP connections: new ones are refused", "ofThisAddress", l.open[from], "open", l.total, slog.Group("pii", "address", from))
		}
		return false
	}
	l.open[from]++
	l.total++
	return true
}

func (l *listener) leave(from string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.total--
	if l.open[from]--; l.open[from] == 0 {
		delete(l.open, from)
	}
}

// turnAway answers a connection for which there is no place, without waiting for anything.
func turnAway(c net.Conn) {
	if _, isTLS := c.(*tls.Conn); !isTLS {
		_ = c.SetWriteDeadline(time.Now().Add(100 * time.Millisecond)) // the buffers of a new connection are empty: nothing waits
		_, _ = c.Write(lastWords(http.StatusServiceUnavailable, "Too many connections are open. Use fewer of them, each for many requests.", "Retry-After: 1\r\n"))
		if half, can := c.(*net.TCPConn); can {
			_ = half.CloseWrite()
		}
	}
	_ = c.Close()
}
