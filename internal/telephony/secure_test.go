package telephony

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"nacre/internal/call"
)

// tlsRelay is TLS in front of a SIP peer over TCP: what a carrier's border does. Its certificate is for localhost.
type tlsRelay struct {
	address netip.AddrPort
	roots   *x509.CertPool

	mu    sync.Mutex
	names []string // by SNI, of each connection
	conns []net.Conn
}

func relayTLS(t *testing.T, to netip.AddrPort) *tlsRelay {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	authority := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), DNSNames: []string{"localhost"}, NotBefore: authority.NotBefore, NotAfter: authority.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	signed := make([][]byte, 2)
	for n, certificate := range []*x509.Certificate{authority, leaf} {
		if signed[n], err = x509.CreateCertificate(rand.Reader, certificate, authority, &key.PublicKey, key); err != nil {
			t.Fatal(err)
		}
	}
	trusted, err := x509.ParseCertificate(signed[0])
	if err != nil {
		t.Fatal(err)
	}
	r := &tlsRelay{roots: x509.NewCertPool()}
	r.roots.AddCert(trusted)
	listener, err := tls.Listen("tcp4", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{{Certificate: signed[1:], PrivateKey: key}},
		GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.names = append(r.names, hello.ServerName)
			return nil, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	r.address = listener.Addr().(*net.TCPAddr).AddrPort()
	t.Cleanup(func() { _ = listener.Close(); r.cut() })
	go func() {
		for {
			outer, err := listener.Accept()
			if err != nil {
				return
			}
			inner, err := net.Dial("tcp4", to.String())
			if err != nil {
				_ = outer.Close()
				continue
			}
			r.mu.Lock()
			r.conns = append(r.conns, outer, inner)
			r.mu.Unlock()
			go func() { _, _ = io.Copy(inner, outer); _ = inner.Close() }()
			go func() { _, _ = io.Copy(outer, inner); _ = outer.Close() }()
		}
	}()
	return r
}

// cut ends every connection.
func (r *tlsRelay) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, conn := range r.conns {
		_ = conn.Close()
	}
	r.conns = nil
}

// asked are the names that clients asked for.
func (r *tlsRelay) asked() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.names, " ")
}

func (r *tlsRelay) trunk() call.Trunk {
	trunk := trunkTo(r.address)
	trunk.Host, trunk.Transport, trunk.Username, trunk.Password = "localhost", "tls", "alice", "secret"
	return trunk
}

// TestCallsOverTLS: a trunk over TLS is registered with and called, challenges are answered, and the peer's own requests come over the
// connection that we made (RFC 5923).
func TestCallsOverTLS(t *testing.T) {
	t.Parallel()
	for _, scenario := range []string{"challenge", "hangs_up", "register"} {
		t.Run(scenario, func(t *testing.T) {
			t.Parallel()
			peer := startSIPp(t, scenario, "tcp")
			relay := relayTLS(t, peer.address)
			e := open(t, Config{Roots: relay.roots})
			switch scenario {
			case "register":
				if answer := e.Register(t.Context(), relay.trunk()); !answer.OK || answer.Expires != 2*time.Minute {
					t.Errorf("%+v", answer)
				}
			default:
				got := await(t, "the answer", dial(t.Context(), e, inviteTo(relay.trunk(), 10*time.Second)))
				if got.failure != nil {
					t.Fatalf("%+v", *got.failure)
				}
				if scenario == "hangs_up" {
					if ending := await(t, "the end", serve(t.Context(), got.leg, newPerson())); ending != call.PeerHungUp {
						t.Error(ending)
					}
				} else {
					got.leg.HangUp()
				}
			}
			peer.finish()
			if asked := relay.asked(); asked != "localhost" {
				t.Errorf("connections to %q, not one to localhost", asked)
			}
		})
	}
}

// TestAConnectionOverTLSIsMadeAnew: it is shared by requests, and once it is lost the next request makes another.
func TestAConnectionOverTLSIsMadeAnew(t *testing.T) {
	t.Parallel()
	relay := relayTLS(t, open(t, Config{}).Address())
	e := open(t, Config{Roots: relay.roots})
	for range 2 {
		if answer := e.Options(t.Context(), relay.trunk()); !answer.OK {
			t.Fatalf("%+v", answer)
		}
	}
	if asked := relay.asked(); asked != "localhost" {
		t.Errorf("connections to %q, not one", asked)
	}
	relay.cut()
	eventually(t, "the peer is reached again", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond) // the first may still go over the lost one
		defer cancel()
		answer := e.Options(ctx, relay.trunk())
		t.Log(answer.Detail)
		return answer.OK
	})
	if asked := relay.asked(); asked != "localhost localhost" {
		t.Errorf("connections to %q, not two", asked)
	}
}

// TestCertificatesAreVerified: nothing is sent to a peer whose certificate nobody vouches for, or is another's.
func TestCertificatesAreVerified(t *testing.T) {
	t.Parallel()
	them := open(t, Config{})
	relay := relayTLS(t, them.Address())
	byAddress := relay.trunk()
	byAddress.Host = "127.0.0.1"
	trusting := open(t, Config{Roots: relay.roots})
	for name, c := range map[string]struct {
		from  *Endpoint
		trunk call.Trunk
		says  string
	}{
		"nobody vouches":                  {open(t, Config{}), relay.trunk(), "unknown authority"},
		"another's":                       {trusting, byAddress, "127.0.0.1"},
		"another's at an open connection": {trusting, byAddress, "127.0.0.1"},
	} {
		if strings.HasSuffix(name, "open connection") {
			if answer := c.from.Options(t.Context(), relay.trunk()); !answer.OK {
				t.Errorf("%+v", answer)
			}
		}
		if answer := c.from.Options(t.Context(), c.trunk); answer.OK || !strings.Contains(answer.Detail, "certificate") || !strings.Contains(answer.Detail, c.says) {
			t.Errorf("%s: %+v", name, answer)
		}
	}
	if failure := await(t, "the failure", dial(t.Context(), trusting, inviteTo(byAddress, time.Second))).failure; failure == nil {
		t.Error("a call to a peer that is another")
	}
}
