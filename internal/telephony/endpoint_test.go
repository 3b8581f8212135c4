package telephony

import (
	"context"
	"errors"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/id"
	"nacre/internal/media"
)

// The tests of this file call from one endpoint to another.

// answering opens an endpoint that hands over what rings.
func answering(t *testing.T, cfg Config) (*Endpoint, <-chan Incoming) {
	t.Helper()
	ringing := make(chan Incoming, 16)
	cfg.OnInvite = func(in Incoming) { ringing <- in }
	return open(t, cfg), ringing
}

func TestACallWithAudioBothWays(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{"udp", "tcp"} {
		for _, hangsUp := range []string{"caller", "callee"} {
			t.Run(transport+", the "+hangsUp+" hangs up", func(t *testing.T) {
				t.Parallel()
				us := open(t, Config{})
				them, ringing := answering(t, Config{})
				trunk := trunkTo(them.Address())
				trunk.Transport = transport
				trunk.Codecs = []string{"PCMA", "PCMU"}
				result := dial(t.Context(), us, inviteTo(trunk, 5*time.Second))
				in := await(t, "the INVITE", ringing)
				if in.To() != callee || in.From() != caller || in.CallID() == "" {
					t.Errorf("to %q, from %q, Call-ID %q", in.To(), in.From(), in.CallID())
				}
				if err := in.Ring(180); err != nil {
					t.Error(err)
				}
				answered, err := in.Answer()
				if err != nil {
					t.Fatal(err)
				}
				got := await(t, "the answer", result)
				if got.failure != nil {
					t.Fatalf("%+v", *got.failure)
				}
				me, you := newPerson(), newPerson()
				if hangsUp == "caller" {
					me.talkFor = 25
				} else {
					you.talkFor = 25
				}
				mine := serve(t.Context(), got.leg, me)
				yours := serve(t.Context(), answered, you)
				await(t, "audio here", me.hearing)
				await(t, "audio there", you.hearing)
				want := map[bool]call.Ending{true: call.PartyHungUp, false: call.PeerHungUp}
				if ending := await(t, "our end", mine); ending != want[hangsUp == "caller"] {
					t.Errorf("the caller's end: %v", ending)
				}
				if ending := await(t, "their end", yours); ending != want[hangsUp == "callee"] {
					t.Errorf("the callee's end: %v", ending)
				}
				if s := got.leg.Stats(); s.Sent == 0 || s.Received == 0 || s.Codec != "PCMA" {
					t.Errorf("%+v", s)
				}
			})
		}
	}
}

func TestACallOverIPv6(t *testing.T) {
	t.Parallel()
	socket, err := net.ListenUDP("udp6", &net.UDPAddr{IP: net.IPv6loopback})
	if err != nil {
		t.Skipf("this machine has no IPv6: %v", err)
	}
	if err := socket.Close(); err != nil {
		t.Fatal(err)
	}
	them, ringing := answering(t, Config{Listen: "[::1]:0"})
	us := open(t, Config{Listen: "[::]:0"})
	result := dial(t.Context(), us, inviteTo(trunkTo(them.Address()), 5*time.Second))
	yours, err := await(t, "the INVITE", ringing).Answer()
	if err != nil {
		t.Fatal(err)
	}
	got := await(t, "the answer", result)
	if got.failure != nil {
		t.Fatalf("%+v", *got.failure)
	}
	me, you := newPerson(), newPerson()
	mine, theirs := serve(t.Context(), got.leg, me), serve(t.Context(), yours, you)
	await(t, "audio here", me.hearing)
	await(t, "audio there", you.hearing)
	yours.HangUp()
	if ending := await(t, "our end", mine); ending != call.PeerHungUp {
		t.Error(ending)
	}
	await(t, "their end", theirs)
}

func TestTheCallEndsWithItsContext(t *testing.T) {
	t.Parallel()
	us, got, answered, _ := connected(t, Config{})
	ctx, stop := context.WithCancel(t.Context())
	mine := serve(ctx, got, newPerson())
	yours := serve(t.Context(), answered, newPerson())
	stop()
	if ending := await(t, "our end", mine); ending != call.ContextEnded {
		t.Error(ending)
	}
	if ending := await(t, "their end", yours); ending != call.PeerHungUp {
		t.Error(ending)
	}
	if c := us.Counters(); c.Byes != 1 {
		t.Errorf("%d BYEs", c.Byes)
	}
}

// connected is one answered call between two endpoints.
func connected(t *testing.T, theirs Config) (us *Endpoint, mine, yours call.Leg, them *Endpoint) {
	t.Helper()
	us = open(t, Config{})
	them, ringing := answering(t, theirs)
	result := dial(t.Context(), us, inviteTo(trunkTo(them.Address()), 5*time.Second))
	yours, err := await(t, "the INVITE", ringing).Answer()
	if err != nil {
		t.Fatal(err)
	}
	got := await(t, "the answer", result)
	if got.failure != nil {
		t.Fatalf("%+v", *got.failure)
	}
	return us, got.leg, yours, them
}

func TestHangUpWithoutServing(t *testing.T) {
	t.Parallel()
	_, mine, yours, _ := connected(t, Config{})
	mine.HangUp()
	mine.HangUp()
	if ending := await(t, "their end", serve(t.Context(), yours, newPerson())); ending != call.PeerHungUp {
		t.Error(ending)
	}
	if ending := await(t, "our end", serve(t.Context(), mine, newPerson())); ending != call.ContextEnded {
		t.Error(ending)
	}
}

func TestKeysArrive(t *testing.T) {
	t.Parallel()
	_, mine, yours, _ := connected(t, Config{})
	me, you := newPerson(), newPerson()
	ctx, stop := context.WithCancel(t.Context())
	ended := serve(ctx, mine, me)
	serve(t.Context(), yours, you)
	mine.SendKeys("1#")
	if a, b := await(t, "the first key", you.keys), await(t, "the second", you.keys); a != '1' || b != '#' {
		t.Errorf("%c %c", a, b)
	}
	stop()
	await(t, "the end", ended)
}

func TestRejectAndCancelOfIncomingCalls(t *testing.T) {
	t.Parallel()
	us := open(t, Config{})
	t.Run("reject", func(t *testing.T) {
		t.Parallel()
		them, ringing := answering(t, Config{})
		result := dial(t.Context(), us, inviteTo(trunkTo(them.Address()), 5*time.Second))
		in := await(t, "the INVITE", ringing)
		if err := in.Reject(603, "Decline"); err != nil {
			t.Error(err)
		}
		checkFailure(t, await(t, "the end", result), call.CauseBusy, 603)
		if _, err := in.Answer(); !errors.Is(err, ErrOver) {
			t.Errorf("Answer after Reject: %v", err)
		}
		if err := in.Ring(180); !errors.Is(err, ErrOver) {
			t.Errorf("Ring after Reject: %v", err)
		}
	})
	t.Run("cancel", func(t *testing.T) {
		t.Parallel()
		them, ringing := answering(t, Config{})
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		result := dial(ctx, us, inviteTo(trunkTo(them.Address()), 5*time.Second))
		in := await(t, "the INVITE", ringing)
		if err := in.Ring(180); err != nil {
			t.Error(err)
		}
		stop()
		await(t, "the CANCEL", in.Cancelled())
		checkFailure(t, await(t, "the end", result), call.CauseCancelled, 487)
		if _, err := in.Answer(); !errors.Is(err, ErrOver) {
			t.Errorf("Answer after CANCEL: %v", err)
		}
	})
	t.Run("no common codec", func(t *testing.T) {
		t.Parallel()
		them, ringing := answering(t, Config{Codecs: []string{"PCMA"}})
		trunk := trunkTo(them.Address())
		trunk.Codecs = []string{"PCMU"}
		result := dial(t.Context(), us, inviteTo(trunk, 5*time.Second))
		if _, err := await(t, "the INVITE", ringing).Answer(); !errors.Is(err, media.ErrNoCodec) {
			t.Errorf("Answer: %v", err)
		}
		checkFailure(t, await(t, "the end", result), call.CauseFailed, 488)
	})
}

func TestOptionsAndUnansweredProbes(t *testing.T) {
	t.Parallel()
	us, them := open(t, Config{}), open(t, Config{})
	if answer := us.Options(t.Context(), trunkTo(them.Address())); !answer.OK || answer.Detail != "200 OK" {
		t.Errorf("%+v", answer)
	}
	overTCP := trunkTo(them.Address())
	overTCP.Transport = "tcp"
	if answer := us.Options(t.Context(), overTCP); !answer.OK {
		t.Errorf("%+v", answer)
	}
	if answer := us.Register(t.Context(), trunkTo(them.Address())); answer.OK || !strings.HasPrefix(answer.Detail, "405") {
		t.Errorf("%+v", answer)
	}
	silent := newRawPeer(t)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	answer := us.Options(ctx, trunkTo(silent.address()))
	// Under load it may be more than 0.2 s.
	if answer.OK || answer.Unauthorized || !regexp.MustCompile(`^no answer to OPTIONS within \d(\.\d)? s: `+regexp.QuoteMeta(silent.address().String())+" is silent over UDP").MatchString(answer.Detail) {
		t.Errorf("%+v", answer)
	}
}

func TestCloseEndsWhatIsInTheAir(t *testing.T) {
	t.Parallel()
	us := open(t, Config{})
	them, ringing := answering(t, Config{})
	ringingCall := dial(t.Context(), us, inviteTo(trunkTo(them.Address()), 5*time.Second))
	in := await(t, "the first INVITE", ringing)
	if err := in.Ring(180); err != nil {
		t.Fatal(err)
	}
	talking := dial(t.Context(), us, inviteTo(trunkTo(them.Address()), 5*time.Second))
	yours, err := await(t, "the second INVITE", ringing).Answer()
	if err != nil {
		t.Fatal(err)
	}
	got := await(t, "the answer", talking)
	if got.failure != nil {
		t.Fatalf("%+v", *got.failure)
	}
	mine, theirs := serve(t.Context(), got.leg, newPerson()), serve(t.Context(), yours, newPerson())
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	if err := us.Close(ctx); err != nil {
		t.Errorf("close: %v", err)
	}
	checkFailure(t, await(t, "the end of the ringing call", ringingCall), call.CauseCancelled, 487)
	await(t, "the CANCEL", in.Cancelled())
	if ending := await(t, "our end", mine); ending != call.ContextEnded {
		t.Error(ending)
	}
	if ending := await(t, "their end", theirs); ending != call.PeerHungUp {
		t.Error(ending)
	}
	wantFailure(t, us, inviteTo(trunkTo(them.Address()), time.Second), call.CauseUnreachable, 0)
}

func TestManyCallsAtOnce(t *testing.T) {
	t.Parallel()
	us := open(t, Config{})
	them, ringing := answering(t, Config{})
	const calls = 20
	for range calls {
		go func() {
			if leg, err := (<-ringing).Answer(); err == nil {
				leg.Serve(t.Context(), newPerson())
			}
		}()
	}
	ends := make(chan call.Ending, calls)
	for range calls {
		go func() {
			leg, failure := us.Dial(t.Context(), inviteTo(trunkTo(them.Address()), 10*time.Second))
			if failure != nil {
				t.Errorf("%+v", *failure)
				ends <- call.SignallingLost
				return
			}
			party := newPerson()
			party.talkFor = 10
			ends <- leg.Serve(t.Context(), party)
		}()
	}
	for range calls {
		if ending := await(t, "an end", ends); ending != call.PartyHungUp {
			t.Error(ending)
		}
	}
	if c := us.Counters(); c.Invites != calls || c.Byes != calls {
		t.Errorf("%+v", c)
	}
}

// registrar is a peer that answers REGISTER by hand.
func TestRegistrar(t *testing.T) {
	t.Parallel()
	e := open(t, Config{Timers: Timers{Backoff: 50 * time.Millisecond, Refresh: time.Second}})
	type report struct {
		trunk id.ID
		state RegistrationState
	}
	reports := make(chan report, 16)
	r := e.NewRegistrar(func(trunk id.ID, state RegistrationState, _ string) { reports <- report{trunk, state} })
	peer := newRawPeer(t)
	trunk := trunkTo(peer.address())
	trunk.Username, trunk.Password, trunk.Registers, trunk.FromDomain = "alice", "secret", true, "pbx.example"
	passive := trunk
	passive.ID, passive.Registers = "6650a1f2c3d4e5f607182999", false
	r.SetTrunks([]call.Trunk{trunk, passive})

	first := peer.expect("REGISTER")
	if first.first != "REGISTER sip:pbx.example SIP/2.0" || !strings.HasPrefix(first.header("To"), "<sip:alice@pbx.example>") ||
		first.header("Expires") != "300" {
		t.Errorf("%q %q", first.first, first.lines)
	}
	peer.respond(first, "401 Unauthorized", "a", "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n", "")
	second := peer.expect("REGISTER")
	if !strings.Contains(second.header("Authorization"), `uri="sip:pbx.example"`) {
		t.Errorf("%q", second.header("Authorization"))
	}
	peer.respond(second, "200 OK", "a", "Expires: 1\r\n", "")
	if got := await(t, "a report", reports); got != (report{trunk.ID, Registered}) {
		t.Error(got)
	}
	refresh := peer.expect("REGISTER") // a second later
	if refresh.header("Call-ID") != first.header("Call-ID") || refresh.header("CSeq") != "3 REGISTER" {
		t.Errorf("the refresh is a registration of its own: %q", refresh.lines)
	}
	peer.respond(refresh, "503 Service Unavailable", "a", "", "")
	if got := await(t, "a report", reports); got != (report{trunk.ID, Unregistered}) {
		t.Error(got)
	}
	again := peer.expect("REGISTER")
	peer.respond(again, "403 Forbidden", "a", "", "")
	if got := await(t, "a report", reports); got != (report{trunk.ID, Refused}) {
		t.Error(got)
	}
	peer.respond(peer.expect("REGISTER"), "200 OK", "a", "Expires: 300\r\n", "")
	if got := await(t, "a report", reports); got != (report{trunk.ID, Registered}) {
		t.Error(got)
	}
	r.SetTrunks([]call.Trunk{trunk}) // as it was: nothing happens
	trunk.Password = "changed"
	r.SetTrunks([]call.Trunk{trunk})
	last := peer.expect("REGISTER")
	if last.header("Expires") != "0" {
		t.Errorf("a changed trunk is not unregistered first: %q", last.lines)
	}
	if m, ok := peer.read(200 * time.Millisecond); ok && m.header("CSeq") != last.header("CSeq") {
		t.Errorf("a new registration may be overtaken by the end of the old one: %q", m.lines)
	}
	peer.respond(last, "200 OK", "a", "Expires: 0\r\n", "")
	renewed := peer.expect("REGISTER")
	for ; renewed.header("Expires") == "0"; renewed = peer.expect("REGISTER") { // repeated meanwhile
	}
	if renewed.header("Expires") != "300" || renewed.header("Call-ID") == first.header("Call-ID") {
		t.Errorf("after a change: %q", renewed.lines)
	}
	peer.respond(renewed, "200 OK", "a", "Expires: 300\r\n", "")
	if got := await(t, "a report", reports); got != (report{trunk.ID, Registered}) {
		t.Error(got)
	}
	closed := make(chan error, 1)
	go func() { closed <- r.Close(t.Context()) }()
	farewell := peer.expect("REGISTER")
	if farewell.header("Expires") != "0" {
		t.Errorf("%q", farewell.lines)
	}
	peer.respond(farewell, "200 OK", "a", "", "")
	if err := await(t, "the end", closed); err != nil {
		t.Error(err)
	}
}
