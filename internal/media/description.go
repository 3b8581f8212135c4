package media

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"nacre/internal/call"
)

// direction of a media line (RFC 8866 section 6.7), from the point of view of the one who wrote it.
type direction string

const (
	sendRecv direction = "sendrecv"
	sendOnly direction = "sendonly"
	recvOnly direction = "recvonly"
	inactive direction = "inactive"
)

// answer is the direction that answers an offered one (RFC 3264 section 6.1).
func (d direction) answer() direction {
	switch d {
	case sendOnly:
		return recvOnly
	case recvOnly:
		return sendOnly
	}
	return d
}

// mediaLine is what we use of one media section of a peer's SDP (RFC 8866).
type mediaLine struct {
	kind, proto string
	port        int
	formats     []string          // payload types in the peer's order
	encodings   map[string]string // payload type → upper-case "NAME/RATE", from rtpmap
	address     string            // of its own c=, else the session's; "" without either
	rtcpPort    int               // of a=rtcp (RFC 3605); 0 = none
	rtcpAddress string            // of a=rtcp; "" = none
	direction   direction
	packetTime  int   // ms of audio that the peer wants in a packet (a=ptime); 0 = not told
	packetLimit int   // ms it takes at most (a=maxptime); 0 = not told
	fault       error // why its addresses cannot be used
}

// usable reports whether the line is audio that we could talk over.
func (m *mediaLine) usable() bool {
	return m.kind == "audio" && m.port != 0 && (m.proto == "RTP/AVP" || m.proto == "RTP/AVPF")
}

// parseMedia reads the media sections of an SDP. It reads what it knows and passes over the rest, because one strange
// line must not cost a call: gateways leave out t=, forget the last line end, and offer m= lines of every kind.
func parseMedia(text []byte) []mediaLine {
	const maxLines = 32 // of media; more is not a call
	var lines []mediaLine
	session := mediaLine{direction: sendRecv}
	at := &session
	for line := range strings.FieldsFuncSeq(string(text), func(r rune) bool { return r == '\r' || r == '\n' }) {
		if len(line) < 2 || line[1] != '=' {
			continue
		}
		value := strings.TrimSpace(line[2:])
		switch line[0] {
		case 'm':
			if len(lines) == maxLines {
				return lines
			}
			lines = append(lines, parseMediaLine(value, session))
			at = &lines[len(lines)-1]
		case 'c':
			if fields := strings.Fields(value); len(fields) == 3 {
				at.address, _, _ = strings.Cut(fields[2], "/") // "/ttl" of multicast
			}
		case 'a':
			at.attribute(value)
		}
	}
	return lines
}

// parseMediaLine reads "audio 4000/2 RTP/AVP 0 8". What is missing stays such that the line is refused.
func parseMediaLine(value string, session mediaLine) mediaLine {
	line := mediaLine{kind: "audio", proto: "RTP/AVP", address: session.address, direction: session.direction,
		encodings: map[string]string{}}
	fields := strings.Fields(value)
	if len(fields) > 0 {
		line.kind = fields[0]
	}
	if len(fields) > 1 {
		port, _, _ := strings.Cut(fields[1], "/")
		if n, err := strconv.ParseUint(port, 10, 16); err == nil {
			line.port = int(n)
		}
	}
	if len(fields) > 2 {
		line.proto = fields[2]
	}
	if len(fields) > 3 {
		line.formats = fields[3:]
	}
	return line
}

func (m *mediaLine) attribute(value string) {
	name, value, _ := strings.Cut(value, ":")
	switch name {
	case string(sendRecv), string(sendOnly), string(recvOnly), string(inactive):
		m.direction = direction(name)
	case "rtpmap":
		format, encoding, _ := strings.Cut(strings.TrimSpace(value), " ")
		parts := strings.Split(strings.ToUpper(strings.TrimSpace(encoding)), "/")
		if m.encodings != nil && len(parts) > 1 {
			m.encodings[format] = parts[0] + "/" + parts[1]
		}
	case "rtcp":
		if fields := strings.Fields(value); len(fields) > 0 {
			if n, err := strconv.ParseUint(fields[0], 10, 16); err == nil {
				m.rtcpPort = int(n)
			}
			if len(fields) == 4 {
				m.rtcpAddress = fields[3]
			}
		}
	case "ptime":
		m.packetTime = milliseconds(value)
	case "maxptime":
		m.packetLimit = milliseconds(value)
	}
}

// milliseconds reads a time of at most a second; 0 where it is none.
func milliseconds(value string) int {
	n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil || !(n >= 1 && n <= 1000) {
		return 0
	}
	return int(n)
}

// packetSamples is how much audio a packet of ours carries: as much as the peer asks for, if that is 10, 20, 30, 40 or
// 60 ms; otherwise 20 ms. It never exceeds the peer's limit, if that is 10 ms or more.
func (m *mediaLine) packetSamples() int {
	const usual = 20
	sizes := []int{60, 40, 30, usual, 10}
	wanted := usual
	if slices.Contains(sizes, m.packetTime) {
		wanted = m.packetTime
	}
	if m.packetLimit > 0 {
		for _, size := range sizes {
			if wanted > m.packetLimit && size < wanted {
				wanted = size
			}
		}
	}
	return wanted * call.SampleRate / 1000
}

// defaultEventPayload is the payload type of keys where the peer has not named another.
const defaultEventPayload = 101

// comfortNoise is the static payload type of RFC 3389.
const comfortNoise = 13

// payloadKind is what the packets of a payload type hold.
type payloadKind uint8

const (
	unknownPayload payloadKind = iota
	ulawPayload
	alawPayload
	eventPayload // RFC 4733
	noisePayload // RFC 3389, played as silence
)

// codecName is the name in SDP and in the figures of a leg; "" when the payload is no codec.
func (k payloadKind) codecName() string {
	switch k {
	case ulawPayload:
		return "PCMU"
	case alawPayload:
		return "PCMA"
	}
	return ""
}

func codecNamed(name string) payloadKind {
	for _, k := range []payloadKind{ulawPayload, alawPayload} {
		if strings.EqualFold(name, k.codecName()) {
			return k
		}
	}
	return unknownPayload
}

// staticPayload is the payload type of RFC 3551, table 4.
func (k payloadKind) staticPayload() uint8 {
	if k == alawPayload {
		return 8
	}
	return 0
}

// kindOf says what a format of the line is, by rtpmap or by its static number.
func (m *mediaLine) kindOf(format string) (payload uint8, kind payloadKind) {
	n, err := strconv.ParseUint(format, 10, 7)
	if err != nil {
		return 0, unknownPayload
	}
	payload = uint8(n)
	encoding, mapped := m.encodings[format]
	switch {
	case encoding == "PCMU/8000" || !mapped && payload == 0:
		return payload, ulawPayload
	case encoding == "PCMA/8000" || !mapped && payload == 8:
		return payload, alawPayload
	case encoding == "TELEPHONE-EVENT/8000":
		return payload, eventPayload
	case encoding == "CN/8000" || !mapped && payload == comfortNoise:
		return payload, noisePayload
	}
	return payload, unknownPayload
}

// terms are what both sides have agreed on.
type terms struct {
	remote       netip.AddrPort // where audio goes; the port is kept where the peer wrote 0.0.0.0
	remoteRTCP   netip.AddrPort
	codec        payloadKind // what we send
	codecPayload uint8
	events       bool // the peer takes keys as RFC 4733 events
	eventPayload uint8
	kinds        [128]payloadKind // what we take, by payload type
	direction    direction        // ours
	held         bool
	mute         bool // the peer wrote 0.0.0.0: nothing is sent, no reports either (RFC 3264 section 8.4)
	packet       int  // samples in a packet of ours
}

// agree finds the first media line we can talk over and what it makes of a call. codecs are ours; preferred, when
// known, is kept as long as the line has it. ipv6 says which family our sockets are of.
func agree(lines []mediaLine, codecs []payloadKind, preferred payloadKind, ipv6 bool) (int, terms, error) {
	err := fmt.Errorf("no audio line: %w", ErrNoCodec)
	for i := range lines {
		line := &lines[i]
		if !line.usable() {
			continue
		}
		t, fault := line.terms(codecs, preferred, ipv6)
		if fault == nil {
			return i, t, nil
		}
		err = fault
	}
	return 0, terms{}, err
}

func (m *mediaLine) terms(codecs []payloadKind, preferred payloadKind, ipv6 bool) (terms, error) {
	if m.fault != nil {
		return terms{}, fmt.Errorf("address %q of the audio: %w: %w", m.address, ErrNoCodec, m.fault)
	}
	address, err := netip.ParseAddr(m.address)
	if err != nil || address.Unmap().Is6() != ipv6 || address.Zone() != "" || address.IsMulticast() {
		return terms{}, fmt.Errorf("address %q of the audio: %w", m.address, ErrNoCodec)
	}
	t := terms{remote: netip.AddrPortFrom(address.Unmap(), uint16(m.port)), direction: m.direction.answer(), packet: m.packetSamples()}
	rtcpPort := m.rtcpPort
	if rtcpPort == 0 {
		rtcpPort = m.port + 1
	}
	t.remoteRTCP = netip.AddrPortFrom(t.remote.Addr(), uint16(rtcpPort))
	if own, err := netip.ParseAddr(m.rtcpAddress); err == nil && own.Unmap().Is6() == ipv6 && own.Zone() == "" && !own.IsMulticast() {
		t.remoteRTCP = netip.AddrPortFrom(own.Unmap(), uint16(rtcpPort))
	}
	if t.remote.Addr().IsUnspecified() { // hold in the manner of RFC 2543; RFC 3264 section 8.4 keeps it valid
		t.mute = true
		switch t.direction {
		case sendRecv:
			t.direction = recvOnly
		case sendOnly:
			t.direction = inactive
		}
	}
	t.held = t.direction == recvOnly || t.direction == inactive

	// G.711 is taken under its static numbers even where it was not agreed: it costs nothing and gateways switch freely.
	t.kinds[ulawPayload.staticPayload()] = ulawPayload
	t.kinds[alawPayload.staticPayload()] = alawPayload
	t.kinds[comfortNoise] = noisePayload
	t.kinds[defaultEventPayload] = eventPayload // some send under the number of our offer, some under their own
	for _, format := range m.formats {
		payload, kind := m.kindOf(format)
		if kind == unknownPayload {
			continue
		}
		t.kinds[payload] = kind
		switch {
		case kind == eventPayload && !t.events:
			t.events, t.eventPayload = true, payload
		case slices.Contains(codecs, kind) && (t.codec == unknownPayload || kind == preferred && t.codec != preferred):
			t.codec, t.codecPayload = kind, payload
		}
	}
	if t.codec == unknownPayload {
		return terms{}, fmt.Errorf("formats %q of the audio: %w", m.formats, ErrNoCodec)
	}
	return t, nil
}

// audioSection writes our media section. codecs and their payload types go in pairs.
func audioSection(proto string, port int, codecs []payloadKind, payloads []uint8, events int, d direction) string {
	var b strings.Builder
	fmt.Fprintf(&b, "m=audio %d %s", port, proto)
	for _, payload := range payloads {
		fmt.Fprintf(&b, " %d", payload)
	}
	if events >= 0 {
		fmt.Fprintf(&b, " %d", events)
	}
	b.WriteString("\r\n")
	for i, payload := range payloads {
		fmt.Fprintf(&b, "a=rtpmap:%d %s/8000\r\n", payload, codecs[i].codecName())
	}
	if events >= 0 {
		fmt.Fprintf(&b, "a=rtpmap:%d telephone-event/8000\r\na=fmtp:%d 0-15\r\n", events, events)
	}
	fmt.Fprintf(&b, "a=ptime:20\r\na=rtcp:%d\r\na=%s\r\n", port+1, d)
	return b.String()
}
