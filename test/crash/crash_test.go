// Package crash kills the server at random moments in the middle of a running campaign and holds the promises that must
// survive: nobody is called twice for one attempt, no lead is left half way, and every change reaches the receiver in order.
package crash

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"nacre/test/process"
)

const (
	limit   = 6 * time.Minute // for the campaign to end after the last kill
	longest = 2500 * time.Millisecond
)

// trouble is how often a server is killed, while it has how many leads.
type trouble struct{ kills, leads int }

// kinds are last digits of numbers whose people are done quickly: busy at first, agree, hang up, reject, unknown, declines.
var kinds = []int{60, 0, 65, 75, 40, 1, 61, 35, 66, 20}

func TestKilledServerCallsNobodyTwice(t *testing.T) { survive(t, trouble{8, 60}, nil) }

// TestKilledServerLosesNoAnalysis: the same where a model talks and analyses, and while it analyses or just after. Every call in which somebody was understood is analysed
// once, whatever a model that was asked twice has found, and told so once; what it finds becomes the lead's status once.
func TestKilledServerLosesNoAnalysis(t *testing.T) { survive(t, trouble{3, 20}, startModel(t)) }

func survive(t *testing.T, of trouble, m *model) {
	if testing.Short() {
		t.Skip("needs the embedded voice and minutes")
	}
	// Not parallel: it is heavy on both cores, and its moments should hit a busy server.
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("CRASH_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("CRASH_SEED=%d", seed)
	random := rand.New(rand.NewPCG(seed, 0))

	folder := t.TempDir()
	binary := process.Build(t)
	crm := process.StartReceiver(t)
	report := filepath.Join(folder, "report.json")
	carrier := process.Start(t, binary, process.CarrierReady, "sandbox", "--listen", "127.0.0.1:0", "--report", report, "--log-level", "error")
	data := filepath.Join(folder, "data")
	args := []string{"--data", data, "--log-level", "error"}
	if m != nil {
		args = append(args, "--providers", m.file)
	}
	serve := func() *process.Process {
		return process.Start(t, binary, process.ServerReady, process.Serving(args...)...)
	}
	server := serve()
	c := &client{t: t, Client: process.Client{Base: server.Address, Key: process.CreateKey(t, binary, "--data", data, "--name", "crash")}}
	pearl, ids := campaign(c, of.leads, carrier.Address, crm.URL)

	for kill := range of.kills {
		if m != nil {
			m.awaitAnalysis()
			within := 2 * thinks
			if kill == 0 {
				within = thinks / 2 // one is cut off for certain
			}
			pause(time.Duration(random.Int64N(int64(within))))
		} else {
			pause(time.Duration(random.Int64N(int64(longest))) + 200*time.Millisecond)
		}
		server.Kill(t)
		server = serve()
		c.Base = server.Address
		t.Logf("kill %d, restarted", kill+1)
	}
	finish(t, c, pearl, server)
	if m != nil {
		analysed(t, c, pearl, ids)
	}
	check(t, c, crm, pearl, ids, carrier, report)
	if m != nil {
		checkAnalyses(t, c, crm, pearl, ids, m)
	}
	server.Stop(t)
}

// campaign makes trunk, number, campaign and leads, and runs it.
func campaign(c *client, leads int, carrier, crm string) (pearl string, ids []string) {
	host, port, _ := strings.Cut(carrier, ":")
	number, err := strconv.Atoi(port)
	if err != nil {
		c.t.Fatal(err)
	}
	var trunk, phone struct{ ID string }
	c.do("POST", "/v2/Account/Trunks", map[string]any{"name": "sandbox", "host": host, "port": number, "callsPerSecond": 20, "maxCalls": 30}, &trunk)
	c.do("POST", "/v2/Account/PhoneNumbers", map[string]any{"number": "+12025550101", "direction": 3, "trunkId": trunk.ID}, &phone)
	var hours []any
	for day := range 7 {
		hours = append(hours, map[string]any{"day": day, "start": "00:00", "end": "24:00"})
	}
	retry := map[string]any{}
	for _, outcome := range []string{"busy", "noAnswer", "failed", "machine", "lost"} {
		retry[outcome] = map[string]any{"delays": []int{2}}
	}
	c.do("POST", "/v2/Pearl", map[string]any{
		"name":      "crash",
		"pearl":     map[string]any{"companyDescription": "x", "timeZone": "UTC", "openingSentence": "Do you agree?", "successDescription": "agrees"},
		"variables": []any{},
		"outbound": map[string]any{
			"phoneNumberId": phone.ID, "totalAgents": 12, "ringDuration": 10, "maximumCallAttempts": 11, "callingHours": hours, "retryPolicy": retry, "recordingTrack": 4,
			"leadWebhookUrl": crm + "/lead", "callWebhookUrl": crm + "/call", "webhookAnalysis": true,
		},
	}, &pearl)
	var list []any
	for n := range leads {
		list = append(list, map[string]any{"phoneNumber": fmt.Sprintf("+1%d55501%02d", 201+n/len(kinds), kinds[n%len(kinds)])})
	}
	var added struct{ LeadIDs []string }
	c.do("POST", "/v2/Outbound/"+pearl+"/Leads/Add?returnIds=true", map[string]any{"leads": list}, &added)
	var active int
	c.do("PUT", "/v2/Pearl/"+pearl+"/Active", map[string]any{"isActive": true}, &active)
	if active != 1 || len(added.LeadIDs) != leads {
		c.t.Fatalf("campaign: active %d, %d leads", active, len(added.LeadIDs))
	}
	return pearl, added.LeadIDs
}

// finish waits until no lead is callable, queued or on a call: busy numbers come to 150 by themselves.
func finish(t *testing.T, c *client, pearl string, server *process.Process) {
	t.Helper()
	for deadline := time.Now().Add(limit); ; pause(500 * time.Millisecond) {
		var page struct{ Count int }
		c.do("POST", "/v2/Outbound/"+pearl+"/Leads", map[string]any{"limit": 1, "statuses": []int{1, 10, 20, 40}}, &page)
		if page.Count == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d leads are not final after %s", page.Count, limit)
		}
		if server.ProcessState != nil {
			t.Fatal("the server ended by itself")
		}
	}
}

type leadState struct {
	ID          string
	PhoneNumber string
	Status      int
	CallsID     []string
}

func check(t *testing.T, c *client, crm *process.Receiver, pearl string, ids []string, carrier *process.Process, report string) {
	t.Helper()
	carrier.Stop(t) // writes the report
	raw, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	invites := map[string]int{}
	if err := json.Unmarshal(raw, &invites); err != nil {
		t.Fatal(err)
	}
	total, rows := 0, 0
	for _, leadID := range ids {
		var l leadState
		c.do("GET", "/v2/Outbound/"+pearl+"/Lead/"+leadID, nil, &l)
		var next struct{ Attempts int }
		c.do("GET", "/v2/Outbound/"+pearl+"/Lead/"+leadID+"/Next", nil, &next)
		n := invites[l.PhoneNumber]
		total, rows = total+n, rows+len(l.CallsID)
		if n > len(l.CallsID) || len(l.CallsID) > next.Attempts {
			t.Errorf("%s: %d INVITEs, %d call rows, %d attempts: must not grow to the left", l.PhoneNumber, n, len(l.CallsID), next.Attempts)
		}
		if l.Status == 20 || l.Status == 40 {
			t.Errorf("%s is left at %d", l.PhoneNumber, l.Status)
		}
		var history struct {
			Results []struct {
				Kind string
				To   int
			}
		}
		c.do("GET", "/v2/Outbound/"+pearl+"/Lead/"+leadID+"/History", nil, &history)
		var want []int
		for _, h := range history.Results {
			if h.Kind == "status" {
				want = append(want, h.To)
			}
		}
		if len(want) == 0 || want[len(want)-1] != l.Status {
			t.Errorf("%s: history %v does not end at the status %d", l.PhoneNumber, want, l.Status)
		}
		if got := told(crm, leadID, len(want)); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: delivered %v, changed %v", l.PhoneNumber, got, want)
		}
	}
	if total == 0 {
		t.Error("the carrier was never called")
	}
	t.Logf("%d INVITEs, %d call rows, %d leads", total, rows, len(ids))
}

// told returns the statuses that were delivered of a lead, once there are n or ten seconds have gone.
func told(crm *process.Receiver, leadID string, n int) []int {
	for deadline := time.Now().Add(10 * time.Second); ; pause(50 * time.Millisecond) {
		var statuses []int
		for _, d := range crm.Delivered() {
			var body struct {
				ID     string
				Status int
			}
			if d.Path == "/lead" && json.Unmarshal([]byte(d.Body), &body) == nil && body.ID == leadID {
				statuses = append(statuses, body.Status)
			}
		}
		if len(statuses) >= n || time.Now().After(deadline) {
			return statuses
		}
	}
}

// pause waits on the clock: the moments of the kills are what this test is about.
func pause(d time.Duration) { <-time.After(d) }

// client is a client whose requests must be answered 200.
type client struct {
	process.Client
	t *testing.T
}

func (c *client) do(method, path string, body, into any) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := c.Do(ctx, method, path, body, into); err != nil {
		c.t.Fatal(err)
	}
}
