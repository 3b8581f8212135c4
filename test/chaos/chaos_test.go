// Package chaos runs a campaign over a PostgreSQL that is lost again and again: connections are cut, or swallow what is sent,
// COMMITs are not told of, and servers are killed, while a second one stands by to take the database over. Afterwards what must
// hold is counted in the database, at the carrier, and at the receiver of the webhooks.
package chaos

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"nacre/internal/store/storetest"
	"nacre/test/process"
)

const (
	leads    = 60
	agents   = 10
	addSize  = 1100 // more than one part of an add
	ringFor  = 10   // seconds
	stopping = 12   // of the leads are stopped in the middle
)

// kinds are last digits of numbers whose people are done quickly: busy at first, agree, hang up, reject, unknown, declines.
var kinds = []int{60, 0, 65, 75, 40, 1, 61, 35, 66, 20}

func number(n int) string { return fmt.Sprintf("+1%d55501%02d", 201+n/len(kinds), kinds[n%len(kinds)]) }

// TestDatabaseIsLostAgainAndAgain takes half a minute of trouble and as long to settle, or NACRE_CHAOS (a duration: make chaos).
func TestDatabaseIsLostAgainAndAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("needs PostgreSQL, the embedded voice and minutes")
	}
	trouble := 30 * time.Second
	if text := os.Getenv("NACRE_CHAOS"); text != "" {
		var err error
		if trouble, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("CHAOS_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("CHAOS_SEED=%d", seed)
	random := rand.New(rand.NewPCG(seed, 0))

	folder := t.TempDir()
	binary := process.Build(t)
	database := storetest.StartCluster(t).NewDatabase(t)
	proxy := storetest.StartProxy(t, database)
	crm := process.StartReceiver(t)
	report := filepath.Join(folder, "report.json")
	carrier := process.Start(t, binary, process.CarrierReady, "sandbox", "--listen", "127.0.0.1:0", "--report", report, "--log-level", "error")
	key := process.CreateKey(t, binary, "--init", "--data", filepath.Join(folder, "data"), "--database-url", database, "--name", "chaos")
	pair := newPair(t, binary, filepath.Join(folder, "data"), proxy.URL())
	c := &client{t: t, base: pair.base, key: key}
	w := campaign(c, carrier.Address, crm.URL)

	var others sync.WaitGroup
	calm := make(chan struct{})
	others.Go(func() { w.stopSome(calm) })
	others.Go(func() { w.addInParts(calm) })
	events := map[string]int{}
	for end := time.Now().Add(trouble); time.Now().Before(end); {
		c.must("GET", "/v2/Account", nil, nil) // a server serves
		pause(time.Duration(random.Int64N(int64(3*time.Second))) + 500*time.Millisecond)
		event := []string{"cut", "cut", "kill", "withhold", "withhold", "swallow"}[random.IntN(6)]
		events[event]++
		switch event {
		case "cut":
			proxy.Cut()
		case "kill":
			pair.kill()
		case "withhold":
			proxy.WithholdCommits(1 + random.IntN(4))
		case "swallow":
			proxy.Swallow()
		}
	}
	proxy.WithholdCommits(0)
	close(calm)
	others.Wait()
	w.end()
	settled(t, database)
	pair.stop()
	carrier.Stop(t)
	t.Logf("%v; %d servers were started, %d became the node", events, pair.starts.Load(), pair.nodes.Load())
	count(t, database, report, w, crm)
}

// world is what the test did, and was answered.
type world struct {
	c           *client
	pearl, park string   // the campaign that calls, and one that is added to
	ids         []string // of the leads of pearl
	mu          sync.Mutex
	stopped     map[string]time.Time // leads, by when their stop was answered
	adds        map[string]string    // prefix of their external ids: "whole" where it was answered so, else "either"
}

// campaign makes trunk, number, two campaigns and leads, and runs the first.
func campaign(c *client, carrier, crm string) *world {
	w := &world{c: c, stopped: map[string]time.Time{}, adds: map[string]string{}}
	host, port, _ := strings.Cut(carrier, ":")
	sip, err := strconv.Atoi(port)
	if err != nil {
		c.t.Fatal(err)
	}
	var trunk, phone struct{ ID string }
	c.must("POST", "/v2/Account/Trunks", map[string]any{"name": "sandbox", "host": host, "port": sip, "callsPerSecond": 20, "maxCalls": 30}, &trunk)
	c.must("POST", "/v2/Account/PhoneNumbers", map[string]any{"number": "+12025550101", "direction": 3, "trunkId": trunk.ID}, &phone)
	var hours []any
	for day := range 7 {
		hours = append(hours, map[string]any{"day": day, "start": "00:00", "end": "24:00"})
	}
	retry := map[string]any{}
	for _, outcome := range []string{"busy", "noAnswer", "failed", "machine", "lost"} {
		retry[outcome] = map[string]any{"delays": []int{2}}
	}
	pearl := func(name string) (id string) {
		c.must("POST", "/v2/Pearl", map[string]any{
			"name":      name,
			"pearl":     map[string]any{"companyDescription": "x", "timeZone": "UTC", "openingSentence": "Do you agree?", "successDescription": "agrees"},
			"variables": []any{},
			"outbound": map[string]any{
				"phoneNumberId": phone.ID, "totalAgents": agents, "ringDuration": ringFor, "maximumCallAttempts": 11, "callingHours": hours, "retryPolicy": retry,
				"recordingTrack": 4, "leadWebhookUrl": crm + "/lead", "callWebhookUrl": crm + "/call",
			},
		}, &id)
		return id
	}
	w.pearl, w.park = pearl("chaos"), pearl("park")
	var list []any
	for n := range leads {
		list = append(list, map[string]any{"phoneNumber": number(n)})
	}
	var added struct{ LeadIDs []string }
	c.must("POST", "/v2/Outbound/"+w.pearl+"/Leads/Add?returnIds=true", map[string]any{"leads": list}, &added)
	w.ids = added.LeadIDs
	var active int
	c.must("PUT", "/v2/Pearl/"+w.pearl+"/Active", map[string]any{"isActive": true}, &active)
	if active != 1 || len(w.ids) != leads {
		c.t.Fatalf("campaign: active %d, %d leads", active, len(w.ids))
	}
	return w
}

// stopSome stops the last leads one by one, each until it is answered.
func (w *world) stopSome(calm <-chan struct{}) {
	for _, leadID := range w.ids[leads-stopping:] {
		w.stopLead(leadID)
		select {
		case <-calm:
			return
		case <-time.After(2 * time.Second):
		}
	}
}

func (w *world) stopLead(leadID string) {
	w.c.must("PUT", "/v2/Outbound/"+w.pearl+"/Lead/"+leadID, map[string]any{"status": 130}, nil)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped[leadID].IsZero() {
		w.stopped[leadID] = time.Now()
	}
}

// addInParts adds large lists to the parked campaign: every other one with an Idempotency-Key until it is answered, the others
// once, so that what is left of those that failed can be seen.
func (w *world) addInParts(calm <-chan struct{}) {
	for n := 0; ; n++ {
		select {
		case <-calm:
			return
		case <-time.After(500 * time.Millisecond):
		}
		prefix := fmt.Sprintf("add-%03d-", n)
		var list []any
		for k := range addSize {
			list = append(list, map[string]any{"phoneNumber": fmt.Sprintf("+1%03d55501%02d", 201+k/100, k%100), "externalId": fmt.Sprintf("%s%d", prefix, k)})
		}
		path, body := "/v2/Outbound/"+w.park+"/Leads/Add", map[string]any{"leads": list}
		result := "either"
		if n%2 == 0 {
			w.c.keyed(prefix, "POST", path, body)
			result = "whole"
		} else if w.c.once("POST", path, "", body, nil) == nil {
			result = "whole"
		}
		w.mu.Lock()
		w.adds[prefix] = result
		w.mu.Unlock()
	}
}

// end stops what is still to be called, and waits until nobody is on the line and all is told.
func (w *world) end() {
	for deadline := time.Now().Add(3 * time.Minute); ; pause(500 * time.Millisecond) {
		var page struct {
			Count   int
			Results []struct{ ID string }
		}
		w.c.must("POST", "/v2/Outbound/"+w.pearl+"/Leads", map[string]any{"limit": 1000, "statuses": []int{1, 10, 20, 40}}, &page)
		if page.Count == 0 {
			return
		}
		var callable struct{ Results []struct{ ID string } }
		w.c.must("POST", "/v2/Outbound/"+w.pearl+"/Leads", map[string]any{"limit": 1000, "statuses": []int{1, 10}}, &callable)
		for _, l := range callable.Results {
			w.stopLead(l.ID)
		}
		if time.Now().After(deadline) {
			w.c.t.Fatalf("%d leads are not final", page.Count)
		}
	}
}

// pause waits on the clock: the moments of trouble are what this test is about.
func pause(d time.Duration) { <-time.After(d) }
