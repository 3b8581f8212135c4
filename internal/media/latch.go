package media

import (
	"net/netip"
	"time"
)

// latch decides which source address the peer's stream has, and so where ours goes (symmetric RTP, RFC 4961; the
// guards are those of RFC 7362 section 3). Once a stream has started, no packet moves it: only a new description does.
type latch struct {
	signalled netip.AddrPort // of the peer's description
	source    netip.AddrPort // of the stream; zero until it has started
	leaving   netip.AddrPort // of the stream before the last re-INVITE, whose stragglers must not win
	leftUntil time.Time
	stranger  stranger
}

// stranger is an address that is not the signalled one and must first prove to be a stream. It usually is the
// outside of a NAT.
type stranger struct {
	address  netip.AddrPort
	ssrc     uint32
	sequence uint16
	count    int
}

const (
	strangerPackets = 3               // in sequence, as in RFC 3550 appendix A.1 with one more
	leavingTime     = 2 * time.Second // longer than a re-INVITE needs to take effect
)

// arm begins again with a newly signalled address.
func (l *latch) arm(signalled netip.AddrPort, now time.Time) {
	leaving := l.source
	if !leaving.IsValid() {
		leaving = l.leaving
	}
	*l = latch{signalled: signalled, leaving: leaving, leftUntil: now.Add(leavingTime)}
}

// remote is where our audio goes.
func (l *latch) remote() netip.AddrPort {
	if l.source.IsValid() {
		return l.source
	}
	return l.signalled
}

// admit says whether a well-formed audio or key packet belongs to the stream; it may start the stream.
func (l *latch) admit(from netip.AddrPort, ssrc uint32, sequence uint16, now time.Time) bool {
	switch {
	case l.source.IsValid():
		return from == l.source
	case !l.signalled.IsValid():
		return false
	case from == l.signalled:
	case from == l.leaving && now.Before(l.leftUntil):
		return false
	case from.Addr() == l.signalled.Addr():
	default:
		if s := l.stranger; s.count == 0 || s.address != from || s.ssrc != ssrc || s.sequence+1 != sequence {
			l.stranger = stranger{from, ssrc, sequence, 0}
		}
		l.stranger.sequence = sequence
		if l.stranger.count++; l.stranger.count < strangerPackets {
			return false
		}
	}
	l.source = from
	return true
}
