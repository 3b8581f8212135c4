package telephony

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"github.com/emiago/sipgo/sip"
	"golang.org/x/sync/singleflight"
)

// secured are the connections over TLS to the peers of trunks, one an address. The library knows the address alone that a request
// goes to; we know the name that the certificate must have. So we connect, and the library gets the connection as from a listener:
// where a request finds none, it fails, and nothing is sent.
type secured struct {
	roots   *x509.CertPool // nil = the system's
	address net.Addr       // for the library's log
	opening singleflight.Group
	fresh   chan *securedConn
	closing chan struct{}
	close   func()

	mu   sync.Mutex
	open map[netip.AddrPort]*securedConn
	last *securedConn // that Accept returned; only the library's loop asks
}

// keepAlive finds out within half a minute that a peer has gone without a word.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3}

var errNoConnection = errors.New("the connection over TLS was lost")

func newSecured(roots *x509.CertPool, address net.Addr) *secured {
	s := &secured{roots: roots, address: address, fresh: make(chan *securedConn), closing: make(chan struct{}), open: map[netip.AddrPort]*securedConn{}}
	s.close = sync.OnceFunc(func() { close(s.closing) })
	return s
}

// transport is the library's half, which never connects by itself.
func (s *secured) transport(write time.Duration) *sip.TransportTLS {
	return &sip.TransportTLS{TransportTCP: &sip.TransportTCP{WriteTimeout: write, DialerCreate: func(net.Addr) net.Dialer {
		return net.Dialer{Control: func(string, string, syscall.RawConn) error { return errNoConnection }}
	}}}
}

// Accept returns the next connection that was made (net.Listener). The library has the one before among its own when it asks again.
func (s *secured) Accept() (net.Conn, error) {
	if s.last != nil {
		close(s.last.taken)
		s.last = nil
	}
	select {
	case conn := <-s.fresh:
		s.last = conn
		return conn, nil
	case <-s.closing:
		return nil, net.ErrClosed
	}
}

// Close ends Accept and every connection (net.Listener).
func (s *secured) Close() error {
	s.close()
	s.mu.Lock()
	conns := make([]*securedConn, 0, len(s.open))
	for _, conn := range s.open {
		conns = append(conns, conn)
	}
	s.mu.Unlock()
	for _, conn := range conns {
		_ = conn.Close() // the peer may have gone
	}
	return nil
}

// Addr implements net.Listener.
func (s *secured) Addr() net.Addr { return s.address }

// to sees to it that there is a connection to an address whose peer has proved to be name.
func (s *secured) to(ctx context.Context, address netip.AddrPort, name string) error {
	_, err, _ := s.opening.Do(address.String()+" "+name, func() (any, error) {
		s.mu.Lock()
		conn := s.open[address]
		s.mu.Unlock()
		if conn == nil {
			return nil, s.connect(ctx, address, name)
		}
		// Verified for another name maybe: that of another trunk at the same address.
		if err := conn.ConnectionState().PeerCertificates[0].VerifyHostname(name); err != nil {
			return nil, fmt.Errorf("verify the certificate of %s: %w", address, err)
		}
		return nil, nil
	})
	return err
}

// connect makes a connection and hands it to the library. A host is named by SNI; one that is an address is verified by it.
func (s *secured) connect(ctx context.Context, address netip.AddrPort, name string) error {
	plain, err := (&net.Dialer{KeepAliveConfig: keepAlive}).DialContext(ctx, "tcp", address.String())
	if err != nil {
		return err
	}
	over := tls.Client(plain, &tls.Config{ServerName: name, RootCAs: s.roots, MinVersion: tls.VersionTLS12})
	if err := over.HandshakeContext(ctx); err != nil {
		_ = plain.Close() // nothing was sent over it
		return fmt.Errorf("TLS with %s as %s: %w", address, name, err)
	}
	conn := &securedConn{Conn: over, address: address, all: s, taken: make(chan struct{})}
	s.mu.Lock()
	s.open[address] = conn
	s.mu.Unlock()
	select {
	case s.fresh <- conn:
	case <-s.closing:
		_ = conn.Close() // unused
		return net.ErrClosed
	}
	select {
	case <-conn.taken:
		return nil
	case <-s.closing:
		return net.ErrClosed
	}
}

func (s *secured) forget(conn *securedConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[conn.address] == conn {
		delete(s.open, conn.address)
	}
}

// securedConn is a connection that is made anew by the next request once it has ended.
type securedConn struct {
	*tls.Conn
	address netip.AddrPort
	all     *secured
	taken   chan struct{} // closed once the library sends over it
}

func (c *securedConn) Read(into []byte) (int, error) {
	n, err := c.Conn.Read(into)
	if err != nil {
		c.all.forget(c)
	}
	return n, err
}

func (c *securedConn) Write(text []byte) (int, error) {
	n, err := c.Conn.Write(text)
	if err != nil {
		c.all.forget(c)
	}
	return n, err
}

func (c *securedConn) Close() error {
	c.all.forget(c)
	return c.Conn.Close()
}

// secure has the connection of a request over TLS ready; of other requests nothing.
func (e *Endpoint) secure(ctx context.Context, request *sip.Request) error {
	if request.Transport() != transportTLS {
		return nil
	}
	address, err := netip.ParseAddrPort(request.Destination())
	if err != nil {
		return fmt.Errorf("read where a request goes: %w", err)
	}
	return e.secured.to(ctx, address, request.Laddr.Hostname)
}

// write sends an ACK, which has no transaction.
func (e *Endpoint) write(ack *sip.Request) error {
	ctx, cancel := context.WithTimeout(context.Background(), e.timers.Connect)
	defer cancel()
	if err := e.secure(ctx, ack); err != nil {
		return err
	}
	return e.transports.WriteMsg(ack)
}
