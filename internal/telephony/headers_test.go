package telephony

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
)

func TestHeaders(t *testing.T) {
	t.Parallel()
	text := strings.ReplaceAll(`SIP/2.0 200 OK
Via :  SIP / 2.0 / UDP   192.0.2.1 : 5060 ; BRANCH = z9hG4bKa ;RPORT=5060 , SIP/2.0/TCP b.example ;branch=z9hG4bKb
f:"A; B=\"<C>, D" < sip:Name@a.example;Transport=UDP > ;	TAG = Xy
To: sip:b@b.example ; tag = Zw ; User=Phone
Call-ID: 1@a
CSeq: 	7	  INVITE
Contact: <sip:x@192.0.2.2> ; EXPIRES = 30 , "Two" <sip:y@192.0.2.3>;Q=0.5
Record-Route: < sip:one.example;lr> , <sip:two.example;lr>
Max-Forwards: 70
Content-Length: 0

`, "\n", "\r\n")
	text = strings.ReplaceAll(text, "< sip", "<sip")
	text = strings.ReplaceAll(text, "UDP >", "UDP>")
	message, err := newParser().ParseSIP([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, via := range message.GetHeaders("Via") {
		v := via.(*sip.ViaHeader)
		branch, _ := v.Params.Get("branch")
		got = append(got, fmt.Sprintf("via %s %s:%d %s", v.Transport, v.Host, v.Port, branch))
	}
	fromTag, _ := message.From().Params.Get("tag")
	toTag, _ := message.To().Params.Get("tag")
	got = append(got, "from "+message.From().Address.String()+" "+fromTag, "to "+message.To().Address.String()+" "+toTag,
		fmt.Sprint("cseq ", message.CSeq().SeqNo, " ", message.CSeq().MethodName))
	for _, contact := range message.GetHeaders("Contact") {
		c := contact.(*sip.ContactHeader)
		got = append(got, fmt.Sprint("contact ", c.Address.String(), c.Params.Items()))
	}
	for _, route := range message.GetHeaders("Record-Route") {
		got = append(got, "route "+route.(*sip.RecordRouteHeader).Address.Host)
	}
	want := []string{
		"via UDP 192.0.2.1:5060 z9hG4bKa", "via TCP b.example:0 z9hG4bKb", "from sip:Name@a.example;Transport=UDP Xy", "to sip:b@b.example Zw", "cseq 7 INVITE",
		"contact sip:x@192.0.2.2map[expires:30]", "contact sip:y@192.0.2.3map[q:0.5]", "route one.example", "route two.example",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestSpellings: a peer may write its fields with blanks and in any case; what it says is the same.
func TestSpellings(t *testing.T) {
	t.Parallel()
	e := open(t, Config{})
	for name, spell := range map[string]func(string) string{
		"blank before the tag":    func(line string) string { return strings.Replace(line, ";tag=far", "; tag=far", 1) },
		"TAG in capitals":         func(line string) string { return strings.Replace(line, ";tag=far", " ;TAG = far", 1) },
		"blanks in CSeq":          func(line string) string { return strings.Replace(line, "CSeq: 1 INVITE", "CSeq:  1 \t INVITE", 1) },
		"blanks in Via":           func(line string) string { return strings.Replace(line, ";branch=", " ; Branch = ", 1) },
		"blanks around the slash": func(line string) string { return strings.Replace(line, "SIP/2.0/UDP ", "SIP / 2.0 / UDP  ", 1) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			peer := newRawPeer(t)
			result := dial(t.Context(), e, inviteTo(trunkTo(peer.address()), 10*time.Second))
			invite := peer.expect("INVITE")
			answer := invite
			answer.lines = nil
			for _, line := range invite.lines {
				if strings.HasPrefix(line, "To:") {
					line += ";tag=far"
				}
				answer.lines = append(answer.lines, spell(line))
			}
			peer.respond(answer, "200 OK", "", "", description(4000, "sendrecv"))
			if ack := peer.expect("ACK"); !strings.HasSuffix(ack.header("To"), ";tag=far") {
				t.Errorf("ACK to %q", ack.header("To"))
			}
			await(t, "the answer", result).leg.HangUp()
			bye := peer.expect("BYE")
			if !strings.HasSuffix(bye.header("To"), ";tag=far") {
				t.Errorf("BYE to %q", bye.header("To"))
			}
			peer.respond(bye, "200 OK", "", "", "")
		})
	}
}
