package telephony

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"nacre/internal/call"
)

// TestEarlyAnswer: where the 200 has no body, the description of the provisional response is the answer (RFC 3261 13.2.1).
func TestEarlyAnswer(t *testing.T) {
	t.Parallel()
	e := open(t, Config{})
	for name, tags := range map[string][2]string{"of the same tag": {"a", "a"}, "of a gateway that answers with another tag": {"a", "b"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			audio, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
			if err != nil {
				t.Fatal(err)
			}
			defer audio.Close()
			peer := newRawPeer(t)
			result := dial(t.Context(), e, inviteTo(trunkTo(peer.address()), 10*time.Second))
			invite := peer.expect("INVITE")
			peer.respond(invite, "183 Session Progress", tags[0], "Require: 100rel\r\nRSeq: 1\r\n", description(audio.LocalAddr().(*net.UDPAddr).Port, "sendrecv"))
			peer.respond(peer.expect("PRACK"), "200 OK", "", "", "") // it was read: datagrams so close may overtake each other
			peer.respond(invite, "200 OK", tags[1], "", "")
			peer.expect("ACK")
			answered := await(t, "the answer", result)
			if answered.failure != nil {
				t.Fatalf("%+v", *answered.failure)
			}
			ending := serve(t.Context(), answered.leg, newPerson())
			_ = audio.SetReadDeadline(time.Now().Add(timeout))
			if _, err := audio.Read(make([]byte, 2000)); err != nil {
				t.Errorf("no audio where the 183 said: %v", err)
			}
			answered.leg.HangUp()
			peer.respond(peer.expect("BYE"), "200 OK", "", "", "")
			await(t, "the end", ending)
		})
	}
}

// TestReliableProvisional: a response that wants it is acknowledged by PRACK, once (RFC 3262).
func TestReliableProvisional(t *testing.T) {
	t.Parallel()
	e := open(t, Config{})
	peer := newRawPeer(t)
	result := dial(t.Context(), e, inviteTo(trunkTo(peer.address()), 10*time.Second))
	invite := peer.expect("INVITE")
	if !strings.Contains(invite.header("Supported"), "100rel") {
		t.Errorf("the INVITE supports %q", invite.header("Supported"))
	}
	ring := func(sequence int) {
		peer.respond(invite, "180 Ringing", "a", fmt.Sprintf("Require: 100rel\r\nRSeq: %d\r\n", sequence), "")
	}
	ring(5)
	first := peer.expect("PRACK")
	if first.header("RAck") != "5 1 INVITE" || first.header("CSeq") != "2 PRACK" || !strings.Contains(first.header("To"), "tag=a") {
		t.Errorf("PRACK %q", first.lines)
	}
	peer.respond(first, "200 OK", "", "", "")
	ring(5) // repeated: its PRACK was lost, or is on its way
	ring(9) // before its turn
	ring(6)
	second := peer.expect("PRACK")
	if second.header("RAck") != "6 1 INVITE" || second.header("CSeq") != "3 PRACK" {
		t.Errorf("PRACK %q", second.lines)
	}
	peer.respond(second, "200 OK", "", "", "")
	peer.respond(invite, "200 OK", "a", "", description(4000, "sendrecv"))
	if ack := peer.expect("ACK"); ack.header("CSeq") != "1 ACK" {
		t.Errorf("ACK %q", ack.lines)
	}
	await(t, "the answer", result).leg.HangUp()
	bye := peer.expect("BYE")
	if bye.header("CSeq") != "4 BYE" {
		t.Errorf("BYE %q", bye.lines)
	}
	peer.respond(bye, "200 OK", "", "", "")
}

// TestIntervalTooSmall: a 422 is met with the interval that it names, once (RFC 4028 7.3).
func TestIntervalTooSmall(t *testing.T) {
	t.Parallel()
	e := open(t, Config{})
	peer := newRawPeer(t)
	result := dial(t.Context(), e, inviteTo(trunkTo(peer.address()), 10*time.Second))
	invite := peer.expect("INVITE")
	for again := range 2 {
		peer.respond(invite, "422 Session Interval Too Small", "a", "Min-SE: 120\r\n", "")
		peer.expect("ACK")
		if again == 1 {
			break
		}
		for first := invite.header("CSeq"); invite.header("CSeq") == first; {
			invite = peer.expect("INVITE")
		}
		if invite.header("Session-Expires") != "120" || invite.header("Min-SE") != "120" || invite.header("CSeq") != "2 INVITE" {
			t.Errorf("INVITE %q", invite.lines)
		}
	}
	checkFailure(t, await(t, "the end", result), call.CauseFailed, 422)
}

// answeredBy is a call that the peer has answered, and what the peer's requests within it have in common.
func answeredBy(t *testing.T, e *Endpoint, peer *rawPeer) (leg call.Leg, within func(method string, seq int, extra, body string) message) {
	t.Helper()
	result := dial(t.Context(), e, inviteTo(trunkTo(peer.address()), 10*time.Second))
	invite := peer.expect("INVITE")
	peer.respond(invite, "200 OK", "far", "", description(4000, "sendrecv"))
	peer.expect("ACK")
	return await(t, "the answer", result).leg, func(method string, seq int, extra, body string) message {
		t.Helper()
		peer.send(fmt.Sprintf("%s sip:x@%s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%s%d\r\nMax-Forwards: 70\r\nFrom: %s;tag=far\r\nTo: %s\r\n"+
			"Call-ID: %s\r\nCSeq: %d %s\r\nContact: <sip:peer@%s>\r\n%sContent-Length: %d\r\n\r\n%s", method, e.Address(), peer.address(), method, seq,
			invite.header("To"), invite.header("From"), invite.header("Call-ID"), seq, method, peer.address(), extra, len(body), body))
		return peer.expect("SIP/2.0")
	}
}

func TestKeysByInfo(t *testing.T) {
	t.Parallel()
	e := open(t, Config{})
	peer := newRawPeer(t)
	leg, within := answeredBy(t, e, peer)
	someone := newPerson()
	ctx, stop := context.WithCancel(t.Context())
	ending := serve(ctx, leg, someone)
	eventually(t, "the call is served", func() bool { return someone.frames.Load() > 2 })
	seq := 0
	for _, press := range []struct {
		kind, body, status string
		key                rune
	}{
		{"application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", "200", '5'},
		{"Application/DTMF-Relay; x=y", "Duration=160\nsignal = *\n", "200", '*'},
		{"application/dtmf", "9", "200", '9'},
		{"application/dtmf", " 11\r\n", "200", '#'},
		{"application/dtmf-relay", "Duration=160\r\n", "200", 0},
		{"application/broadsoft", "play tone", "415", 0},
	} {
		seq++
		answer := within("INFO", seq, "Content-Type: "+press.kind+"\r\n", press.body)
		if !strings.HasPrefix(answer.first, "SIP/2.0 "+press.status) {
			t.Errorf("%q: %s", press.body, answer.first)
		}
		if press.key != 0 {
			if got := await(t, "the key", someone.keys); got != press.key {
				t.Errorf("%q: key %c", press.body, got)
			}
		}
	}
	if answer := within("INFO", 7, "", ""); !strings.HasPrefix(answer.first, "SIP/2.0 200") {
		t.Errorf("an empty INFO: %s", answer.first)
	}
	stop()
	peer.respond(peer.expect("BYE"), "200 OK", "", "", "")
	await(t, "the end", ending)
}

// TestUnknownRequireWithin: a change that demands what we do not have is refused, and changes nothing.
func TestUnknownRequireWithin(t *testing.T) {
	t.Parallel()
	e := open(t, Config{})
	peer := newRawPeer(t)
	leg, within := answeredBy(t, e, peer)
	for seq, method := range []string{"INVITE", "UPDATE"} {
		answer := within(method, seq+1, "Require: timer, x-one\r\nRequire: x-two\r\nContent-Type: application/sdp\r\n", description(4002, "inactive"))
		if !strings.HasPrefix(answer.first, "SIP/2.0 420") || answer.header("Unsupported") != "x-one, x-two" {
			t.Errorf("%s: %s, Unsupported: %q", method, answer.first, answer.header("Unsupported"))
		}
	}
	leg.HangUp()
	for {
		if m := peer.expect(""); m.method() == "BYE" {
			peer.respond(m, "200 OK", "", "", "")
			return
		}
	}
}
