package api_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"nacre/internal/account"
	"nacre/internal/api"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/id"
	"nacre/internal/store"
	"nacre/internal/webhook"
)

// world is the API over a real engine and a SQLite store, with a clock that moves by a second a request.
type world struct {
	handler  http.Handler
	engine   *engine.Engine
	store    *store.Store
	actor    engine.Actor
	names    map[string]string // placeholder → value
	recorded string            // folder of recordings

	mu  sync.Mutex
	now time.Time
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) tick(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// newWorld makes an account with a campaign {pearl}, an inbound Pearl {inbound}, keys of every scope, and a second account
// with a campaign {foreign}. change may alter the configuration.
func newWorld(t testing.TB, change func(*api.Config)) *world {
	t.Helper()
	ctx := t.Context()
	w := &world{now: time.Date(2026, 11, 23, 9, 15, 4, 250e6, time.UTC), names: map[string]string{}, recorded: t.TempDir()}
	var err error
	if w.store, err = store.Open(ctx, t.TempDir(), "", store.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.store.Close() })
	ids, err := id.NewSource(strings.NewReader("entropy!"))
	if err != nil {
		t.Fatal(err)
	}
	link := func(callID id.ID, _ time.Time) string { return "http://nacre.test/recordings/" + string(callID) }
	w.engine = engine.New(engine.Config{
		Store: w.store, Renderer: webhook.Renderer{Link: link}, IDs: ids, Now: w.clock, Node: "test", CanSpeak: func() error { return nil },
	})
	owner, err := w.engine.CreateAccount(ctx, "Golden")
	if err != nil {
		t.Fatal(err)
	}
	other, err := w.engine.CreateAccount(ctx, "Other")
	if err != nil {
		t.Fatal(err)
	}
	w.actor = engine.Actor{Account: owner.ID, By: "test", Name: "test"}
	w.names["account"] = string(owner.ID)
	w.names["one"] = "1" // a version that every Pearl has
	for _, made := range []struct {
		name  string
		scope account.Scope
	}{{"key", account.ScopeFull}, {"leadsKey", account.ScopeLeads}, {"readKey", account.ScopeRead}} {
		w.names[made.name] = w.key(t, w.actor, made.scope, time.Time{})
	}
	w.names["expiredKey"] = w.key(t, w.actor, account.ScopeFull, w.now.Add(-time.Second))
	w.names["otherKey"] = w.key(t, engine.Actor{Account: other.ID}, account.ScopeFull, time.Time{})
	w.names["pearl"] = w.pearl(t, w.actor, campaign.OutboundPearl)
	w.names["inbound"] = w.pearl(t, w.actor, campaign.InboundPearl)
	w.names["foreign"] = w.pearl(t, engine.Actor{Account: other.ID}, campaign.OutboundPearl)
	w.seed(t, other.ID)
	config := api.Config{Engine: w.engine, Queries: w.store, Now: w.clock, PublicURL: "http://nacre.test", RecordingsDir: w.recorded}
	w.equip(&config)
	if change != nil {
		change(&config)
	}
	if w.handler, err = api.New(ctx, config); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) key(t testing.TB, actor engine.Actor, scope account.Scope, expires time.Time) string {
	t.Helper()
	_, text, err := w.engine.CreateKey(t.Context(), actor, "test "+string(scope), scope, expires)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (w *world) pearl(t testing.TB, actor engine.Actor, kind campaign.Type) string {
	t.Helper()
	pearl := campaign.Pearl{Type: kind, Name: "Golden campaign", Definition: campaign.Definition{
		CompanyDescription: "A florist", TimeZone: "Pacific Standard Time", OpeningSentence: "Hello {firstName}, shall we deliver?",
		SuccessDescription: "The person wants a delivery",
	}}
	switch kind {
	case campaign.OutboundPearl:
		settings := campaign.DefaultOutbound()
		numbers, err := w.store.Numbers(t.Context(), actor.Account)
		if err != nil {
			t.Fatal(err)
		}
		settings.PhoneNumberID = numbers[0].ID
		pearl.Outbound = &settings
	default:
		settings := campaign.DefaultInbound()
		settings.WaitingSentence = "One moment"
		pearl.Inbound = &settings
	}
	made, err := w.engine.CreatePearl(t.Context(), actor, pearl, nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(made)
}

// ask sends "METHOD /path", header lines, and a body after an empty line. Without an Authorization line the full key is
// sent; "Authorization: -" sends none. {name} stands for what the world or an earlier answer named so.
func (w *world) ask(t testing.TB, text string) *http.Response {
	t.Helper()
	w.tick(time.Second)
	if strings.Contains(text, "{appCode}") {
		w.names["appCode"] = w.appCode(t)
	}
	text = w.filled(text)
	head, body, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(strings.TrimSpace(head), "\n")
	var raw bytes.Buffer
	fmt.Fprintf(&raw, "%s HTTP/1.1\r\nHost: nacre.test\r\n", lines[0])
	authorized := false
	for _, line := range lines[1:] {
		if name, value, _ := strings.Cut(line, ":"); strings.EqualFold(name, "Authorization") {
			authorized = true
			if strings.TrimSpace(value) == "-" {
				continue
			}
		}
		raw.WriteString(line + "\r\n")
	}
	if !authorized {
		raw.WriteString("Authorization: Bearer " + w.names["key"] + "\r\n")
	}
	if body != "" {
		fmt.Fprintf(&raw, "Content-Length: %d\r\n", len(body))
	}
	raw.WriteString("\r\n" + body)
	request, err := http.ReadRequest(bufio.NewReader(&raw))
	if err != nil {
		t.Fatalf("%s: %v", lines[0], err)
	}
	request.RemoteAddr = "127.0.0.1:40000"
	recorder := httptest.NewRecorder()
	w.handler.ServeHTTP(recorder, request.WithContext(context.WithoutCancel(t.Context())))
	w.remember(recorder)
	return recorder.Result()
}

var (
	appSecret = regexp.MustCompile(`"secret":"([A-Z2-7]{32})"`)
	joinCode  = regexp.MustCompile(`"code":"([A-Z2-7-]{31})"`)
)

// remember names what an answer hands out once: {cookie}, {joinCode}, and the secret that {appCode} is of.
func (w *world) remember(answer *httptest.ResponseRecorder) {
	for _, cookie := range answer.Result().Cookies() {
		w.names["cookie"] = cookie.Name + "=" + cookie.Value
	}
	if found := joinCode.FindSubmatch(answer.Body.Bytes()); found != nil {
		w.names["joinCode"] = string(found[1])
	}
	if found := appSecret.FindSubmatch(answer.Body.Bytes()); found != nil {
		w.names["appSecret"] = string(found[1])
	}
}

// signIn has a person whose code the world knows join, and returns the header lines by which the person asks.
func (w *world) signIn(t *testing.T, name string) (headers string) {
	t.Helper()
	w.good(t, "POST /v2/Join\nAuthorization: -\n\n"+`{"code":"{`+name+`Code}","password":"correct horse battery"}`)
	return "\nAuthorization: -\nCookie: " + w.names["cookie"]
}

// appCode is what an authenticator app shows now.
func (w *world) appCode(t testing.TB) string {
	t.Helper()
	code, err := totp.GenerateCode(w.names["appSecret"], w.clock())
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// filled puts values in the place of {names}.
func (w *world) filled(text string) string {
	for name, value := range w.names {
		text = strings.ReplaceAll(text, "{"+name+"}", value)
	}
	return text
}

func read(t testing.TB, response *http.Response) string {
	t.Helper()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
