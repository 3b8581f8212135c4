package telephony

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"nacre/internal/call"
)

const (
	maxLadder     = 200 // messages of one call that are noted; a peer that repeats itself fills no memory
	maxLadderText = 300 // bytes of a start line, and of what is told besides

	overtaking = 20 * time.Millisecond
	ladderEnds = 5 * time.Second // after a dialog is over
)

// ladder notes the messages of one call.
type ladder struct {
	local    string // address of our UDP socket: others of this process, such as the sandbox carrier's, have the same Call-IDs
	mu       sync.Mutex
	messages []call.SIPMessage
	seqs     []string // the CSeq number of each
}

// Messages returns what passed so far, in the order in which it did.
func (l *ladder) Messages() []call.SIPMessage {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.messages)
}

// note adds a message. sipgo tells of one of ours when it has been sent: what the peer says to it may have come by then.
func (l *ladder) note(m call.SIPMessage, seq string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := len(l.messages)
	if at == maxLadder {
		return
	}
	for m.Sent && at > 0 && follows(l.messages[at-1], m) && l.seqs[at-1] == seq && m.At.Sub(l.messages[at-1].At) < overtaking {
		at--
		m.At = l.messages[at].At
	}
	l.messages, l.seqs = slices.Insert(l.messages, at, m), slices.Insert(l.seqs, at, seq)
}

// follows reports whether what the peer sent is what it says to a message of ours with the same CSeq: a response, or the ACK for one.
func follows(theirs, ours call.SIPMessage) bool {
	return !theirs.Sent && (theirs.Method == ours.Method || theirs.Method == "ACK" && strings.HasPrefix(ours.Line, "SIP/2.0 "))
}

// ladders are those of the calls that are noted, by Call-ID. sipgo's tracer is one for the process.
var ladders sync.Map

// tracer is told every datagram and every piece of a stream that sipgo reads or writes (sip.SIPTracer).
type tracer struct{}

func (tracer) SIPTraceRead(transport, local, _ string, data []byte) {
	trace(transport, local, data, false)
}

func (tracer) SIPTraceWrite(transport, local, _ string, data []byte) {
	trace(transport, local, data, true)
}

// trace notes the messages that begin in data. A piece of a stream that begins within a message is left out: only what is
// looked at by people is lost.
func trace(transport, local string, data []byte, sent bool) {
	for at := time.Now(); len(data) > 0; {
		message, callID, seq, rest, ok := readMessage(data)
		if !ok {
			return
		}
		if found, known := ladders.Load(callID); known {
			if l := found.(*ladder); transport != "UDP" || local == l.local {
				message.At, message.Sent = at, sent
				l.note(message, seq)
			}
		}
		data = rest
	}
}

// told are the header fields that a ladder shows, by their lower-case names.
var told = map[string]string{"reason": "Reason", "warning": "Warning", "retry-after": "Retry-After", "min-se": "Min-SE", "require": "Require", "refer-to": "Refer-To"}

// readMessage reads the start line and the header of the first message in data; rest is what follows its body.
func readMessage(data []byte) (message call.SIPMessage, callID, seq string, rest []byte, ok bool) {
	data = bytes.TrimLeft(data, "\r\n")
	head, body, whole := bytes.Cut(data, []byte("\r\n\r\n"))
	if !whole {
		return message, "", "", nil, false
	}
	start, fields, _ := strings.Cut(string(head), "\r\n")
	if !strings.HasPrefix(start, "SIP/2.0 ") && !strings.HasSuffix(start, " SIP/2.0") {
		return message, "", "", nil, false
	}
	message.Line = brief(start)
	var details []string
	length := 0
	for field := range strings.SplitSeq(fields, "\r\n") {
		name, value, _ := strings.Cut(field, ":")
		value = strings.TrimSpace(value)
		switch name = strings.ToLower(strings.TrimSpace(name)); name {
		case "call-id", "i":
			callID = value
		case "cseq":
			var method string
			seq, method, _ = strings.Cut(value, " ")
			message.Method = brief(strings.TrimSpace(method))
		case "content-length", "l":
			length, _ = strconv.Atoi(value)
		case "content-type", "c":
			if strings.HasPrefix(strings.ToLower(value), "application/sdp") {
				details = append(details, "SDP")
			}
		default:
			if shown := told[name]; shown != "" {
				details = append(details, shown+": "+value)
			}
		}
	}
	message.Detail = brief(strings.Join(details, "; "))
	return message, callID, seq, body[min(max(length, 0), len(body)):], true
}

// brief bounds what a peer may have us keep; the store takes valid UTF-8 alone.
func brief(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), maxLadderText)], "�")
}
