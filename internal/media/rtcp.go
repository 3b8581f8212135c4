package media

import (
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/pion/rtcp"
)

// reportInterval returns a random interval around 5 s, so that calls do not report in step (RFC 3550 section 6.2).
func reportInterval() time.Duration {
	return 4*time.Second + rand.N(2*time.Second)
}

// receiveRTCP records of the peer's sender reports what ours must echo. BYE packets are ignored: SIP ends the call.
func (s *Session) receiveRTCP(datagram []byte, from netip.AddrPort, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.serving || !s.reportsFrom(from) {
		return
	}
	packets, err := rtcp.Unmarshal(datagram)
	if err != nil {
		return
	}
	s.latch.note(from.Addr())
	s.rtcpSource, s.quiet = from, 0 // RTCP proves that a silent peer is there
	for _, packet := range packets {
		if report, ok := packet.(*rtcp.SenderReport); ok && s.inbound.started && report.SSRC == s.inbound.ssrc {
			s.inbound.senderReport, s.inbound.senderReportAt = uint32(report.NTPTime>>16), now
		}
	}
}

// reportsFrom reports whether RTCP from an address is the peer's.
func (s *Session) reportsFrom(from netip.AddrPort) bool {
	if s.cfg.Lock {
		return from == s.terms.remoteRTCP || from == s.terms.remote
	}
	host := from.Addr()
	return host == s.latch.heard().Addr() || host == s.terms.remote.Addr() || host == s.terms.remoteRTCP.Addr()
}

// rtcpRemote returns where our RTCP goes: to the source of the peer's, because behind a NAT the port in SDP is wrong.
func (s *Session) rtcpRemote() netip.AddrPort {
	stream := s.remote()
	switch {
	case stream == s.terms.remote && (s.cfg.Lock || s.cfg.ToDescription):
		return s.terms.remoteRTCP
	case s.rtcpSource.IsValid():
		return s.rtcpSource
	case stream == s.terms.remote:
		return s.terms.remoteRTCP
	}
	return netip.AddrPortFrom(stream.Addr(), stream.Port()+1)
}

// report sends a compound packet with our CNAME, and BYE if goodbye is set: a sender report (RFC 3550 section 6.4.1), or a
// receiver report if nothing was sent since the last report but one, as on hold.
func (s *Session) report(timestamp uint32, goodbye bool, now time.Time) {
	s.mu.Lock()
	remote := s.rtcpRemote()
	sender := &rtcp.SenderReport{
		SSRC: s.ssrc, NTPTime: ntpTime(now), RTPTime: timestamp,
		PacketCount: uint32(s.sent.Load()), OctetCount: s.sentOctets.Load(),
	}
	if s.inbound.started {
		sender.Reports = []rtcp.ReceptionReport{s.inbound.reception(now)}
	}
	var first rtcp.Packet = sender
	sent := s.sent.Load()
	if sent == s.reported[0] {
		first = &rtcp.ReceiverReport{SSRC: s.ssrc, Reports: sender.Reports}
	}
	s.reported = [2]uint64{s.reported[1], sent}
	mute := s.terms.mute
	s.mu.Unlock()
	if mute || !remote.IsValid() || remote.Addr().IsUnspecified() || remote.Port() == 0 {
		return
	}
	packets := []rtcp.Packet{first, &rtcp.SourceDescription{Chunks: []rtcp.SourceDescriptionChunk{{
		Source: s.ssrc, Items: []rtcp.SourceDescriptionItem{{Type: rtcp.SDESCNAME, Text: s.cname}},
	}}}}
	if goodbye {
		packets = append(packets, &rtcp.Goodbye{Sources: []uint32{s.ssrc}})
	}
	if datagram, err := rtcp.Marshal(packets); err == nil {
		// a report that cannot be sent is lost: the next one contains the same totals
		_, _ = s.sockets.rtcp.WriteToUDPAddrPort(datagram, remote)
	}
}

// reception returns the report block of the peer's stream (RFC 3550 section 6.4.1, appendix A.3).
func (in *inbound) reception(now time.Time) rtcp.ReceptionReport {
	const cycle = 1 << 16 // by which first was raised
	r := rtcp.ReceptionReport{
		SSRC: in.ssrc, LastSequenceNumber: in.highest - cycle, Jitter: uint32(in.jitter),
		TotalLost: uint32(min(max(0, int64(in.expected())-int64(in.received)), 0x7FFFFF)),
	}
	expected, received := in.expected()-in.expectedBefore, in.received-in.receivedBefore
	in.expectedBefore, in.receivedBefore = in.expected(), in.received
	if expected > received {
		r.FractionLost = uint8(min(255, uint64(expected-received)<<8/uint64(expected)))
	}
	if !in.senderReportAt.IsZero() {
		r.LastSenderReport = in.senderReport
		r.Delay = uint32(now.Sub(in.senderReportAt) * 65536 / time.Second)
	}
	return r
}

// ntpTime returns the 64-bit NTP timestamp of RFC 3550 section 4.
func ntpTime(t time.Time) uint64 {
	const since1900 = 2208988800
	return uint64(t.Unix()+since1900)<<32 | uint64(t.Nanosecond())<<32/uint64(time.Second)
}
