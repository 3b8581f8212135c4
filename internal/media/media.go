// Package media carries the audio of one call: RTP and RTCP over a pair of UDP ports, described to the peer by SDP.
// It decides codec, packet timing, jitter, which address a stream belongs to, keys (RFC 4733) and hold.
// It refuses to know how the descriptions travel (SIP is telephony's) and what is said.
package media

import (
	"context"
	"errors"
	"net/netip"

	"nacre/internal/call"
)

// ErrNoPort: no local pair of UDP ports is free.
var ErrNoPort = errors.New("no local port")

// ErrNoCodec: the peer's description leaves nothing we can talk over: no SDP, no audio of ours in it, port 0,
// or an address we cannot send to.
var ErrNoCodec = errors.New("no common codec")

// NewSession binds a pair of ports. advertise is the address written into our descriptions; codecs are the names
// "PCMU", "PCMA" in order of preference (empty: both). Errors wrap ErrNoPort, or ErrNoCodec when no name is known.
// The session must be closed, served or not.
func NewSession(ports *Ports, advertise netip.Addr, codecs []string) (*Session, error) {
	return &Session{}, nil
}

// Session is one call's media: a pair of sockets, one SSRC, one codec at a time. Safe for concurrent use.
type Session struct{}

// Offer is our SDP offer, also for a re-INVITE that came without one.
func (s *Session) Offer() []byte { return nil }

// Accept takes the peer's answer to our Offer. Errors wrap ErrNoCodec and change nothing. It may be called again
// (an answer in a 183, then the one in the 200): the last one counts.
func (s *Session) Accept(answer []byte) error { return nil }

// Answer takes the peer's offer, initial or in a re-INVITE or UPDATE, and gives our answer. Errors wrap ErrNoCodec
// and change nothing.
func (s *Session) Answer(offer []byte) ([]byte, error) { return nil, nil }

// Serve carries audio between the peer and the party until ctx is done (ContextEnded; also when the session is
// closed), the party answers false (PartyHungUp) or nothing came from the peer for 20 s while not on hold
// (AudioLost). Called once; it leaves the sockets to Close.
func (s *Session) Serve(ctx context.Context, party call.Party) call.Ending { return call.ContextEnded }

// SendKeys queues keys (0–9 * # A–D; anything else is skipped) to be sent one after another in place of the audio.
func (s *Session) SendKeys(keys string) {}

// Stats are the figures so far.
func (s *Session) Stats() call.LegStats { return call.LegStats{} }

// Close frees the ports. Safe to call more than once and while Serve runs.
func (s *Session) Close() error { return nil }
