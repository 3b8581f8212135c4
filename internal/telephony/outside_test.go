package telephony

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/id"
)

// The tests of this file call the endpoint by hand.

// request sends a request to the endpoint: a method, CSeq, To tag ("" = none), branch, more header lines and a body.
func (p *rawPeer) request(e *Endpoint, method string, seq int, toTag, branch, extra, body string) {
	p.t.Helper()
	p.from = net.UDPAddrFromAddrPort(e.Address())
	if toTag != "" {
		toTag = ";tag=" + toTag
	}
	if body != "" {
		extra += "Content-Type: application/sdp\r\n"
	}
	p.send(fmt.Sprintf("%s sip:%s@%s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%s;rport\r\nMax-Forwards: 70\r\n"+
		"From: <sip:%s@127.0.0.1>;tag=far\r\nTo: <sip:%s@127.0.0.1>%s\r\nCall-ID: %s\r\nCSeq: %d %s\r\n"+
		"Contact: <sip:peer@%s>\r\n%sContent-Length: %d\r\n\r\n%s",
		method, callee, e.Address(), p.address(), branch, caller, callee, toTag, p.address(), seq, method, p.address(), extra, len(body), body))
}

func (m message) toTag() string {
	_, tag, _ := strings.Cut(m.header("To"), ";tag=")
	return tag
}

// call is an answered call from the raw peer: the leg here and the tag there.
func (p *rawPeer) call(e *Endpoint, ringing <-chan Incoming) (call.Leg, string) {
	p.t.Helper()
	p.request(e, "INVITE", 1, "", "invite", "", description(4000, "sendrecv"))
	p.expect("SIP/2.0 100")
	leg, err := await(p.t, "the INVITE", ringing).Answer()
	if err != nil {
		p.t.Fatal(err)
	}
	tag := p.expect("SIP/2.0 200").toTag()
	p.request(e, "ACK", 1, tag, "ack", "", "")
	return leg, tag
}

func TestAnAnswerIsRepeatedUntilItsAck(t *testing.T) {
	t.Parallel()
	e, ringing := answering(t, Config{})
	peer := newRawPeer(t)
	peer.request(e, "INVITE", 1, "", "invite", "", description(4000, "sendrecv"))
	peer.expect("SIP/2.0 100")
	in := await(t, "the INVITE", ringing)
	if err := in.Ring(180); err != nil {
		t.Error(err)
	}
	ring := peer.expect("SIP/2.0 180")
	leg, err := in.Answer()
	if err != nil {
		t.Fatal(err)
	}
	first, second := peer.expect("SIP/2.0 200"), peer.expect("SIP/2.0 200")
	if first.toTag() == "" || first.toTag() != second.toTag() || first.toTag() != ring.toTag() || first.body != second.body {
		t.Errorf("tags %q, %q, %q", ring.toTag(), first.toTag(), second.toTag())
	}
	leg.HangUp() // RFC 3261 15: not before the ACK
	if m, ok := peer.read(200 * time.Millisecond); ok && m.method() == "BYE" {
		t.Error("BYE before the ACK")
	}
	peer.request(e, "ACK", 1, first.toTag(), "ack", "", "")
	bye, ok := peer.read(timeout)
	for ok && bye.first == first.first { // repeated meanwhile
		bye, ok = peer.read(timeout)
	}
	if bye.method() != "BYE" || !strings.Contains(bye.header("To"), "tag=far") || !strings.Contains(bye.header("From"), "tag="+first.toTag()) {
		t.Errorf("%q", bye.lines)
	}
	peer.respond(bye, "200 OK", "", "", "")
}

func TestAnAnswerWithoutAckIsGivenUp(t *testing.T) {
	t.Parallel()
	e, ringing := answering(t, Config{Timers: Timers{NoAck: 200 * time.Millisecond}})
	peer := newRawPeer(t)
	peer.request(e, "INVITE", 1, "", "invite", "", description(4000, "sendrecv"))
	peer.expect("SIP/2.0 100")
	leg, err := await(t, "the INVITE", ringing).Answer()
	if err != nil {
		t.Fatal(err)
	}
	peer.expect("SIP/2.0 200")
	if ending := await(t, "the end", serve(t.Context(), leg, newPerson())); ending != call.SignallingLost {
		t.Error(ending)
	}
	peer.expect("BYE")
}

func TestAnInviteWithoutAnOffer(t *testing.T) {
	t.Parallel()
	e, ringing := answering(t, Config{})
	peer := newRawPeer(t)
	peer.request(e, "INVITE", 1, "", "invite", "", "")
	peer.expect("SIP/2.0 100")
	leg, err := await(t, "the INVITE", ringing).Answer()
	if err != nil {
		t.Fatal(err)
	}
	answer := peer.expect("SIP/2.0 200")
	if !strings.Contains(answer.body, "m=audio") {
		t.Errorf("no offer in the 200: %q", answer.body)
	}
	party := newPerson()
	ended := serve(t.Context(), leg, party)
	if party.frames.Load() > 0 {
		t.Error("audio before its description")
	}
	peer.request(e, "ACK", 1, answer.toTag(), "ack", "", description(4000, "sendrecv"))
	eventually(t, "audio flows", func() bool { return party.frames.Load() > 3 })
	peer.request(e, "BYE", 2, answer.toTag(), "bye", "", "")
	peer.expect("SIP/2.0 200")
	if ending := await(t, "the end", ended); ending != call.PeerHungUp {
		t.Error(ending)
	}
}

func TestRequestsWithinACall(t *testing.T) {
	t.Parallel()
	e, ringing := answering(t, Config{})
	peer := newRawPeer(t)
	leg, tag := peer.call(e, ringing)
	ended := serve(t.Context(), leg, newPerson())

	peer.request(e, "UPDATE", 2, tag, "u1", "Session-Expires: 1800;refresher=uac\r\nSupported: timer\r\n", "")
	refreshed := peer.expect("SIP/2.0 200")
	if refreshed.header("Session-Expires") != "1800;refresher=uac" || refreshed.header("Require") != "timer" {
		t.Errorf("a session timer's refresh was answered %q", refreshed.lines)
	}
	peer.request(e, "UPDATE", 3, tag, "u0", "Session-Expires: 1800; refresher=uas\r\nSupported: timer\r\n", "")
	if ours := peer.expect("SIP/2.0 200"); ours.header("Session-Expires") != "" || ours.header("Require") != "" {
		t.Errorf("a session timer that we should refresh was granted: %q", ours.lines)
	}
	peer.request(e, "UPDATE", 4, tag, "u2", "", description(4000, "sendonly"))
	if held := peer.expect("SIP/2.0 200"); !strings.Contains(held.body, "a=recvonly") {
		t.Errorf("%q", held.body)
	}
	peer.request(e, "INVITE", 5, tag, "i1", "", description(4000, "sendrecv"))
	peer.expect("SIP/2.0 200")
	peer.request(e, "INVITE", 6, tag, "i2", "", description(4000, "sendrecv")) // the first has no ACK yet
	for m := peer.expect("SIP/2.0 "); !strings.HasPrefix(m.first, "SIP/2.0 491"); m = peer.expect("SIP/2.0 ") {
		if m.header("CSeq") == "6 INVITE" && !strings.HasPrefix(m.first, "SIP/2.0 1") {
			t.Fatalf("a second change at once was answered %q", m.first)
		}
	}
	peer.request(e, "ACK", 6, tag, "i2", "", "")
	peer.request(e, "ACK", 5, tag, "a1", "", "")
	peer.request(e, "INVITE", 7, tag, "i3", "", "m=audio 4000 RTP/AVP 18\r\n")
	for m := peer.expect("SIP/2.0 "); !strings.HasPrefix(m.first, "SIP/2.0 488"); m = peer.expect("SIP/2.0 ") {
		if m.header("CSeq") == "7 INVITE" && !strings.HasPrefix(m.first, "SIP/2.0 1") {
			t.Fatalf("an unusable offer was answered %q", m.first)
		}
	}
	peer.request(e, "ACK", 7, tag, "i3", "", "")
	peer.request(e, "UPDATE", 3, tag, "u3", "", description(4000, "sendonly"))
	if old := peer.expect("SIP/2.0 "); !strings.HasPrefix(old.first, "SIP/2.0 500") {
		t.Errorf("an old CSeq was answered %q", old.first)
	}
	peer.request(e, "MESSAGE", 8, tag, "message", "", "")
	if m := peer.expect("SIP/2.0 "); !strings.HasPrefix(m.first, "SIP/2.0 405") || m.header("Allow") == "" {
		t.Errorf("MESSAGE was answered %q", m.first)
	}
	peer.request(e, "OPTIONS", 9, tag, "options", "", "")
	peer.expect("SIP/2.0 200")
	peer.request(e, "BYE", 10, tag, "bye", "", "")
	peer.expect("SIP/2.0 200")
	if ending := await(t, "the end", ended); ending != call.PeerHungUp {
		t.Error(ending)
	}
	peer.request(e, "BYE", 11, tag, "bye2", "", "")
	peer.expect("SIP/2.0 481")
}

func TestACancelCrossesOurAnswer(t *testing.T) {
	t.Parallel()
	e, ringing := answering(t, Config{})
	peer := newRawPeer(t)
	peer.request(e, "INVITE", 1, "", "invite", "", description(4000, "sendrecv"))
	peer.expect("SIP/2.0 100")
	in := await(t, "the INVITE", ringing)
	peer.request(e, "CANCEL", 1, "", "invite", "", "")
	await(t, "the CANCEL", in.Cancelled())
	if _, err := in.Answer(); !errors.Is(err, ErrOver) {
		t.Errorf("Answer: %v", err)
	}
	peer.expect("SIP/2.0 200") // to the CANCEL
	peer.expect("SIP/2.0 487")
	peer.request(e, "ACK", 1, "", "invite", "", "")
	if m, ok := peer.read(700 * time.Millisecond); ok {
		t.Errorf("after the end came %q", m.first)
	}
}

func TestARequiredExtensionIsRefused(t *testing.T) {
	t.Parallel()
	e, _ := answering(t, Config{})
	peer := newRawPeer(t)
	peer.request(e, "INVITE", 1, "", "invite", "Require: 100rel\r\n", description(4000, "sendrecv"))
	if m := peer.expect("SIP/2.0 420"); m.header("Unsupported") != "100rel" {
		t.Errorf("%q", m.lines)
	}
}

// Requests of the peer that come before our INVITE is answered, or overtake the answer.
func TestRequestsBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	e := open(t, Config{})
	peer := newRawPeer(t)
	result := dial(t.Context(), e, inviteTo(trunkTo(peer.address()), 10*time.Second))
	invite := peer.expect("INVITE")
	_, ours, _ := strings.Cut(invite.header("From"), ";tag=")
	within := func(method string, seq int, body string) {
		peer.from = net.UDPAddrFromAddrPort(e.Address())
		peer.send(fmt.Sprintf("%s sip:%s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bKw%d\r\nFrom: <sip:%s@127.0.0.1>;tag=a\r\n"+
			"To: <sip:%s@127.0.0.1>;tag=%s\r\nCall-ID: %s\r\nCSeq: %d %s\r\nContent-Length: %d\r\n\r\n%s",
			method, e.Address(), peer.address(), seq, callee, caller, ours, invite.header("Call-ID"), seq, method, len(body), body))
	}
	peer.respond(invite, "180 Ringing", "a", "", "")
	within("UPDATE", 1, description(4000, "sendonly"))
	peer.expect("SIP/2.0 491")
	within("INVITE", 2, description(4000, "sendonly"))
	peer.expect("SIP/2.0 491")
	within("BYE", 3, "")
	peer.expect("SIP/2.0 200")
	peer.from = net.UDPAddrFromAddrPort(e.Address())
	peer.respond(invite, "200 OK", "a", "", description(4000, "sendrecv"))
	peer.expect("ACK")
	got := await(t, "the answer", result)
	if got.failure != nil {
		t.Fatalf("%+v", *got.failure)
	}
	if ending := await(t, "the end", serve(t.Context(), got.leg, newPerson())); ending != call.PeerHungUp {
		t.Error(ending)
	}
	if m, ok := peer.read(200 * time.Millisecond); ok {
		t.Errorf("after the end came %q", m.first)
	}
}

// The sandbox carrier is on this machine: it cannot reach the address that trunks are told.
func TestTheSandboxIsNotToldTheExternalAddress(t *testing.T) {
	t.Parallel()
	e := open(t, Config{External: netip.MustParseAddr("192.0.2.7")})
	peer := newRawPeer(t)
	trunk := trunkTo(peer.address())
	trunk.ID = id.ID("")
	result := dial(t.Context(), e, inviteTo(trunk, 10*time.Second))
	invite := peer.expect("INVITE")
	if text := strings.Join(invite.lines, "\n") + invite.body; strings.Contains(text, "192.0.2.7") {
		t.Errorf("%s", text)
	}
	peer.respond(invite, "486 Busy Here", "a", "", "")
	peer.expect("ACK")
	checkFailure(t, await(t, "the end", result), call.CauseBusy, 486)
}
