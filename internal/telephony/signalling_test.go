package telephony

import (
	"context"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"nacre/internal/call"
)

// The tests of this file play the peer by hand, byte for byte: what carriers do when things go wrong.

func TestTheInviteCarriesWhatACarrierNeeds(t *testing.T) {
	t.Parallel()
	peer := newRawPeer(t)
	e := open(t, Config{External: netip.MustParseAddr("192.0.2.7")})
	trunk := trunkTo(peer.address())
	trunk.FromDomain = "pbx.example"
	result := dial(t.Context(), e, inviteTo(trunk, 5*time.Second))
	invite := peer.expect("INVITE")
	if want := "INVITE sip:" + callee + "@" + peer.address().String() + " SIP/2.0"; invite.first != want {
		t.Errorf("first line %q, want %q", invite.first, want)
	}
	for name, want := range map[string]string{
		"From":         "<sip:" + caller + "@pbx.example>;tag=",
		"To":           "<sip:" + callee + "@127.0.0.1>",
		"Via":          "SIP/2.0/UDP 192.0.2.7:",
		"Contact":      "<sip:" + caller + "@192.0.2.7:",
		"Max-Forwards": "70",
		"User-Agent":   "nacre",
		"Content-Type": "application/sdp",
		"CSeq":         "1 INVITE",
	} {
		if got := invite.header(name); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q, want %q…", name, got, want)
		}
	}
	if !strings.Contains(invite.body, "c=IN IP4 192.0.2.7\r\n") {
		t.Errorf("the description does not carry the external address:\n%s", invite.body)
	}
	size := len(invite.first) + len(strings.Join(invite.lines, "\r\n")) + len(invite.body) + 6
	if size > 1100 { // leaves room for the answer to a challenge below 1,300
		t.Errorf("the INVITE has %d bytes", size)
	}
	peer.respond(invite, "486 Busy Here", "a", "", "")
	peer.expect("ACK")
	checkFailure(t, await(t, "the end", result), call.CauseBusy, 486)
}

func TestCausesOfFinalAnswers(t *testing.T) {
	t.Parallel()
	e := open(t, Config{})
	for status, cause := range map[string]call.Cause{
		"486 Busy Here": call.CauseBusy, "600 Busy Everywhere": call.CauseBusy, "603 Decline": call.CauseBusy,
		"480 Temporarily Unavailable": call.CauseNoAnswer, "408 Request Timeout": call.CauseNoAnswer,
		"404 Not Found": call.CauseNotAllocated, "410 Gone": call.CauseNotAllocated,
		"484 Address Incomplete": call.CauseNotAllocated, "604 Does Not Exist Anywhere": call.CauseNotAllocated,
		"302 Moved Temporarily": call.CauseFailed, "403 Forbidden": call.CauseFailed, "500 Error": call.CauseFailed,
		"503 Service Unavailable": call.CauseFailed, "487 Request Terminated": call.CauseFailed,
		"401 Unauthorized": call.CauseUnauthorized, "407 Proxy Authentication Required": call.CauseUnauthorized,
	} {
		t.Run(status, func(t *testing.T) {
			t.Parallel()
			peer := newRawPeer(t)
			result := dial(t.Context(), e, inviteTo(trunkTo(peer.address()), 10*time.Second))
			invite := peer.expect("INVITE")
			peer.respond(invite, status, "a", "", "")
			peer.expect("ACK")
			got := await(t, "the end", result)
			code := int(status[0]-'0')*100 + int(status[1]-'0')*10 + int(status[2]-'0')
			checkFailure(t, got, cause, code)
			if m, ok := peer.read(600 * time.Millisecond); ok {
				t.Errorf("after the end came %q", m.first)
			}
		})
	}
}

func TestNothingIsSentWhereNothingCanRing(t *testing.T) {
	t.Parallel()
	e := open(t, Config{})
	refused := trunkTo(netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), freePort(t)))
	refused.Transport = "tcp"
	nameless := call.Trunk{Host: "no-such-host.invalid", Port: 5060}
	secured, unheard := refused, refused
	secured.Transport, unheard.Transport = "tls", "udp"
	trunks := map[string]call.Trunk{"connection refused": refused, "no such name": nameless, "TLS": secured}
	if runtime.GOOS == "linux" {
		trunks["port unreachable"] = unheard
	}
	for name, trunk := range trunks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantFailure(t, e, inviteTo(trunk, 5*time.Second), call.CauseUnreachable, 0)
		})
	}
	t.Run("no RTP port", func(t *testing.T) {
		t.Parallel()
		taken, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		defer taken.Close()
		port := taken.LocalAddr().(*net.UDPAddr).Port &^ 1
		peer := newRawPeer(t)
		crowded := open(t, Config{RTPFrom: port, RTPTo: port + 1})
		wantFailure(t, crowded, inviteTo(trunkTo(peer.address()), 5*time.Second), call.CauseUnreachable, 0)
		if m, ok := peer.read(100 * time.Millisecond); ok {
			t.Errorf("sent %q", m.first)
		}
	})
	t.Run("cancelled before", func(t *testing.T) {
		t.Parallel()
		peer := newRawPeer(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		checkFailure(t, await(t, "the end", dial(ctx, e, inviteTo(trunkTo(peer.address()), time.Second))), call.CauseCancelled, 0)
		if m, ok := peer.read(100 * time.Millisecond); ok {
			t.Errorf("sent %q", m.first)
		}
	})
}

// An error that belongs to one peer must not disturb another.
func TestARefusingPeerDisturbsNobody(t *testing.T) {
	t.Parallel()
	e := open(t, Config{})
	nobody := trunkTo(netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), freePort(t)))
	stop := make(chan struct{})
	var storm sync.WaitGroup
	for range 4 {
		storm.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					e.Dial(t.Context(), inviteTo(nobody, 5*time.Millisecond))
				}
			}
		})
	}
	for range 10 {
		peer := newRawPeer(t)
		result := dial(t.Context(), e, inviteTo(trunkTo(peer.address()), 10*time.Second))
		invite := peer.expect("INVITE")
		peer.respond(invite, "486 Busy Here", "a", "", "")
		peer.expect("ACK")
		checkFailure(t, await(t, "the end", result), call.CauseBusy, 486)
	}
	close(stop)
	storm.Wait()
}

func TestRingOut(t *testing.T) {
	t.Parallel()
	peer := newRawPeer(t)
	e := open(t, Config{})
	begun := time.Now()
	result := dial(t.Context(), e, inviteTo(trunkTo(peer.address()), 600*time.Millisecond))
	invite := peer.expect("INVITE")
	peer.respond(invite, "100 Trying", "", "", "")
	peer.respond(invite, "180 Ringing", "a", "", "")
	cancel := peer.expect("CANCEL")
	if took := time.Since(begun); took < 590*time.Millisecond || took > 1500*time.Millisecond {
		t.Errorf("CANCEL after %v", took)
	}
	if cancel.header("Via") != invite.header("Via") || cancel.header("CSeq") != "1 CANCEL" || cancel.header("To") != invite.header("To") {
		t.Errorf("the CANCEL does not match the INVITE: %q", cancel.lines)
	}
	peer.respond(cancel, "200 OK", "a", "", "")
	peer.respond(invite, "487 Request Terminated", "a", "", "")
	peer.expect("ACK")
	checkFailure(t, await(t, "the end", result), call.CauseNoAnswer, 487)
}

// Nothing rings beyond the calling hours, however long it took until the INVITE could leave.
func TestNothingRingsBeyondTheHours(t *testing.T) {
	t.Parallel()
	e := open(t, Config{})
	t.Run("it rings less", func(t *testing.T) {
		t.Parallel()
		peer := newRawPeer(t)
		invite := inviteTo(trunkTo(peer.address()), 2*time.Second)
		invite.RingUntil = time.Now().Add(600 * time.Millisecond)
		result := dial(t.Context(), e, invite)
		heard := peer.expect("INVITE")
		peer.respond(heard, "180 Ringing", "a", "", "")
		cancel := peer.expect("CANCEL")
		if late := time.Since(invite.RingUntil); late < -20*time.Millisecond || late > time.Second {
			t.Errorf("CANCEL %v after the end of the hours", late)
		}
		peer.respond(cancel, "200 OK", "a", "", "")
		peer.respond(heard, "487 Request Terminated", "a", "", "")
		peer.expect("ACK")
		checkFailure(t, await(t, "the end", result), call.CauseNoAnswer, 487)
	})
	t.Run("it is not sent", func(t *testing.T) {
		t.Parallel()
		peer := newRawPeer(t)
		invite := inviteTo(trunkTo(peer.address()), 30*time.Second)
		invite.RingUntil = time.Now().Add(27 * time.Second)
		wantFailure(t, e, invite, call.CauseTooLate, 0)
		if m, ok := peer.read(100 * time.Millisecond); ok {
			t.Errorf("sent %q", m.first)
		}
	})
}

// A silent peer may ring, and its INVITE is repeated after the ring time too: the call is over, and its number free, when
// the transaction is. What comes late is got rid of.
func TestSilentPeer(t *testing.T) {
	t.Parallel()
	e := open(t, Config{})
	silent := func(t *testing.T, e *Endpoint) (*rawPeer, message, <-chan dialed) {
		peer := newRawPeer(t)
		result := dial(t.Context(), e, inviteTo(trunkTo(peer.address()), 300*time.Millisecond))
		peer.expect("INVITE")
		peer.expect("INVITE") // after 500 ms
		select {
		case got := <-result:
			t.Errorf("%+v while the INVITE is repeated", got.failure)
		default:
		}
		return peer, peer.expect("INVITE"), result
	}
	t.Run("until Timer B", func(t *testing.T) {
		t.Parallel()
		short := open(t, Config{Timers: Timers{NoResponse: 2 * time.Second}})
		_, _, result := silent(t, short)
		checkFailure(t, await(t, "the end", result), call.CauseFailed, 0)
	})
	t.Run("a late 180 is cancelled", func(t *testing.T) {
		t.Parallel()
		peer, invite, result := silent(t, e)
		peer.respond(invite, "180 Ringing", "a", "", "")
		cancel := peer.expect("CANCEL")
		peer.respond(cancel, "200 OK", "a", "", "")
		peer.respond(invite, "487 Request Terminated", "a", "", "")
		peer.expect("ACK")
		checkFailure(t, await(t, "the end", result), call.CauseFailed, 487)
	})
	t.Run("a late 200 is ended", func(t *testing.T) {
		t.Parallel()
		peer, invite, result := silent(t, e)
		peer.respond(invite, "200 OK", "a", "", description(4000, "sendrecv"))
		peer.expect("ACK")
		bye := peer.expect("BYE")
		if !strings.Contains(bye.header("To"), "tag=a") || bye.header("CSeq") != "2 BYE" {
			t.Errorf("BYE with To %q, CSeq %q", bye.header("To"), bye.header("CSeq"))
		}
		peer.respond(bye, "200 OK", "", "", "")
		checkFailure(t, await(t, "the end", result), call.CauseFailed, 200)
	})
}

// What comes when even the transaction is gone.
func TestAnswersAfterTimerB(t *testing.T) {
	t.Parallel()
	e := open(t, Config{Timers: Timers{NoResponse: 400 * time.Millisecond, AfterCancel: 400 * time.Millisecond}})
	t.Run("the INVITE times out before the ring time", func(t *testing.T) {
		t.Parallel()
		peer := newRawPeer(t)
		wantFailure(t, e, inviteTo(trunkTo(peer.address()), 20*time.Second), call.CauseFailed, 0)
		invite := peer.expect("INVITE")
		peer.respond(invite, "180 Ringing", "a", "", "")
		peer.expect("CANCEL")
	})
	t.Run("a CANCEL without an end", func(t *testing.T) {
		t.Parallel()
		peer := newRawPeer(t)
		result := dial(t.Context(), e, inviteTo(trunkTo(peer.address()), 200*time.Millisecond))
		invite := peer.expect("INVITE")
		peer.respond(invite, "180 Ringing", "a", "", "")
		cancel := peer.expect("CANCEL")
		peer.respond(cancel, "200 OK", "a", "", "")
		checkFailure(t, await(t, "the end", result), call.CauseNoAnswer, 0)
		peer.respond(invite, "200 OK", "a", "", description(4000, "sendrecv"))
		peer.expect("ACK")
		peer.expect("BYE")
	})
}

func TestCancel(t *testing.T) {
	t.Parallel()
	e := open(t, Config{})
	begin := func(t *testing.T) (peer *rawPeer, invite message, cancel context.CancelFunc, result <-chan dialed) {
		peer = newRawPeer(t)
		ctx, cancel := context.WithCancel(t.Context())
		t.Cleanup(cancel)
		result = dial(ctx, e, inviteTo(trunkTo(peer.address()), 10*time.Second))
		return peer, peer.expect("INVITE"), cancel, result
	}
	t.Run("while ringing", func(t *testing.T) {
		t.Parallel()
		peer, invite, stop, result := begin(t)
		peer.respond(invite, "180 Ringing", "a", "", "")
		stop()
		cancel := peer.expect("CANCEL")
		peer.respond(cancel, "200 OK", "a", "", "")
		select {
		case <-result:
			t.Error("Dial returned before the transaction was over")
		case <-time.After(200 * time.Millisecond):
		}
		peer.respond(invite, "487 Request Terminated", "a", "", "")
		peer.expect("ACK")
		checkFailure(t, await(t, "the end", result), call.CauseCancelled, 487)
	})
	t.Run("100 counts as provisional", func(t *testing.T) {
		t.Parallel()
		peer, invite, stop, result := begin(t)
		peer.respond(invite, "100 Trying", "", "", "")
		stop()
		cancel := peer.expect("CANCEL")
		peer.respond(cancel, "200 OK", "a", "", "")
		peer.respond(invite, "487 Request Terminated", "a", "", "")
		peer.expect("ACK")
		checkFailure(t, await(t, "the end", result), call.CauseCancelled, 487)
	})
	t.Run("before any provisional answer", func(t *testing.T) {
		t.Parallel()
		peer, invite, stop, result := begin(t)
		stop()
		for m, ok := peer.read(800 * time.Millisecond); ok; m, ok = peer.read(300 * time.Millisecond) {
			// What is still repeated to the port's last owner is of another call.
			if m.method() != "INVITE" && m.header("Call-ID") == invite.header("Call-ID") {
				t.Fatalf("%s before a provisional answer", m.first)
			}
		}
		peer.respond(invite, "180 Ringing", "a", "", "")
		cancel := peer.expect("CANCEL")
		peer.respond(cancel, "200 OK", "a", "", "")
		peer.respond(invite, "487 Request Terminated", "a", "", "")
		peer.expect("ACK")
		checkFailure(t, await(t, "the end", result), call.CauseCancelled, 487)
	})
	t.Run("crossing a 200", func(t *testing.T) {
		t.Parallel()
		peer, invite, stop, result := begin(t)
		peer.respond(invite, "180 Ringing", "a", "", "")
		stop()
		cancel := peer.expect("CANCEL")
		peer.respond(invite, "200 OK", "a", "", description(4000, "sendrecv"))
		peer.respond(cancel, "200 OK", "a", "", "")
		peer.expect("ACK")
		peer.respond(peer.expect("BYE"), "200 OK", "", "", "")
		checkFailure(t, await(t, "the end", result), call.CauseCancelled, 200)
	})
	t.Run("a 200 as the first answer", func(t *testing.T) {
		t.Parallel()
		peer, invite, stop, result := begin(t)
		stop()
		peer.respond(invite, "200 OK", "a", "", description(4000, "sendrecv"))
		peer.expect("ACK")
		peer.respond(peer.expect("BYE"), "200 OK", "", "", "")
		checkFailure(t, await(t, "the end", result), call.CauseCancelled, 200)
	})
	t.Run("another final answer", func(t *testing.T) {
		t.Parallel()
		peer, invite, stop, result := begin(t)
		peer.respond(invite, "180 Ringing", "a", "", "")
		stop()
		peer.expect("CANCEL")
		peer.respond(invite, "486 Busy Here", "a", "", "")
		peer.expect("ACK")
		checkFailure(t, await(t, "the end", result), call.CauseCancelled, 486)
	})
	t.Run("a challenge is not answered any more", func(t *testing.T) {
		t.Parallel()
		peer := newRawPeer(t)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		trunk := trunkTo(peer.address())
		trunk.Username, trunk.Password = "alice", "secret"
		result := dial(ctx, e, inviteTo(trunk, 10*time.Second))
		invite := peer.expect("INVITE")
		stop()
		eventually(t, "the cancel is known", func() bool { return ctx.Err() != nil })
		peer.respond(invite, "401 Unauthorized", "a", "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n", "")
		peer.expect("ACK")
		checkFailure(t, await(t, "the end", result), call.CauseCancelled, 401)
		if m, ok := peer.read(300 * time.Millisecond); ok {
			t.Errorf("after the end came %q", m.first)
		}
	})
}

func TestUnusableDescriptionEndsTheCall(t *testing.T) {
	t.Parallel()
	e := open(t, Config{})
	for name, body := range map[string]string{
		"none":     "",
		"no audio": "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n",
		"no codec": strings.ReplaceAll(strings.ReplaceAll(description(4000, "sendrecv"), "AVP 0", "AVP 18"), "0 PCMU", "18 G729"),
		"garbage":  "hello",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			peer := newRawPeer(t)
			result := dial(t.Context(), e, inviteTo(trunkTo(peer.address()), 10*time.Second))
			peer.respond(peer.expect("INVITE"), "200 OK", "a", "", body)
			peer.expect("ACK")
			peer.respond(peer.expect("BYE"), "200 OK", "", "", "")
			checkFailure(t, await(t, "the end", result), call.CauseFailed, 200)
		})
	}
}

func TestRepeatedAndForkedAnswers(t *testing.T) {
	t.Parallel()
	e := open(t, Config{})
	peer := newRawPeer(t)
	result := dial(t.Context(), e, inviteTo(trunkTo(peer.address()), 10*time.Second))
	invite := peer.expect("INVITE")
	peer.respond(invite, "180 Ringing", "a", "", "")
	peer.respond(invite, "180 Ringing", "b", "", "")
	peer.respond(invite, "200 OK", "a", "", description(4000, "sendrecv"))
	first := peer.expect("ACK")
	got := await(t, "the answer", result)
	if got.failure != nil {
		t.Fatal(got.failure)
	}
	peer.respond(invite, "200 OK", "a", "", description(4000, "sendrecv"))
	if again := peer.expect("ACK"); again.header("To") != first.header("To") || again.header("CSeq") != "1 ACK" {
		t.Errorf("a repeated 200 was acknowledged to %q, %q", again.header("To"), again.header("CSeq"))
	}
	peer.respond(invite, "200 OK", "b", "", description(4000, "sendrecv"))
	if other := peer.expect("ACK"); !strings.Contains(other.header("To"), "tag=b") {
		t.Errorf("the 200 of another branch was acknowledged to %q", other.header("To"))
	}
	bye := peer.expect("BYE")
	if !strings.Contains(bye.header("To"), "tag=b") {
		t.Errorf("BYE to %q", bye.header("To"))
	}
	peer.respond(bye, "200 OK", "", "", "")
	got.leg.HangUp()
	if bye = peer.expect("BYE"); !strings.Contains(bye.header("To"), "tag=a") {
		t.Errorf("BYE to %q", bye.header("To"))
	}
	peer.respond(bye, "200 OK", "", "", "")
	if c := e.Counters(); c.Invites != 1 || c.Answered != 1 || c.Crossed != 1 || c.Byes != 2 {
		t.Errorf("%+v", c)
	}
}

// TestAnswerAfterARefusal: a 200 that comes after a refusal of the same INVITE is acknowledged and ended by BYE, for each fork once; the
// call stays refused. One that comes while the INVITE that answers a challenge rings is too.
func TestAnswerAfterARefusal(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{"udp", "udp, challenged"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			e := open(t, Config{})
			peer := newRawPeer(t)
			trunk := trunkTo(peer.address())
			trunk.Username, trunk.Password = "alice", "secret"
			result := dial(t.Context(), e, inviteTo(trunk, 10*time.Second))
			invite := peer.expect("INVITE")
			if transport == "udp" {
				peer.respond(invite, "486 Busy Here", "a", "", "")
				peer.expect("ACK")
				checkFailure(t, await(t, "the refusal", result), call.CauseBusy, 486)
			} else {
				peer.respond(invite, "401 Unauthorized", "a", "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n", "")
				peer.expect("ACK")
				second := peer.expect("INVITE")
				peer.respond(second, "486 Busy Here", "a", "", "")
				peer.expect("ACK")
				checkFailure(t, await(t, "the refusal", result), call.CauseBusy, 486)
			}
			for _, tag := range []string{"b", "c"} {
				for range 2 {
					peer.respond(invite, "200 OK", tag, "", description(4000, "sendrecv"))
				}
				acks, byes := 0, 0
				for acks < 2 || byes < 1 {
					m, ok := peer.read(timeout)
					if !ok {
						t.Fatalf("the answer of %s got %d ACK and %d BYE", tag, acks, byes)
					}
					if !strings.Contains(m.header("To"), "tag="+tag) {
						t.Fatalf("%q to %q", m.first, m.header("To"))
					}
					switch m.method() {
					case "ACK":
						if acks++; m.header("CSeq") != strings.Replace(invite.header("CSeq"), "INVITE", "ACK", 1) {
							t.Errorf("ACK with CSeq %q", m.header("CSeq"))
						}
					case "BYE":
						byes++
						peer.respond(m, "200 OK", "", "", "")
					default:
						t.Fatalf("got %q", m.first)
					}
				}
				if byes != 1 {
					t.Errorf("%d BYE to %s", byes, tag)
				}
			}
			if c := e.Counters(); c.Answered != 0 || c.Crossed != 2 || c.Byes != 2 {
				t.Errorf("%+v", c)
			}
		})
	}
}

// A 200 that is sent again before the first one has been judged, as happens on a busy machine, neither ends the call nor
// takes its place.
func TestARepeatedAnswerOvertakesTheFirst(t *testing.T) {
	t.Parallel()
	e := open(t, Config{})
	peer := newRawPeer(t)
	result := dial(t.Context(), e, inviteTo(trunkTo(peer.address()), 10*time.Second))
	invite := peer.expect("INVITE")
	e.mu.Lock()
	inv := e.invitations[invite.header("Call-ID")]
	e.mu.Unlock()
	repeated := sip.NewResponseFromRequest(inv.current, sip.StatusOK, "OK", []byte(description(4000, "sendrecv")))
	repeated.To().Params.Add("tag", "a")
	repeated.AppendHeader(&sip.ContactHeader{Address: sip.Uri{Scheme: "sip", User: "peer", Host: "127.0.0.1", Port: int(peer.address().Port())}})
	inv.later2xx(repeated)
	e.unmatchedResponse(repeated)
	peer.respond(invite, "200 OK", "a", "", description(4000, "sendrecv"))
	peer.expect("ACK")
	got := await(t, "the answer", result)
	if got.failure != nil {
		t.Fatal(got.failure)
	}
	inv.later2xx(repeated)
	peer.expect("ACK")
	got.leg.HangUp()
	peer.respond(peer.expect("BYE"), "200 OK", "", "", "")
	if c := e.Counters(); c.Answered != 1 || c.Crossed != 0 || c.Byes != 1 {
		t.Errorf("%+v", c)
	}
}

// The route of a dialog: Record-Route reversed, loose routing, the first hop receives (RFC 3261 12.1.2, 12.2.1.1).
func TestRouteSet(t *testing.T) {
	t.Parallel()
	e := open(t, Config{})
	callee, proxy := newRawPeer(t), newRawPeer(t)
	result := dial(t.Context(), e, inviteTo(trunkTo(callee.address()), 10*time.Second))
	invite := callee.expect("INVITE")
	far, near := "<sip:192.0.2.9;lr>", "<sip:"+proxy.address().String()+";lr>"
	callee.respond(invite, "200 OK", "a", "Record-Route: "+far+", "+near+"\r\n", description(4000, "sendrecv"))
	ack := proxy.expect("ACK")
	if !strings.HasPrefix(ack.first, "ACK sip:peer@"+callee.address().String()) {
		t.Errorf("%q", ack.first)
	}
	var routes []string
	for _, line := range ack.lines {
		if value, ok := strings.CutPrefix(line, "Route: "); ok {
			routes = append(routes, value)
		}
	}
	if got := strings.Join(routes, ", "); got != near+", "+far {
		t.Errorf("Route: %s", got)
	}
	got := await(t, "the answer", result)
	if got.failure != nil {
		t.Fatal(got.failure)
	}
	got.leg.HangUp()
	proxy.respond(proxy.expect("BYE"), "200 OK", "", "", "")
}

// A strict router takes its own URI in the first line, and the callee's goes last (RFC 3261 12.2.1.1).
func TestStrictRouter(t *testing.T) {
	t.Parallel()
	e := open(t, Config{})
	callee, router := newRawPeer(t), newRawPeer(t)
	result := dial(t.Context(), e, inviteTo(trunkTo(callee.address()), 10*time.Second))
	near := "sip:" + router.address().String()
	callee.respond(callee.expect("INVITE"), "200 OK", "a", "Record-Route: <"+near+">\r\n", description(4000, "sendrecv"))
	ack := router.expect("ACK")
	if ack.first != "ACK "+near+" SIP/2.0" || ack.header("Route") != "<sip:peer@"+callee.address().String()+">" {
		t.Errorf("%q, Route %q", ack.first, ack.header("Route"))
	}
	await(t, "the answer", result).leg.HangUp()
	router.respond(router.expect("BYE"), "200 OK", "", "", "")
}

// A Contact that names TCP is reached over TCP, whatever the INVITE went over.
func TestContactOverTCP(t *testing.T) {
	t.Parallel()
	e := open(t, Config{})
	peer := newRawPeer(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	messages := make(chan string, 8)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		buffer := make([]byte, 4096)
		for {
			n, err := conn.Read(buffer)
			if err != nil {
				return
			}
			messages <- string(buffer[:n])
		}
	}()
	result := dial(t.Context(), e, inviteTo(trunkTo(peer.address()), 10*time.Second))
	contact := "sip:peer@" + listener.Addr().String() + ";transport=tcp"
	peer.respond(peer.expect("INVITE"), "200 OK", "a", "Contact: <"+contact+">\r\n", description(4000, "sendrecv"))
	wanted := func(method string) {
		t.Helper()
		m := parseMessage(await(t, method, messages))
		if m.first != method+" "+contact+" SIP/2.0" || !strings.HasPrefix(m.header("Via"), "SIP/2.0/TCP ") {
			t.Errorf("%q, Via %q", m.first, m.header("Via"))
		}
	}
	wanted("ACK")
	go await(t, "the answer", result).leg.HangUp()
	wanted("BYE")
}

func TestRequestsFromOutside(t *testing.T) {
	t.Parallel()
	e := open(t, Config{})
	request := func(peer *rawPeer, method, tag string) message {
		peer.from = net.UDPAddrFromAddrPort(e.Address())
		if tag != "" {
			tag = ";tag=" + tag
		}
		peer.send(method + " sip:x@" + e.Address().String() + " SIP/2.0\r\nVia: SIP/2.0/UDP " + peer.address().String() +
			";branch=z9hG4bK" + method + tag + "\r\nFrom: <sip:y@127.0.0.1>;tag=1\r\nTo: <sip:x@127.0.0.1>" + tag +
			"\r\nCall-ID: stranger\r\nCSeq: 7 " + method + "\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n")
		m, ok := peer.read(timeout)
		if !ok {
			t.Fatalf("no answer to %s", method)
		}
		return m
	}
	for _, c := range []struct{ method, tag, want string }{
		{"INVITE", "", "404"}, {"OPTIONS", "", "200"}, {"UPDATE", "", "481"}, {"BYE", "nobody", "481"},
		{"INVITE", "nobody", "481"}, {"UPDATE", "nobody", "481"}, {"INFO", "nobody", "481"}, {"CANCEL", "", "481"},
		{"OPTIONS", "nobody", "481"},
		{"REGISTER", "", "405"}, {"SUBSCRIBE", "", "405"}, {"MESSAGE", "", "405"},
	} {
		t.Run(c.method+c.tag, func(t *testing.T) {
			t.Parallel()
			peer := newRawPeer(t)
			if got := request(peer, c.method, c.tag); !strings.HasPrefix(got.first, "SIP/2.0 "+c.want) {
				t.Errorf("%q, want %s", got.first, c.want)
			}
		})
	}
	t.Run("garbage", func(t *testing.T) {
		t.Parallel()
		peer := newRawPeer(t)
		peer.from = net.UDPAddrFromAddrPort(e.Address())
		for _, text := range []string{
			"hello", "\x00\x01\x02", "\r\n\r\n\r\n\r\n", "INVITE sip:x SIP/2.0\r\n\r\n", "SIP/2.0 200 OK\r\n\r\n", "SIP/2.0 999999 x\r\n\r\n",
			"INVITE sip:x@y SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bKq\r\nCSeq: 1 BYE\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: q\r\n\r\n",
			"OPTIONS sip:x SIP/2.0\r\nVia: \r\nFrom: <\r\nTo: >\r\nCSeq: x\r\nContent-Length: 99999\r\n\r\n",
		} {
			peer.send(text)
		}
		if m, ok := peer.read(300 * time.Millisecond); ok {
			t.Errorf("garbage was answered: %q", m.first)
		}
		if got := request(peer, "OPTIONS", ""); !strings.HasPrefix(got.first, "SIP/2.0 200") {
			t.Errorf("after garbage: %q", got.first)
		}
		if e.Counters().Garbage == 0 {
			t.Error("garbage is not counted")
		}
	})
}

// TestWhenACallEnded: at the peer's BYE, or when ours was first sent, answered or not.
func TestWhenACallEnded(t *testing.T) {
	t.Parallel()
	e := open(t, Config{})
	for name, end := range map[string]func(t *testing.T, peer *rawPeer, invite message, leg call.Leg) (after, before time.Time){
		"by the peer": func(_ *testing.T, peer *rawPeer, invite message, _ call.Leg) (after, before time.Time) {
			after = time.Now()
			peer.send(strings.Join([]string{"BYE sip:x@" + e.Address().String() + " SIP/2.0", "Via: SIP/2.0/UDP " + peer.address().String() + ";branch=z9hG4bKbye",
				"From: " + invite.header("To") + ";tag=a", "To: " + invite.header("From"), "Call-ID: " + invite.header("Call-ID"), "CSeq: 1 BYE", "Content-Length: 0", "", ""}, "\r\n"))
			peer.expect("SIP/2.0 200")
			return after, time.Time{}
		},
		"by us": func(_ *testing.T, peer *rawPeer, _ message, leg call.Leg) (after, before time.Time) {
			after = time.Now()
			leg.HangUp()
			peer.expect("BYE")
			return after, time.Now()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			peer := newRawPeer(t)
			result := dial(t.Context(), e, inviteTo(trunkTo(peer.address()), 10*time.Second))
			invite := peer.expect("INVITE")
			peer.respond(invite, "200 OK", "a", "", description(4000, "sendrecv"))
			peer.expect("ACK")
			leg := await(t, "the answer", result).leg
			ended := serve(t.Context(), leg, newPerson())
			if at := leg.Stats().Ended; !at.IsZero() {
				t.Errorf("a call that is up ended at %s", at)
			}
			after, before := end(t, peer, invite, leg)
			await(t, "the end", ended)
			if before.IsZero() {
				before = time.Now()
			}
			if at := leg.Stats().Ended; at.Before(after) || at.After(before) {
				t.Errorf("ended at %s, not between %s and %s", at, after, before)
			}
		})
	}
}
