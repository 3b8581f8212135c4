package app

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nacre/client"
	"nacre/internal/config"
)

// shell is a running server, and the flags by which commands reach it.
type shell struct {
	url, key, pearl string
}

func (sh shell) run(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	return command(t, append(args, "--url", sh.url, "--key", sh.key)...)
}

// must runs a command that works and returns what it prints.
func (sh shell) must(t *testing.T, args ...string) string {
	t.Helper()
	code, out, errs := sh.run(t, args...)
	if code != exitDone {
		t.Fatalf("nacre %s: exit %d, %q", strings.Join(args, " "), code, errs)
	}
	return strings.TrimSpace(out)
}

func newShell(t *testing.T) shell {
	t.Helper()
	folder := t.TempDir()
	s := serving(t, config.Serve{Database: config.Database{Data: folder}, Listen: "127.0.0.1:0", SIPListen: "127.0.0.1:0", AllowPrivateWebhooks: true})
	code, out, errs := command(t, "key", "create", "--name", "shell", "--data", folder)
	if code != exitDone {
		t.Fatal(errs)
	}
	sh := shell{url: s.url, key: strings.TrimSpace(out)}
	file := filepath.Join(folder, "pearl.yaml")
	if err := os.WriteFile(file, []byte("name: Renewals\npearl: {companyDescription: Gyms., timeZone: UTC, openingSentence: Hello.}\noutbound: {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	sh.pearl = sh.must(t, "campaign", "create", file)
	return sh
}

func TestLeadsFromTheShell(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	if !anID.MatchString(sh.pearl) {
		t.Fatalf("campaign create printed %q", sh.pearl)
	}
	leadID := sh.must(t, "lead", "add", "Renewals", "+14155550101", "--external-id", "crm-1", "--data", "plan=A,\"first\"", "--data", "name=Zoë", "--time-zone", "Europe/Rome")
	sh.must(t, "lead", "add", sh.pearl, "+1 415 555 0102")
	for _, named := range []string{leadID, "+14155550101", "crm-1"} {
		var lead struct {
			client.Lead
			Next client.NextCall `json:"next"`
		}
		if err := json.Unmarshal([]byte(sh.must(t, "lead", "get", "Renewals", named, "--json")), &lead); err != nil {
			t.Fatal(err)
		}
		if lead.ID != leadID || lead.CallData["name"] != "Zoë" || lead.Next.Reason == "" {
			t.Errorf("%s: %+v", named, lead)
		}
	}
	shown := sh.must(t, "lead", "get", "Renewals", "crm-1")
	for _, want := range []string{"+14155550101", "New (1)", "Europe/Rome (1.0)", "data name"} {
		if !strings.Contains(shown, want) && want != "Europe/Rome (1.0)" { // the offset depends on the day
			t.Errorf("lead get lacks %q:\n%s", want, shown)
		}
	}
	for sought, found := range map[string]string{"crm-": leadID, "(1) 415 555 0101": leadID, "+1415": "+14155550102", "nobody": "no lead matches", "crm-1": "Renewals"} {
		if out := sh.must(t, "lead", "find", sought); !strings.Contains(out, found) {
			t.Errorf("lead find %q lacks %q:\n%s", sought, found, out)
		}
	}
	// A variable that is not named stays.
	stopped := sh.must(t, "lead", "update", "Renewals", "crm-1", "--status", "completed", "--data", "plan=B")
	for _, want := range []string{"Completed (130)", "data name    Zoë", "data plan    B"} {
		if !strings.Contains(stopped, want) {
			t.Errorf("lead update lacks %q:\n%s", want, stopped)
		}
	}
	rows, err := csv.NewReader(strings.NewReader(sh.must(t, "lead", "export", "Renewals"))).ReadAll()
	if err != nil || len(rows) != 3 || strings.Join(rows[0], " ") != "id phoneNumber externalId timeZoneId status created name plan" {
		t.Fatalf("export: %v %v", rows, err)
	}
	if strings.Join(rows[1][:3], " ") != leadID+" +14155550101 crm-1" || rows[1][3] != "Europe/Rome" || rows[2][3] != "" || rows[1][4] != "Completed" || rows[1][6] != "Zoë" || rows[1][7] != "B" || rows[2][6] != "" {
		t.Errorf("export: %v", rows)
	}
	file := filepath.Join(t.TempDir(), "leads.json")
	sh.must(t, "lead", "export", "Renewals", "--status", "New", "--json", "--out", file)
	if text, err := os.ReadFile(file); err != nil || strings.Count(string(text), "\n") != 1 || !strings.Contains(string(text), "+14155550102") {
		t.Errorf("export --out: %s, %v", text, err)
	}
	if code, _, errs := sh.run(t, "lead", "export", "Renewals", "--out", filepath.Join(t.TempDir(), "none", "leads.csv")); code != exitFailed || !strings.Contains(errs, "leads.csv") && !strings.Contains(errs, "none") {
		t.Errorf("export into no folder: %d %q", code, errs)
	}
}

func TestCampaignsAndCallsFromTheShell(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	if list := sh.must(t, "campaign", "list"); !strings.Contains(list, "Renewals") || !strings.Contains(list, "Paused") {
		t.Error(list)
	}
	if now := sh.must(t, "campaign", "pause", "Renewals"); now != "Paused" {
		t.Error(now)
	}
	// It has no trunk and no voice here: the refusal is the server's own.
	if code, _, errs := sh.run(t, "campaign", "run", "Renewals"); code != exitFailed || !strings.Contains(errs, "the server answered 400") {
		t.Errorf("campaign run: %d %q", code, errs)
	}
	sh.must(t, "lead", "add", "Renewals", "+14155550101")
	if line := sh.must(t, "campaign", "watch", "Renewals", "--once"); !strings.Contains(line, "Paused: 0 of 1 leads done") {
		t.Error(line)
	}
	sh.must(t, "lead", "update", "Renewals", "+14155550101", "--status", "130")
	if line := sh.must(t, "campaign", "watch", "Renewals", "--json"); !strings.Contains(line, `"totalLeadsCompleted":1`) {
		t.Error("a campaign whose leads are done is watched no longer:", line)
	}
	if list := sh.must(t, "call", "list", "Renewals"); !strings.HasPrefix(list, "ID") || strings.Contains(list, "\n") {
		t.Error(list)
	}
	if list := sh.must(t, "webhook", "list", "Renewals", "--json"); list != "" {
		t.Error(list)
	}
	if sent := sh.must(t, "webhook", "replay", "--campaign", "Renewals"); sent != "0 sent again" {
		t.Error(sent)
	}
	if code, _, errs := sh.run(t, "call", "get", "665f1f77bcf86cd799439011"); code != exitFailed || !strings.Contains(errs, "wrong CallId") {
		t.Errorf("%d %q", code, errs)
	}
}

// TestWebhookFromTheShell: a test says which kind was sent, where to, and what came back; it is the webhook that there is where none is
// named.
func TestWebhookFromTheShell(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	if code, _, errs := sh.run(t, "webhook", "test", "Renewals"); code != exitFailed || !strings.Contains(errs, "the server answered 400") {
		t.Errorf("without a webhook: exit %d, %q", code, errs)
	}
	status := http.StatusOK
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, "noted")
	}))
	defer receiver.Close()
	c, err := client.New(sh.url, sh.key)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.ChangeWebhooks(t.Context(), sh.pearl, client.WebhookChange{LeadURL: &receiver.URL}); err != nil {
		t.Fatal(err)
	}
	if told := sh.must(t, "webhook", "test", "Renewals"); !strings.HasPrefix(told, "sent a sample of the kind lead to "+receiver.URL+": 200 after ") || !strings.HasSuffix(told, "noted") {
		t.Error(told)
	}
	status = http.StatusTeapot
	code, out, _ := sh.run(t, "webhook", "test", "Renewals", "--kind", "lead", "--json")
	var told struct {
		Kind, URL string
		Status    int
	}
	if err := json.Unmarshal([]byte(out), &told); err != nil || code != exitFailed || told.Kind != "lead" || told.URL != receiver.URL || told.Status != status {
		t.Errorf("exit %d, %s, %v", code, out, err)
	}
}

func TestHelpListsStatuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args     []string
		has, not string
	}{
		{[]string{"lead", "update"}, "New (1), NeedRetry (10), Success (100), NotSuccessful (110), Completed (130).", "OnCall"},
		{[]string{"lead", "export"}, "OnCall (40)", "NotSuccessfull"},
		{[]string{"call", "list"}, "OnCall (40)", "NotSuccessfull"},
	} {
		_, out, _ := command(t, append(c.args, "--help")...)
		if text := strings.Join(strings.Fields(out), " "); !strings.Contains(text, c.has) || strings.Contains(text, c.not) {
			t.Errorf("%v: %s", c.args, out)
		}
	}
	if code, _, errs := command(t, "lead", "update", "x", "y", "--status", "OnCall", "--key", "a:b"); code != exitUsage || !strings.Contains(errs, "to set there are New (1)") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

func TestUsageOfTheShell(t *testing.T) {
	t.Parallel()
	sh := shell{url: "http://127.0.0.1:1", key: "665f1f77bcf86cd799439011:0123456789abcdefghijABCDEFGHIJ01"}
	broken := filepath.Join(t.TempDir(), "broken.yaml")
	if err := os.WriteFile(broken, []byte("name: [Renewals"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"lead", "update", "x", "y"},
		{"lead", "update", "x", "y", "--status", "Stopped"},
		{"lead", "update", "x", "y", "--status", "OnCall"},
		{"lead", "export", "x", "--status", "131"},
		{"lead", "get", "x", "y", "--by", "name"},
		{"lead", "add", "x"},
		{"lead", "find", "x", "--limit", "101"},
		{"campaign", "create", filepath.Join(t.TempDir(), "none.json")},
		{"campaign", "create", broken},
		{"campaign", "watch", "x", "--every", "1ms"},
		{"call", "list", "x", "--limit", "-1"},
		{"call", "list", "x", "--status", "nothing"},
		{"webhook", "replay"},
		{"webhook", "replay", "665f1f77bcf86cd799439011", "--campaign", "x"},
		{"webhook", "list", "x", "--state", "lost"},
	} {
		if code, out, errs := sh.run(t, args...); code != exitUsage || out != "" && !strings.Contains(out, "Usage") || errs == "" {
			t.Errorf("nacre %s: exit %d, %q", strings.Join(args, " "), code, errs)
		}
	}
	for _, flags := range [][]string{{"--url", "nacre.test", "--key", sh.key}, {"--key", "secret"}, {"--key", ""}} {
		if code, _, errs := command(t, append([]string{"campaign", "list"}, flags...)...); code != exitUsage || errs == "" {
			t.Errorf("%v: exit %d, %q", flags, code, errs)
		}
	}
	if code, _, errs := sh.run(t, "lead", "add", "6650a1f2c3d4e5f60718293a", "+14155550101", "--url", "http://127.0.0.1:1/"); code != exitFailed || !strings.Contains(errs, "refused") {
		t.Errorf("a server that is not there: exit %d, %q", code, errs)
	}
}

func TestImportFromTheShell(t *testing.T) {
	t.Parallel()
	sh := newShell(t)
	file := filepath.Join(t.TempDir(), "leads.csv")
	var text strings.Builder
	text.WriteString("Name;Mobile;Ref\n")
	for n := range 1200 {
		fmt.Fprintf(&text, "Ada %d;+1%03d55501%02d;crm-%d\n", n, 201+n/100, n%100, n)
	}
	text.WriteString("Ben;415;crm-x\n")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	preview := sh.must(t, "lead", "import", "Renewals", file, "--preview", "--map", "Name=firstName")
	for _, want := range []string{"1201 rows", "Name    firstName    Ada 0", "Mobile  phoneNumber", "Ref     externalId"} {
		if !strings.Contains(preview, want) {
			t.Errorf("the preview lacks %q:\n%s", want, preview)
		}
	}
	refused := filepath.Join(t.TempDir(), "refused.csv")
	for n, args := range [][]string{{"--dry-run"}, nil, nil} { // the third adds nothing twice
		want := `{"rows":1201,"added":1200,"before":0,"refused":1,`
		if n == 2 {
			want = `{"rows":1201,"added":0,"before":1200,"refused":1,`
		}
		code, out, errs := sh.run(t, append([]string{"lead", "import", "Renewals", file, "--refused", refused, "--json"}, args...)...)
		if code != exitPartly || !strings.Contains(out, want) || errs != "" {
			t.Fatalf("import %v: exit %d, %q %q", args, code, out, errs)
		}
	}
	if _, out, _ := sh.run(t, "lead", "import", "Renewals", file); !strings.HasPrefix(out, "this file was added before") {
		t.Errorf("the same file again: %q", out)
	}
	if rows, err := os.ReadFile(refused); err != nil || !strings.HasPrefix(string(rows), "line,reasons\n1202,") {
		t.Errorf("refused rows: %s %v", rows, err)
	}
	if line := sh.must(t, "campaign", "watch", "Renewals", "--once"); !strings.Contains(line, "0 of 1200 leads") {
		t.Error(line)
	}
	code, _, errs := sh.run(t, "lead", "import", "Renewals", file, "--map", "Mobile=")
	if code != exitFailed || !strings.Contains(errs, "no column is mapped to phoneNumber") {
		t.Errorf("without a number: exit %d, %q", code, errs)
	}
	for _, args := range [][]string{{filepath.Join(t.TempDir(), "none.csv")}, {file, "--map", "Phone=phoneNumber"}} {
		if code, _, errs := sh.run(t, append([]string{"lead", "import", "Renewals"}, args...)...); code != exitUsage || errs == "" {
			t.Errorf("%v: exit %d, %q", args, code, errs)
		}
	}
}
