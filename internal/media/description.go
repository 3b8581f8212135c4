package media

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"nacre/internal/call"
)

// direction is that of a media line (RFC 8866 section 6.7), seen from the side that wrote it.
type direction string

const (
	sendRecv direction = "sendrecv"
	sendOnly direction = "sendonly"
	recvOnly direction = "recvonly"
	inactive direction = "inactive"
)

// answer returns the direction of the answer to an offered one (RFC 3264 section 6.1).
func (d direction) answer() direction {
	switch d {
	case sendOnly:
		return recvOnly
	case recvOnly:
		return sendOnly
	}
	return d
}

// mediaLine holds what we use of one media section of a peer's SDP (RFC 8866).
type mediaLine struct {
	kind, proto string
	port        int
	formats     []string          // payload types in the peer's order
	encodings   map[string]string // payload type → upper-case "NAME/RATE", from rtpmap
	address     string            // of its own c=, else the session's; "" without either
	rtcpPort    int               // of a=rtcp (RFC 3605); 0 = none
	rtcpAddress string            // of a=rtcp; "" = none
	direction   direction
	packetTime  int   // a=ptime in ms; 0 = none
	packetLimit int   // a=maxptime in ms; 0 = none
	fault       error // why its addresses cannot be used
}

// usable reports whether the line is audio over RTP/AVP or RTP/AVPF with a port.
func (m *mediaLine) usable() bool {
	return m.kind == "audio" && m.port != 0 && (m.proto == "RTP/AVP" || m.proto == "RTP/AVPF")
}

// parseMedia parses the media sections of an SDP. It ignores lines that it does not know: gateways leave out t=, forget the
// last line end, and offer m= lines of every kind.
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

// parseMediaLine parses "audio 4000/2 RTP/AVP 0 8". A line without a port is not usable.
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

// milliseconds parses a time of 1 to 1000 ms; 0 for anything else.
func milliseconds(value string) int {
	n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil || !(n >= 1 && n <= 1000) {
		return 0
	}
	return int(n)
}

// packetSamples returns the samples in a packet of ours: the peer's ptime if that is 10, 20, 30, 40 or 60 ms, otherwise
// 20 ms; never more than its maxptime, if that is 10 ms or more.
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

// defaultEventPayload is our payload type of telephone events (RFC 4733).
const defaultEventPayload = 101

// comfortNoise is the static payload type of RFC 3389.
const comfortNoise = 13

// payloadKind is the encoding of a payload type.
type payloadKind uint8

const (
	unknownPayload payloadKind = iota
	ulawPayload
	alawPayload
	eventPayload // RFC 4733
	noisePayload // RFC 3389, played as silence
)

// codecName returns the encoding name in SDP and LegStats; "" for a payload that is no codec.
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

// staticPayload returns the payload type of RFC 3551, table 4.
func (k payloadKind) staticPayload() uint8 {
	if k == alawPayload {
		return 8
	}
	return 0
}

// kindOf returns payload type and encoding of a format of the line, by rtpmap or static payload type.
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

// terms are the result of an offer and its answer.
type terms struct {
	remote       netip.AddrPort // of the peer's SDP; with its port also where the address is 0.0.0.0
	remoteRTCP   netip.AddrPort
	codec        payloadKind // what we send
	codecPayload uint8
	events       bool // the peer supports telephone-event (RFC 4733)
	eventPayload uint8
	kinds        [128]payloadKind // what we receive, by payload type
	direction    direction        // ours
	held         bool
	mute         bool // the peer wrote 0.0.0.0: nothing is sent, no reports either (RFC 3264 section 8.4)
	packet       int  // samples in a packet of ours
}

// agree returns the index of the first media line that we can use, and its terms. codecs are ours, in order of preference;
// preferred, if known, wins when the line has it. ipv6 is the address family of our sockets.
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

	// G.711 is received under its static payload types even if it was not negotiated: gateways switch without asking.
	t.kinds[ulawPayload.staticPayload()] = ulawPayload
	t.kinds[alawPayload.staticPayload()] = alawPayload
	t.kinds[comfortNoise] = noisePayload
	t.kinds[defaultEventPayload] = eventPayload // some peers use the payload type of our offer, some their own
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

// audioSection returns our media section. codecs[i] has payload type payloads[i]; events < 0 means no telephone-event.
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
