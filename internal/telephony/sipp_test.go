package telephony

import (
	"context"
	"strings"
	"testing"
	"time"

	"nacre/internal/call"
)

// The tests of this file call SIPp, a SIP implementation that is not ours. Its scenarios fail on every message that
// they do not expect, so its exit status says whether the conversation went as written in testdata.

func TestSIPpRefuses(t *testing.T) {
	t.Parallel()
	for status, cause := range map[string]call.Cause{
		"486 Busy Here": call.CauseBusy, "603 Decline": call.CauseBusy, "480 Temporarily Unavailable": call.CauseNoAnswer,
		"404 Not Found": call.CauseNotAllocated, "503 Service Unavailable": call.CauseFailed, "302 Moved Temporarily": call.CauseFailed,
	} {
		t.Run(status, func(t *testing.T) {
			t.Parallel()
			peer := startSIPpRefusing(t, "refused", "udp", status)
			code := int(status[0]-'0')*100 + int(status[1]-'0')*10 + int(status[2]-'0')
			wantFailure(t, open(t, Config{}), inviteTo(trunkTo(peer.address), 10*time.Second), cause, code)
			peer.finish()
		})
	}
}

func TestSIPpAnswers(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{"udp", "tcp"} {
		for _, scenario := range []string{"answered", "early"} {
			t.Run(scenario+" over "+transport, func(t *testing.T) {
				t.Parallel()
				peer := startSIPp(t, scenario, transport, "-rtp_echo")
				trunk := trunkTo(peer.address)
				trunk.Transport = transport
				got := await(t, "the answer", dial(t.Context(), open(t, Config{Listen: "0.0.0.0:0"}), inviteTo(trunk, 10*time.Second)))
				if got.failure != nil {
					t.Fatalf("%+v", *got.failure)
				}
				party := newPerson()
				ctx, stop := context.WithCancel(t.Context())
				defer stop()
				ended := serve(ctx, got.leg, party)
				await(t, "our own voice back", party.hearing)
				eventually(t, "it is heard for a while", func() bool { return party.heard.Load() >= 10 })
				stop()
				if ending := await(t, "the end", ended); ending != call.ContextEnded {
					t.Error(ending)
				}
				if s := got.leg.Stats(); s.Sent < 5 || s.Received < 5 || s.Codec != "PCMU" {
					t.Errorf("%+v", s)
				}
				peer.finish()
				if short := rungs(got.leg.Stats().Messages); !strings.HasPrefix(short, ">INVITE <1") || !strings.Contains(short, " <200/INVITE >ACK >BYE") {
					t.Error(short)
				}
			})
		}
	}
}

func TestSIPpIsCancelled(t *testing.T) {
	t.Parallel()
	t.Run("ring-out", func(t *testing.T) {
		t.Parallel()
		peer := startSIPp(t, "ringout", "udp")
		wantFailure(t, open(t, Config{}), inviteTo(trunkTo(peer.address), time.Second), call.CauseNoAnswer, 487)
		peer.finish()
	})
	t.Run("ring-out over TCP", func(t *testing.T) {
		t.Parallel()
		peer := startSIPp(t, "ringout", "tcp")
		trunk := trunkTo(peer.address)
		trunk.Transport = "tcp"
		wantFailure(t, open(t, Config{}), inviteTo(trunk, time.Second), call.CauseNoAnswer, 487)
		peer.finish()
	})
	for _, c := range []struct {
		scenario string
		code     int
	}{{"ringout", 487}, {"cancel_before_provisional", 487}, {"crossing", 200}} {
		t.Run(c.scenario, func(t *testing.T) {
			t.Parallel()
			peer := startSIPp(t, c.scenario, "udp")
			ctx, stop := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer stop()
			got := await(t, "the end", dial(ctx, open(t, Config{}), inviteTo(trunkTo(peer.address), 10*time.Second)))
			checkFailure(t, got, call.CauseCancelled, c.code)
			peer.finish()
		})
	}
}

func TestSIPpIsLate(t *testing.T) {
	t.Parallel()
	for scenario, code := range map[string]int{"late_ring": 487, "late_answer": 200} {
		t.Run(scenario, func(t *testing.T) {
			t.Parallel()
			peer := startSIPp(t, scenario, "udp")
			wantFailure(t, open(t, Config{}), inviteTo(trunkTo(peer.address), 700*time.Millisecond), call.CauseFailed, code)
			peer.finish()
		})
	}
}

func TestSIPpChallenges(t *testing.T) {
	t.Parallel()
	e := open(t, Config{})
	t.Run("INVITE", func(t *testing.T) {
		t.Parallel()
		peer := startSIPp(t, "challenge", "udp")
		trunk := trunkTo(peer.address)
		trunk.Username, trunk.Password = "alice", "secret"
		got := await(t, "the answer", dial(t.Context(), e, inviteTo(trunk, 10*time.Second)))
		if got.failure != nil {
			t.Fatalf("%+v", *got.failure)
		}
		got.leg.HangUp()
		peer.finish()
	})
	t.Run("wrong password", func(t *testing.T) {
		t.Parallel()
		peer := startSIPp(t, "refuses_credentials", "udp")
		trunk := trunkTo(peer.address)
		trunk.Username, trunk.Password = "alice", "wrong"
		wantFailure(t, e, inviteTo(trunk, 10*time.Second), call.CauseUnauthorized, 401)
		peer.finish()
	})
	t.Run("REGISTER", func(t *testing.T) {
		t.Parallel()
		peer := startSIPp(t, "register", "udp")
		trunk := trunkTo(peer.address)
		trunk.Username, trunk.Password = "alice", "secret"
		if answer := e.Register(t.Context(), trunk); !answer.OK || answer.Expires != 2*time.Minute {
			t.Errorf("%+v", answer)
		}
		peer.finish()
	})
}

func TestSIPpLosesTheBye(t *testing.T) {
	t.Parallel()
	peer := startSIPp(t, "lost_bye", "udp")
	got := await(t, "the answer", dial(t.Context(), open(t, Config{}), inviteTo(trunkTo(peer.address), 10*time.Second)))
	if got.failure != nil {
		t.Fatalf("%+v", *got.failure)
	}
	party := newPerson()
	party.talkFor = 10
	begun := time.Now()
	if ending := await(t, "the end", serve(t.Context(), got.leg, party)); ending != call.PartyHungUp {
		t.Error(ending)
	}
	if took := time.Since(begun); took > time.Second {
		t.Errorf("the lost BYE held the call for %v", took)
	}
	peer.finish()
}

func TestSIPpHangsUp(t *testing.T) {
	t.Parallel()
	peer := startSIPp(t, "hangs_up", "udp", "-rtp_echo")
	got := await(t, "the answer", dial(t.Context(), open(t, Config{}), inviteTo(trunkTo(peer.address), 10*time.Second)))
	if got.failure != nil {
		t.Fatalf("%+v", *got.failure)
	}
	if ending := await(t, "the end", serve(t.Context(), got.leg, newPerson())); ending != call.PeerHungUp {
		t.Error(ending)
	}
	peer.finish()
}

func TestSIPpHoldsAndResumes(t *testing.T) {
	t.Parallel()
	peer := startSIPp(t, "hold", "udp", "-rtp_echo")
	got := await(t, "the answer", dial(t.Context(), open(t, Config{}), inviteTo(trunkTo(peer.address), 10*time.Second)))
	if got.failure != nil {
		t.Fatalf("%+v", *got.failure)
	}
	party := newPerson()
	ended := serve(t.Context(), got.leg, party)
	if !await(t, "the hold", party.onHold) {
		t.Error("resumed before it was held")
	}
	if await(t, "the resume", party.onHold) {
		t.Error("held twice")
	}
	if ending := await(t, "the end", ended); ending != call.PeerHungUp {
		t.Error(ending)
	}
	if len(party.heldAt) != 2 || party.heldAt[0] != party.heldAt[1] {
		t.Errorf("frames exchanged at hold and resume: %v", party.heldAt)
	}
	if n := party.frames.Load(); n < party.heldAt[1]+20 {
		t.Errorf("%d frames after %v: the call did not go on after the hold", n, party.heldAt)
	}
	peer.finish()
}

// A peer that answers and sends no audio is left after 20 seconds.
func TestSIPpFallsSilent(t *testing.T) {
	t.Parallel()
	peer := startSIPp(t, "answered", "udp", "-timeout", "40s")
	got := await(t, "the answer", dial(t.Context(), open(t, Config{}), inviteTo(trunkTo(peer.address), 10*time.Second)))
	if got.failure != nil {
		t.Fatalf("%+v", *got.failure)
	}
	begun := time.Now()
	ended := serve(t.Context(), got.leg, newPerson())
	select {
	case ending := <-ended:
		if took := time.Since(begun); ending != call.AudioLost || took < 19*time.Second {
			t.Errorf("%v after %v", ending, took)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("a silent peer is not left")
	}
	peer.finish()
}
