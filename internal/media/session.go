// Package media carries the audio of one call: RTP and RTCP over a pair of UDP ports, negotiated by SDP (contract 9.7,
// "audio"). It decides codec, packet timing, jitter, the source address of the stream, keys (RFC 4733, or tones in the
// audio) and hold. It does not know how the SDP travels (package telephony) and what is said.
package media

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"nacre/internal/call"
)

// ErrNoPort means that no local pair of UDP ports is free.
var ErrNoPort = errors.New("no local port")

// ErrNoCodec means that the peer's SDP cannot be used: there is none, or no codec of ours in it, or port 0, or an address
// that we cannot send to.
var ErrNoCodec = errors.New("no common codec")

// Session is the media of one call: a pair of sockets, one SSRC, one codec at a time. It is safe for concurrent use.
type Session struct {
	cfg       Config
	ports     *Ports
	sockets   pair
	codecs    []payloadKind // in our order
	ssrc      uint32
	cname     string // RFC 7022: random, of one call
	lostAfter int    // frames without a packet until the audio is lost
	// reportInterval is how long it is until the next report.
	reportInterval func() time.Duration

	closeOnce sync.Once
	closeErr  error
	closed    chan struct{}
	readers   sync.WaitGroup
	panicked  chan error // what a reader or the pacer panicked with, for Serve

	mu         sync.Mutex
	sdpID      uint64
	sdpVersion uint64
	sdpBody    string // what the last version described
	agreed     bool
	terms      terms
	serving    bool // false: what arrives is dropped
	latch      latch
	inbound    inbound
	jitter     jitterBuffer
	pressed    keyReceiver
	keys       keySender
	tolerant   bool           // nothing from the peer is no loss
	quiet      int            // frames since the last packet of a peer that sends, audio or report; hold not counted
	began      time.Time      // of Serve
	rtcpSource netip.AddrPort // of the peer's reports; zero until one came
	reported   [2]uint64      // packets sent by the last report but one, and by the last

	sent, late atomic.Uint64
	sentOctets atomic.Uint32 // of payload, for sender reports
}

// Config configures a Session.
type Config struct {
	Advertise netip.Addr // our address in SDP
	Codecs    []string   // "PCMU", "PCMA" in order of preference; empty = both
	// Signals is the host that the peer's signalling comes from: its audio may come from there too (NAT).
	Signals netip.Addr
	// Lock accepts audio only from the address in the peer's SDP (call.Trunk.LockMedia).
	Lock bool
	// ToDescription sends to the address in the peer's SDP even when its audio comes from another one
	// (call.MediaToDescription).
	ToDescription bool
	// Allowed returns an error for an address that no audio may go to; nil = every address may.
	Allowed func(netip.Addr) error
}

// NewSession binds a pair of ports. Errors wrap ErrNoPort, or ErrNoCodec when no codec of cfg is known. The caller must
// Close the session, served or not.
func NewSession(ports *Ports, cfg Config) (*Session, error) {
	cfg.Advertise, cfg.Signals = cfg.Advertise.Unmap(), cfg.Signals.Unmap()
	s := &Session{cfg: cfg, ports: ports, cname: rand.Text()[:16],
		lostAfter: int(20 * time.Second / call.FrameTime), reportInterval: reportInterval, closed: make(chan struct{}), panicked: make(chan error, 1)}
	codecs := cfg.Codecs
	if len(codecs) == 0 {
		codecs = []string{"PCMU", "PCMA"}
	}
	for _, name := range codecs {
		if kind := codecNamed(name); kind != unknownPayload {
			s.codecs = append(s.codecs, kind)
		}
	}
	if len(s.codecs) == 0 {
		return nil, fmt.Errorf("codecs %q: %w", codecs, ErrNoCodec)
	}
	sockets, err := ports.open()
	if err != nil {
		return nil, err
	}
	var random [12]byte
	rand.Read(random[:])
	s.sockets = sockets
	s.ssrc = binary.BigEndian.Uint32(random[:])
	s.sdpID = binary.BigEndian.Uint64(random[4:]) >> 2 // fits an int64 everywhere
	s.sdpVersion = s.sdpID
	s.jitter.reset()
	s.readers.Go(s.readRTP)
	s.readers.Go(s.readRTCP)
	return s, nil
}

// survive is deferred by what works for this session outside of Serve: a panic there is Serve's, so that it ends this call and
// no other.
func (s *Session) survive() {
	reason := recover()
	if reason == nil {
		return
	}
	select {
	case s.panicked <- fmt.Errorf("audio of the call: %v\n%s", reason, debug.Stack()):
	default: // one is enough
	}
}

// Offer returns our SDP offer, also for a re-INVITE that came without one.
func (s *Session) Offer() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	payloads := make([]uint8, len(s.codecs))
	for i, codec := range s.codecs {
		payloads[i] = codec.staticPayload()
	}
	events := defaultEventPayload
	if s.terms.events { // RFC 3264 section 8.3.2: a payload type keeps its meaning within a call
		events = int(s.terms.eventPayload)
	}
	return s.describe(audioSection("RTP/AVP", s.sockets.port, s.codecs, payloads, events, sendRecv))
}

// Accept applies the peer's SDP answer to our Offer. Errors wrap ErrNoCodec and change nothing. It may be called again:
// the last answer counts.
func (s *Session) Accept(answer []byte) error {
	lines := parseMedia(answer)
	s.locate(lines)
	s.mu.Lock()
	defer s.mu.Unlock()
	_, terms, err := agree(lines, s.codecs, unknownPayload, s.cfg.Advertise.Is6())
	if err != nil {
		return fmt.Errorf("accept an SDP answer: %w", err)
	}
	s.applyTerms(terms)
	return nil
}

// Answer applies the peer's SDP offer, initial or in a re-INVITE or UPDATE, and returns our SDP answer (RFC 3264). Errors
// wrap ErrNoCodec and change nothing.
func (s *Session) Answer(offer []byte) ([]byte, error) {
	lines := parseMedia(offer)
	s.locate(lines)
	s.mu.Lock()
	defer s.mu.Unlock()
	chosen, t, err := agree(lines, s.codecs, s.terms.codec, s.cfg.Advertise.Is6())
	if err != nil {
		return nil, fmt.Errorf("answer an SDP offer: %w", err)
	}
	s.applyTerms(t)
	var sections strings.Builder
	for i, line := range lines {
		if i != chosen { // RFC 3264 section 6: every media line gets an answer, a rejected one has port 0
			format := "0"
			if len(line.formats) > 0 {
				format = line.formats[0]
			}
			fmt.Fprintf(&sections, "m=%s 0 %s %s\r\n", line.kind, line.proto, format)
			continue
		}
		events := -1
		if t.events {
			events = int(t.eventPayload)
		}
		sections.WriteString(audioSection(line.proto, s.sockets.port, []payloadKind{t.codec}, []uint8{t.codecPayload},
			events, t.direction))
	}
	return s.describe(sections.String()), nil
}

// applyTerms applies newly negotiated terms. A new remote address starts latching again.
func (s *Session) applyTerms(t terms) {
	old, now := s.terms, time.Now()
	if t.remote.Addr().IsUnspecified() && s.agreed { // hold by 0.0.0.0: keep the address for the resume
		t.remote, t.remoteRTCP = old.remote, old.remoteRTCP
	}
	if !s.agreed || t.remote != old.remote {
		s.latch.arm(t.remote, now)
		s.rtcpSource = netip.AddrPort{}
		s.inbound.end()
	}
	s.latch.signals = s.cfg.Signals
	s.latch.admitStrangers(!s.cfg.Lock && t.direction == sendRecv, now)
	if t.held != old.held {
		s.jitter.reset()
		s.keys.interrupt()
	}
	if t.events != old.events {
		s.pressed.transport = 0
	}
	s.terms, s.agreed = t, true
}

// allowed reports whether audio may go to an address.
func (s *Session) allowed(to netip.Addr) bool {
	return s.cfg.Allowed == nil || s.cfg.Allowed(to) == nil
}

// remote returns where our audio goes: to the source of the peer's (symmetric RTP, RFC 4961) unless ToDescription is set.
func (s *Session) remote() netip.AddrPort {
	if s.cfg.ToDescription {
		return s.terms.remote
	}
	return s.latch.heard()
}

// describe returns the SDP with the given media sections and increments the version when they changed (RFC 3264 section 8).
func (s *Session) describe(sections string) []byte {
	if s.sdpBody != sections {
		if s.sdpBody != "" {
			s.sdpVersion++
		}
		s.sdpBody = sections
	}
	family := "IP4"
	if s.cfg.Advertise.Is6() {
		family = "IP6"
	}
	return fmt.Appendf(nil, "v=0\r\no=- %d %d IN %s %s\r\ns=-\r\nc=IN %s %s\r\nt=0 0\r\n%s",
		s.sdpID, s.sdpVersion, family, s.cfg.Advertise, family, s.cfg.Advertise, sections)
}

// SendKeys queues keys (0–9 * # A–D; anything else is skipped) to be sent one after another in place of the audio:
// as events of RFC 4733, or as tones where the peer takes no events.
func (s *Session) SendKeys(keys string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys.queue(keys)
}

// Tolerate says whether a peer that sends nothing, while its description says that it does, is no reason to end the call.
func (s *Session) Tolerate(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tolerant, s.quiet = on, 0
}

// Stats returns the counters so far.
func (s *Session) Stats() call.LegStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return call.LegStats{
		Sent: s.sent.Load(), Late: s.late.Load(),
		Received: s.inbound.totalReceived(), Lost: s.inbound.totalLost(), JitterMS: s.inbound.jitter / call.SampleRate * 1000,
		Codec: s.terms.codec.codecName(),
	}
}

// Close frees the ports and ends Serve. It may be called more than once.
func (s *Session) Close() error {
	s.closeOnce.Do(func() {
		close(s.closed)
		s.closeErr = s.ports.close(s.sockets)
		s.readers.Wait()
	})
	return s.closeErr
}
