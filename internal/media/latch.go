package media

import (
	"net/netip"
	"time"
)

// latch decides from which source address RTP is accepted (contract 9.7, "audio"; latching and its guards: RFC 7362). The
// address in the peer's SDP is accepted at any time. Another one, usually of a NAT, replaces it only after the current
// source has sent nothing for silentTime, and is replaced as soon as the address in the SDP sends. After the peer's host is
// known, another host is accepted only with the same SSRC and continuing sequence numbers, which an attacker who sprays
// packets does not know. Before that, the host in the SDP and the one that signals may send from any port (NAT); a third host
// must send for hostTime as a caller does while neither of them sends anything, because somebody who sprays packets finds
// the port of a call whose peer is silent too. Until then it is not heard: neither its speech nor its keys count. It loses
// the stream to the first packets of the hosts that the peer named.
type latch struct {
	named     netip.AddrPort // in the peer's SDP
	signals   netip.Addr     // host of the peer's signalling; invalid where unknown
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
	began    time.Time // arrival of the first
	at       time.Time // arrival of the newest
}

const (
	silentTime      = time.Second
	strangerPackets = 3 // in sequence, as in RFC 3550 appendix A.1 with one more

	// A third host must send for hostTime, with gaps of at most hostGap and hostStep packets, and no faster than a caller with
	// packets of 10 ms and keys.
	hostTime    = 5 * time.Second
	hostGap     = 200 * time.Millisecond
	hostStep    = 10
	hostSpacing = 8 * time.Millisecond
	hostAtOnce  = 25 // packets that may have queued up on the way
)

// arm starts again with a new address in the peer's SDP.
func (l *latch) arm(named netip.AddrPort, now time.Time) {
	*l = latch{named: named, signals: l.signals, strangers: l.strangers, heardAt: now}
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
	if from != l.named.Addr() {
		return
	}
	if l.usurped() {
		l.source, l.host = netip.AddrPort{}, netip.Addr{}
	}
	if !l.host.IsValid() {
		l.host = from
	}
}

// ofPeer reports whether the peer named a host: by its SDP, or by its signalling.
func (l *latch) ofPeer(host netip.Addr) bool {
	return host == l.named.Addr() || l.signals.IsValid() && host == l.signals
}

// usurped reports whether the stream is of a host that the peer did not name.
func (l *latch) usurped() bool { return l.source.IsValid() && !l.ofPeer(l.source.Addr()) }

// admit reports whether a well-formed audio or key packet belongs to the stream, which it may start or move to another
// address; that address must be allowed.
func (l *latch) admit(from netip.AddrPort, ssrc uint32, sequence uint16, now time.Time, allowed func(netip.Addr) bool) bool {
	named, waited := l.ofPeer(from.Addr()), now.Sub(l.heardAt) >= silentTime
	switch {
	case !l.named.IsValid():
		return false
	case from == l.named, from == l.source:
	case !l.strangers:
		return false
	case !(named && l.usurped()) && !(waited && l.knows(from.Addr(), ssrc, sequence)):
		return false
	case !l.waits(from, ssrc, sequence, now, named || l.host.IsValid()) || !allowed(from.Addr()):
		return false
	}
	l.source, l.host, l.ssrc, l.sequence, l.heardAt = from, from.Addr(), ssrc, sequence, now
	l.stranger = stranger{}
	return true
}

// waits counts a packet of another address, and reports whether that has sent enough: near is that it can be of the peer.
func (l *latch) waits(from netip.AddrPort, ssrc uint32, sequence uint16, now time.Time, near bool) bool {
	s, step, gap := &l.stranger, int16(1), silentTime
	if !near {
		step, gap = hostStep, hostGap
	}
	if ahead := int16(sequence - s.sequence); s.count == 0 || s.address != from || s.ssrc != ssrc || ahead < 1 || ahead > step || now.Sub(s.at) > gap {
		if !near && s.count > 0 && l.ofPeer(s.address.Addr()) && now.Sub(s.at) < silentTime {
			return false // it does not interrupt the peer
		}
		*s = stranger{address: from, ssrc: ssrc, began: now}
	}
	s.sequence, s.at = sequence, now
	if s.count++; near {
		return s.count >= strangerPackets
	}
	lasted := now.Sub(s.began)
	if s.count > hostAtOnce && lasted < time.Duration(s.count-hostAtOnce)*hostSpacing {
		s.count = 0 // a flood
		return false
	}
	return lasted >= hostTime
}

// knows reports whether a packet from another address can be of the same peer: by its host, or by SSRC and sequence number.
func (l *latch) knows(from netip.Addr, ssrc uint32, sequence uint16) bool {
	later := int16(sequence - l.sequence)
	return !l.host.IsValid() || from == l.host || from == l.named.Addr() ||
		l.source.IsValid() && ssrc == l.ssrc && later > 0 && later < maxDropout
}
