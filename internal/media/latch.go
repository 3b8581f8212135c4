package media

import (
	"net/netip"
	"time"
)

// latch decides which source address the peer's stream has (contract 9.7, "audio"). The address that the peer's
// description names is heard at any time. Another one, usually the outside of a NAT, takes its place only where that
// one, and whoever took its place before, has been silent for silentTime, and loses it as soon as the named one speaks.
// A peer whose host is known moves to another host only with a stream that goes on: whoever sprays packets does not
// know its SSRC. (Guards of RFC 7362 section 3.)
type latch struct {
	named     netip.AddrPort // by the peer's description
	strangers bool           // whether other addresses may take the place at all
	source    netip.AddrPort // of the stream; zero until it has started
	host      netip.Addr     // that the peer was heard from; invalid until then
	ssrc      uint32         // of the stream's newest packet
	sequence  uint16
	heardAt   time.Time // its arrival; before it, since when the named address could have spoken
	stranger  stranger
}

// stranger is an address that is not the named one and must first prove to be a stream.
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

// arm begins again with a newly named address.
func (l *latch) arm(named netip.AddrPort, now time.Time) {
	*l = latch{named: named, strangers: l.strangers, heardAt: now}
}

// admitStrangers says whether addresses other than the named one may take its place from now on: not where the trunk
// forbids it, the peer says that it does not send, or the call is on hold.
func (l *latch) admitStrangers(may bool, now time.Time) {
	if may && !l.strangers {
		l.heardAt = now
	}
	l.strangers = may
	l.stranger = stranger{}
}

// heard is where the peer's stream comes from, or should come from.
func (l *latch) heard() netip.AddrPort {
	if l.source.IsValid() {
		return l.source
	}
	return l.named
}

// note takes a sign of life that is no packet of the stream.
func (l *latch) note(from netip.Addr) {
	if !l.host.IsValid() && from == l.named.Addr() {
		l.host = from
	}
}

// admit says whether a well-formed audio or key packet belongs to the stream; it may start or move the stream. allowed
// is asked before a packet of another address does that.
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

// knows reports whether a packet of an address that is not the stream's can be of the same peer.
func (l *latch) knows(from netip.Addr, ssrc uint32, sequence uint16) bool {
	later := int16(sequence - l.sequence)
	return !l.host.IsValid() || from == l.host || from == l.named.Addr() ||
		l.source.IsValid() && ssrc == l.ssrc && later > 0 && later < maxDropout
}
