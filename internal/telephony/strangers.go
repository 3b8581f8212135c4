package telephony

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
)

// Rate limits of addresses that are no trunk's, in messages a second: each address, and all of them together. Trunks are
// not limited. A carrier that sends from another address than the trunk names stays far below: a call takes a handful of
// messages.
const (
	perSource    = 200
	perStrangers = 1000
	burst        = 2 // seconds' worth at once
)

const (
	maxSources    = 4096           // addresses whose messages are counted one by one
	maxTrunks     = 4096           // addresses of trunks that are remembered
	trunkFor      = 24 * time.Hour // how long after something was last sent to it
	sourceSharing = 50             // one unknown address gets at most 1/sourceSharing of the connections
)

// strangers limits the messages of addresses that are no trunk's. It is off for an endpoint that answers calls (the sandbox
// carrier): its callers are not configured.
type strangers struct {
	secret [32]byte // key of the To tags of stateless responses
	off    bool

	mu      sync.Mutex
	trunks  map[netip.Addr]time.Time // when each was last sent to
	sources map[netip.Addr]*bucket
	all     bucket
}

func newStrangers(off bool) *strangers {
	s := &strangers{off: off, trunks: map[netip.Addr]time.Time{}, sources: map[netip.Addr]*bucket{}}
	_, _ = rand.Read(s.secret[:]) // never fails
	return s
}

// bucket is a token bucket: rate tokens a second, at most burst seconds' worth.
type bucket struct {
	left float64
	at   time.Time
}

// take removes one token; false when there is none.
func (b *bucket) take(rate float64, now time.Time) bool {
	if b.at.IsZero() {
		b.left = rate * burst
	} else {
		b.left = min(b.left+now.Sub(b.at).Seconds()*rate, rate*burst)
	}
	b.at = now
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}

// trunk records the address of a trunk that something is sent to.
func (s *strangers) trunk(address netip.Addr, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.trunks[address]; !known && len(s.trunks) >= maxTrunks {
		for other, last := range s.trunks {
			if now.Sub(last) > trunkFor {
				delete(s.trunks, other)
			}
		}
		if len(s.trunks) >= maxTrunks {
			return
		}
	}
	s.trunks[address] = now
}

// known reports whether an address is a trunk's.
func (s *strangers) known(address netip.Addr, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	last, ok := s.trunks[address]
	return ok && now.Sub(last) < trunkFor
}

// allow reports whether a message from that address is within the limits.
func (s *strangers) allow(address netip.Addr, now time.Time) bool {
	if s.off || s.known(address, now) {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	source := s.sources[address]
	if source == nil {
		if len(s.sources) >= maxSources {
			s.sources = map[netip.Addr]*bucket{} // all of them together have a limit besides
		}
		source = &bucket{}
		s.sources[address] = source
	}
	return source.take(perSource, now) && s.all.take(perStrangers, now)
}

// tag returns the To tag of a stateless response: the same for a retransmitted request (RFC 3261 8.2.7).
func (s *strangers) tag(request *sip.Request) string {
	mac := hmac.New(sha256.New, s.secret[:])
	branch, _ := request.Via().Params.Get("branch")
	for _, part := range []string{branch, request.CallID().Value(), request.From().Value()} {
		mac.Write([]byte(part))
		mac.Write([]byte{0})
	}
	return hex.EncodeToString(mac.Sum(nil)[:8])
}

// addressOf returns the IP address of a socket's remote end; the zero Addr without one.
func addressOf(peer net.Addr) netip.Addr {
	switch at := peer.(type) {
	case *net.UDPAddr:
		return at.AddrPort().Addr().Unmap()
	case *net.TCPAddr:
		return at.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}

// replyOnce answers a request statelessly (RFC 3261 8.2.7): the response is not retransmitted, and a retransmitted request
// is answered again. A server transaction would hold memory for half a minute, and send eleven responses to the forged
// source of one INVITE.
func (e *Endpoint) replyOnce(tx *sip.ServerTx, request *sip.Request, code int, reason string, extra ...sip.Header) {
	defer tx.Terminate()
	response := sip.NewResponseFromRequest(request, code, reason, nil)
	if tag, _ := request.To().Params.Get("tag"); tag == "" {
		response.To().Params.Add("tag", e.strangers.tag(request))
	}
	for _, header := range extra {
		response.AppendHeader(header)
	}
	if err := tx.Connection().WriteMsg(response); err != nil {
		e.log.Debug("a response could not be sent", "code", code, "error", err)
	}
}
