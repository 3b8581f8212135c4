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

// maxDatagram is more than any packet on an Ethernet; what is longer is cut, and audio that long is no call's.
const maxDatagram = 2048

// readRTP takes packets from the socket from the moment it is bound, so that early media never lies in wait for Serve.
func (s *Session) readRTP() {
	var packet rtp.Packet
	s.read(s.sockets.rtp, func(datagram []byte, from netip.AddrPort) {
		s.receiveDatagram(&packet, datagram, from, time.Now())
	})
}

// receiveDatagram sorts what came to the port of the audio. packet is room for parsing.
func (s *Session) receiveDatagram(packet *rtp.Packet, datagram []byte, from netip.AddrPort, now time.Time) {
	switch {
	case len(datagram) < 12 || datagram[0]>>6 != 2:
	case datagram[1] >= 192 && datagram[1] <= 223: // RTCP though we declined to share the port (RFC 5761 section 4)
		s.receiveRTCP(datagram, from, now)
	case packet.Unmarshal(datagram) == nil:
		s.receive(packet, from, now)
	}
}

func (s *Session) readRTCP() {
	s.read(s.sockets.rtcp, func(datagram []byte, from netip.AddrPort) {
		s.receiveRTCP(datagram, from, time.Now())
	})
}

// read hands on datagrams until the socket is closed.
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

// receive takes a packet of the peer's audio or keys.
func (s *Session) receive(packet *rtp.Packet, from netip.AddrPort, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.serving {
		s.latch.note(from.Addr())
		return
	}
	kind := s.terms.kinds[packet.PayloadType]
	if kind == unknownPayload && from != s.latch.source { // no proof of being ours
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
		// some gateways send keys as a stream of their own beside the audio
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

// moved tells that the stream has another source address than before.
func (s *Session) moved(before netip.AddrPort, ssrc uint32) {
	if before.Addr() != s.latch.source.Addr() {
		s.rtcpSource = netip.AddrPort{}
	}
	if s.inbound.ssrc != ssrc {
		s.inbound.end()
	}
}

// pressEvent takes an event packet. What is pressed while we are on hold is not for the party.
func (s *Session) pressEvent(packet *rtp.Packet, now time.Time) {
	if !s.terms.held {
		s.pressed.packet(packet.SSRC, packet.SequenceNumber, packet.Timestamp, packet.Marker, packet.Payload, now)
	}
}

// Press takes a key of the peer that came by signalling (SIP INFO): 0–9 * # A–D, in either case. It reports whether
// that is a key. Where the peer tells its keys as events too (RFC 4733), those count and this one is left out; before
// and after Serve, and on hold, it is for nobody.
func (s *Session) Press(key rune) bool {
	key = unicode.ToUpper(key)
	if !strings.ContainsRune(keySigns, key) {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.serving && !s.terms.held {
		s.pressed.press(key, infoWay, time.Now())
	}
	return true
}
