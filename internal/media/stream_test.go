package media

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"nacre/internal/call"
)

func TestInboundTellsStreamsApartAndCounts(t *testing.T) {
	t.Parallel()
	var in inbound
	step := func(want arrival, ssrc uint32, sequences ...uint16) {
		t.Helper()
		for _, sequence := range sequences {
			if got := in.packet(ssrc, sequence); got != want {
				t.Fatalf("packet %d of %d: %v, want %v", sequence, ssrc, got, want)
			}
		}
	}
	figures := func(received, lost uint64) {
		t.Helper()
		if in.totalReceived() != received || in.totalLost() != lost {
			t.Fatalf("received %d, lost %d; want %d, %d", in.totalReceived(), in.totalLost(), received, lost)
		}
	}
	step(newStream, 1, 65534)
	step(fits, 1, 65535, 0, 3, 1) // wraps, overtakes; 2 is missing
	figures(5, 1)
	step(fits, 1, 3) // a copy hides the loss, as in the RFC
	figures(6, 0)
	step(stray, 2, 100) // one packet of another stream proves nothing
	step(fits, 1, 4)
	step(stray, 2, 101)
	step(newStream, 2, 102)
	step(fits, 2, 103, 105)
	figures(10, 1)
	step(stray, 2, 30000) // the peer starts over
	step(newStream, 2, 30001)
	step(fits, 2, 30002)
	figures(12, 1)
	step(fits, 2, 29999) // before the first
	figures(13, 1)
}

func TestJitterIsThatOfRFC3550(t *testing.T) {
	t.Parallel()
	var in inbound
	timestamp, want := uint32(4294967000), 0.0
	for n := range uint32(300) {
		in.timing(timestamp, n*160+n%2*80) // every other packet is 10 ms late
		timestamp += 160
		if n > 0 {
			want += (80 - want) / 16
		}
	}
	if in.jitter != want {
		t.Errorf("jitter %v, want %v", in.jitter, want)
	}
	in.timing(timestamp+1e9, 300*160) // a new clock
	in.timing(timestamp+1e9+160, 301*160)
	if in.jitter > want || in.jitter < want*0.9 {
		t.Errorf("jitter %v after the clock leapt from %v", in.jitter, want)
	}
}

func TestReceptionReportHasRealFigures(t *testing.T) {
	t.Parallel()
	var in inbound
	now := time.Unix(1000, 0)
	const first = 65500 // wraps
	sequence := uint16(first)
	for n := range 100 {
		if n%4 != 3 {
			in.packet(9, sequence)
		}
		sequence++
	}
	in.senderReport, in.senderReportAt = 0xABCD1234, now.Add(-1500*time.Millisecond)
	r := in.reception(now)
	// the last of the hundred is lost and not missed yet: 99 expected, 75 received
	if r.SSRC != 9 || r.TotalLost != 24 || r.FractionLost != 24*256/99 || r.LastSequenceNumber != first+98 ||
		r.LastSenderReport != 0xABCD1234 || r.Delay != 98304 {
		t.Errorf("%+v", r)
	}
	in.packet(9, sequence-1)
	if r := in.reception(now); r.FractionLost != 0 || r.TotalLost != 24 {
		t.Errorf("after the report %+v", r)
	}
	if got := ntpTime(time.Unix(0, 5e8)); got != 2208988800<<32|1<<31 {
		t.Errorf("NTP time %x", got)
	}
}

func TestReportsEchoThePeersAndGoWhereTheyComeFrom(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	p := newPeer(t, s)
	if err := s.Accept(p.sdp("sendrecv")); err != nil {
		t.Fatal(err)
	}
	other, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}) // where its reports come from
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	listener := newPerson()
	serve(ctx, s, listener)
	p.must()
	p.talk()
	listener.until(t, "audio", func() bool { return listener.loud > 2 })
	report, err := (&rtcp.SenderReport{SSRC: 77, NTPTime: 0x1122334455667788}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	// one through the port of the audio, one that is damaged
	for _, datagram := range [][]byte{report, report[:20]} {
		if _, err := other.WriteToUDPAddrPort(datagram, netip.AddrPortFrom(loopback, uint16(s.sockets.port+1))); err != nil {
			t.Fatal(err)
		}
	}
	listener.until(t, "report taken", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.inbound.senderReport == 0x33445566
	})
	cancel()
	buffer := make([]byte, 2048)
	other.SetReadDeadline(time.Now().Add(2 * time.Second))
	n, err := other.Read(buffer)
	if err != nil {
		t.Fatal(err)
	}
	reports, err := rtcp.Unmarshal(buffer[:n])
	if err != nil {
		t.Fatal(err)
	}
	sender := reports[0].(*rtcp.SenderReport)
	if len(sender.Reports) != 1 || sender.Reports[0].SSRC != 77 || sender.Reports[0].LastSenderReport != 0x33445566 ||
		sender.Reports[0].Delay > 65536*5 {
		t.Errorf("%+v", sender.Reports)
	}
}

func TestKeyReceiver(t *testing.T) {
	t.Parallel()
	type packet struct {
		sequence  uint16
		timestamp uint32
		marker    bool
		code      uint8
		end       bool
		duration  uint16
	}
	for name, test := range map[string]struct {
		packets []packet
		presses string
	}{
		"whole":              {[]packet{{1, 0, true, 5, false, 160}, {2, 0, false, 5, false, 320}, {3, 0, false, 5, true, 480}, {4, 0, false, 5, true, 480}}, "5"},
		"ends only":          {[]packet{{3, 0, false, 10, true, 480}, {4, 0, false, 10, true, 480}, {9, 1600, false, 10, true, 480}}, "**"},
		"ends lost":          {[]packet{{1, 0, true, 1, false, 160}, {9, 1600, true, 1, false, 160}, {15, 3200, true, 2, false, 160}}, "112"},
		"copies, overtaken":  {[]packet{{1, 0, true, 1, false, 160}, {5, 1600, true, 2, false, 160}, {2, 0, false, 1, true, 320}, {5, 1600, true, 2, false, 160}}, "12"},
		"moving timestamp":   {[]packet{{1, 0, true, 7, false, 160}, {2, 160, false, 7, false, 320}, {3, 320, false, 7, true, 480}, {9, 3000, true, 7, false, 160}}, "77"},
		"moving to the end":  {[]packet{{1, 0, true, 7, false, 160}, {2, 160, false, 7, true, 320}, {3, 320, false, 7, true, 480}, {4, 480, false, 7, true, 640}, {12, 1760, false, 7, true, 480}}, "77"},
		"longer than 8 s":    {[]packet{{1, 100, true, 3, false, 65535}, {2, 65635, false, 3, false, 160}, {3, 65635, false, 3, true, 320}}, "3"},
		"same key, no start": {[]packet{{1, 0, true, 3, false, 480}, {9, 1600, false, 3, false, 320}}, "33"},
		"letters, flash":     {[]packet{{1, 0, true, 15, true, 160}, {2, 900, true, 16, true, 160}, {3, 1800, true, 12, true, 160}}, "DA"},
		"one timestamp":      {[]packet{{1, 0, true, 10, false, 160}, {2, 0, false, 10, true, 320}, {3, 0, true, 9, false, 160}, {4, 0, false, 9, true, 320}}, "*9"},
		"without a marker":   {[]packet{{1, 0, false, 1, false, 160}, {2, 0, false, 2, false, 160}, {3, 0, false, 5, true, 320}, {4, 0, false, 11, true, 320}}, "125#"},
		"one for the same":   {[]packet{{1, 0, false, 5, false, 160}, {2, 0, false, 5, true, 320}, {3, 0, false, 5, true, 320}, {4, 0, false, 5, false, 160}, {5, 0, false, 5, true, 320}}, "55"},
		"duration wraps":     {[]packet{{1, 0, true, 3, false, 65440}, {2, 0, false, 3, false, 64}, {3, 0, false, 3, true, 224}}, "3"},
		"wrap":               {[]packet{{65535, 4294967295, true, 0, false, 160}, {0, 4294967295, false, 0, true, 320}, {1, 700, true, 0, false, 160}}, "00"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var k keyReceiver
			for _, p := range test.packets {
				payload := make([]byte, 4)
				keyEvent{p.code, p.end, p.duration}.put(payload)
				k.packet(1, p.sequence, p.timestamp, p.marker, payload, time.Unix(1, 0))
				k.packet(1, p.sequence, p.timestamp, p.marker, payload[:3], time.Unix(1, 0)) // cut short
			}
			if string(k.presses) != test.presses {
				t.Errorf("pressed %q, want %q", string(k.presses), test.presses)
			}
		})
	}
}

func TestAPressThatComesInSeveralWaysIsOne(t *testing.T) {
	t.Parallel()
	type press struct {
		key rune
		by  keyTransport
		at  time.Duration
	}
	for name, test := range map[string]struct {
		told    []press
		presses string
	}{
		"by INFO":                   {[]press{{'1', byInfo, 0}, {'1', byInfo, 300 * time.Millisecond}}, "11"},
		"events, then INFO":         {[]press{{'1', byEvent, 0}, {'1', byInfo, 50 * time.Millisecond}, {'2', byEvent, 400 * time.Millisecond}}, "12"},
		"tone, then INFO, then all": {[]press{{'1', byTone, 0}, {'1', byInfo, 90 * time.Millisecond}, {'5', byTone, time.Second}, {'5', byInfo, 1090 * time.Millisecond}}, "15"},
		"tone, then another event":  {[]press{{'D', byTone, 0}, {'9', byEvent, 90 * time.Millisecond}, {'D', byTone, time.Second}}, "D9"},
		"tone, the same much later": {[]press{{'9', byTone, 0}, {'9', byEvent, 2 * time.Second}}, "99"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var k keyReceiver
			for _, p := range test.told {
				k.press(p.key, p.by, time.Unix(1, 0).Add(p.at))
			}
			if string(k.presses) != test.presses {
				t.Errorf("pressed %q, want %q", string(k.presses), test.presses)
			}
		})
	}
}

func TestKeysOfSignallingReachTheParty(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	p := newPeer(t, s)
	if err := s.Accept(peerSDP(p.at, "0", "sendrecv")); err != nil {
		t.Fatal(err)
	}
	s.Press('1') // before anybody listens
	listener := newPerson()
	serve(t.Context(), s, listener)
	p.must()
	if s.Press('x') || s.Press('!') || !s.Press('d') || !s.Press('9') {
		t.Error("what is no key was taken, or what is one was not")
	}
	listener.until(t, "keys", func() bool { return string(listener.keys) == "D9" })
	if _, err := s.Answer(peerSDP(p.at, "0", "inactive")); err != nil {
		t.Fatal(err)
	}
	s.Press('7') // on hold
	if _, err := s.Answer(peerSDP(p.at, "0", "sendrecv")); err != nil {
		t.Fatal(err)
	}
	s.Press('#')
	listener.until(t, "keys", func() bool { return len(listener.keys) == 3 })
	if string(listener.keys) != "D9#" {
		t.Errorf("keys %q", string(listener.keys))
	}
}

func TestPortsAreEvenPairsAndRunOut(t *testing.T) {
	t.Parallel()
	// a free stretch is found by asking the kernel for a pair
	probe, err := NewPorts(loopback, 0, 0).open()
	if err != nil {
		t.Fatal(err)
	}
	from := probe.port
	probe.rtp.Close()
	probe.rtcp.Close()
	ports := NewPorts(loopback, from-1, from+2) // one pair: an odd end on each side
	first, err := NewSession(ports, Config{Advertise: loopback})
	if err != nil {
		t.Skipf("another process took the port meanwhile: %v", err)
	}
	if first.sockets.port != from {
		t.Errorf("port %d", first.sockets.port)
	}
	if _, err := NewSession(ports, Config{Advertise: loopback}); !errors.Is(err, ErrNoPort) {
		t.Errorf("a second pair: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	// a port that is taken by others is passed over
	taken, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: from + 1})
	if err != nil {
		t.Skipf("another process took the port meanwhile: %v", err)
	}
	defer taken.Close()
	if _, err := NewSession(ports, Config{Advertise: loopback}); !errors.Is(err, ErrNoPort) {
		t.Errorf("a pair with a taken half: %v", err)
	}
	if _, err := NewSession(NewPorts(netip.MustParseAddr("192.0.2.1"), 0, 0), Config{Advertise: loopback}); !errors.Is(err, ErrNoPort) {
		t.Errorf("an address that is not ours: %v", err)
	}
	if _, err := NewSession(ports, Config{Advertise: loopback, Codecs: []string{"G729"}}); !errors.Is(err, ErrNoCodec) {
		t.Errorf("a codec unknown: %v", err)
	}
}

func TestTheWildcardOfIPv6TakesIPv4(t *testing.T) {
	t.Parallel()
	s, err := NewSession(NewPorts(netip.IPv6Unspecified(), 0, 0), Config{Advertise: loopback})
	if errors.Is(err, ErrNoPort) {
		t.Skip("no IPv6 here")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	p := newPeer(t, s)
	if err := s.Accept(p.sdp("sendrecv")); err != nil {
		t.Fatal(err)
	}
	p.talk()
	listener := newPerson()
	serve(t.Context(), s, listener)
	p.must()
	listener.until(t, "audio", func() bool { return listener.loud > 2 })
}

func FuzzDatagram(f *testing.F) {
	f.Add([]byte{0x80, 0, 0, 1, 0, 0, 0, 160, 0, 0, 0, 7, 1, 2, 3}, uint8(3))
	f.Add([]byte{0x80, 101, 0, 2, 0, 0, 0, 160, 0, 0, 0, 7, 5, 0x80, 1, 2}, uint8(1))
	f.Add([]byte{0xB1, 8, 255, 255, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 1, 0xBE, 0xDE, 0, 1, 0x10, 1, 0, 0, 9, 9, 2}, uint8(70))
	f.Add([]byte{0x80, 200, 0, 6, 0, 0, 0, 7, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, uint8(1))
	f.Fuzz(func(t *testing.T, datagram []byte, times uint8) {
		s := &Session{serving: true, began: time.Unix(0, 0)}
		s.jitter.reset()
		_, terms, err := agree(parseMedia(peerSDP(signalled, "0 8 101", "sendrecv")), []payloadKind{ulawPayload}, unknownPayload, false)
		if err != nil {
			t.Fatal(err)
		}
		s.applyTerms(terms)
		var packet rtp.Packet
		var frame call.Frame
		for n := range times {
			now := time.Unix(0, int64(n)*int64(call.FrameTime))
			s.receiveDatagram(&packet, datagram, signalled, now)
			s.jitter.pop(&frame)
			if len(datagram) > 3 {
				datagram[3] += n
			}
		}
		if s.inbound.totalReceived() > uint64(times) {
			t.Errorf("received %d of %d", s.inbound.totalReceived(), times)
		}
		s.inbound.reception(time.Unix(10, 0))
	})
}

func TestALongStallLeavesTimeOutInsteadOfABurst(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	p := newPeer(t, s)
	if err := s.Accept(p.sdp("sendrecv")); err != nil {
		t.Fatal(err)
	}
	stall := newPerson()
	release := make(chan struct{})
	stall.exchange = func(_, _ *call.Frame) bool {
		if stall.count == 5 {
			<-release
		}
		return true
	}
	serve(t.Context(), s, stall)
	var last = p.must()
	for range 3 {
		last = p.must()
	}
	if _, ok := p.read(600 * time.Millisecond); ok {
		t.Fatal("a packet while stalled")
	}
	close(release)
	late := p.must() // the frame that stalled
	next := p.must()
	if late.SequenceNumber != last.SequenceNumber+1 || next.SequenceNumber != late.SequenceNumber+1 {
		t.Error("a gap in the sequence")
	}
	if gap := next.Timestamp - late.Timestamp; gap < 20*160 || gap%160 != 0 || !next.Marker {
		t.Errorf("the clock went on by %d, marker %v", gap, next.Marker)
	}
	began := time.Now()
	for range 20 {
		p.must()
	}
	if took := time.Since(began); took < 150*time.Millisecond {
		t.Errorf("20 packets in %v", took)
	}
	if s.Stats().Late == 0 {
		t.Error("no packet counts as late")
	}
}
