// Package telephony carries calls over SIP and RTP (contract 9.7). It implements call.Dialer and call.Prober, keeps
// trunks registered, and answers requests from outside. It is the only package that imports the SIP library. It does
// not know when to call, whom, or what is said: it never dials twice, never retries, and reads only the trunk it is given.
package telephony

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"

	"nacre/internal/call"
	"nacre/internal/destination"
	"nacre/internal/id"
	"nacre/internal/media"
)

var (
	_ call.Dialer = (*Endpoint)(nil)
	_ call.Prober = (*Endpoint)(nil)
)

// receiveBuffer of the UDP socket in bytes: the kernel's default of 208 kB drops messages when many calls end at once.
const receiveBuffer = 4 << 20

// Config configures an Endpoint. The zero value listens on any port of all addresses and refuses calls from outside.
type Config struct {
	Listen   string               // address of the UDP and TCP sockets; "" = 0.0.0.0:0
	External netip.Addr           // put into Via, Contact and SDP; invalid = the address of Listen, else that of the route
	Networks destination.Networks // outside of the public internet that trunks, and what they name, may be in
	Roots    *x509.CertPool       // who vouches for the peers of trunks over TLS; nil = whom the system trusts
	RTPFrom  int                  // first UDP port for audio; 0 = any
	RTPTo    int                  // last UDP port for audio
	Codecs   []string             // of calls that come from outside, in order of preference; nil = PCMU, PCMA
	OnInvite func(Incoming)
	// OnRefer is called, in a goroutine of its own, when the peer of a call that was taken by OnInvite wants to be connected to a
	// number by REFER: it tells by tell how that goes, at last by a final status, and returns when the call is over. nil = such
	// requests are refused, as those of carriers always are.
	OnRefer func(to string, over <-chan struct{}, tell func(code int, reason string))
	Log     *slog.Logger
	Timers  Timers

	senders     int                // addresses that the library may remember; 0 = maxSenders
	connections int                // TCP connections from addresses that are no trunk's; 0 = maxConnections
	perSource   int                // such connections from one address; 0 = connections / sourceSharing
	connecting  func(*sip.Request) // called before the connection of a request is opened; nil = nothing is
}

// Timers are the times of RFC 3261 and of contract 9.7 that tests shorten. Zero members take their defaults.
type Timers struct {
	Connect     time.Duration // to resolve a name and to open a TCP connection: 5 s
	NoResponse  time.Duration // Timer B, an INVITE without any response: 32 s
	AfterCancel time.Duration // from a CANCEL until the INVITE is given up: 32 s
	Bye         time.Duration // how long Close and a challenge wait for the answer to a BYE: 4 s
	NoAck       time.Duration // Timer H, a 200 of ours without ACK: 32 s
	Transfer    time.Duration // from a REFER until its outcome is told: 3 min
	Backoff     time.Duration // between failed registrations: 30 s
	Refresh     time.Duration // at least, between registrations that succeed: 20 s
	Idle        time.Duration // a TCP connection from outside that sends nothing: 10 min
	FirstByte   time.Duration // one that has not sent anything yet: 10 s
}

func (t Timers) withDefaults() Timers {
	set := func(d *time.Duration, value time.Duration) {
		if *d <= 0 {
			*d = value
		}
	}
	set(&t.Connect, 5*time.Second)
	set(&t.NoResponse, 32*time.Second)
	set(&t.AfterCancel, 32*time.Second)
	set(&t.Bye, 4*time.Second)
	set(&t.NoAck, 32*time.Second)
	set(&t.Transfer, 3*time.Minute)
	set(&t.Backoff, 30*time.Second)
	set(&t.Refresh, 20*time.Second)
	set(&t.Idle, 10*time.Minute)
	set(&t.FirstByte, 10*time.Second)
	return t
}

// Endpoint is one SIP user agent: a UDP and a TCP socket on the same port, connections over TLS that it makes itself, and every call
// that goes over them.
type Endpoint struct {
	silenced     silencedInvites
	cfg          Config
	timers       Timers
	log          *slog.Logger
	bind         netip.AddrPort
	udp          *net.UDPConn
	tcp          net.Listener
	secured      *secured
	transports   *sip.TransportLayer
	transactions *sip.TransactionLayer
	ports        *media.Ports
	count        counters
	senders      senders
	strangers    *strangers

	mu          sync.Mutex
	dialogs     map[dialogKey]*dialog
	invitations map[string]*invitation // by Call-ID, until no late response can come
	incoming    map[*incoming]struct{} // ringing
	paces       map[id.ID]*pace        // by trunk
	busy        int                    // what Close waits for: transactions and answered calls
	idle        chan struct{}          // closed when closed and not busy
	closing     chan struct{}          // closed with closed
	closed      bool

	serving sync.WaitGroup // the readers of the two sockets
}

// configureSIPGo sets sipgo's package variables once. The default logger writes to the standard log whatever the options
// say. UDPMTUSize makes the library refuse to send datagrams over 1,300 bytes: a carrier with a long nonce, or behind many
// proxies, could then not be called at all. Longer datagrams are fragmented instead (RFC 3261 18.1.1 switches to TCP,
// which a trunk over UDP does not offer). The tracer notes the messages of our calls (ladder).
var configureSIPGo = sync.OnceFunc(func() {
	sip.SetDefaultLogger(slog.New(slog.DiscardHandler))
	sip.UDPMTUSize = 1 << 16
	sip.SIPDebugTracer(tracer{})
	sip.SIPDebug = true // has the tracer told
})

// Open binds the sockets and starts to serve them. The caller must Close the Endpoint.
func Open(cfg Config) (*Endpoint, error) {
	if cfg.Listen == "" {
		cfg.Listen = "0.0.0.0:0"
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if len(cfg.Codecs) == 0 {
		cfg.Codecs = []string{"PCMU", "PCMA"}
	}
	if cfg.senders == 0 {
		cfg.senders = maxSenders
	}
	if cfg.connections == 0 {
		cfg.connections = maxConnections
	}
	if cfg.perSource == 0 {
		cfg.perSource = max(cfg.connections/sourceSharing, 1)
	}
	udp, tcp, err := listen(cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen for SIP on %s: %w", cfg.Listen, err)
	}
	bound := udp.LocalAddr().(*net.UDPAddr).AddrPort()
	e := &Endpoint{
		cfg: cfg, timers: cfg.Timers.withDefaults(), log: cfg.Log,
		bind: netip.AddrPortFrom(bound.Addr().Unmap(), bound.Port()), udp: udp, tcp: tcp,
		dialogs: map[dialogKey]*dialog{}, invitations: map[string]*invitation{}, incoming: map[*incoming]struct{}{},
		closing: make(chan struct{}), idle: make(chan struct{}),
		senders: senders{limit: cfg.senders, known: map[netip.AddrPort]struct{}{}}, paces: map[id.ID]*pace{},
		strangers: newStrangers(cfg.OnInvite != nil), secured: newSecured(cfg.Roots, tcp.Addr()),
	}
	e.ports = media.NewPorts(e.bind.Addr(), cfg.RTPFrom, cfg.RTPTo)
	if err = udp.SetReadBuffer(receiveBuffer); err != nil {
		e.log.Warn("the receive buffer of the SIP socket stays small", "error", err)
	}
	if err = queueErrors(udp); err != nil {
		e.log.Warn("ICMP errors are not reported: a peer that refuses datagrams looks like a silent one", "error", err)
	}
	configureSIPGo()
	libraryLog := slog.New(libraryHandler{e.log.Handler()})
	parser := newParser()
	e.transports = sip.NewTransportLayer(net.DefaultResolver, parser, nil,
		sip.WithTransportLayerLogger(libraryLog),
		sip.WithTransportLayerReadFilter(e.filter(parser)),
		sip.WithTransportLayerTransports(sip.TransportsConfig{TLS: e.secured.transport(e.timers.Connect), TCP: &sip.TransportTCP{
			WriteTimeout: e.timers.Connect,
			DialerCreate: func(from net.Addr) net.Dialer {
				if from == (*net.TCPAddr)(nil) { // an interface that holds nil is no nil to the dialer
					from = nil
				}
				return net.Dialer{Timeout: e.timers.Connect, LocalAddr: from}
			},
		}}))
	e.transactions = sip.NewTransactionLayer(e.transports,
		sip.WithTransactionLayerLogger(libraryLog),
		sip.WithTransactionLayerUnhandledResponseHandler(e.unmatchedResponse))
	e.transactions.OnRequest(e.handleRequest)
	if err := e.serve(); err != nil {
		return nil, errors.Join(err, udp.Close(), tcp.Close(), e.secured.Close())
	}
	return e, nil
}

// listen binds UDP and TCP to the same port. With port 0 it tries another port when TCP cannot have the one of UDP.
func listen(address string) (*net.UDPConn, net.Listener, error) {
	at, err := net.ResolveUDPAddr("udp", address)
	if err != nil {
		return nil, nil, err
	}
	// With "udp4" or "udp6" the local address reads as it was configured; the library looks the socket up by it.
	family := "6"
	if at.IP == nil || at.IP.To4() != nil {
		family = "4"
	}
	for attempt := 0; ; attempt++ {
		udp, err := net.ListenUDP("udp"+family, at)
		if err != nil {
			return nil, nil, err
		}
		tcp, err := net.Listen("tcp"+family, udp.LocalAddr().String())
		if err == nil {
			return udp, tcp, nil
		}
		if err = errors.Join(err, udp.Close()); at.Port != 0 || attempt == 20 {
			return nil, nil, err
		}
	}
}

// serve starts the readers and waits until the library has registered the UDP socket: a request sent earlier would go
// out from another socket.
func (e *Endpoint) serve() error {
	taken := make(chan struct{})
	e.serving.Go(func() { e.readUDP(taken) })
	e.serving.Go(func() {
		listener := &limitedListener{Listener: e.tcp, strangers: e.strangers, limit: e.cfg.connections, perSource: e.cfg.perSource,
			idle: e.timers.Idle, firstByte: e.timers.FirstByte, source: map[netip.Addr]int{}}
		if err := e.transports.ServeTCP(listener); !errors.Is(err, net.ErrClosed) {
			e.log.Error("the SIP socket over TCP is no longer read", "error", err)
		}
	})
	e.serving.Go(func() {
		if err := e.transports.ServeTLS(e.secured); !errors.Is(err, net.ErrClosed) {
			e.log.Error("SIP connections over TLS are no longer read", "error", err)
		}
	})
	select {
	case <-taken:
		return nil
	case <-time.After(5 * time.Second):
		return errors.New("serve SIP: the library did not register the UDP socket")
	}
}

// closeSession frees the RTP ports of a call.
func (e *Endpoint) closeSession(session *media.Session) {
	if err := session.Close(); err != nil {
		e.log.Warn("RTP ports did not close cleanly", "error", err)
	}
}

// Address is the address that the endpoint listens on, over UDP and TCP.
func (e *Endpoint) Address() netip.AddrPort { return e.bind }

// begin registers work that Close waits for; it returns false once the endpoint is closing.
func (e *Endpoint) begin() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return false
	}
	e.busy++
	return true
}

// enter is begin for work that is done even while closing: an ACK, a BYE, an answered call.
func (e *Endpoint) enter() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.busy++
}

// leave ends what begin or enter began.
func (e *Endpoint) leave() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.busy--
	e.checkIdle()
}

// checkIdle closes e.idle when the endpoint is closed and nothing is left to wait for. e.mu must be held.
func (e *Endpoint) checkIdle() {
	if !e.closed || e.busy > 0 {
		return
	}
	select {
	case <-e.idle:
	default:
		close(e.idle)
	}
}

// Close refuses new calls, sends CANCEL or BYE for every call, and waits until they have ended or ctx is done. It then
// wraps the error of ctx.
func (e *Endpoint) Close(ctx context.Context) error {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return nil
	}
	e.closed = true
	close(e.closing)
	dialogs := make([]*dialog, 0, len(e.dialogs))
	for _, d := range e.dialogs {
		dialogs = append(dialogs, d)
	}
	ringing := make([]*incoming, 0, len(e.incoming))
	for in := range e.incoming {
		ringing = append(ringing, in)
	}
	e.mu.Unlock()

	for _, in := range ringing {
		_ = in.Reject(sip.StatusServiceUnavailable, "Service Unavailable") // already over: nothing to refuse
	}
	for _, d := range dialogs {
		if d.confirmed() {
			e.enter()
			e.spawn("hang-up", nil, func() {
				defer e.leave()
				d.hangUp()
			})
		}
	}
	e.mu.Lock()
	e.checkIdle()
	e.mu.Unlock()
	var err error
	select {
	case <-e.idle:
	case <-ctx.Done():
		err = fmt.Errorf("close SIP endpoint: calls left unanswered: %w", ctx.Err())
	}
	e.transactions.Close()
	err = errors.Join(err, e.udp.Close(), e.tcp.Close(), e.secured.Close())
	if closeErr := e.transports.Close(); closeErr != nil {
		e.log.Debug("a SIP connection did not close cleanly", "error", closeErr)
	}
	e.serving.Wait()
	return err
}
