package media

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"nacre/internal/call"
)

// TestPanicOfAReaderIsServes: a packet that panics our reader ends its own call, where it is served, and not the process.
func TestPanicOfAReaderIsServes(t *testing.T) {
	t.Parallel()
	var broken atomic.Bool
	s, err := NewSession(NewPorts(netip.MustParseAddr("127.0.0.1"), 0, 0), Config{Advertise: netip.MustParseAddr("127.0.0.1"), Allowed: func(netip.Addr) error {
		if broken.Load() {
			panic("our own code is broken")
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	peer, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	elsewhere := peer.LocalAddr().(*net.UDPAddr).Port ^ 2 // the SDP's: the stream from another port is asked about
	answer := fmt.Sprintf("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio %d RTP/AVP 0\r\n", elsewhere)
	if err := s.Accept([]byte(answer)); err != nil {
		t.Fatal(err)
	}
	broken.Store(true)
	ended := make(chan string, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		defer func() { ended <- fmt.Sprint(recover()) }()
		s.Serve(ctx, silentParty{})
	}()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(15 * time.Second)
	for n := byte(0); ; n++ {
		packet := append([]byte{0x80, 0, 0, n, 0, 0, n, 0, 1, 2, 3, 4}, make([]byte, call.FrameSamples)...)
		if _, err := peer.WriteToUDPAddrPort(packet, netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(s.sockets.port))); err != nil {
			t.Fatal(err)
		}
		select {
		case reason := <-ended:
			if !strings.Contains(reason, "our own code is broken") || !strings.Contains(reason, "receive") {
				t.Errorf("Serve panics with %q", reason)
			}
			return
		case <-limit:
			t.Fatal("Serve goes on")
		case <-tick.C:
		}
	}
}

// TestPanicOfThePacer: a packet that panics the thread of all calls is its session's affair.
func TestPanicOfThePacer(t *testing.T) {
	t.Parallel()
	p := newPacer()
	broken := &Session{panicked: make(chan error, 1)} // has no sockets
	packet := &pacedPacket{session: broken, due: time.Now().Add(-time.Second), remote: netip.MustParseAddrPort("127.0.0.1:4000"), length: 12}
	p.send(packet)
	p.step(p.now())
	select {
	case <-broken.panicked:
	default:
		t.Error("its session is not told")
	}
	if packet.waiting.Load() {
		t.Error("the packet is the pacer's for ever")
	}
}

// silentParty says nothing.
type silentParty struct{}

func (silentParty) Exchange(_, say *call.Frame) bool { return true }
func (silentParty) Key(rune)                         {}
func (silentParty) Held(bool)                        {}
