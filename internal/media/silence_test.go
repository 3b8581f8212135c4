package media

import (
	"net/netip"
	"strconv"
	"testing"
	"time"

	"github.com/pion/rtcp"

	"nacre/internal/call"
)

// report sends a report from the port beside the audio's.
func (p *peer) report() {
	p.Helper()
	datagram, err := (&rtcp.ReceiverReport{SSRC: 77}).Marshal()
	if err != nil {
		p.Fatal(err)
	}
	to := p.to
	if _, err := p.rtcp.WriteToUDPAddrPort(datagram, netip.AddrPortFrom(to.Addr(), to.Port()+1)); err != nil {
		p.Fatal(err)
	}
}

// reports reads reports until one fits.
func (p *peer) reports(fits func(rtcp.Packet) bool) bool {
	p.Helper()
	if err := p.rtcp.SetReadDeadline(time.Now().Add(2 * time.Second)); err != nil {
		p.Fatal(err)
	}
	buffer := make([]byte, 2048)
	for {
		n, err := p.rtcp.Read(buffer)
		if err != nil {
			return false
		}
		packets, err := rtcp.Unmarshal(buffer[:n])
		if err != nil {
			p.Fatal(err)
		}
		if fits(packets[0]) {
			return true
		}
	}
}

func TestAPeerThatSaysItDoesNotSendMayBeSilent(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.lostAfter = 15
	p := newPeer(t, s)
	if err := s.Accept(p.sdp("recvonly")); err != nil {
		t.Fatal(err)
	}
	listener := newPerson()
	ending := serve(t.Context(), s, listener)
	for range 60 {
		p.must()
	}
	select {
	case e := <-ending:
		t.Fatalf("ended by %v", e)
	default:
	}
	if _, err := s.Answer(p.sdp("sendrecv")); err != nil { // from now on it is to send
		t.Fatal(err)
	}
	if got := await(t, ending); got != call.AudioLost {
		t.Errorf("ended by %v", got)
	}
}

func TestReportsAreLife(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.lostAfter = 25
	p, stranger := newPeer(t, s), newPeer(t, s)
	if err := s.Accept(p.sdp("sendrecv")); err != nil {
		t.Fatal(err)
	}
	s.cfg.Lock = true // the stranger has the same host
	ending := serve(t.Context(), s, newPerson())
	for range 12 {
		for range 8 {
			p.must()
		}
		p.report()
	}
	select {
	case e := <-ending:
		t.Fatalf("ended by %v", e)
	default:
	}
	for range 12 {
		if _, ok := p.read(time.Second); !ok {
			break
		}
		stranger.report()
	}
	if got := await(t, ending); got != call.AudioLost {
		t.Errorf("ended by %v", got)
	}
}

func TestReportsGoOnDuringAHold(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.reportInterval = func() time.Duration { return 50 * time.Millisecond }
	p := newPeer(t, s)
	if err := s.Accept(p.sdp("sendrecv")); err != nil {
		t.Fatal(err)
	}
	listener := newPerson()
	serve(t.Context(), s, listener)
	if !p.reports(func(r rtcp.Packet) bool { report, ok := r.(*rtcp.SenderReport); return ok && report.PacketCount > 0 }) {
		t.Fatal("no report of what was sent")
	}
	if _, err := s.Answer(p.sdp("sendonly")); err != nil {
		t.Fatal(err)
	}
	listener.until(t, "hold", func() bool { return len(listener.holds) == 1 })
	for range 3 { // a sender that has not sent for a while is a receiver (RFC 3550 section 6.4)
		if !p.reports(func(r rtcp.Packet) bool { _, ok := r.(*rtcp.ReceiverReport); return ok }) {
			t.Fatal("no report on hold")
		}
	}
	p.drain()
	if _, err := s.Answer(p.sdp("sendrecv")); err != nil {
		t.Fatal(err)
	}
	p.must()
	if !p.reports(func(r rtcp.Packet) bool { _, ok := r.(*rtcp.SenderReport); return ok }) {
		t.Error("no sender's report after the hold")
	}
}

// What the peer asks for is what its gateway plays without gaps.
func TestPacketsAreAsLongAsThePeerAsks(t *testing.T) {
	t.Parallel()
	for _, length := range []int{10, 20, 30, 40, 60} {
		t.Run(time.Duration(length*int(time.Millisecond)).String(), func(t *testing.T) {
			t.Parallel()
			s := newSession(t)
			p := newPeer(t, s)
			if err := s.Accept(append(p.sdp("sendrecv"), crlf("a=ptime:"+strconv.Itoa(length))...)); err != nil {
				t.Fatal(err)
			}
			counter := newPerson()
			level := int16(0)
			counter.exchange = func(_, say *call.Frame) bool {
				for i := range say {
					say[i] = level
					level += 16
				}
				return true
			}
			serve(t.Context(), s, counter)
			last := p.must()
			began := time.Now()
			packets := 1200 / length
			next := int16(16 * 8 * length)
			for range packets {
				packet := p.must()
				if len(packet.Payload) != 8*length || packet.SequenceNumber != last.SequenceNumber+1 ||
					packet.Timestamp != last.Timestamp+uint32(8*length) || packet.Marker {
					t.Fatalf("%v after %v", &packet, &last)
				}
				var got [1]int16
				DecodeULaw(got[:], packet.Payload[:1])
				if want := next; int(got[0]) > int(want)+1100 || int(got[0]) < int(want)-1100 {
					t.Fatalf("the audio goes on with %d instead of %d", got[0], want)
				}
				next += int16(16 * 8 * length)
				last = packet
			}
			if took := time.Since(began); took < time.Second {
				t.Errorf("1.2 s of audio left in %v", took)
			}
			s.SendKeys("5")
			for { // a key in the middle of a packet: what is before it leaves first, in order
				packet := p.must()
				if packet.SequenceNumber != last.SequenceNumber+1 || packet.PayloadType == 0 && packet.Timestamp != last.Timestamp+uint32(len(last.Payload)) {
					t.Fatalf("%v after %v", &packet, &last)
				}
				if last = packet; packet.PayloadType == 101 {
					break
				}
			}
		})
	}
}
