package telephony

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"nacre/internal/call"
)

const other = "+14155550199"

// talkTo dials a peer and serves the call; stop ends it.
func talkTo(t *testing.T, e *Endpoint, trunk call.Trunk) (leg call.Leg, ended <-chan call.Ending, stop context.CancelFunc) {
	t.Helper()
	got := await(t, "the answer", dial(t.Context(), e, inviteTo(trunk, 10*time.Second)))
	if got.failure != nil {
		t.Fatalf("%+v", *got.failure)
	}
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	return got.leg, serve(ctx, got.leg, newPerson()), stop
}

func transfer(ctx context.Context, leg call.Leg) <-chan error {
	done := make(chan error, 1)
	go func() { done <- leg.Transfer(ctx, other) }()
	return done
}

// What a peer answers to REFER, and tells by NOTIFY (RFC 3515), is what came of the transfer. Afterwards the call is ours to end.
func TestSIPpTransfers(t *testing.T) {
	t.Parallel()
	for scenario, want := range map[string]string{
		"refer_connects": "", "refer_busy": "486 Busy Here", "refer_refused": "403 Forbidden", "refer_untold": "what came of it was not told",
	} {
		t.Run(scenario, func(t *testing.T) {
			t.Parallel()
			peer := startSIPp(t, scenario, "udp", "-rtp_echo")
			leg, ended, stop := talkTo(t, open(t, Config{}), trunkTo(peer.address))
			err := await(t, "what came of it", transfer(t.Context(), leg))
			var failed *call.TransferError
			if want == "" && err != nil || want != "" && (!errors.As(err, &failed) || failed.Error() != want) {
				t.Errorf("%v, want %q", err, want)
			}
			stop()
			await(t, "the end", ended)
			peer.finish()
		})
	}
}

func TestSIPpHangsUpWhileTransferred(t *testing.T) {
	t.Parallel()
	peer := startSIPp(t, "refer_hangs_up", "udp", "-rtp_echo")
	leg, ended, _ := talkTo(t, open(t, Config{}), trunkTo(peer.address))
	if err := await(t, "what came of it", transfer(t.Context(), leg)); !errors.Is(err, errDialogOver) {
		t.Errorf("%v", err)
	}
	if ending := await(t, "the end", ended); ending != call.PeerHungUp {
		t.Error(ending)
	}
	peer.finish()
}

// A stop in the middle of a transfer ends the call by BYE, and the subscription with it: what is told later is answered 481.
func TestSIPpIsStoppedWhileTransferred(t *testing.T) {
	t.Parallel()
	peer := startSIPp(t, "refer_stopped", "udp", "-rtp_echo")
	e := open(t, Config{})
	leg, ended, stop := talkTo(t, e, trunkTo(peer.address))
	done := transfer(t.Context(), leg)
	d := dialogOf(leg)
	eventually(t, "it rings", func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.remoteSeq >= 1
	})
	stop()
	if ending := await(t, "the end", ended); ending != call.ContextEnded {
		t.Error(ending)
	}
	if err := await(t, "what came of it", done); !errors.Is(err, errDialogOver) {
		t.Errorf("%v", err)
	}
	peer.finish()
}

// Between two endpoints: one that connects, one that does not, one that tells nothing; and no second REFER while one is under way.
func TestTransferBetweenEndpoints(t *testing.T) {
	t.Parallel()
	referred := make(chan string, 4)
	goOn := make(chan struct{})
	codes := make(chan int, 4)
	far := open(t, Config{
		OnInvite: func(in Incoming) {
			leg, err := in.Answer()
			if err != nil {
				t.Error(err)
				return
			}
			leg.Serve(t.Context(), newPerson())
		},
		OnRefer: func(to string, over <-chan struct{}, tell func(code int, reason string)) {
			referred <- to
			tell(180, "Ringing")
			select {
			case <-goOn:
			case <-over:
				return
			}
			if code := <-codes; code != 0 {
				tell(code, "Told")
			}
		},
	})
	near := open(t, Config{Timers: Timers{Transfer: 400 * time.Millisecond}})
	leg, ended, stop := talkTo(t, near, trunkTo(far.Address()))
	first := transfer(t.Context(), leg)
	if to := await(t, "the REFER", referred); to != other {
		t.Errorf("referred to %q", to)
	}
	if err := leg.Transfer(t.Context(), other); !errors.Is(err, errTransferring) {
		t.Errorf("a second one: %v", err)
	}
	if err := await(t, "its time limit", first); err == nil || !strings.Contains(err.Error(), "in time") {
		t.Errorf("%v", err)
	}
	codes <- 200 // of the first, too late
	close(goOn)
	codes <- 480
	if err := await(t, "the second", transfer(t.Context(), leg)); fmt.Sprint(err) != "480 Told" {
		t.Errorf("%v", err)
	}
	codes <- 200
	if err := await(t, "the third", transfer(t.Context(), leg)); err != nil {
		t.Errorf("%v", err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := leg.Transfer(cancelled, other); err == nil {
		t.Error("a cancelled transfer came about")
	}
	stop()
	await(t, "the end", ended)
	if err := leg.Transfer(t.Context(), other); !errors.Is(err, errDialogOver) {
		t.Errorf("of a call that is over: %v", err)
	}
}

// Nobody makes this server call by REFER: neither the peer of a call of ours, nor that of a call which we took for the sandbox
// carrier's people when it does not take them. News of what nobody asked for are refused.
func TestPeersDoNotTransferUs(t *testing.T) {
	t.Parallel()
	peer := newRawPeer(t)
	e := open(t, Config{OnRefer: func(string, <-chan struct{}, func(int, string)) { t.Error("taken") }})
	dialing := dial(t.Context(), e, inviteTo(trunkTo(peer.address()), 10*time.Second))
	invite := peer.expect("INVITE")
	peer.respond(invite, "200 OK", "t1", "", description(4000, "sendrecv"))
	peer.expect("ACK")
	got := await(t, "the answer", dialing)
	if got.failure != nil {
		t.Fatalf("%+v", *got.failure)
	}
	request := func(method string, seq int, extra string) message {
		t.Helper()
		target := strings.Trim(strings.TrimPrefix(invite.header("Contact"), "Contact:"), " <>")
		peer.send(fmt.Sprintf("%s %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%s%d\r\nFrom: %s;tag=t1\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %d %s\r\n%sMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
			method, target, peer.address(), method, seq, invite.header("To"), invite.header("From"), invite.header("Call-ID"), seq, method, extra))
		return peer.expect("SIP/2.0 ")
	}
	if m := request("REFER", 1, "Refer-To: <sip:+14155550199@127.0.0.1>\r\nContact: <sip:x@127.0.0.1>\r\n"); !strings.HasPrefix(m.first, "SIP/2.0 405") {
		t.Errorf("REFER: %s", m.first)
	}
	if m := request("NOTIFY", 2, "Event: refer\r\nSubscription-State: active\r\n"); !strings.HasPrefix(m.first, "SIP/2.0 481") {
		t.Errorf("NOTIFY of nothing: %s", m.first)
	}
	if m := request("NOTIFY", 3, "Event: presence\r\nSubscription-State: active\r\n"); !strings.HasPrefix(m.first, "SIP/2.0 489") {
		t.Errorf("NOTIFY of another event: %s", m.first)
	}
	got.leg.HangUp()
	peer.expect("BYE")
}

func TestFragments(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]outcome{
		"SIP/2.0 200 OK\r\n": {200, "OK"}, "SIP/2.0 486 Busy Here\r\nContact: <sip:x>\r\n": {486, "Busy Here"}, " sip/2.0  603  Decline ": {603, "Decline"},
		"SIP/2.0 100": {code: 100}, "": {}, "HTTP/1.1 200 OK": {}, "SIP/2.0 OK": {}, "SIP/2.0 99 x": {}, "SIP/2.0 700 x": {},
	} {
		if got := fragmentOf([]byte(body)); got != want {
			t.Errorf("%q is %+v, want %+v", body, got, want)
		}
	}
}

func dialogOf(l call.Leg) *dialog { return l.(*leg).d }
