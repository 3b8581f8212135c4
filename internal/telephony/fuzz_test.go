package telephony

import (
	"testing"

	"github.com/emiago/sipgo/sip"
)

// What comes over TCP reaches the library's parser without our filter, in a goroutine that nothing recovers: it must
// stand any bytes.
func FuzzParsers(f *testing.F) {
	f.Add([]byte("OPTIONS sip:x@y SIP/2.0\r\nVia: SIP/2.0/TCP a:5060;branch=z9hG4bKq\r\nFrom: \"A\" <sip:a@b>;tag=1\r\n" +
		"To: <sip:a@[::1]:5060;lr?x=y>\r\nCall-ID: q\r\nCSeq: 1 OPTIONS\r\nContact: *\r\nRecord-Route: <sip:p;lr>, <sip:q>\r\n" +
		"Route: <sip:p;lr>\r\nMax-Forwards: 70\r\nContent-Type: application/sdp\r\nContent-Length: 3\r\n\r\nabc"))
	f.Add([]byte("SIP/2.0 401 No\r\nv: SIP/2.0/UDP a;branch=z9hG4bKq;rport=1;received=::1\r\nf: sip:a@b;tag=1\r\nt: <tel:+14155550101>\r\n" +
		"i: q\r\nCSeq: 1 INVITE\r\nm: <sip:a>;expires=5\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth, auth-int\"\r\nl: 0\r\n\r\n"))
	f.Add([]byte("\r\n\r\nINVITE tel:1 SIP/2.0\r\n folded\r\nSubject: a\r\n\tb\r\n\r\n"))
	parser := newParser()
	e := &Endpoint{strangers: newStrangers(true)}
	filter := e.filter(parser)
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := filter(sip.TransportReadProps{Transport: "UDP"}, data); err != nil {
			t.Error(err) // the library would stop reading
		}
		stream := parser.NewSIPStream()
		for _, part := range [][]byte{data[:len(data)/2], data[len(data)/2:]} {
			_ = stream.ParseSIPStream(part, func(message sip.Message) {
				if !complete(message) {
					return
				}
				_, _ = sip.ServerTxKeyMake(message)
				_, _ = sip.ClientTxKeyMake(message)
				if response, ok := message.(*sip.Response); ok {
					_, _ = readChallenges(response)
					_ = causeOf(response)
					_ = response.Contact()
				} else if request, ok := message.(*sip.Request); ok {
					_ = unsupported(request)
					_, _ = keyOf(request)
					_, _ = sessionTimer(request)
					_ = sip.NewResponseFromRequest(request, 200, "OK", nil).String()
				}
			})
		}
	})
}
