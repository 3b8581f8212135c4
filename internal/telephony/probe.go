package telephony

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"nacre/internal/call"
)

// registrationTime is the Expires that we ask a registrar for.
const registrationTime = 5 * time.Minute

// Options sends OPTIONS to the trunk (call.Prober). Any response means that the peer is up, except 503 and 408; refused
// credentials are Unauthorized.
func (e *Endpoint) Options(ctx context.Context, trunk call.Trunk) call.ProbeResult {
	p, err := e.probe(ctx, trunk)
	if err != nil {
		return call.ProbeResult{Detail: err.Error()}
	}
	response, err := p.ask(ctx, sip.OPTIONS, func(request *sip.Request) {
		request.AppendHeader(sip.NewHeader("Accept", "application/sdp"))
	})
	switch {
	case errors.Is(err, errCredentials) && trunk.Username == "":
		return call.ProbeResult{OK: true, Detail: statusLine(response)} // a challenge: the peer is up
	case errors.Is(err, errCredentials):
		return call.ProbeResult{Unauthorized: true, Detail: detail(response, err)}
	case err != nil:
		return call.ProbeResult{Detail: err.Error()}
	}
	down := response.StatusCode == sip.StatusServiceUnavailable || response.StatusCode == sip.StatusRequestTimeout
	return call.ProbeResult{OK: !down, Detail: statusLine(response)}
}

// Register sends one REGISTER to the trunk (call.Prober). The Registrar refreshes registrations.
func (e *Endpoint) Register(ctx context.Context, trunk call.Trunk) call.ProbeResult {
	p, err := e.probe(ctx, trunk)
	if err != nil {
		return call.ProbeResult{Detail: err.Error()}
	}
	return p.register(ctx, registrationTime)
}

// probe is a series of requests outside of dialogs to one trunk, with one Call-ID and increasing CSeq (RFC 3261 10.2).
type probe struct {
	e        *Endpoint
	trunk    call.Trunk
	hop      hop
	host     netip.Addr
	contact  *sip.ContactHeader
	callID   sip.CallIDHeader
	localTag string
	seq      uint32
}

func (e *Endpoint) probe(ctx context.Context, trunk call.Trunk) (*probe, error) {
	next, err := e.trunkHop(ctx, trunk)
	if err != nil {
		return nil, err
	}
	host, err := e.advertised(next.address, trunk.ID.Zero())
	if err != nil {
		return nil, err
	}
	user := trunk.Username
	if user == "" {
		user = product
	}
	return &probe{e: e, trunk: trunk, hop: next, host: host, contact: e.contact(next.transport, host, user),
		callID: sip.CallIDHeader(rand.Text()), localTag: rand.Text()[:16]}, nil
}

// ask sends a request, answers a challenge to it, and answers the final response. Where the error wraps errCredentials
// the response is the challenge that was not met.
func (p *probe) ask(ctx context.Context, method sip.RequestMethod, complete func(*sip.Request)) (*sip.Response, error) {
	if !p.e.begin() {
		return nil, errors.New("the SIP endpoint is closed")
	}
	defer p.e.leave()
	secrets := credentials{username: p.trunk.Username, password: p.trunk.Password}
	var previous *sip.Request
	var challenge *sip.Response
	for {
		request := p.request(method)
		complete(request)
		if previous != nil {
			copyCredentials(previous, request)
			if err := secrets.respond(request, challenge); err != nil {
				return challenge, err
			}
			p.e.count.challenges.Add(1)
		}
		response, err := p.e.ask(ctx, request)
		if err != nil {
			return nil, err
		}
		if !challenged(response) {
			return response, nil
		}
		previous, challenge = request, response
	}
}

func (p *probe) request(method sip.RequestMethod) *sip.Request {
	domain := p.trunk.FromDomain
	target := sip.Uri{Scheme: "sip", Host: p.trunk.Host, Port: int(p.hop.address.Port())}
	if domain == "" {
		domain = p.trunk.Host
	} else if method == sip.REGISTER {
		target = sip.Uri{Scheme: "sip", Host: domain} // the domain whose registrar is asked (RFC 3261 10.2)
	}
	self := sip.Uri{Scheme: "sip", User: p.contact.Address.User, Host: domain}
	to := &sip.ToHeader{Address: target}
	if method == sip.REGISTER {
		to.Address = self // the address of record
	}
	from := &sip.FromHeader{Address: self}
	from.Params.Add("tag", p.localTag)
	p.seq++
	request := p.e.newRequest(method, target, p.hop, p.host, p.seq)
	request.AppendHeader(from)
	request.AppendHeader(to)
	request.AppendHeader(&p.callID)
	request.AppendHeader(p.contact.Clone())
	request.SetBody(nil)
	return request
}

// register registers for lifetime; 0 ends the registration. After a 423 it asks once more with the registrar's
// Min-Expires (RFC 3261 10.2.8).
func (p *probe) register(ctx context.Context, lifetime time.Duration) call.ProbeResult {
	for again := false; ; again = true {
		response, err := p.ask(ctx, sip.REGISTER, func(request *sip.Request) {
			request.AppendHeader(sip.NewHeader("Expires", strconv.Itoa(int(lifetime/time.Second))))
		})
		switch {
		case errors.Is(err, errCredentials):
			return call.ProbeResult{Unauthorized: true, Detail: detail(response, err)}
		case err != nil:
			return call.ProbeResult{Detail: err.Error()}
		case response.IsSuccess():
			return call.ProbeResult{OK: true, Detail: statusLine(response), Expires: p.granted(response, lifetime)}
		case response.StatusCode == sip.StatusForbidden:
			return call.ProbeResult{Unauthorized: true, Detail: statusLine(response)}
		case response.StatusCode == sip.StatusIntervalToBrief && !again:
			if least, ok := seconds(response.GetHeader("Min-Expires")); ok && least > lifetime {
				lifetime = least
				continue
			}
		}
		return call.ProbeResult{Detail: statusLine(response)}
	}
}

// granted returns the expiry that the registrar gave our contact (RFC 3261 10.2.4), asked without one.
func (p *probe) granted(response *sip.Response, asked time.Duration) time.Duration {
	for _, header := range response.GetHeaders("Contact") {
		contact, ok := header.(*sip.ContactHeader)
		if !ok || contact.Address.Host != p.contact.Address.Host || contact.Address.Port != p.contact.Address.Port {
			continue
		}
		if text, ok := contact.Params.Get("expires"); ok {
			if n, err := strconv.ParseUint(text, 10, 32); err == nil {
				return time.Duration(n) * time.Second
			}
		}
	}
	if given, ok := seconds(response.GetHeader("Expires")); ok {
		return given
	}
	return asked
}

func seconds(header sip.Header) (time.Duration, bool) {
	if header == nil {
		return 0, false
	}
	n, err := strconv.ParseUint(strings.TrimSpace(header.Value()), 10, 32)
	return time.Duration(n) * time.Second, err == nil
}

func statusLine(response *sip.Response) string {
	return fmt.Sprintf("%d %s", response.StatusCode, response.Reason)
}

func detail(response *sip.Response, err error) string {
	return statusLine(response) + ": " + err.Error()
}
