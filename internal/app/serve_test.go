package app

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/config"
	"nacre/internal/sandbox"
	"nacre/internal/store"
	"nacre/internal/store/storetest"
	"nacre/internal/telephony"
	"nacre/internal/voice"
	"nacre/internal/voice/flite"
)

// server starts one on loopback; without a voice, so that it works in a clean clone.
func testServer(t *testing.T, database config.Database) *server {
	t.Helper()
	return serving(t, config.Serve{Database: database, Listen: "127.0.0.1:0", SIPListen: "127.0.0.1:0", RateLimit: 500})
}

// serving starts a server without a voice, which ends with the test.
func serving(t *testing.T, settings config.Serve) *server {
	t.Helper()
	s, err := startWith(context.Background(), settings, slog.New(slog.DiscardHandler), parts{openVoice: func(string, *slog.Logger) (voice.Voices, error) {
		return nil, flite.ErrMissing
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// command runs a command line to its end.
func command(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = Run(context.Background(), args, &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

func request(t *testing.T, s *server, key, method, path, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(raw)
}

// walk makes a key by the command line beside the running server, and a campaign with a lead over the API.
func walk(t *testing.T, s *server, keyArgs ...string) {
	t.Helper()
	code, out, errs := command(t, append([]string{"key", "create", "--name", "test"}, keyArgs...)...)
	key := strings.TrimSpace(out)
	if code != 0 || !regexp.MustCompile(`^[0-9a-f]{24}:[A-Za-z0-9]{32}$`).MatchString(key) {
		t.Fatalf("key create: %d %q %q", code, out, errs)
	}
	status, numbers := request(t, s, key, "GET", "/v2/Account/PhoneNumbers", "")
	var list []struct{ ID string }
	if err := json.Unmarshal([]byte(numbers), &list); err != nil || status != 200 || len(list) != 1 {
		t.Fatalf("an account starts with one number: %d %s", status, numbers)
	}
	status, pearl := request(t, s, key, "POST", "/v2/Pearl", fmt.Sprintf(`{"name":"x","pearl":{"companyDescription":"x","timeZone":"UTC","openingSentence":"Hello."},
		"outbound":{"phoneNumberId":%q}}`, list[0].ID))
	if status != 200 || len(pearl) != 24 {
		t.Fatalf("create: %d %s", status, pearl)
	}
	status, added := request(t, s, key, "POST", "/v2/Outbound/"+pearl+"/Lead", `{"phoneNumber":"+1 415 555 0101"}`)
	var lead struct{ LeadID string }
	if err := json.Unmarshal([]byte(added), &lead); err != nil || status != 200 {
		t.Fatalf("add lead: %d %s", status, added)
	}
	status, updated := request(t, s, key, "PUT", "/v2/Outbound/"+pearl+"/Lead/"+lead.LeadID, `{"status":130}`)
	if status != 200 || !strings.Contains(updated, `"status":130`) {
		t.Fatalf("update: %d %s", status, updated)
	}
	status, refused := request(t, s, key, "PUT", "/v2/Pearl/"+pearl+"/Active", `{"isActive":true}`)
	if status != 400 || !strings.Contains(refused, "cannot speak") {
		t.Errorf("a binary without a voice must refuse to run a campaign: %d %s", status, refused)
	}
	if status, ready := request(t, s, "", "GET", "/readyz", ""); status != 503 || !strings.Contains(ready, "cannot speak") {
		t.Errorf("readyz without a voice must say so: %d %s", status, ready)
	}
	if status, live := request(t, s, "", "GET", "/healthz", ""); status != 200 {
		t.Errorf("healthz: %d %s", status, live)
	}
	if status, figures := request(t, s, "", "GET", "/metrics", ""); status != 200 || !strings.Contains(figures, "nacre_calls_begun_total 0") ||
		!strings.Contains(figures, `nacre_sip_total{what="invites"} 0`) {
		t.Errorf("metrics: %d", status)
	}
}

func TestServeOnSQLite(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	s := testServer(t, config.Database{Data: folder})
	walk(t, s, "--data", folder)
	t.Run("a second server on the folder is refused", func(t *testing.T) {
		code, out, errs := command(t, "serve", "--data", folder, "--listen", "127.0.0.1:0", "--sip-listen", "127.0.0.1:0")
		if code != 1 || out != "" || !strings.Contains(errs, "lock") {
			t.Errorf("got %d %q %q", code, out, errs)
		}
	})
}

// The sandbox carrier is reached from wherever SIP listens.
func TestTheSandboxSpeaksTheFamilyOfTheEndpoint(t *testing.T) {
	t.Parallel()
	log := slog.New(slog.DiscardHandler)
	for _, listen := range []string{"0.0.0.0:0", "127.0.0.1:0", "[::]:0", "[::1]:0"} {
		sip, err := telephony.Open(telephony.Config{Listen: listen, Log: log})
		if err != nil && listen[0] == '[' {
			t.Logf("this machine has no IPv6: %v", err)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		carrier, err := openSandbox(besides(sip.Address().Addr()), nil, sandbox.Options{Log: log})
		if err != nil {
			t.Fatal(err)
		}
		_, failure := sip.Dial(t.Context(), call.Invite{Trunk: carrier.trunk(), From: "+12025550100", To: "+14155550140", RingFor: 10 * time.Second})
		if failure == nil || failure.Cause != call.CauseNotAllocated {
			t.Errorf("from %s: %+v", listen, failure)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		carrier.Close(ctx)
		if err := sip.Close(ctx); err != nil {
			t.Error(err)
		}
		cancel()
	}
}

func TestServeOnPostgreSQL(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("needs PostgreSQL")
	}
	url := storetest.StartPostgres(t)
	folder := t.TempDir()
	s := testServer(t, config.Database{Data: folder, DatabaseURL: url})
	walk(t, s, "--database-url", url)
	t.Run("a second server on the database is refused", func(t *testing.T) {
		code, out, errs := command(t, "serve", "--data", filepath.Join(folder, "other"), "--database-url", url, "--listen", "127.0.0.1:0", "--sip-listen", "127.0.0.1:0")
		if code != 1 || out != "" || !strings.Contains(errs, "lock") {
			t.Errorf("got %d %q %q", code, out, errs)
		}
	})
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	folder := t.TempDir()
	tests := []struct {
		name string
		args []string
		code int
		says string // in stdout or stderr
	}{
		{"version", []string{"version"}, 0, "nacre"},
		{"help", []string{"--help"}, 0, "serve"},
		{"help in a word", []string{"help"}, 0, "serve"},
		{"help of a command", []string{"help", "key", "create"}, 0, "--scope"},
		{"nothing", nil, 2, "Run the server"},
		{"unknown command", []string{"sing"}, 2, "unexpected argument sing"},
		{"unknown flag", []string{"serve", "--loud"}, 2, "unknown flag --loud"},
		{"bad address", []string{"serve", "--listen", "here"}, 2, "--listen"},
		{"bad ports", []string{"serve", "--rtp-ports", "9000"}, 2, "--rtp-ports"},
		{"bad scope", []string{"key", "create", "--name", "x", "--scope", "all"}, 2, "scope"},
		{"bad date", []string{"key", "create", "--data", folder, "--name", "x", "--expires", "tomorrow"}, 2, "--expires"},
		{"missing file", []string{"serve", "--config", filepath.Join(folder, "none.yaml")}, 2, "none.yaml"},
		{"unknown database", []string{"migrate", "--database-url", "mysql://x"}, 2, "--database-url"},
		{"no address of SIP", []string{"serve", "--sip-listen", "999.1.1.1:5060"}, 2, "--sip-listen"},
		{"no network of a proxy", []string{"serve", "--trusted-proxy", "1.2.3"}, 2, "--trusted-proxy: \"1.2.3\" is neither"},
		{"port in use", []string{"serve", "--data", folder, "--listen", busy.Addr().String(), "--sip-listen", "127.0.0.1:0"}, 1, "listen"},
		{"a key where there is no data", []string{"key", "create", "--data", filepath.Join(folder, "new", "data"), "--name", "x"}, 1, "no data in " + filepath.Join(folder, "new", "data")},
		{"a list where there is no data", []string{"key", "list", "--data", filepath.Join(folder, "new", "data")}, 1, "no data"},
		{"a key of all others", []string{"key", "create", "--data", filepath.Join(folder, "new", "data"), "--name", "x", "--init"}, 0, ":"},
		{"migrate", []string{"migrate", "--data", folder}, 0, "schema"},
		{"list without an account", []string{"key", "list", "--data", folder}, 1, "no account yet"},
		{"revoke nothing", []string{"key", "revoke", "--data", filepath.Join(folder, "new", "data"), "0123456789abcdef01234567"}, 1, "has no key"},
		{"list of an account mistyped", []string{"key", "list", "--data", filepath.Join(folder, "new", "data"), "--account", "Defualt"}, 1, `no account "Defualt"`},
		{"and it was not made", []string{"key", "revoke", "--data", filepath.Join(folder, "new", "data"), "--account", "Defualt", "0123456789abcdef01234567"}, 1, "no account"},
		{"accounts", []string{"account", "list", "--data", filepath.Join(folder, "new", "data")}, 0, "Default\tagents 100\tbalance 0.00\tstatus 1"},
		{"nothing to set", []string{"account", "set", "--data", folder}, 2, "--agents, --credit or --status"},
		{"bad status of a Pearl", []string{"pearl", "set", "650000000000000000000001", "--data", folder, "--status", "1"}, 2, "--status"},
		{"Pearl of nobody", []string{"pearl", "set", "650000000000000000000001", "--data", folder, "--status", "3"}, 1, "no account"},
		{"no id of a Pearl", []string{"pearl", "set", "x", "--data", folder, "--status", "3"}, 1, "there is no account yet"},
		{"bad status", []string{"account", "set", "--data", folder, "--status", "6"}, 2, "--status"},
		{"fewer agents than none", []string{"account", "set", "--data", folder, "--agents=-1"}, 2, "--agents"},
		{"more agents than a number holds", []string{"account", "set", "--data", folder, "--agents=99999999999"}, 2, "--agents"},
		{"credit that is no number", []string{"account", "set", "--data", folder, "--credit=NaN"}, 2, "--credit"},
		{"endless credit", []string{"account", "set", "--data", folder, "--credit=1e300"}, 2, "--credit"},
		{"set of an account mistyped", []string{"account", "set", "--data", filepath.Join(folder, "new", "data"), "--account", "Defualt", "--agents", "5"}, 1, "no account"},
		{"no key without a name", []string{"key", "create"}, 2, "--name"},
		{"bad log level", []string{"serve", "--log-level", "loud"}, 2, "--log-level"},
		{"sandbox without an address", []string{"sandbox"}, 2, "--listen"},
		{"sandbox on no address", []string{"sandbox", "--listen", "nowhere"}, 2, "nowhere"},
		{"demo that cannot start", []string{"demo", "--once", "--json", "--listen", busy.Addr().String()}, 2, "could not start"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			code, out, errs := command(t, test.args...)
			if _, err := os.Stat(filepath.Join(folder, "new")); err == nil && test.says == "no data" {
				t.Error("a command that only looks has made the folder")
			}
			if code != test.code || !strings.Contains(out+errs, test.says) {
				t.Errorf("got %d, want %d and %q: %q %q", code, test.code, test.says, out, errs)
			}
		})
	}
}

// TestKeysAreListedAndRevoked: a key works until it is revoked, beside a running server.
func TestKeysAreListedAndRevoked(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	s := testServer(t, config.Database{Data: folder})
	_, out, _ := command(t, "key", "create", "--data", folder, "--name", "crm", "--account", "Gyms", "--scope", "read", "--expires", time.Now().AddDate(1, 0, 0).Format(time.DateOnly))
	key := strings.TrimSpace(out)
	if status, answer := request(t, s, key, "GET", "/v2/Account", ""); status != 200 || !strings.Contains(answer, "Gyms") {
		t.Fatalf("account: %d %s", status, answer)
	}
	if status, answer := request(t, s, key, "POST", "/v2/Pearl", "{}"); status != 403 {
		t.Errorf("a read key must not create: %d %s", status, answer)
	}
	_, list, _ := command(t, "key", "list", "--data", folder, "--account", "Gyms")
	keyID, _, found := strings.Cut(list, "\t")
	if !found || strings.Contains(list, strings.Split(key, ":")[1]) {
		t.Fatalf("list: %q", list)
	}
	if code, _, errs := command(t, "key", "revoke", "--data", folder, "--account", "Gyms", keyID); code != 0 {
		t.Fatalf("revoke: %d %s", code, errs)
	}
	if status, _ := request(t, s, key, "GET", "/v2/Account", ""); status != 401 {
		t.Errorf("a revoked key: %d", status)
	}
}

// TestPeopleAreInvitedBesideARunningServer: what the command line does is what the API shows.
func TestPeopleAreInvitedBesideARunningServer(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	s := testServer(t, config.Database{Data: folder})
	_, out, _ := command(t, "key", "create", "--data", folder, "--name", "crm", "--account", "Gyms")
	key := strings.TrimSpace(out)
	for _, step := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"add", "--email", "Ada@example.com"}, 0, "Owner\tada@example.com"},
		{[]string{"add", "--email", "bob@example.com", "--role", "operator"}, 0, "Operator\tbob@example.com"},
		{[]string{"add", "--email", "bob@example.com"}, 1, "already"},
		{[]string{"add", "--email", "bob"}, 1, "@"},
		{[]string{"add", "--email", "eve@example.com", "--role", "king"}, 2, "--role"},
		{[]string{"add"}, 2, "--email"},
		{[]string{"role", "--email", "bob@example.com", "--role", "admin"}, 0, ""},
		{[]string{"role", "--email", "ada@example.com", "--role", "viewer"}, 1, "owner"},
		{[]string{"remove", "--email", "eve@example.com"}, 1, "no person"},
		{[]string{"add", "--email", "eve@example.com"}, 0, "Viewer"},
		{[]string{"remove", "--email", "eve@example.com"}, 0, ""},
		{[]string{"list"}, 0, "Admin\tbob@example.com"},
	} {
		args := append([]string{"user", step.args[0], "--data", folder, "--account", "Gyms"}, step.args[1:]...)
		if code, out, errs := command(t, args...); code != step.code || !strings.Contains(out+errs, step.says) {
			t.Errorf("%v: %d, want %d and %q: %q %q", args, code, step.code, step.says, out, errs)
		}
	}
	if code, _, errs := command(t, "user", "list", "--data", folder, "--account", "Gymns"); code != 1 || !strings.Contains(errs, "no account") {
		t.Errorf("a mistyped account: %d %s", code, errs)
	}
	status, answer := request(t, s, key, "GET", "/v2/Account/Users", "")
	if status != 200 || strings.Count(answer, `"email"`) != 2 || !strings.Contains(answer, `"email":"bob@example.com","roleId":2,"roleName":"Admin"`) {
		t.Errorf("users: %d %s", status, answer)
	}
	body := fmt.Sprintf(`{"from":"2026-01-01","to":"%d-01-01","eventType":73,"userId":"command line"}`, time.Now().Year()+1)
	if status, answer := request(t, s, key, "POST", "/v2/Account/AuditLog", body); status != 200 || !strings.Contains(answer, `"type":"system"`) {
		t.Errorf("audit log: %d %s", status, answer)
	}
}

// TestSignInsAreInTheAuditLog: the first use of a key from here, and a wrong secret of a known account.
func TestSignInsAreInTheAuditLog(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	s := testServer(t, config.Database{Data: folder})
	_, out, _ := command(t, "key", "create", "--data", folder, "--name", "crm")
	key := strings.TrimSpace(out)
	accountID, _, _ := strings.Cut(key, ":")
	for range 3 {
		if status, _ := request(t, s, accountID+":"+strings.Repeat("x", 32), "GET", "/v2/Account", ""); status != 401 {
			t.Errorf("a wrong secret: %d", status)
		}
		if status, _ := request(t, s, key, "GET", "/v2/Account", ""); status != 200 {
			t.Errorf("the right one: %d", status)
		}
	}
	body := fmt.Sprintf(`{"from":"2026-01-01","to":"%d-01-01"}`, time.Now().Year()+1)
	want := []string{
		`"eventType":1,"user":{"id":"anonymous","name":"","type":"anonymous"},"additionalData":{"address":"127.0.0.1","count":`,
		`"name":"crm","type":"key"},"additionalData":{"address":"127.0.0.1","count":`,
	}
	answer := ""
	waitFor(t, "sign-ins in the audit log", func() bool {
		_, answer = request(t, s, key, "POST", "/v2/Account/AuditLog", body)
		return strings.Contains(answer, want[0]) && strings.Contains(answer, want[1])
	})
}

// TestTheOperatorSetsAccounts: agents, balance and status are shown by the API and named in the audit log, beside a running server.
func TestTheOperatorSetsAccounts(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	s := testServer(t, config.Database{Data: folder})
	_, out, _ := command(t, "key", "create", "--data", folder, "--name", "crm")
	key := strings.TrimSpace(out)
	for _, args := range [][]string{{"--agents", "7", "--credit", "12.34", "--status", "4"}, {"--credit=-2.04", "--status", "2"}} {
		if code, _, errs := command(t, append([]string{"account", "set", "--data", folder}, args...)...); code != 0 {
			t.Fatalf("set %v: %d %s", args, code, errs)
		}
	}
	status, answer := request(t, s, key, "GET", "/v2/Account", "")
	if status != 200 || !strings.Contains(answer, `"totalAgents":7,"creditBalance":10.3,"status":2`) {
		t.Errorf("account: %d %s", status, answer)
	}
	status, answer = request(t, s, key, "POST", "/v2/Account/AuditLog", `{"from":"2020-01-01","to":"2099-01-01","eventType":74}`)
	if status != 200 || strings.Count(answer, `"name":"command line","type":"system"`) != 2 {
		t.Errorf("audit log: %d %s", status, answer)
	}
}

// TestTheOperatorHoldsPearls: a Pearl on hold cannot be run over the API until the operator ends it.
func TestTheOperatorHoldsPearls(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	s := testServer(t, config.Database{Data: folder})
	_, out, _ := command(t, "key", "create", "--data", folder, "--name", "crm")
	key := strings.TrimSpace(out)
	if code, _, errs := command(t, "pearl", "set", "650000000000000000000001", "--data", folder, "--status", "3"); code != 1 || !strings.Contains(errs, "PearlId") {
		t.Errorf("set of no Pearl: %d %s", code, errs)
	}
	_, pearl := request(t, s, key, "POST", "/v2/Pearl", `{"name":"Renewals","pearl":{"companyDescription":"x","timeZone":"UTC","openingSentence":"Hello."},"variables":[],"outbound":{}}`)
	for _, status := range []string{"3", "10", "2"} {
		if code, _, errs := command(t, "pearl", "set", pearl, "--data", folder, "--status", status); code != 0 {
			t.Fatalf("set %s: %d %s", status, code, errs)
		}
		if code, out, _ := command(t, "pearl", "list", "--data", folder); code != 0 || out != pearl+"\tRenewals\ttype 2\tstatus "+status+"\n" {
			t.Errorf("list: %d %q", code, out)
		}
		_, answer := request(t, s, key, "PUT", "/v2/Pearl/"+pearl+"/Active", `{"isActive":true}`)
		if held := strings.Contains(answer, "set by the operator"); held != (status != "2") {
			t.Errorf("run at %s: %s", status, answer)
		}
	}
}

// A server that nobody can reach any longer ends with an error, so that what keeps it running starts it again.
func TestServerEndsWithItsListener(t *testing.T) {
	t.Parallel()
	s := testServer(t, config.Database{Data: t.TempDir()})
	if err := s.listener.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := s.wait(ctx); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the listener is closed: %v", err)
	}
}

// What the store warns of is in the server's log.
func TestStoreWarnsInTheLog(t *testing.T) {
	t.Parallel()
	var out syncBuffer
	folder := t.TempDir()
	s, err := openStore(t.Context(), config.Database{Data: folder}, store.Options{Log: newLog(&out, config.Log{})})
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(folder, store.FileName))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := s.TouchKey(t.Context(), "cccccccccccccccccccccccc", time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "DROP TABLE api_key"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "level=WARN") || !strings.Contains(out.String(), "no such table") {
		t.Errorf("the log says %q", out.String())
	}
}
