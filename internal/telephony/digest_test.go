package telephony

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"nacre/internal/call"
)

func md5Of(text string) string { sum := md5.Sum([]byte(text)); return hex.EncodeToString(sum[:]) }

// proofs are the values of all header fields of that name, by realm, each as its parameters.
func proofs(m message, name string) map[string]map[string]string {
	all := map[string]map[string]string{}
	for _, line := range m.lines {
		value, ok := strings.CutPrefix(line, name+": Digest ")
		if !ok {
			continue
		}
		parameters := map[string]string{}
		for _, match := range regexp.MustCompile(`(\w+)=("([^"]*)"|[^, ]+)`).FindAllStringSubmatch(value, -1) {
			parameters[match[1]] = strings.Trim(match[2], `"`)
		}
		all[parameters["realm"]] = parameters
	}
	return all
}

// checkProof holds a proof against RFC 2617 3.2.2, computed here once more.
func checkProof(t *testing.T, proof map[string]string, nonce string) {
	t.Helper()
	a1 := md5Of("u:" + proof["realm"] + ":p")
	if proof["algorithm"] == "MD5-sess" {
		a1 = md5Of(a1 + ":" + nonce + ":" + proof["cnonce"])
	}
	want := md5Of(a1 + ":" + nonce + ":" + md5Of("INVITE:"+proof["uri"]))
	if proof["qop"] != "" {
		want = md5Of(strings.Join([]string{a1, nonce, proof["nc"], proof["cnonce"], proof["qop"], md5Of("INVITE:" + proof["uri"])}, ":"))
	}
	if proof["response"] != want || proof["username"] != "u" {
		t.Errorf("proof %v, want the response %s", proof, want)
	}
}

func TestChallenges(t *testing.T) {
	t.Parallel()
	e := open(t, Config{})
	begin := func(t *testing.T) (*rawPeer, <-chan dialed) {
		peer := newRawPeer(t)
		trunk := trunkTo(peer.address())
		trunk.Username, trunk.Password = "u", "p"
		return peer, dial(t.Context(), e, inviteTo(trunk, 10*time.Second))
	}
	ask := func(peer *rawPeer, invite message, status string, challenges ...string) message {
		extra := ""
		for _, challenge := range challenges {
			extra += challenge + "\r\n"
		}
		peer.respond(invite, status, "a", extra, "")
		peer.expect("ACK")
		for { // a repetition of the challenged one may still come
			if next := peer.expect("INVITE"); next.header("CSeq") != invite.header("CSeq") {
				return next
			}
		}
	}
	finish := func(t *testing.T, peer *rawPeer, invite message, result <-chan dialed) {
		peer.respond(invite, "486 Busy Here", "a", "", "")
		peer.expect("ACK")
		checkFailure(t, await(t, "the end", result), call.CauseBusy, 486)
	}
	t.Run("one realm after the other", func(t *testing.T) {
		t.Parallel()
		peer, result := begin(t)
		second := ask(peer, peer.expect("INVITE"), "407 Proxy Authentication Required", `Proxy-Authenticate: Digest realm="A", nonce="1", qop="auth"`)
		checkProof(t, proofs(second, "Proxy-Authorization")["A"], "1")
		third := ask(peer, second, "407 Proxy Authentication Required", `Proxy-Authenticate: Digest realm="B", nonce="2"`)
		given := proofs(third, "Proxy-Authorization")
		checkProof(t, given["A"], "1")
		checkProof(t, given["B"], "2")
		if given["A"]["nc"] != "00000002" || len(given) != 2 {
			t.Errorf("the proofs for proxies: %v", given)
		}
		finish(t, peer, third, result)
	})
	t.Run("a proxy and the server", func(t *testing.T) {
		t.Parallel()
		peer, result := begin(t)
		second := ask(peer, peer.expect("INVITE"), "407 Proxy Authentication Required", `Proxy-Authenticate: Digest realm="A", nonce="1"`)
		third := ask(peer, second, "401 Unauthorized", `WWW-Authenticate: Digest realm="A", nonce="2"`)
		checkProof(t, proofs(third, "Proxy-Authorization")["A"], "1")
		checkProof(t, proofs(third, "Authorization")["A"], "2")
		finish(t, peer, third, result)
	})
	t.Run("two at once", func(t *testing.T) {
		t.Parallel()
		peer, result := begin(t)
		second := ask(peer, peer.expect("INVITE"), "407 Proxy Authentication Required", `Proxy-Authenticate: Digest realm="A", nonce="1"`,
			`Proxy-Authenticate: Digest realm="A", nonce="9", algorithm=SHA-256`, `Proxy-Authenticate: Digest realm="B", nonce="2"`)
		checkProof(t, proofs(second, "Proxy-Authorization")["A"], "1")
		checkProof(t, proofs(second, "Proxy-Authorization")["B"], "2")
		finish(t, peer, second, result)
	})
	t.Run("the same realm again is a refusal", func(t *testing.T) {
		t.Parallel()
		peer, result := begin(t)
		second := ask(peer, peer.expect("INVITE"), "407 Proxy Authentication Required", `Proxy-Authenticate: Digest realm="A", nonce="1"`)
		peer.respond(second, "407 Proxy Authentication Required", "a", "Proxy-Authenticate: Digest realm=\"A\", nonce=\"2\"\r\nProxy-Authenticate: Digest realm=\"B\", nonce=\"2\"\r\n", "")
		peer.expect("ACK")
		checkFailure(t, await(t, "the end", result), call.CauseUnauthorized, 407)
	})
	t.Run("realms without end", func(t *testing.T) {
		t.Parallel()
		peer, result := begin(t)
		invite := peer.expect("INVITE")
		for n := range 2 {
			invite = ask(peer, invite, "407 Proxy Authentication Required", fmt.Sprintf(`Proxy-Authenticate: Digest realm="%d", nonce="1"`, n))
		}
		peer.respond(invite, "407 Proxy Authentication Required", "a", "Proxy-Authenticate: Digest realm=\"more\", nonce=\"1\"\r\n", "")
		peer.expect("ACK")
		checkFailure(t, await(t, "the end", result), call.CauseUnauthorized, 407)
	})
	for name, challenge := range map[string]string{
		"a parameter with _":      `Digest realm="A", nonce="1", x_y.z!=a_b, _q="v, w", qop="auth,auth-int"`,
		"MD5-sess":                `Digest realm="A", nonce="1", algorithm=MD5-sess, qop="auth"`,
		"MD5-sess without qop":    `Digest realm="A", nonce="1", algorithm=md5-SESS`,
		"white space":             "Digest  realm = \"A\" ,\tnonce = \"1\" , qop = auth",
		"no protection for it":    `Digest realm="A",nonce="1",qop=""`,
		"parameters in uppercase": `DIGEST REALM="A", NONCE="1", ALGORITHM=md5`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			peer, result := begin(t)
			second := ask(peer, peer.expect("INVITE"), "401 Unauthorized", "WWW-Authenticate: "+challenge)
			checkProof(t, proofs(second, "Authorization")["A"], "1")
			finish(t, peer, second, result)
		})
	}
}
