package telephony

import (
	"container/list"
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

// Rate limits of strangers, in messages a second: each address, and all of them together. Addresses that we send to are not
// limited. A carrier that sends from another address stays far below: a call takes a handful of messages.
const (
	perSource    = 200
	perStrangers = 1000
	burst        = 2 // seconds' worth at once
)

const (
	maxSources    = 4096           // addresses whose messages are counted one by one
	maxKnown      = 4096           // known addresses without a call
	knownFor      = 24 * time.Hour // how long an address is known after something was last sent to it
	sourceSharing = 50             // one unknown address gets at most 1/sourceSharing of the connections
)

// strangers limits the messages of addresses that nothing was sent to: those of trunks, and those that the messages of a call
// name (Contact, Record-Route), are known. It is off for an endpoint that answers calls (the sandbox carrier): its callers are
// not configured.
type strangers struct {
	secret [32]byte // key of the To tags of stateless responses
	off    bool

	mu      sync.Mutex
	known   recent[time.Time]  // when each was last sent to
	live    map[netip.Addr]int // dialogs with each
	sources recent[*bucket]
	all     bucket
}

func newStrangers(off bool) *strangers {
	s := &strangers{off: off, known: newRecent[time.Time](maxKnown), live: map[netip.Addr]int{}, sources: newRecent[*bucket](maxSources)}
	_, _ = rand.Read(s.secret[:]) // never fails
	return s
}

// recent holds a value for each of a limited number of addresses; the one that was put longest ago makes room.
type recent[V any] struct {
	limit  int
	values map[netip.Addr]*list.Element // of *remembered[V]
	order  *list.List                   // oldest first
}

type remembered[V any] struct {
	address netip.Addr
	value   V
}

func newRecent[V any](limit int) recent[V] {
	return recent[V]{limit: limit, values: map[netip.Addr]*list.Element{}, order: list.New()}
}

// get returns the value of an address; ok is false without one.
func (r *recent[V]) get(address netip.Addr) (value V, ok bool) {
	element, ok := r.values[address]
	if !ok {
		return value, false
	}
	return element.Value.(*remembered[V]).value, true
}

// put sets the value of an address, which is the newest then.
func (r *recent[V]) put(address netip.Addr, value V) {
	element, ok := r.values[address]
	switch {
	case ok:
	case r.order.Len() >= r.limit:
		element = r.order.Front()
		delete(r.values, element.Value.(*remembered[V]).address)
	default:
		element = r.order.PushBack(&remembered[V]{})
	}
	r.order.MoveToBack(element)
	*element.Value.(*remembered[V]) = remembered[V]{address, value}
	r.values[address] = element
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

// know records an address that something is sent to, or that sent something within a call.
func (s *strangers) know(address netip.Addr, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known.put(address, now)
}

// hold keeps an address known for as long as a dialog with it lasts; release ends that.
func (s *strangers) hold(address netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live[address]++
}

func (s *strangers) release(address netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live[address]--; s.live[address] <= 0 {
		delete(s.live, address)
	}
}

// knows reports whether an address is known.
func (s *strangers) knows(address netip.Addr, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	last, ok := s.known.get(address)
	return s.live[address] > 0 || ok && now.Sub(last) < knownFor
}

// allow reports whether a message from that address is within the limits.
func (s *strangers) allow(address netip.Addr, now time.Time) bool {
	if s.off || s.knows(address, now) {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	source, ok := s.sources.get(address)
	if !ok {
		source = &bucket{}
	}
	s.sources.put(address, source) // also where it is known: the one that was silent longest makes room
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
