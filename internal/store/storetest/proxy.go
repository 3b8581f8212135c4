package storetest

import (
	"bytes"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
)

// Proxy is a loopback TCP proxy before a PostgreSQL of StartCluster, which loses connections as networks do.
type Proxy struct {
	listener net.Listener
	address  url.URL
	socket   string // of PostgreSQL

	withhold atomic.Int64 // answers to COMMIT still to be withheld

	mu    sync.Mutex
	links map[*link]bool
	done  bool
}

// link is one connection through the proxy.
type link struct {
	client, server net.Conn
	swallowed      atomic.Bool // a black hole: both ends believe it is there, and nothing passes
}

// StartProxy starts a proxy before the database of a URL that StartCluster made; it ends with the test.
func StartProxy(t testing.TB, databaseURL string) *Proxy {
	t.Helper()
	target, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{
		listener: listener, socket: target.Query().Get("host") + "/.s.PGSQL.5432", links: map[*link]bool{},
		address: url.URL{Scheme: "postgres", User: target.User, Host: listener.Addr().String(), Path: target.Path, RawQuery: "sslmode=disable"},
	}
	go p.accept()
	t.Cleanup(func() {
		p.mu.Lock()
		p.done = true
		p.mu.Unlock()
		_ = listener.Close()
		p.Cut()
	})
	return p
}

// URL is the database's, through the proxy.
func (p *Proxy) URL() string { return p.address.String() }

// Cut closes all connections that are open now.
func (p *Proxy) Cut() {
	for _, l := range p.open() {
		l.close()
	}
}

// Swallow makes a black hole of each connection that is open now. New ones pass.
func (p *Proxy) Swallow() {
	for _, l := range p.open() {
		l.swallowed.Store(true)
	}
}

// WithholdCommits cuts each of the next n connections that PostgreSQL tells of a COMMIT, before it is told: the transaction is
// on disk, and its client does not know.
func (p *Proxy) WithholdCommits(n int) { p.withhold.Store(int64(n)) }

func (p *Proxy) open() (links []*link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		links = append(links, l)
	}
	return links
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		server, err := net.Dial("unix", p.socket)
		if err != nil {
			_ = client.Close() // as where PostgreSQL is not there
			continue
		}
		l := &link{client: client, server: server}
		p.mu.Lock()
		p.links[l] = true
		done := p.done
		p.mu.Unlock()
		if done {
			l.close()
		}
		go p.pump(l, server, client, func([]byte) bool { return false })
		go p.pump(l, client, server, p.withheld())
	}
}

// committed is PostgreSQL's CommandComplete of a COMMIT (protocol 55.7).
var committed = []byte("C\x00\x00\x00\x0bCOMMIT\x00")

// withheld returns a function that says of each piece of what a server says whether the connection is to be cut before it.
func (p *Proxy) withheld() func(piece []byte) bool {
	var seen []byte // its end may begin the message
	return func(piece []byte) bool {
		seen = append(seen, piece...)
		found := bytes.Contains(seen, committed)
		seen = append(seen[:0], seen[max(0, len(seen)-len(committed)+1):]...)
		return found && p.withhold.Load() > 0 && p.withhold.Add(-1) >= 0
	}
}

func (p *Proxy) pump(l *link, to, from net.Conn, cutBefore func(piece []byte) bool) {
	defer func() {
		l.close()
		p.mu.Lock()
		delete(p.links, l)
		p.mu.Unlock()
	}()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if l.swallowed.Load() {
			if err != nil {
				return
			}
			continue
		}
		if cutBefore(buffer[:n]) {
			return
		}
		if _, failed := to.Write(buffer[:n]); failed != nil || err != nil {
			return
		}
	}
}

func (l *link) close() {
	_ = l.client.Close()
	_ = l.server.Close()
}
