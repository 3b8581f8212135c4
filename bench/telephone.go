package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"
)

// telephones answer every call to their UDP address and note when audio comes and goes on the wire. They share no code with
// what is measured: SIP (RFC 3261) only as far as a call on loopback needs it, RTP (RFC 3550) in packets of 20 ms, G.711 µ-law.
type telephones struct {
	conn *net.UDPConn
	hold func(ctx context.Context, l *leg) // what the person does, once it has answered
	ctx  context.Context
	end  context.CancelFunc
	all  sync.WaitGroup

	mu    sync.Mutex
	lines map[string]*leg // by Call-ID
}

// leg is one call.
type leg struct {
	answer string // to the INVITE, for those that come again
	audio  *net.UDPConn
	over   context.CancelFunc

	mu       sync.Mutex
	to       *net.UDPAddr
	saying   []byte    // µ-law, still to be sent
	last     time.Time // when the last packet with sound in it was sent
	voiced   []time.Time
	received int
}

const (
	packetBytes = 160 // 20 ms
	packetTime  = 20 * time.Millisecond
	silentByte  = 0xff
	// loud is the level of a packet, as the root of its mean square, from which on it is heard: −44 dBFS. Silence is digital.
	loud = 200
)

// openTelephones answers calls by the script until close.
func openTelephones(ctx context.Context, hold func(ctx context.Context, l *leg)) (*telephones, error) {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	t := &telephones{conn: conn, hold: hold, lines: map[string]*leg{}}
	t.ctx, t.end = context.WithCancel(ctx)
	t.all.Go(t.serve)
	return t, nil
}

func (t *telephones) port() int { return t.conn.LocalAddr().(*net.UDPAddr).Port }

func (t *telephones) close() {
	t.end()
	t.conn.Close()
	t.all.Wait()
}

// serve answers requests; responses are of no interest.
func (t *telephones) serve() {
	buffer := make([]byte, 65536)
	for {
		n, from, err := t.conn.ReadFromUDP(buffer)
		if err != nil {
			return
		}
		method, _, _ := strings.Cut(string(buffer[:n]), " ")
		request := string(buffer[:n])
		callID := header(request, "Call-ID")
		t.mu.Lock()
		known := t.lines[callID]
		t.mu.Unlock()
		switch method {
		case "INVITE":
			if known == nil {
				if known, err = t.pickUp(request); err != nil {
					continue
				}
				t.mu.Lock()
				t.lines[callID] = known
				t.mu.Unlock()
			}
			_, _ = t.conn.WriteToUDP([]byte(known.answer), from)
		case "BYE", "CANCEL":
			if known != nil {
				known.over()
			}
			_, _ = t.conn.WriteToUDP([]byte(response(request, "")), from)
		case "OPTIONS":
			_, _ = t.conn.WriteToUDP([]byte(response(request, "")), from)
		}
	}
}

// pickUp answers an INVITE at once, and has the person talk.
func (t *telephones) pickUp(request string) (*leg, error) {
	to, err := audioAddress(request)
	if err != nil {
		return nil, err
	}
	audio, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	ctx, over := context.WithCancel(t.ctx)
	l := &leg{audio: audio, to: to, over: over}
	port := audio.LocalAddr().(*net.UDPAddr).Port
	l.answer = response(request, strings.Join([]string{
		"v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0", fmt.Sprintf("m=audio %d RTP/AVP 0", port), "a=rtpmap:0 PCMU/8000", "a=ptime:20", "a=sendrecv", "",
	}, "\r\n"), fmt.Sprintf("Contact: <sip:bench@127.0.0.1:%d>", t.port()))
	t.all.Go(l.receive)
	t.all.Go(func() { l.send(ctx) })
	t.all.Go(func() { t.hold(ctx, l) })
	t.all.Go(func() {
		<-ctx.Done()
		audio.Close()
	})
	return l, nil
}

// response is a 200 to a request.
func response(request, body string, more ...string) string {
	lines := []string{"SIP/2.0 200 OK"}
	for text := range strings.SplitSeq(request, "\r\n") {
		name, _, _ := strings.Cut(text, ":")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "via", "from", "call-id", "cseq", "v", "f", "i", "record-route":
			lines = append(lines, text)
		case "to", "t":
			if !strings.Contains(text, ";tag=") {
				text += ";tag=bench"
			}
			lines = append(lines, text)
		}
		if text == "" {
			break
		}
	}
	lines = append(lines, more...)
	if body != "" {
		lines = append(lines, "Content-Type: application/sdp")
	}
	return strings.Join(append(lines, "Content-Length: "+strconv.Itoa(len(body)), "", body), "\r\n")
}

func header(message, name string) string {
	for text := range strings.SplitSeq(message, "\r\n") {
		if key, value, ok := strings.Cut(text, ":"); ok && strings.EqualFold(strings.TrimSpace(key), name) {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// audioAddress returns where a session description (RFC 8866) wants its audio.
func audioAddress(message string) (*net.UDPAddr, error) {
	host, port := "", 0
	for text := range strings.SplitSeq(message, "\r\n") {
		if value, ok := strings.CutPrefix(text, "c=IN IP4 "); ok {
			host = value
		}
		if value, ok := strings.CutPrefix(text, "m=audio "); ok {
			number, _, _ := strings.Cut(value, " ")
			port, _ = strconv.Atoi(number)
		}
	}
	address := net.ParseIP(host)
	if address == nil || port == 0 {
		return nil, errors.New("an INVITE without audio")
	}
	return &net.UDPAddr{IP: address, Port: port}, nil
}

// receive notes when packets with sound come.
func (l *leg) receive() {
	packet := make([]byte, 2048)
	for {
		n, err := l.audio.Read(packet)
		if err != nil {
			return
		}
		now := time.Now()
		if n < 12+packetBytes || packet[1]&0x7f != 0 {
			continue
		}
		l.mu.Lock()
		l.received++
		if loudness(packet[12:n]) >= loud {
			l.voiced = append(l.voiced, now)
		}
		l.mu.Unlock()
	}
}

// send sends a packet every 20 ms: what the person says, or silence.
func (l *leg) send(ctx context.Context) {
	var packet [12 + packetBytes]byte
	packet[0] = 0x80
	binary.BigEndian.PutUint32(packet[8:], 0x6e616372)
	began := time.Now()
	for n := 0; ctx.Err() == nil; n++ {
		if pause(ctx, time.Until(began.Add(time.Duration(n)*packetTime))) != nil {
			return
		}
		binary.BigEndian.PutUint16(packet[2:], uint16(n))
		binary.BigEndian.PutUint32(packet[4:], uint32(n*packetBytes))
		for i := range packet[12:] {
			packet[12+i] = silentByte
		}
		l.mu.Lock()
		l.saying = l.saying[copy(packet[12:], l.saying):]
		if loudness(packet[12:]) >= loud {
			l.last = time.Now()
		}
		l.mu.Unlock()
		if _, err := l.audio.WriteToUDP(packet[:], l.to); err != nil {
			return
		}
	}
}

// say says something, and returns when its last sound was sent.
func (l *leg) say(ctx context.Context, code []byte) (time.Time, error) {
	l.mu.Lock()
	l.saying = append(l.saying, code...)
	l.mu.Unlock()
	for {
		if err := pause(ctx, packetTime); err != nil {
			return time.Time{}, err
		}
		l.mu.Lock()
		rest, last := len(l.saying), l.last
		l.mu.Unlock()
		if rest == 0 {
			return last, nil
		}
	}
}

// firstAfter returns when the first packet with sound after an instant came.
func (l *leg) firstAfter(at time.Time) (time.Time, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, came := range l.voiced {
		if came.After(at) {
			return came, true
		}
	}
	return time.Time{}, false
}

// runEnd returns when the last packet came of the sound that was heard at an instant: a pause of a length ends it.
func (l *leg) runEnd(at time.Time, length time.Duration) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	last := time.Time{}
	for _, came := range l.voiced {
		if came.After(at) && came.Sub(last) >= length {
			break
		}
		last = came
	}
	return last
}

// lastVoiced returns when the last packet with sound so far came.
func (l *leg) lastVoiced() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.voiced) == 0 {
		return time.Time{}
	}
	return l.voiced[len(l.voiced)-1]
}

// hear waits for sound after an instant, and returns when it came.
func (l *leg) hear(ctx context.Context, after time.Time, limit time.Duration) (time.Time, error) {
	for deadline := time.Now().Add(limit); ; {
		if came, ok := l.firstAfter(after); ok {
			return came, nil
		}
		if time.Now().After(deadline) {
			return time.Time{}, fmt.Errorf("nothing was heard for %s", limit)
		}
		if err := pause(ctx, 5*time.Millisecond); err != nil {
			return time.Time{}, err
		}
	}
}

// quiet waits until the other side has been silent for a time.
func (l *leg) quiet(ctx context.Context, length time.Duration) error {
	for time.Since(l.lastVoiced()) < length {
		if err := pause(ctx, 5*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// loudness is the root of the mean square of µ-law audio.
func loudness(code []byte) float64 {
	sum := 0.0
	for _, b := range code {
		sample := expand(b)
		sum += sample * sample
	}
	return math.Sqrt(sum / float64(len(code)))
}

// expand is the sample of a byte of µ-law (ITU-T G.711), within 16 bits.
func expand(code byte) float64 {
	code = ^code
	value := (int(code&0x0f)<<3+0x84)<<(code>>4&7) - 0x84
	if code&0x80 != 0 {
		return float64(-value)
	}
	return float64(value)
}
