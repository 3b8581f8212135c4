package action

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nacre/internal/call"
	"nacre/internal/provider"
	"nacre/internal/provider/providertest"
	"nacre/internal/webhook"
)

// asked is what a server was asked.
type asked struct{ method, target, header, body string }

func server(t *testing.T, status int, answer string) (address string, requests chan asked) {
	t.Helper()
	requests = make(chan asked, 8)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		requests <- asked{r.Method, r.RequestURI, r.Header.Get("Authorization") + r.Header.Get("X-Key"), string(body)}
		w.Header().Set("Location", "http://127.0.0.1:1/")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(s.Close)
	return s.URL, requests
}

func private(t *testing.T, gateways ...Gateway) *Doer {
	t.Helper()
	return New(Config{AllowPrivate: true, CheckURL: func(raw string) error { return webhook.CheckURL(raw, true) }, SMS: gateways})
}

func request(method, address string) call.Action {
	return call.Action{Kind: call.ActRequest, Name: "lookup", Request: &call.Request{Method: method, URL: address, Headers: map[string]string{"X-Key": "s3cret"}}}
}

// What is between braces is filled in so that it stays what it is: one segment, one text of the query, one JSON value.
func TestRequest(t *testing.T) {
	t.Parallel()
	address, requests := server(t, 200, `{"data":{"items":[{"id":"A-7","left":3,"open":true}]},"other":"x"}`)
	a := request("POST", address+"/v1/{customer}/orders?by={name}&n=1#x")
	a.Request.Fields = []call.Field{
		{Key: "email", Variable: "email", Required: true}, {Key: "count", Variable: "count"}, {Key: "none", Variable: "missing"},
		{Key: "fixed", Value: json.RawMessage(`{"note":"for {name}","n":1.50,"list":["{count}"]}`)},
	}
	a.Request.Outputs = []call.Output{
		{Key: "data.items.0.id", Variable: "order", Type: call.String}, {Key: "data.items.0.left", Variable: "left", Type: call.Int},
		{Key: "data.items.0.open", Variable: "open", Type: call.Boolean}, {Key: "data.items.9.id", Variable: "nothing", Type: call.String}, {Key: "other", Variable: "wrong", Type: call.Int},
	}
	values := map[string]any{"customer": `a/b?c#d %2f`, "name": `O'Hara & "Co"=1`, "email": `x"},"admin":true,{"`, "count": int64(5)}
	done, err := private(t).Do(t.Context(), a, "+14155550101", values)
	if err != nil {
		t.Fatal(err)
	}
	got := <-requests
	if got.method != "POST" || got.target != "/v1/a%2Fb%3Fc%23d%20%252f/orders?by=O%27Hara+%26+%22Co%22%3D1&n=1" || got.header != "s3cret" {
		t.Errorf("%+v", got)
	}
	var body map[string]any
	if err := json.Unmarshal([]byte(got.body), &body); err != nil {
		t.Fatalf("%v: %s", err, got.body)
	}
	want := map[string]any{"email": values["email"], "count": 5.0, "fixed": map[string]any{"note": `for O'Hara & "Co"=1`, "n": 1.5, "list": []any{"5"}}}
	if diff := cmp.Diff(want, body); diff != "" {
		t.Errorf("%s", diff)
	}
	brought := []call.Value{{ID: "order", Value: "A-7"}, {ID: "left", Value: int64(3)}, {ID: "open", Value: true}}
	if diff := cmp.Diff(brought, done.Values); diff != "" || done.Text != "done: order = A-7, left = 3, open = yes" {
		t.Errorf("%s, %q", diff, done.Text)
	}
}

func TestRequestWithoutBody(t *testing.T) {
	t.Parallel()
	address, requests := server(t, 200, "It is \x00 sunny.\n")
	a := request("GET", address+"/weather")
	a.Request.Fields = []call.Field{{Key: "city", Variable: "city"}}
	done, err := private(t).Do(t.Context(), a, "", map[string]any{"city": "New York&x=1"})
	if got := <-requests; err != nil || got.method != "GET" || got.target != "/weather?city=New+York%26x%3D1" || got.body != "" {
		t.Errorf("%+v, %v", got, err)
	}
	if done.Text != "done: It is sunny." {
		t.Errorf("%q", done.Text)
	}
}

// What fails is told in words that hold neither an address nor a secret, and a redirect is not followed.
func TestRequestsThatFail(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		change func(a *call.Action)
		values map[string]any
		want   string
		asked  int
	}{
		"status":        {404, nil, nil, "the API answered 404", 1},
		"redirect":      {302, nil, nil, "the API answered 302", 1},
		"missing":       {200, func(a *call.Action) { a.Request.Fields = []call.Field{{Key: "x", Variable: "size", Required: true}} }, nil, "the value of size is not known yet: it is needed", 0},
		"no connection": {200, func(a *call.Action) { a.Request.URL = "http://127.0.0.1:1/" }, nil, "it could not be reached", 0},
		"dots":          {200, func(a *call.Action) { a.Request.URL += "/a/{x}/b" }, map[string]any{"x": ".."}, "a value cannot be part of its address", 0},
		"host":          {200, func(a *call.Action) { a.Request.URL = "http://{x}/" }, map[string]any{"x": "127.0.0.1"}, "its address is wrong", 0},
		"too much":      {200, func(a *call.Action) { a.Request.Fields = []call.Field{{Key: "x", Variable: "x"}} }, map[string]any{"x": strings.Repeat("a", mostSent)}, "there is too much to send", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, requests := server(t, c.status, "{}")
			a := request("POST", address)
			if c.change != nil {
				c.change(&a)
			}
			_, err := private(t).Do(t.Context(), a, "", c.values)
			if err == nil || err.Error() != c.want || len(requests) != c.asked {
				t.Errorf("%v after %d requests, want %q", err, len(requests), c.want)
			}
		})
	}
}

// A test tells what came of a request, also of one that fails, and goes to no other places than requests of calls do.
func TestOfARequest(t *testing.T) {
	t.Parallel()
	outputs := []call.Output{{Key: "left", Variable: "left", Type: call.Int}}
	test := func(d *Doer, address string) call.Tested {
		tested := d.Test(t.Context(), call.Request{Method: "GET", URL: address, Outputs: outputs}, nil)
		if tested.Took <= 0 {
			t.Errorf("it took %s", tested.Took)
		}
		tested.Took = 0
		return tested
	}
	good, _ := server(t, 200, `{"left":3}`)
	bad, _ := server(t, 404, `{"left":3,"rest":"`+strings.Repeat("x", 2000)+`"}`)
	same := func(got, want call.Tested) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	same(test(private(t), good), call.Tested{Status: 200, Body: `{"left":3}`, Brought: []call.Value{{ID: "left", Value: int64(3)}}})
	same(test(private(t), bad), call.Tested{Status: 404, Body: `{"left":3,"rest":"` + strings.Repeat("x", call.MostTested-18), Failure: "the API answered 404"})
	guarded, requests := server(t, 200, `{}`)
	same(test(New(Config{}), guarded), call.Tested{Failure: "it could not be reached"})
	if len(requests) != 0 {
		t.Error("an address of this machine was asked")
	}
}

// An API that hangs is given up with the time of whoever asks; one that answers too much is not read to its end.
func TestRequestsThatTakeTooLong(t *testing.T) {
	t.Parallel()
	hung := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-hung }))
	t.Cleanup(func() { close(hung); s.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := private(t).Do(ctx, request("GET", s.URL), "", nil); err == nil || err.Error() != "it did not answer in time" {
		t.Errorf("%v", err)
	}
	address, _ := server(t, 200, strings.Repeat("a", mostRead+1))
	if _, err := private(t).Do(t.Context(), request("GET", address), "", nil); err == nil || err.Error() != "the API's answer is too long" {
		t.Errorf("%v", err)
	}
}

// Addresses that a Pearl names are guarded at every connection, mail servers too.
func TestGuard(t *testing.T) {
	t.Parallel()
	address, requests := server(t, 200, "{}")
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(address, "http://"))
	d := New(Config{})
	for _, a := range []call.Action{
		request("GET", address), request("GET", "http://localhost:"+port),
		{Kind: call.ActEmail, Message: &call.Message{To: []string{"a@example.com"}, SMTP: &call.SMTP{Host: "127.0.0.1", Port: 25, Sender: "b@example.com"}}},
		{Kind: call.ActEmail, Message: &call.Message{To: []string{"a@example.com"}, SMTP: &call.SMTP{Host: "mail.example.com", Port: 22, Sender: "b@example.com"}}},
	} {
		if _, err := d.Do(t.Context(), a, "", nil); err == nil || strings.Contains(err.Error(), "127.0.0.1") {
			t.Errorf("%+v: %v", a, err)
		}
	}
	if len(requests) > 0 {
		t.Error("a private address was asked")
	}
}

func gateway(t *testing.T, address string) Gateway {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return Gateway{Name: "g", Address: u, Key: provider.NewKey("k3y"), From: "+14155550100"}
}

// A text message goes to the number that was called, by the first gateway that takes it, and once.
func TestTextMessages(t *testing.T) {
	t.Parallel()
	sms := call.Action{Kind: call.ActSMS, Name: "sms_1", Message: &call.Message{Body: "Hello {name}, see you. {nobody}"}}
	busy, refused := server(t, 503, "")
	takes, taken := server(t, 201, "{}")
	second := gateway(t, takes+"/m?x=1")
	second.User, second.Form, second.Fields = "AC1", true, map[string]string{"To": "{to}", "From": "{from}", "Body": "{text}"}
	done, err := private(t, gateway(t, busy), second).Do(t.Context(), sms, "+14155550101", map[string]any{"name": "Ada {to}"})
	if err != nil || done.Text != "the text message was sent" {
		t.Fatalf("%v, %q", err, done.Text)
	}
	if got := <-refused; got.header != "Bearer k3y" || got.body != `{"from":"+14155550100","text":"Hello Ada {to}, see you.","to":"+14155550101"}` {
		t.Errorf("%+v", got)
	}
	got := <-taken
	form, _ := url.ParseQuery(got.body)
	if got.target != "/m?x=1" || !strings.HasPrefix(got.header, "Basic ") || form.Get("Body") != "Hello Ada {to}, see you." || form.Get("To") != "+14155550101" {
		t.Errorf("%+v", got)
	}
	for want, d := range map[string]*Doer{
		"this server has no gateway for text messages":                 private(t),
		"the text message could not be sent: the gateway answered 503": private(t, gateway(t, busy)),
	} {
		if _, err := d.Do(t.Context(), sms, "+14155550101", nil); err == nil || err.Error() != want {
			t.Errorf("%v, want %q", err, want)
		}
	}
	cut := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	t.Cleanup(cut.Close)
	if _, err := private(t, gateway(t, cut.URL), gateway(t, takes)).Do(t.Context(), sms, "+14155550101", nil); err == nil || len(taken) > 0 {
		t.Errorf("%v: a message that may have been taken was sent again", err)
	}
}

// An e-mail goes to the person's address over TLS, with the password after it; nothing that was said ends a header or names a
// recipient more.
func TestEmail(t *testing.T) {
	t.Parallel()
	https := httptest.NewTLSServer(nil)
	t.Cleanup(https.Close)
	port, told := providertest.MailServer(t, &https.TLS.Certificates[0])
	d := private(t)
	d.roots = x509.NewCertPool()
	d.roots.AddCert(https.Certificate())
	server := &call.SMTP{Host: "127.0.0.1", Port: port, TLS: true, Sender: "anna@example.com", Name: "Anna ü", Password: "s3cret"}
	a := call.Action{Kind: call.ActEmail, Name: "email_1", Message: &call.Message{Subject: "For {name}", Body: "Dear {name},\nhello. äöü\n.\n", SMTP: server}}
	done, err := d.Do(t.Context(), a, "", map[string]any{"name": "Ada\r\nBcc: eve@example.com", "email": " ada@example.com "})
	if err != nil || done.Text != "the e-mail was sent" {
		t.Fatalf("%v, %q", err, done.Text)
	}
	got := <-told
	for _, want := range []string{"(TLS)\r\n", "AUTH PLAIN ", "MAIL FROM:<anna@example.com>", "RCPT TO:<ada@example.com>", "Subject: For Ada Bcc: eve@example.com\r\n", "To: <ada@example.com>\r\n", "=C3=A4"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	if strings.Count(got, "RCPT TO") != 1 || strings.Index(got, "AUTH") < strings.Index(got, "(TLS)") || strings.Contains(got, "\nBcc:") && strings.Index(got, "\nBcc:") < strings.Index(got, "\r\n\r\n") {
		t.Errorf("%s", got)
	}
}

func TestEmailsThatFail(t *testing.T) {
	t.Parallel()
	plain := func(change func(s *call.SMTP)) *call.SMTP {
		port, _ := providertest.MailServer(t, nil)
		s := &call.SMTP{Host: "127.0.0.1", Port: port, Sender: "anna@example.com"}
		change(s)
		return s
	}
	known := map[string]any{"email": "ada@example.com"}
	for name, c := range map[string]struct {
		server *call.SMTP
		values map[string]any
		want   string
	}{
		"no encryption":  {plain(func(s *call.SMTP) { s.TLS = true }), known, "offers no encryption"},
		"a bare secret":  {plain(func(s *call.SMTP) { s.Password = "x" }), known, "no encryption for the password"},
		"no address":     {plain(func(*call.SMTP) {}), nil, "not known: ask for it"},
		"two addresses":  {plain(func(*call.SMTP) {}), map[string]any{"email": "ada@example.com, eve@example.com"}, "an e-mail address is wrong"},
		"no server":      {nil, known, "no mail server"},
		"a wrong sender": {plain(func(s *call.SMTP) { s.Sender = "x" }), known, "the sender's address is wrong"},
	} {
		a := call.Action{Kind: call.ActEmail, Message: &call.Message{Subject: "x", Body: "y", SMTP: c.server}}
		if _, err := private(t).Do(t.Context(), a, "", c.values); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	port, told := providertest.MailServer(t, nil)
	a := call.Action{Kind: call.ActEmail, Message: &call.Message{Subject: "x", Body: "y", To: []string{"{boss}"}, CC: []string{"b@example.com"}, SMTP: &call.SMTP{Host: "127.0.0.1", Port: port, Sender: "anna@example.com"}}}
	if _, err := private(t).Do(t.Context(), a, "", map[string]any{"boss": "a@example.com", "email": "ada@example.com"}); err != nil {
		t.Fatal(err)
	}
	if got := <-told; !strings.Contains(got, "RCPT TO:<a@example.com>") || !strings.Contains(got, "RCPT TO:<b@example.com>") || strings.Contains(got, "ada@") {
		t.Errorf("%s", got)
	}
}
