package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

const (
	someKey   = "665f1f77bcf86cd799439011:0123456789abcdefghijABCDEFGHIJ01"
	somePearl = "6650a1f2c3d4e5f60718293a"
)

// exchange is one answer of a scripted server.
type exchange struct {
	status int
	header http.Header
	body   string
	broken bool // the connection ends before an answer
}

// script is a server that gives one answer after another and keeps what it was asked.
type script struct {
	answers []exchange
	asked   []*http.Request
	bodies  []string
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
	}
	s.asked, s.bodies = append(s.asked, r), append(s.bodies, string(body))
	if len(s.answers) == 0 {
		return nil, errors.New("no further request was expected")
	}
	next := s.answers[0]
	s.answers = s.answers[1:]
	if next.broken {
		return nil, io.ErrUnexpectedEOF
	}
	if next.header == nil {
		next.header = http.Header{}
	}
	return &http.Response{StatusCode: next.status, Header: next.header, Body: io.NopCloser(strings.NewReader(next.body)), Request: r}, nil
}

// scripted returns a client of a scripted server, and the pauses that it makes instead of waiting.
func scripted(t *testing.T, answers ...exchange) (*Client, *script, *[]time.Duration) {
	t.Helper()
	c, err := New("http://nacre.test/below/", someKey)
	if err != nil {
		t.Fatal(err)
	}
	s, pauses := &script{answers: answers}, new([]time.Duration)
	c.HTTP = &http.Client{Transport: s}
	c.wait = func(_ context.Context, d time.Duration) error { *pauses = append(*pauses, d); return nil }
	return c, s, pauses
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for _, bad := range [][2]string{{"nacre.test", someKey}, {"ftp://nacre.test", someKey}, {"http://", someKey}, {"http://nacre.test?x=1", someKey}, {"http://nacre.test", ""}, {"http://nacre.test", "secret"}, {"http://nacre.test", ":secret"}, {"http://nacre.test", "account:"}} {
		if _, err := New(bad[0], bad[1]); err == nil {
			t.Errorf("New(%q, %q) had no error", bad[0], bad[1])
		} else if bad[1] == "secret" && strings.Contains(err.Error(), bad[1]) {
			t.Errorf("the error repeats the key: %v", err)
		}
	}
}

func TestBusyServerIsAskedAgain(t *testing.T) {
	t.Parallel()
	c, s, pauses := scripted(t,
		exchange{status: 429, header: http.Header{"Retry-After": {"3"}}, body: `{"status":429}`},
		exchange{status: 409, header: http.Header{"Retry-After": {"1"}}, body: `{"status":409}`},
		exchange{status: 503, body: `<html>`},
		exchange{broken: true},
		exchange{status: 200, body: `{"leadId":"665f1f77bcf86cd799439012"}`})
	leadID, err := c.AddLead(t.Context(), somePearl, NewLead{PhoneNumber: "+14155550101"})
	if err != nil || leadID != "665f1f77bcf86cd799439012" {
		t.Fatalf("AddLead: %q, %v", leadID, err)
	}
	if got := fmt.Sprint(*pauses); got != "[3s 1s 2s 4s]" {
		t.Errorf("pauses %s", got)
	}
	for n, r := range s.asked {
		if r.Header.Get("Idempotency-Key") == "" || r.Header.Get("Idempotency-Key") != s.asked[0].Header.Get("Idempotency-Key") || s.bodies[n] != s.bodies[0] {
			t.Errorf("try %d is not the request of the first: %v %s", n+1, r.Header, s.bodies[n])
		}
		if r.URL.String() != "http://nacre.test/below/v2/Outbound/"+somePearl+"/Lead" || r.Header.Get("Authorization") != "Bearer "+someKey {
			t.Errorf("try %d went to %s", n+1, r.URL)
		}
	}
}

func TestTriesEnd(t *testing.T) {
	t.Parallel()
	busy := exchange{status: 503, header: http.Header{"Retry-After": {"86400"}}, body: `{"status":503,"title":"Service Unavailable","detail":"the disk is nearly full"}`}
	c, s, pauses := scripted(t, busy, busy, busy, busy, busy, busy)
	_, err := c.GetLead(t.Context(), somePearl, "1")
	var answer *Error
	if !errors.As(err, &answer) || answer.Status != 503 || len(s.asked) != tries || len(*pauses) != tries-1 || (*pauses)[0] != longestWait {
		t.Fatalf("%v after %d tries and pauses %v", err, len(s.asked), *pauses)
	}
	if got := err.Error(); got != "the server answered 503 (Service Unavailable): the disk is nearly full" {
		t.Error(got)
	}
}

// TestNotSentTwice: of a request that a broken connection may have carried, and which has no key, one more would be a second.
func TestNotSentTwice(t *testing.T) {
	t.Parallel()
	c, s, _ := scripted(t, exchange{broken: true})
	if _, err := c.TestWebhook(t.Context(), somePearl, "lead"); err == nil || len(s.asked) != 1 {
		t.Errorf("%v after %d requests", err, len(s.asked))
	}
	c, s, _ = scripted(t, exchange{broken: true}, exchange{status: 200, body: `1`})
	if now, err := c.SetRunning(t.Context(), somePearl, true); err != nil || now != Running || len(s.asked) != 2 {
		t.Errorf("%v %v after %d requests", now, err, len(s.asked))
	}
}

// TestImportGoesOn: after a break the file is sent again, and what was told is not told twice.
func TestImportGoesOn(t *testing.T) {
	t.Parallel()
	const begun, first, second = `{"total":3,"mapping":["phoneNumber"]}` + "\n", `{"rows":2,"added":2,"refused":[]}` + "\n", `{"rows":1,"added":0,"refused":[{"line":4,"reasons":["x"]}]}` + "\n"
	c, s, _ := scripted(t,
		exchange{status: 200, body: begun + first},
		exchange{status: 200, body: begun + first + `{"error":{"status":503,"title":"Service Unavailable"}}` + "\n"},
		exchange{status: 200, body: begun + first + second + `{"done":true}` + "\n"})
	var told []string
	err := c.ImportLeads(t.Context(), somePearl, []byte("file"), ImportOptions{}, func(part ImportPart, total int) {
		told = append(told, fmt.Sprintf("%d/%d of %d, %d refused", part.Added, part.Rows, total, len(part.Refused)))
	})
	if err != nil || fmt.Sprint(told) != "[2/2 of 3, 0 refused 0/1 of 3, 1 refused]" || len(s.asked) != 3 || s.bodies[2] != "file" {
		t.Errorf("%v: told %v after %d requests", err, told, len(s.asked))
	}
	c, _, _ = scripted(t, exchange{status: 200, body: begun + `{"error":{"status":400,"errors":{"$":["no"]}}}` + "\n"})
	var answer *Error
	if err := c.ImportLeads(t.Context(), somePearl, []byte("file"), ImportOptions{}, nil); !errors.As(err, &answer) || answer.Status != 400 {
		t.Error(err)
	}
}

func TestErrorsAreWhole(t *testing.T) {
	t.Parallel()
	c, s, _ := scripted(t, exchange{status: 400, body: `{"title":"One or more validation errors occurred.","status":400,"errors":{"Leads[3].PhoneNumber":["too short"],"Leads[1].TimeZoneId":["unknown"],"validation":["twice"]},"traceId":"00-4b"}`})
	_, err := c.AddLeads(t.Context(), somePearl, nil)
	var answer *Error
	if !errors.As(err, &answer) || answer.Errors["Leads[3].PhoneNumber"][0] != "too short" || answer.TraceID != "00-4b" {
		t.Fatal(err)
	}
	if got := err.Error(); got != "the server answered 400: Leads[1].TimeZoneId: unknown: Leads[3].PhoneNumber: too short: twice" {
		t.Error(got)
	}
	if s.bodies[0] != `{"leads":[]}` {
		t.Error(s.bodies[0])
	}
}

func TestForeignAnswers(t *testing.T) {
	t.Parallel()
	for _, answer := range []exchange{{status: 502, body: "<html>Bad Gateway</html>"}, {status: 200, body: "<html>"}, {status: 204}, {status: 302, body: ""}} {
		c, _, _ := scripted(t, answer)
		if lead, err := c.GetLead(t.Context(), somePearl, "1"); err == nil {
			t.Errorf("%d %q was read as %+v", answer.status, answer.body, lead)
		}
	}
}

func TestIDsAreEscaped(t *testing.T) {
	t.Parallel()
	c, s, _ := scripted(t, exchange{status: 200, header: http.Header{"Etag": {`"3"`}}, body: `{"id":"665f1f77bcf86cd799439012"}`})
	lead, err := c.GetLeadByExternalID(t.Context(), somePearl, "a/b c?d#e:%")
	if err != nil || lead.ETag != `"3"` {
		t.Fatalf("%+v, %v", lead, err)
	}
	if got := s.asked[0].URL.EscapedPath(); got != "/below/v2/Outbound/"+somePearl+"/Lead/External/a%2Fb%20c%3Fd%23e:%25" {
		t.Error(got)
	}
}

// TestChangesSayOnlyWhatTheyChange: a member that is nil is not sent, one that is empty is.
func TestChangesSayOnlyWhatTheyChange(t *testing.T) {
	t.Parallel()
	c, s, _ := scripted(t, exchange{status: 200, body: `{}`})
	stop, none := LeadCompleted, ""
	if _, err := c.UpdateLeadIf(t.Context(), somePearl, "1", `"3"`, LeadChange{Status: &stop, ExternalID: &none}); err != nil {
		t.Fatal(err)
	}
	if s.bodies[0] != `{"externalId":"","status":130}` || s.asked[0].Header.Get("If-Match") != `"3"` || s.asked[0].Method != "PUT" {
		t.Error(s.bodies[0], s.asked[0].Header)
	}
}

// TestNumbersKeepTheirDigits: a variable is written back as it was read.
func TestNumbersKeepTheirDigits(t *testing.T) {
	t.Parallel()
	const data = `{"id":12345678901234567890,"price":1.10}`
	c, s, _ := scripted(t, exchange{status: 200, body: `{"callData":` + data + `}`}, exchange{status: 200, body: `{}`})
	lead, err := c.GetLead(t.Context(), somePearl, "1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.UpdateLead(t.Context(), somePearl, "1", LeadChange{CallData: &lead.CallData}); err != nil {
		t.Fatal(err)
	}
	if s.bodies[1] != `{"callData":`+data+`}` {
		t.Error(s.bodies[1])
	}
}

func TestPagesAreWalked(t *testing.T) {
	t.Parallel()
	page := func(count int, ids ...string) exchange {
		var rows []LeadRow
		for _, id := range ids {
			rows = append(rows, LeadRow{ID: id})
		}
		text, err := json.Marshal(Page[LeadRow]{Count: count, Results: rows})
		if err != nil {
			t.Fatal(err)
		}
		return exchange{status: 200, body: string(text)}
	}
	c, s, _ := scripted(t, page(3, "a", "b"), page(4, "c"), page(4, "d"))
	var got []string
	for lead, err := range c.Leads(t.Context(), somePearl, LeadSearch{}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, lead.ID)
	}
	if fmt.Sprint(got) != "[a b c d]" || !strings.Contains(s.bodies[2], `"skip":3`) {
		t.Error(got, s.bodies)
	}
	c, _, _ = scripted(t, page(3, "a"), exchange{status: 400, body: `{}`})
	got = nil
	var last error
	for lead, err := range c.Leads(t.Context(), somePearl, LeadSearch{}) {
		got, last = append(got, lead.ID), err
	}
	if len(got) != 2 || last == nil {
		t.Error("the error of the second page is lost", got, last)
	}
	c, s, _ = scripted(t, page(3, "a", "b"))
	for range c.Leads(t.Context(), somePearl, LeadSearch{}) {
		break
	}
	if len(s.asked) != 1 {
		t.Error("a walk that was left went on")
	}
}
