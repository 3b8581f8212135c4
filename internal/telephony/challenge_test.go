package telephony

import (
	"crypto/md5"
	"fmt"
	"strings"
	"testing"
	"time"

	"nacre/internal/call"
)

func TestChallenge(t *testing.T) {
	t.Parallel()
	e := open(t, Config{})
	const fresh = `Digest realm="r", nonce="n1", algorithm=MD5, qop="auth"`
	for name, steps := range map[string]struct {
		challenges []string // header lines; each is the answer to one INVITE
		accepted   bool
	}{
		"401 once":          {[]string{"401 WWW-Authenticate: " + fresh}, true},
		"407 once":          {[]string{"407 Proxy-Authenticate: " + fresh}, true},
		"refused":           {[]string{"401 WWW-Authenticate: " + fresh, "401 WWW-Authenticate: " + fresh}, false},
		"stale":             {[]string{"401 WWW-Authenticate: " + fresh, `401 WWW-Authenticate: Digest realm="r", nonce="n2", stale=true`}, true},
		"stale twice":       {[]string{"401 WWW-Authenticate: " + fresh, `401 WWW-Authenticate: Digest realm="r", nonce="n2", stale=true`, `401 WWW-Authenticate: Digest realm="r", nonce="n3", stale=true`}, false},
		"body protected":    {[]string{`401 WWW-Authenticate: Digest realm="r", nonce="n", qop="auth-int"`}, true},
		"SHA-256 and MD5":   {[]string{`401 WWW-Authenticate: Digest realm="r", nonce="n", algorithm=SHA-256, qop="auth,auth-int", opaque="o"`}, true},
		"unknown algorithm": {[]string{`401 WWW-Authenticate: Digest realm="r", nonce="n", algorithm=ROT13`}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			peer := newRawPeer(t)
			trunk := trunkTo(peer.address())
			trunk.Username, trunk.Password = "alice", "secret"
			result := dial(t.Context(), e, inviteTo(trunk, 10*time.Second))
			var first, last message
			for i, challenge := range steps.challenges {
				last = peer.expect("INVITE")
				if i == 0 {
					first = last
				}
				peer.respond(last, challenge[:3]+" Challenge", "a", challenge[4:]+"\r\n", "")
				peer.expect("ACK")
			}
			code := 0
			if steps.accepted {
				last = peer.expect("INVITE")
				name := "Authorization"
				if steps.challenges[0][:3] == "407" {
					name = "Proxy-Authorization"
				}
				if got := last.header(name); !strings.Contains(got, `username="alice"`) || !strings.Contains(got, "response=") {
					t.Errorf("%s: %q", name, got)
				}
				want := string(rune('1'+len(steps.challenges))) + " INVITE"
				if last.header("Call-ID") != first.header("Call-ID") || last.header("CSeq") != want {
					t.Errorf("Call-ID %q after %q, CSeq %q", last.header("Call-ID"), first.header("Call-ID"), last.header("CSeq"))
				}
				peer.respond(last, "486 Busy Here", "b", "", "")
				peer.expect("ACK")
				checkFailure(t, await(t, "the end", result), call.CauseBusy, 486)
				return
			}
			code = 401
			checkFailure(t, await(t, "the end", result), call.CauseUnauthorized, code)
			if m, ok := peer.read(600 * time.Millisecond); ok {
				t.Errorf("after the end came %q", m.first)
			}
		})
	}
}

// Where the peer protects the body too, the proof covers it (RFC 2617 section 3.2.2.3), worked out here by hand.
func TestProofOverTheBody(t *testing.T) {
	t.Parallel()
	peer := newRawPeer(t)
	trunk := trunkTo(peer.address())
	trunk.Username, trunk.Password = "alice", "secret"
	dial(t.Context(), open(t, Config{}), inviteTo(trunk, 10*time.Second))
	peer.respond(peer.expect("INVITE"), "401 Unauthorized", "a", "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth-int\"\r\n", "")
	peer.expect("ACK")
	invite := peer.expect("INVITE")
	given := map[string]string{}
	for part := range strings.SplitSeq(strings.TrimPrefix(invite.header("Authorization"), "Digest "), ", ") {
		name, value, _ := strings.Cut(part, "=")
		given[name] = strings.Trim(value, `"`)
	}
	sum := func(text string) string { return fmt.Sprintf("%x", md5.Sum([]byte(text))) }
	want := sum(sum("alice:r:secret") + ":n:00000001:" + given["cnonce"] + ":auth-int:" + sum("INVITE:"+given["uri"]+":"+sum(invite.body)))
	if given["response"] != want || given["qop"] != "auth-int" || given["nc"] != "00000001" {
		t.Errorf("%v, want response %s", given, want)
	}
	peer.respond(invite, "486 Busy Here", "b", "", "")
	peer.expect("ACK")
}
func TestChallengedBye(t *testing.T) {
	t.Parallel()
	e := open(t, Config{})
	peer := newRawPeer(t)
	trunk := trunkTo(peer.address())
	trunk.Username, trunk.Password = "alice", "secret"
	result := dial(t.Context(), e, inviteTo(trunk, 10*time.Second))
	peer.respond(peer.expect("INVITE"), "200 OK", "a", "", description(4000, "sendrecv"))
	peer.expect("ACK")
	got := await(t, "the answer", result)
	if got.failure != nil {
		t.Fatal(got.failure)
	}
	got.leg.HangUp()
	peer.respond(peer.expect("BYE"), "407 Proxy Authentication Required", "", "Proxy-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n", "")
	bye := peer.expect("BYE")
	if bye.header("CSeq") != "3 BYE" || !strings.Contains(bye.header("Proxy-Authorization"), `uri="sip:peer@`) {
		t.Errorf("%q", bye.lines)
	}
	peer.respond(bye, "200 OK", "", "", "")
}
