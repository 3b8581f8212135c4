package media

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/pion/sdp/v3"
)

// peerSDP is a plain description; formats 96 and 101 are events.
func peerSDP(at netip.AddrPort, formats, direction string) []byte {
	text := fmt.Sprintf("v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio %d RTP/AVP %s\r\n",
		at.Addr(), at.Addr(), at.Port(), formats)
	for _, events := range []string{"96", "101"} {
		if strings.Contains(formats, events) {
			text += "a=rtpmap:" + events + " telephone-event/8000\r\n"
		}
	}
	return []byte(text + "a=" + direction + "\r\n")
}

func crlf(lines ...string) []byte { return []byte(strings.Join(lines, "\r\n") + "\r\n") }

// read has an independent parser read what we wrote.
func read(t *testing.T, text []byte) *sdp.SessionDescription {
	t.Helper()
	var d sdp.SessionDescription
	if err := d.Unmarshal(text); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return &d
}

func TestOfferIsShortAndComplete(t *testing.T) {
	t.Parallel()
	s := newSession(t, "PCMA", "G729", "pcmu")
	offer := s.Offer()
	if len(offer) > 400 {
		t.Errorf("%d bytes", len(offer))
	}
	d := read(t, offer)
	audio := d.MediaDescriptions[0]
	if got := audio.MediaName.String(); got != fmt.Sprintf("audio %d RTP/AVP 8 0 101", s.sockets.port) {
		t.Error(got)
	}
	for name, want := range map[string]string{"ptime": "20", "sendrecv": "", "fmtp": "101 0-15",
		"rtcp": fmt.Sprint(s.sockets.port + 1)} {
		if got, ok := audio.Attribute(name); !ok || got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	if s.sockets.port%2 != 0 {
		t.Errorf("RTP on port %d", s.sockets.port)
	}
	if again := s.Offer(); string(again) != string(offer) {
		t.Error("the offer changed by itself")
	}
}

func TestAcceptTakesWhatGatewaysSend(t *testing.T) {
	t.Parallel()
	at := netip.MustParseAddrPort("192.0.2.1:4000")
	for name, test := range map[string]struct {
		answer       []byte
		codec        payloadKind
		payload      uint8
		events       int
		held         bool
		remote, rtcp string
	}{
		"plain":                     {peerSDP(at, "8 101", "sendrecv"), alawPayload, 8, 101, false, "192.0.2.1:4000", "192.0.2.1:4001"},
		"own event type":            {peerSDP(at, "0 8 96", "sendrecv"), ulawPayload, 0, 96, false, "192.0.2.1:4000", "192.0.2.1:4001"},
		"no events, bare LF, no t=": {[]byte("v=0\no=a b c\nc=IN IP4 192.0.2.1\nm=audio 4000 RTP/AVP 0"), ulawPayload, 0, -1, false, "192.0.2.1:4000", "192.0.2.1:4001"},
		"dynamic PCMA, own c=, rtcp": {crlf("v=0", "c=IN IP4 192.0.2.9", "m=audio 4000/1 RTP/AVP 97 98", "c=IN IP4 192.0.2.1/127",
			"a=rtpmap:97 opus/48000/2", "a=rtpmap:98 pcma/8000/1", "a=rtcp:5005"), alawPayload, 98, -1, false, "192.0.2.1:4000", "192.0.2.1:5005"},
		"session direction":     {crlf("v=0", "c=IN IP4 192.0.2.1", "a=sendonly", "m=audio 4000 RTP/AVP 0"), ulawPayload, 0, -1, true, "192.0.2.1:4000", "192.0.2.1:4001"},
		"refused video, T.38":   {crlf("v=0", "c=IN IP4 192.0.2.1", "m=video 0 RTP/AVP 99", "m=image 6000 udptl t38", "m=audio 4000 RTP/AVP 0"), ulawPayload, 0, -1, false, "192.0.2.1:4000", "192.0.2.1:4001"},
		"events at 16 kHz also": {crlf("v=0", "c=IN IP4 192.0.2.1", "m=audio 4000 RTP/AVP 0 100 102", "a=rtpmap:100 telephone-event/16000", "a=rtpmap:102 telephone-event/8000"), ulawPayload, 0, 102, false, "192.0.2.1:4000", "192.0.2.1:4001"},
		"mapped IPv4":           {crlf("v=0", "c=IN IP6 ::ffff:192.0.2.1", "m=audio 4000 RTP/AVP 0"), ulawPayload, 0, -1, false, "192.0.2.1:4000", "192.0.2.1:4001"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSession(t)
			if err := s.Accept(test.answer); err != nil {
				t.Fatal(err)
			}
			got := s.terms
			events := -1
			if got.events {
				events = int(got.eventPayload)
			}
			if got.codec != test.codec || got.codecPayload != test.payload || events != test.events || got.held != test.held ||
				got.remote.String() != test.remote || got.remoteRTCP.String() != test.rtcp {
				t.Errorf("%+v", got)
			}
			if got.kinds[test.payload] != test.codec || events >= 0 && got.kinds[events] != eventPayload {
				t.Error("what was agreed would not be heard")
			}
		})
	}
}

func TestUselessDescriptionsAreRefusedAndChangeNothing(t *testing.T) {
	t.Parallel()
	at := netip.MustParseAddrPort("192.0.2.1:4000")
	for name, text := range map[string][]byte{
		"none":         nil,
		"garbage":      []byte("\x00\xff=m=\r\rm=\r\n=\n"),
		"no codec":     peerSDP(at, "18 101", "sendrecv"),
		"port 0":       crlf("c=IN IP4 192.0.2.1", "m=audio 0 RTP/AVP 0"),
		"bad port":     crlf("c=IN IP4 192.0.2.1", "m=audio 70000 RTP/AVP 0"),
		"no address":   crlf("m=audio 4000 RTP/AVP 0"),
		"no such host": crlf("c=IN IP4 host..example", "m=audio 4000 RTP/AVP 0"),
		"no host":      crlf("c=IN IP4 [host]:80", "m=audio 4000 RTP/AVP 0"),
		"IPv6":         crlf("c=IN IP6 2001:db8::1", "m=audio 4000 RTP/AVP 0"),
		"multicast":    crlf("c=IN IP4 224.0.0.1/127", "m=audio 4000 RTP/AVP 0"),
		"SRTP":         crlf("c=IN IP4 192.0.2.1", "m=audio 4000 RTP/SAVP 0"),
		"video":        crlf("c=IN IP4 192.0.2.1", "m=video 4000 RTP/AVP 0"),
		"0 is another": crlf("c=IN IP4 192.0.2.1", "m=audio 4000 RTP/AVP 0", "a=rtpmap:0 G729/8000"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSession(t)
			if err := s.Accept(peerSDP(at, "0", "sendrecv")); err != nil {
				t.Fatal(err)
			}
			before := s.terms
			if err := s.Accept(text); !errors.Is(err, ErrNoCodec) {
				t.Errorf("Accept: %v", err)
			}
			if answer, err := s.Answer(text); !errors.Is(err, ErrNoCodec) || answer != nil {
				t.Errorf("Answer: %q, %v", answer, err)
			}
			if s.terms != before {
				t.Error("the terms changed")
			}
		})
	}
}

func TestAnswerMirrorsDirectionAndCountsVersions(t *testing.T) {
	t.Parallel()
	at, zero := netip.MustParseAddrPort("192.0.2.1:4000"), netip.MustParseAddrPort("0.0.0.0:4000")
	s := newSession(t)
	version := s.sdpVersion
	for i, step := range []struct {
		at              netip.AddrPort
		offered, answer direction
		held, changes   bool
	}{
		{at, sendRecv, sendRecv, false, false},
		{at, sendRecv, sendRecv, false, false},
		{at, sendOnly, recvOnly, true, true},
		{at, inactive, inactive, true, true},
		{at, recvOnly, sendOnly, false, true},
		{zero, sendRecv, recvOnly, true, true},
		{zero, recvOnly, inactive, true, true},
		{at, sendRecv, sendRecv, false, true},
	} {
		answer, err := s.Answer(peerSDP(step.at, "0 96", string(step.offered)))
		if err != nil {
			t.Fatal(err)
		}
		if step.changes {
			version++
		}
		d := read(t, answer)
		if _, ok := d.MediaDescriptions[0].Attribute(string(step.answer)); !ok || s.terms.held != step.held ||
			d.Origin.SessionVersion != version || d.Origin.SessionID != s.sdpID {
			t.Errorf("step %d: held %v, version %d, want %d\n%s", i, s.terms.held, d.Origin.SessionVersion, version, answer)
		}
		if s.latch.heard() != at {
			t.Errorf("step %d: audio goes to %v", i, s.latch.heard())
		}
	}
}

func TestAnswerKeepsNumbersAndRefusesOtherLines(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	answer, err := s.Answer(crlf("v=0", "o=- 1 1 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "t=0 0",
		"m=video 5000 RTP/AVP 99", "a=rtpmap:99 H264/90000", "m=audio 4000 RTP/AVPF 18 97 100", "a=rtpmap:97 PCMA/8000",
		"a=rtpmap:100 telephone-event/8000", "a=rtcp-mux", "a=ptime:30", "m=audio 4002 RTP/AVP 0"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range read(t, answer).MediaDescriptions {
		names = append(names, m.MediaName.String())
	}
	want := fmt.Sprintf("video 0 RTP/AVP 99|audio %d RTP/AVPF 97 100|audio 0 RTP/AVP 0", s.sockets.port)
	if got := strings.Join(names, "|"); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if strings.Contains(string(answer), "mux") {
		t.Error("rtcp-mux was accepted")
	}
	// the codec in use stays when an offer still has it, and the numbers of a later offer of ours are the same
	if _, err := s.Answer(peerSDP(netip.MustParseAddrPort("192.0.2.1:4000"), "0 8 96", "sendrecv")); err != nil {
		t.Fatal(err)
	}
	if s.terms.codec != alawPayload || s.terms.codecPayload != 8 {
		t.Errorf("%+v", s.terms)
	}
	if !strings.Contains(string(s.Offer()), "a=rtpmap:96 telephone-event/8000") {
		t.Error("events changed their number")
	}
}

func FuzzAnswer(f *testing.F) {
	at := netip.MustParseAddrPort("192.0.2.1:4000")
	f.Add(peerSDP(at, "0 8 101", "sendrecv"))
	f.Add(peerSDP(netip.MustParseAddrPort("0.0.0.0:1"), "8", "inactive"))
	f.Add(crlf("c=IN IP6 ::1", "m=audio 65535/2 RTP/AVPF 97", "a=rtpmap:97 PCMU/8000/1", "a=rtcp:1 IN IP4 192.0.2.1"))
	f.Add(crlf("m=video 1 UDP/TLS x", "m=audio 4000 RTP/AVP 0", "c=IN IP4 192.0.2.1", "m="))
	s, err := NewSession(NewPorts(loopback, 0, 0), Config{Advertise: loopback})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { s.Close() })
	f.Fuzz(func(t *testing.T, text []byte) {
		answer, err := s.Answer(text)
		if err == nil {
			lines := parseMedia(answer)
			if len(lines) != len(parseMedia(text)) {
				t.Errorf("%q was answered by\n%s", text, answer)
			}
			if _, _, err := agree(lines, s.codecs, unknownPayload, false); err != nil {
				t.Errorf("our own answer is useless: %v\n%s", err, answer)
			}
		} else if !errors.Is(err, ErrNoCodec) {
			t.Errorf("%v", err)
		}
		if err := s.Accept(text); err != nil && !errors.Is(err, ErrNoCodec) {
			t.Errorf("%v", err)
		}
		s.Offer()
	})
}

func TestAddressesAreFoundAndJudged(t *testing.T) {
	t.Parallel()
	refused := errors.New("not here")
	for name, test := range map[string]struct {
		text         []byte
		remote, rtcp string // "" = refused
	}{
		"an address":                        {crlf("c=IN IP4 192.0.2.1", "m=audio 4000 RTP/AVP 0"), "192.0.2.1:4000", "192.0.2.1:4001"},
		"a name":                            {crlf("c=IN IP4 localhost", "m=audio 4000 RTP/AVP 0"), "127.0.0.1:4000", "127.0.0.1:4001"},
		"a name for reports":                {crlf("c=IN IP4 192.0.2.1", "m=audio 4000 RTP/AVP 0", "a=rtcp:53020 IN IP4 localhost"), "192.0.2.1:4000", "127.0.0.1:53020"},
		"an address that is not allowed":    {crlf("c=IN IP4 10.0.0.1", "m=audio 4000 RTP/AVP 0"), "", ""},
		"reports to one that is not":        {crlf("c=IN IP4 192.0.2.1", "m=audio 4000 RTP/AVP 0", "a=rtcp:53020 IN IP4 10.0.0.1"), "", ""},
		"the second line, where allowed":    {crlf("m=audio 4000 RTP/AVP 0", "c=IN IP4 10.0.0.1", "m=audio 4002 RTP/AVP 0", "c=IN IP4 192.0.2.1"), "192.0.2.1:4002", "192.0.2.1:4003"},
		"held, without an address":          {crlf("c=IN IP4 0.0.0.0", "m=audio 4000 RTP/AVP 0"), "0.0.0.0:4000", "0.0.0.0:4001"},
		"a spelling that is not an address": {crlf("c=IN IP4 0x7f000001.", "m=audio 4000 RTP/AVP 0"), "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSession(t)
			s.cfg.Allowed = func(address netip.Addr) error {
				if address.IsPrivate() {
					return fmt.Errorf("%s: %w", address, refused)
				}
				return nil
			}
			_, answered := s.Answer(test.text)
			err := s.Accept(test.text)
			if test.remote == "" {
				if !errors.Is(err, ErrNoCodec) || !errors.Is(answered, ErrNoCodec) || s.agreed {
					t.Errorf("%v, %v", answered, err)
				}
				if strings.Contains(string(test.text), "10.0.0.1") && !errors.Is(err, refused) {
					t.Errorf("the cause is not told: %v", err)
				}
				return
			}
			if err != nil || answered != nil || s.terms.remote.String() != test.remote || s.terms.remoteRTCP.String() != test.rtcp {
				t.Errorf("audio to %s, reports to %s; %v, %v", s.terms.remote, s.terms.remoteRTCP, answered, err)
			}
		})
	}
}

func TestPacketTimes(t *testing.T) {
	t.Parallel()
	for asked, want := range map[string]int{
		"": 20, "a=ptime:10": 10, "a=ptime:30": 30, "a=ptime:40": 40, "a=ptime:60": 60, "a=ptime:20\r\na=maxptime:10": 10,
		"a=ptime:50": 20, "a=ptime:2000": 20, "a=ptime:x": 20, "a=ptime:NaN": 20, "a=maxptime:150": 20, "a=ptime:60\r\na=maxptime:45": 40,
		"a=ptime:30\r\na=maxptime:25": 20, "a=maxptime:5": 10, "a=ptime: 30": 30,
	} {
		lines := parseMedia(crlf("c=IN IP4 192.0.2.1", "m=audio 4000 RTP/AVP 0", asked))
		if got := lines[0].packetSamples() / 8; got != want {
			t.Errorf("%q: %d ms, want %d", asked, got, want)
		}
	}
}
