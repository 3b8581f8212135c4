package telephony

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"nacre/internal/call"
	"nacre/internal/destination"
)

const (
	product = "nacre"
	allowed = "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO, NOTIFY"

	statusIntervalTooSmall = 422 // RFC 4028

	// supported lists our extensions as a caller: reliable provisional responses (RFC 3262) and session timers (RFC 4028).
	supported = "100rel, timer"
)

// loopback is where the sandbox carrier listens.
var loopback = destination.Networks{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// hop is the transport address that a request is sent to.
type hop struct {
	transport string // "UDP", "TCP" or "TLS"
	address   netip.AddrPort
	name      string // over TLS: whose certificate the peer must have
}

const transportTLS = "TLS"

// transportOf returns the library's name of a transport; ok is false for one that is not supported.
func transportOf(name string) (transport string, ok bool) {
	switch strings.ToLower(name) {
	case "", "udp":
		return "UDP", true
	case "tcp":
		return "TCP", true
	case "tls":
		return transportTLS, true
	}
	return "", false
}

// resolve resolves a host once, so that all messages of a transaction go to the same peer: to the first address that the
// networks allow (contract 9.7, "addresses"), in the address family of our socket. Port 0 is 5060, over TLS 5061. SRV records are not
// read: a trunk names its port (contract 12.1).
func (e *Endpoint) resolve(ctx context.Context, networks destination.Networks, transport, host string, port int) (hop, error) {
	if port == 0 {
		port = sip.DefaultUdpPort
		if transport == transportTLS {
			port = sip.DefaultTlsPort
		}
	}
	if port < 0 || port > 65535 {
		return hop{}, fmt.Errorf("resolve %q: no such port: %d", host, port)
	}
	if address, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		if address = address.Unmap(); address.Is4() != e.bind.Addr().Is4() {
			return hop{}, fmt.Errorf("%s cannot be reached from %s", address, e.bind.Addr())
		}
		if err := networks.Check(address); err != nil {
			return hop{}, err
		}
		return hop{transport: transport, address: netip.AddrPortFrom(address, uint16(port))}, nil
	}
	family := "ip6"
	if e.bind.Addr().Is4() {
		family = "ip4"
	}
	ctx, cancel := context.WithTimeout(ctx, e.timers.Connect)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, family, host)
	if why := destination.Unresolved(err); why != "" {
		return hop{}, errors.New(why)
	} else if err != nil {
		return hop{}, fmt.Errorf("resolve host: %w", err)
	}
	err = errors.New("no address")
	for _, address := range addresses {
		if err = networks.Check(address); err == nil {
			return hop{transport: transport, address: netip.AddrPortFrom(address.Unmap(), uint16(port))}, nil
		}
	}
	return hop{}, fmt.Errorf("resolve %q: %w", host, err)
}

// trunkHop resolves the peer of a trunk.
func (e *Endpoint) trunkHop(ctx context.Context, trunk call.Trunk) (hop, error) {
	transport, ok := transportOf(trunk.Transport)
	if !ok {
		return hop{}, fmt.Errorf("transport %q is not spoken", trunk.Transport)
	}
	next, err := e.resolve(ctx, e.networks(trunk), transport, trunk.Host, trunk.Port)
	if err != nil {
		return hop{}, err
	}
	if transport == transportTLS {
		next.name = strings.TrimSuffix(strings.Trim(trunk.Host, "[]"), ".")
	}
	if e.bind.Addr().IsLoopback() && !next.address.Addr().IsLoopback() {
		return hop{}, fmt.Errorf("%s cannot be reached: SIP listens on loopback only (--sip-listen %s); name an address that carriers reach, "+
			"such as 0.0.0.0:0, or 0.0.0.0:5060 for carriers that know you by address", next.address.Addr(), e.cfg.Listen)
	}
	return next, nil
}

// networks returns the non-public networks that a trunk may be in; the sandbox carrier may be on loopback besides.
func (e *Endpoint) networks(trunk call.Trunk) destination.Networks {
	if trunk.ID.Zero() {
		return append(slices.Clip(e.cfg.Networks), loopback...)
	}
	return e.cfg.Networks
}

// advertised returns our address in Via, Contact and SDP (contract 9.7): the external one, else the one we listen on, else
// the source address of the route to the peer. inside leaves out the external one, which the sandbox carrier cannot reach.
func (e *Endpoint) advertised(peer netip.AddrPort, inside bool) (netip.Addr, error) {
	if e.cfg.External.IsValid() && !inside {
		return e.cfg.External, nil
	}
	if !e.bind.Addr().IsUnspecified() {
		return e.bind.Addr(), nil
	}
	route, err := net.Dial("udp", peer.String()) // a connected UDP socket sends nothing
	if err != nil {
		return netip.Addr{}, fmt.Errorf("find the route to the peer: %w", err)
	}
	defer route.Close()
	return route.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap(), nil
}

// via returns the Via of a new transaction (RFC 3261 8.1.1.7, RFC 3581).
func (e *Endpoint) via(transport string, host netip.Addr) *sip.ViaHeader {
	via := &sip.ViaHeader{ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: transport,
		Host: host.String(), Port: int(e.bind.Port())}
	via.Params.Add("branch", sip.RFC3261BranchMagicCookie+rand.Text())
	via.Params.Add("rport", "")
	if transport == transportTLS {
		via.Params.Add("alias", "") // the peer's requests come over the same connection (RFC 5923)
	}
	return via
}

// contact returns our Contact: where the peer sends requests within a dialog.
func (e *Endpoint) contact(transport string, host netip.Addr, user string) *sip.ContactHeader {
	contact := &sip.ContactHeader{Address: sip.Uri{Scheme: "sip", User: user, Host: host.String(), Port: int(e.bind.Port())}}
	if transport != "UDP" {
		contact.Address.UriParams.Add("transport", strings.ToLower(transport))
	}
	return contact
}

// newRequest returns a request with the header fields that RFC 3261 8.1.1 requires, except From, To and Call-ID.
func (e *Endpoint) newRequest(method sip.RequestMethod, to sip.Uri, next hop, host netip.Addr, seq uint32) *sip.Request {
	request := sip.NewRequest(method, to)
	request.AppendHeader(e.via(next.transport, host))
	forwards := sip.MaxForwardsHeader(70)
	request.AppendHeader(&forwards)
	request.AppendHeader(&sip.CSeqHeader{SeqNo: seq, MethodName: method})
	request.AppendHeader(sip.NewHeader("User-Agent", product))
	e.aim(request, next)
	return request
}

// aim sets where a request goes and, over UDP, that it leaves from our socket; over TLS, whose certificate is expected, where the
// library does not look: it reads the local address as far as it has an IP. Messages from there are no stranger's.
func (e *Endpoint) aim(request *sip.Request, next hop) {
	e.strangers.know(next.address.Addr(), time.Now())
	request.SetTransport(next.transport)
	request.SetDestination(next.address.String())
	switch next.transport {
	case transportTLS:
		request.Laddr = sip.Addr{Hostname: next.name}
	case "UDP":
		request.Laddr = sip.Addr{IP: net.IP(e.udp.LocalAddr().(*net.UDPAddr).IP), Port: int(e.bind.Port())}
	}
}

// setBody puts a session description into a message.
func setBody(message sip.Message, description []byte) {
	if len(description) > 0 {
		contentType := sip.ContentTypeHeader("application/sdp")
		message.AppendHeader(&contentType)
	}
	message.SetBody(description)
}

// open creates the client transaction of a request, and the connection if need be. Nothing is sent before Init. The library
// shares one attempt to connect between callers: when another caller's context cancels it, open tries again.
func (e *Endpoint) open(ctx context.Context, request *sip.Request) (*sip.ClientTx, error) {
	if e.cfg.connecting != nil {
		e.cfg.connecting(request)
	}
	connecting, cancel := context.WithTimeout(ctx, e.timers.Connect)
	defer cancel()
	for {
		err := e.secure(connecting, request)
		var tx *sip.ClientTx
		if err == nil {
			tx, err = e.transactions.NewClientTransaction(connecting, request)
		}
		if err != nil && errors.Is(err, context.Canceled) && connecting.Err() == nil {
			continue
		}
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) {
			return nil, &silence{fmt.Sprintf("no connection within %s: %s is silent over %s", inSeconds(e.timers.Connect), request.Destination(), request.Transport()), err}
		}
		if err != nil {
			return nil, fmt.Errorf("connect to the peer: %w", err)
		}
		return tx, nil
	}
}

// ask sends a request other than INVITE and returns its final response. A transaction that ends without one is an error; so
// is the end of ctx, after which the transaction continues until Timer F.
func (e *Endpoint) ask(ctx context.Context, request *sip.Request) (*sip.Response, error) {
	began := time.Now()
	final, err := e.send(ctx, request)
	if err != nil {
		return nil, err
	}
	select {
	case response := <-final:
		if response == nil {
			return nil, noAnswer(request, time.Since(began), nil)
		}
		return response, nil
	case <-ctx.Done():
		return nil, noAnswer(request, time.Since(began), ctx.Err())
	}
}

// silence is that nothing came from a peer in time, in words; it wraps what ended the wait.
type silence struct {
	text  string
	cause error
}

func (s *silence) Error() string { return s.text }
func (s *silence) Unwrap() error { return s.cause }

// noAnswer says that a request was not answered; the end of a wait that had no time limit is returned as it is.
func noAnswer(request *sip.Request, waited time.Duration, cause error) error {
	if cause != nil && !errors.Is(cause, context.DeadlineExceeded) {
		return cause
	}
	return &silence{fmt.Sprintf("no answer to %s within %s: %s is silent over %s, or what it sends does not reach us",
		request.Method, inSeconds(waited), request.Destination(), request.Transport()), cause}
}

// inSeconds is a duration as people read it, to a tenth.
func inSeconds(d time.Duration) string {
	const tenth = 100 * time.Millisecond
	return fmt.Sprintf("%g s", max(d.Round(tenth), tenth).Seconds())
}

// send puts a request other than INVITE on the wire. The channel yields its final response, or nil when there is none.
func (e *Endpoint) send(ctx context.Context, request *sip.Request) (<-chan *sip.Response, error) {
	tx, err := e.open(ctx, request)
	if err != nil {
		return nil, err
	}
	if err := tx.Init(); err != nil {
		tx.Terminate()
		return nil, fmt.Errorf("send request: %w", err)
	}
	final := make(chan *sip.Response, 1)
	e.spawn("response", nil, func() {
		defer close(final)
		// The library blocks until a response is received here: this goroutine must outlive the caller.
		for {
			select {
			case response := <-tx.Responses():
				if !response.IsProvisional() {
					final <- response
					return
				}
			case <-tx.Done():
				return
			}
		}
	})
	return final, nil
}

// reply answers a request in its server transaction. Extra header fields are appended.
func (e *Endpoint) reply(tx *sip.ServerTx, request *sip.Request, code int, reason string, extra ...sip.Header) {
	response := sip.NewResponseFromRequest(request, code, reason, nil)
	for _, header := range extra {
		response.AppendHeader(header)
	}
	if err := tx.Respond(response); err != nil {
		e.log.Debug("a response could not be sent", "code", code, "error", err)
		tx.Terminate()
	}
}

// filter drops messages before the library handles them: those beyond the rate limit (a TCP connection is closed then), and
// datagrams that are no complete SIP message or make the parser panic. The library would quote those in errors, answer
// some, and remember the address of every sender.
func (e *Endpoint) filter(parser *sip.Parser) sip.TransportReadFilter {
	return func(info sip.TransportReadProps, data []byte) (passed []byte, err error) {
		if !e.strangers.allow(addressOf(info.RemoteAddr), time.Now()) {
			e.count.flooded.Add(1)
			if info.Transport != "UDP" {
				return nil, errFlood
			}
			return nil, nil
		}
		if info.Transport != "UDP" {
			return data, nil
		}
		defer func() {
			if broken := recover(); broken != nil {
				e.count.garbage.Add(1)
				passed, err = nil, nil
			}
		}()
		message, parseErr := parser.ParseSIP(data)
		if parseErr != nil || !complete(message) {
			e.count.garbage.Add(1)
			return nil, nil
		}
		e.senders.note(info.RemoteAddr)
		if response, ok := message.(*sip.Response); ok && e.answeredAfterRefusal(response) {
			return nil, nil
		}
		return data, nil
	}
}

var errFlood = errors.New("message rate limit of the source exceeded")

// complete reports whether a message has the header fields that every SIP message must have (RFC 3261 8.1.1).
func complete(message sip.Message) bool {
	seq := message.CSeq()
	if seq == nil || message.Via() == nil || message.From() == nil || message.To() == nil || message.CallID() == nil {
		return false
	}
	request, ok := message.(*sip.Request)
	return !ok || request.Method == seq.MethodName
}

// wait waits for d, or until a channel is closed; elapsed is false then.
func wait(d time.Duration, until <-chan struct{}) (elapsed bool) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-until:
		return false
	}
}
