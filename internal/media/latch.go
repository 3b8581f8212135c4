package media

import (
	"net/netip"
	"time"
)

// latch decides from which source address RTP is accepted (contract 9.7, "audio"; latching and its guards: RFC 7362). The
// address in the peer's SDP is accepted at any time. Another one, usually of a NAT, replaces it only after the current
// source has sent nothing for silentTime, and is replaced as soon as the address in the SDP sends. After the peer's host is
// known, another host is accepted only with the same SSRC and continuing sequence numbers, which an attacker who sprays
// packets does not know.
type latch struct {
	named     netip.AddrPort // in the peer's SDP
	strangers bool           // whether other addresses are accepted at all
	source    netip.AddrPort // of the stream; zero until it has started
	host      netip.Addr     // that the peer has sent from; invalid until then
	ssrc      uint32         // of the stream's newest packet
	sequence  uint16
	heardAt   time.Time // its arrival; before the first, since when the named address could have sent
	stranger  stranger
}

// stranger is another address, which must first send strangerPackets in sequence.
type stranger struct {
	address  netip.AddrPort
	ssrc     uint32
	sequence uint16
	count    int
}

const (
	silentTime      = time.Second
	strangerPackets = 3 // in sequence, as in RFC 3550 appendix A.1 with one more
)

// arm starts again with a new address in the peer's SDP.
func (l *latch) arm(named netip.AddrPort, now time.Time) {
	*l = latch{named: named, strangers: l.strangers, heardAt: now}
}

// admitStrangers sets whether other addresses are accepted from now on: not if the trunk forbids it, the peer's SDP says
// that it does not send, or the call is on hold.
func (l *latch) admitStrangers(may bool, now time.Time) {
	if may && !l.strangers {
		l.heardAt = now
	}
	l.strangers = may
	l.stranger = stranger{}
}

// heard returns the source of the peer's stream; before it has started, the address in the SDP.
func (l *latch) heard() netip.AddrPort {
	if l.source.IsValid() {
		return l.source
	}
	return l.named
}

// note records that a packet other than of the stream, such as RTCP, came from a host.
func (l *latch) note(from netip.Addr) {
	if !l.host.IsValid() && from == l.named.Addr() {
		l.host = from
	}
}

// admit reports whether a well-formed audio or key packet belongs to the stream, which it may start or move to another
// address; that address must be allowed.
func (l *latch) admit(from netip.AddrPort, ssrc uint32, sequence uint16, now time.Time, allowed func(netip.Addr) bool) bool {
	switch {
	case !l.named.IsValid():
		return false
	case from == l.named:
	case from == l.source:
	case !l.strangers || now.Sub(l.heardAt) < silentTime || !l.knows(from.Addr(), ssrc, sequence):
		return false
	default:
		if s := l.stranger; s.count == 0 || s.address != from || s.ssrc != ssrc || s.sequence+1 != sequence {
			l.stranger = stranger{address: from, ssrc: ssrc}
		}
		l.stranger.sequence = sequence
		if l.stranger.count++; l.stranger.count < strangerPackets || !allowed(from.Addr()) {
			return false
		}
	}
	l.source, l.host, l.ssrc, l.sequence, l.heardAt = from, from.Addr(), ssrc, sequence, now
	l.stranger = stranger{}
	return true
}

// knows reports whether a packet from another address can be of the same peer: by its host, or by SSRC and sequence number.
func (l *latch) knows(from netip.Addr, ssrc uint32, sequence uint16) bool {
	later := int16(sequence - l.sequence)
	return !l.host.IsValid() || from == l.host || from == l.named.Addr() ||
		l.source.IsValid() && ssrc == l.ssrc && later > 0 && later < maxDropout
}
