package media

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"time"
	"unicode"

	"github.com/pion/rtp"

	"nacre/internal/call"
)

// maxDatagram is more than an Ethernet packet; longer datagrams are truncated.
const maxDatagram = 2048

// readRTP reads packets from the moment the socket is bound, so that early media does not queue up until Serve.
func (s *Session) readRTP() {
	defer s.survive()
	var packet rtp.Packet
	s.read(s.sockets.rtp, func(datagram []byte, from netip.AddrPort) {
		s.receiveDatagram(&packet, datagram, from, time.Now())
	})
}

// receiveDatagram handles a datagram to the RTP port. packet is reused for parsing.
func (s *Session) receiveDatagram(packet *rtp.Packet, datagram []byte, from netip.AddrPort, now time.Time) {
	switch {
	case len(datagram) < 12 || datagram[0]>>6 != 2:
	case datagram[1] >= 192 && datagram[1] <= 223: // RTCP, although rtcp-mux was not negotiated (RFC 5761 section 4)
		s.receiveRTCP(datagram, from, now)
	case packet.Unmarshal(datagram) == nil:
		s.receive(packet, from, now)
	}
}

func (s *Session) readRTCP() {
	defer s.survive()
	s.read(s.sockets.rtcp, func(datagram []byte, from netip.AddrPort) {
		s.receiveRTCP(datagram, from, time.Now())
	})
}

// read calls handle for every datagram until the socket is closed.
func (s *Session) read(socket *net.UDPConn, handle func([]byte, netip.AddrPort)) {
	buffer := make([]byte, maxDatagram)
	const maxFailures = 100 // in a row: the socket is beyond hope
	for failures := 0; failures < maxFailures; {
		n, from, err := socket.ReadFromUDPAddrPort(buffer)
		switch {
		case err == nil:
			failures = 0
			handle(buffer[:n], netip.AddrPortFrom(from.Addr().Unmap(), from.Port()))
		case errors.Is(err, net.ErrClosed):
			return
		default:
			failures++
		}
	}
}

// receive handles an RTP packet of audio or keys.
func (s *Session) receive(packet *rtp.Packet, from netip.AddrPort, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.serving {
		s.latch.note(from.Addr())
		return
	}
	kind := s.terms.kinds[packet.PayloadType]
	if kind == unknownPayload && from != s.latch.source { // may not start or move the stream
		return
	}
	before := s.latch.source
	if !s.latch.admit(from, packet.SSRC, packet.SequenceNumber, now, s.allowed) {
		return
	}
	if before.IsValid() && before != from {
		s.moved(before, packet.SSRC)
	}
	s.quiet = 0
	if kind == eventPayload && s.inbound.started && packet.SSRC != s.inbound.ssrc {
		// some gateways send keys with an SSRC of their own
		s.pressEvent(packet, now)
		return
	}
	switch s.inbound.packet(packet.SSRC, packet.SequenceNumber) {
	case stray:
		return
	case newStream:
		s.jitter.reset()
		if s.pressed.ssrc == packet.SSRC {
			s.pressed.known = false
		}
	}
	if kind == eventPayload {
		s.pressEvent(packet, now)
	}
	if s.terms.held {
		return
	}
	if kind.codecName() != "" {
		s.inbound.timing(packet.Timestamp, uint32(now.Sub(s.began)*call.SampleRate/time.Second))
	}
	s.jitter.push(packet.SequenceNumber, kind, packet.Payload)
}

// moved handles that the stream has another source address than before.
func (s *Session) moved(before netip.AddrPort, ssrc uint32) {
	if before.Addr() != s.latch.source.Addr() {
		s.rtcpSource = netip.AddrPort{}
	}
	if s.inbound.ssrc != ssrc {
		s.inbound.end()
	}
}

// pressEvent handles a telephone-event packet. Keys on hold are ignored.
func (s *Session) pressEvent(packet *rtp.Packet, now time.Time) {
	if !s.terms.held {
		s.pressed.packet(packet.SSRC, packet.SequenceNumber, packet.Timestamp, packet.Marker, packet.Payload, now)
	}
}

// Press adds a key that the peer sent by SIP INFO: 0–9 * # A–D, in either case. It reports whether that is a key. It is
// ignored if the peer sends keys as RFC 4733 events too, before and after Serve, and on hold.
func (s *Session) Press(key rune) bool {
	key = unicode.ToUpper(key)
	if !strings.ContainsRune(keySigns, key) {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.serving && !s.terms.held {
		s.pressed.press(key, byInfo, time.Now())
	}
	return true
}
