package telephony

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nacre/internal/call"
)

// rungs are the messages of a ladder in short: > sent, < received, the method of requests or the status of responses.
func rungs(messages []call.SIPMessage) string {
	short := make([]string, len(messages))
	for n, m := range messages {
		arrow, what := "<", m.Method
		if m.Sent {
			arrow = ">"
		}
		if status, isResponse := strings.CutPrefix(m.Line, "SIP/2.0 "); isResponse {
			code, _, _ := strings.Cut(status, " ")
			what = code + "/" + m.Method
		}
		short[n] = arrow + what
	}
	return strings.Join(short, " ")
}

// A refusal tells why, with what the carrier said besides.
func TestLadderOfARefusal(t *testing.T) {
	t.Parallel()
	peer := newRawPeer(t)
	result := dial(t.Context(), open(t, Config{}), inviteTo(trunkTo(peer.address()), 10*time.Second))
	invite := peer.expect("INVITE")
	peer.respond(invite, "180 Ringing", "a", "", "")
	peer.respond(invite, "480 Temporarily Unavailable", "a", "Reason: Q.850;cause=18\r\nRetry-After: 30\r\n", "")
	peer.expect("ACK")
	got := await(t, "the refusal", result)
	messages := got.failure.Messages
	if short := rungs(messages); short != ">INVITE <180/INVITE <480/INVITE >ACK" && short != ">INVITE <180/INVITE <480/INVITE" {
		t.Fatalf("%s: %+v", short, messages)
	}
	if first := messages[0]; first.Detail != "SDP" || !strings.HasPrefix(first.Line, "INVITE sip:") || first.At.IsZero() {
		t.Errorf("%+v", first)
	}
	if why := messages[2]; why.Line != "SIP/2.0 480 Temporarily Unavailable" || why.Detail != "Reason: Q.850;cause=18; Retry-After: 30" {
		t.Errorf("%+v", why)
	}
}

// A peer that repeats itself, and texts without end, take no memory.
func TestLadderIsBounded(t *testing.T) {
	t.Parallel()
	var l ladder
	for range 2 * maxLadder {
		l.note(call.SIPMessage{}, "1")
	}
	if n := len(l.Messages()); n != maxLadder {
		t.Errorf("%d messages", n)
	}
	long := "SIP/2.0 486 " + strings.Repeat("ä", 1000) + "\r\nReason: " + strings.Repeat("x", 1000) + "\r\n\r\n"
	m, _, _, _, ok := readMessage([]byte(long))
	if !ok || len(m.Line) > maxLadderText+3 || len(m.Detail) > maxLadderText+3 {
		t.Errorf("%v, %d, %d", ok, len(m.Line), len(m.Detail))
	}
}

// What overtook the news of our own message comes after it; what came long before does not.
func TestLadderKeepsTheOrderOfTheWire(t *testing.T) {
	t.Parallel()
	var l ladder
	began := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	note := func(after time.Duration, sent bool, line, method, seq string) {
		l.note(call.SIPMessage{At: began.Add(after), Sent: sent, Line: line, Method: method}, seq)
	}
	note(0, false, "SIP/2.0 100 Trying", "INVITE", "1")
	note(time.Millisecond, true, "INVITE sip:x SIP/2.0", "INVITE", "1")
	note(time.Second, false, "SIP/2.0 200 OK", "INVITE", "1")
	note(time.Second+time.Millisecond, true, "ACK sip:x SIP/2.0", "ACK", "1")
	note(2*time.Second, false, "SIP/2.0 200 OK", "BYE", "2")
	note(2*time.Second, true, "BYE sip:x SIP/2.0", "BYE", "2")
	if short := rungs(l.Messages()); short != ">INVITE <100/INVITE <200/INVITE >ACK >BYE <200/BYE" {
		t.Error(short)
	}
}

// A piece of a stream may hold several messages, and rubbish.
func TestMessagesOfAPiece(t *testing.T) {
	t.Parallel()
	one := "SIP/2.0 183 Session Progress\r\ni: 1@host\r\nCSeq: 7  INVITE\r\nc: application/sdp\r\nl: 3\r\n\r\nv=0"
	two := "\r\n\r\nBYE sip:x@127.0.0.1 SIP/2.0\r\nCall-ID:  2@host \r\nCSEQ: 8 BYE\r\nReason: SIP ;cause=200\r\n\r\n"
	var got []string
	for rest, more := []byte(one+two), true; more && len(rest) > 0; {
		var m call.SIPMessage
		var callID string
		if m, callID, _, rest, more = readMessage(rest); more {
			got = append(got, callID+" "+m.Method+" "+m.Detail)
		}
	}
	if diff := cmp.Diff([]string{"1@host INVITE SDP", "2@host BYE Reason: SIP ;cause=200"}, got); diff != "" {
		t.Error(diff)
	}
	for _, rubbish := range []string{"\r\n", "v=0\r\no=- 1", "GET / HTTP/1.1\r\n\r\n", "SIP/2.0 200 OK\r\nContent-Length: -5\r\n\r\nx", "SIP/2.0 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nx"} {
		for rest, more := []byte(rubbish), true; more && len(rest) > 0; {
			_, _, _, rest, more = readMessage(rest)
		}
	}
}
