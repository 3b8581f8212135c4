package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"nacre/internal/api"
	"nacre/internal/api/route"
	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
)

// TestOneIdempotencyKeyCreatesOnce: however many requests with one key arrive at once, one lead is made; each request is
// told its id, or that the first one is still under way.
func TestOneIdempotencyKeyCreatesOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	request := "POST /v2/Outbound/" + w.names["pearl"] + "/Lead\nIdempotency-Key: same\nAuthorization: Bearer " + w.names["key"] + "\n\n{\"phoneNumber\":\"+14155550101\"}"
	ids := map[string]int{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for {
				response := w.ask(t, request)
				switch response.StatusCode {
				case http.StatusConflict:
					if response.Header.Get("Retry-After") == "" {
						t.Error("409 without Retry-After")
					}
					continue // as the client is told to
				case http.StatusOK:
				default:
					t.Errorf("status %d", response.StatusCode)
				}
				mu.Lock()
				ids[read(t, response)]++
				mu.Unlock()
				return
			}
		})
	}
	all.Wait()
	if len(ids) != 1 {
		t.Errorf("answers %v", ids)
	}
	var found struct{ Count int }
	if err := json.Unmarshal([]byte(read(t, w.ask(t, "POST /v2/Outbound/{pearl}/Leads\n\n{}"))), &found); err != nil || found.Count != 1 {
		t.Errorf("%d leads, %v", found.Count, err)
	}
}

// TestABulkIsWholeAndQuick adds as many leads as one request may, and one too many.
func TestABulkIsWholeAndQuick(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("writes fifty thousand leads")
	}
	w := newWorld(t, nil)
	var body strings.Builder
	body.WriteString(`{"leads":[`)
	for n := range 50_000 {
		if n > 0 {
			body.WriteByte(',')
		}
		fmt.Fprintf(&body, `{"phoneNumber":"+1415%07d","externalId":"crm-%d","callData":{"email":"joe@example.com"}}`, 5550100+n%100, n)
	}
	response := w.ask(t, "POST /v2/Outbound/{pearl}/Leads/Add\n\n"+body.String()+"]}")
	if text := read(t, response); response.StatusCode != 200 || text != "true" {
		t.Fatalf("%d %s", response.StatusCode, text)
	}
	response = w.ask(t, "POST /v2/Outbound/{pearl}/Leads/Add\n\n"+body.String()+`,{"phoneNumber":"+14155550101"}]}`)
	text := read(t, response)
	if response.StatusCode != 400 || !strings.Contains(text, `"Leads":["The list has 50001 elements; at most 50000 are allowed."]`) {
		t.Fatalf("%d %.300s", response.StatusCode, text)
	}
	var found struct{ Count int }
	if err := json.Unmarshal([]byte(read(t, w.ask(t, "POST /v2/Outbound/{pearl}/Leads\n\n{\"limit\":1}"))), &found); err != nil || found.Count != 50_000 {
		t.Errorf("%d leads, %v", found.Count, err)
	}
}

// TestListsOfFiftyThousandFit: as many ids and entries as one request may name are within the limit on its body, at their
// longest, escaped and each on a line of its own; one more is refused by name.
func TestListsOfFiftyThousandFit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	escaped := func(n int) string { return strings.Repeat(`\u0031`, n) }
	for _, c := range []struct{ request, member, entry string }{
		{"DELETE /v2/Outbound/{pearl}/Leads", "leadIds", escaped(24)},
		{"DELETE /v1/Outbound/{pearl}/Leads", "leadIds", escaped(24)},
		{"DELETE /v1/Call", "callIds", escaped(24)},
		{"DELETE /v2/Call", "callIds", escaped(24)},
		{"POST /v2/Account/Blacklist", "phoneNumbers", escaped(25)},
		{"POST /v2/Account/Blacklist/Remove", "phoneNumbers", escaped(25)},
		{"DELETE /v1/Outbound/{pearl}/Leads/External", "leadExternalIds", "an external id"},
		{"DELETE /v2/Outbound/{pearl}/Leads/External", "leadExternalIds", "an external id"},
	} {
		list := strings.Repeat(",\n    \""+c.entry+"\"", 50_001)[1:]
		response := w.ask(t, c.request+"\n\n{\""+c.member+"\":["+list+"]}")
		text := read(t, response)
		want := `"` + strings.ToUpper(c.member[:1]) + c.member[1:] + `":["The list has 50001 elements; at most 50000 are allowed."]`
		if response.StatusCode != 400 || !strings.Contains(text, want) {
			t.Errorf("%s: %d %.300s, want %s", c.request, response.StatusCode, text, want)
		}
	}
	if longest := int64(50_000 * (len(`"",`) + 512*utf8.UTFMax)); route.MaxExternalIDBody < longest+100 {
		t.Errorf("50,000 external ids in UTF-8 take %d bytes, %d are allowed", longest, route.MaxExternalIDBody)
	}
}

// FuzzUpdateLead: whatever a client sends, the answer is 200 with the lead or 4xx with problem JSON, never a fault of ours.
func FuzzUpdateLead(f *testing.F) {
	for _, seed := range []string{`{"status":130}`, `{"callData":{"a":{"b":1}},"externalId":""}`, `{"timeZoneId":"Europe/Rome","phoneNumber":"+14155550102","status":"10"}`, `{"phoneNumber":null}`, "{\"externalId\":\"\\ud800\"}", `[`, `{"status":1e400}`} {
		f.Add(seed)
	}
	w := newWorld(f, nil)
	var added struct{ LeadID string }
	if err := json.Unmarshal([]byte(read(f, w.ask(f, "POST /v2/Outbound/{pearl}/Lead\n\n{\"phoneNumber\":\"+14155550101\"}"))), &added); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body string) {
		for _, method := range []string{"PUT", "PATCH"} {
			response := w.ask(t, method+" /v2/Outbound/{pearl}/Lead/"+added.LeadID+"\n\n"+body)
			text := read(t, response)
			if response.StatusCode != 200 && (response.StatusCode != 400 || !strings.Contains(text, `"errors":{"`)) {
				t.Fatalf("%s %q: %d %s", method, body, response.StatusCode, text)
			}
			if !json.Valid([]byte(text)) {
				t.Fatalf("%s %q: %s", method, body, text)
			}
		}
	})
}

// BenchmarkUpdateLead is the heart of the product without a connection: handler, engine and a durable SQLite store.
func BenchmarkUpdateLead(b *testing.B) {
	w := newWorld(b, nil)
	var added struct{ LeadIDs []string }
	var leads []string
	for n := range 64 {
		leads = append(leads, fmt.Sprintf(`{"phoneNumber":"+141555501%02d"}`, n))
	}
	text := read(b, w.ask(b, "POST /v2/Outbound/{pearl}/Leads/Add?returnIds=true\n\n{\"leads\":["+strings.Join(leads, ",")+"]}"))
	if err := json.Unmarshal([]byte(text), &added); err != nil {
		b.Fatal(err)
	}
	var next atomic.Int64
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		leadID := added.LeadIDs[int(next.Add(1))%len(added.LeadIDs)]
		for n := 0; pb.Next(); n++ {
			status := []int{130, 100}[n%2]
			if response := w.ask(b, fmt.Sprintf("PUT /v2/Outbound/{pearl}/Lead/%s\n\n{\"status\":%d,\"callData\":{\"email\":\"joe@example.com\"}}", leadID, status)); response.StatusCode != 200 {
				b.Error(read(b, response))
			}
		}
	})
}

// largeList are JSON strings that take more than 4 KiB.
func largeList(format string) string {
	var texts []string
	for n := range 400 {
		texts = append(texts, fmt.Sprintf(`"`+format+`"`, n))
	}
	return strings.Join(texts, ",")
}

// TestFullDisk: while the disk is nearly full what is new, and what is large, is refused by name, /readyz says so, and stops, small
// updates, deletions and reads work.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	full := &fault.Error{Kind: fault.Unavailable, RetryAfter: time.Minute, Detail: "The disk is nearly full."}
	w := newWorld(t, func(c *api.Config) {
		c.Room = func() error { return full }
		c.Ready = func(context.Context) error { return errors.Join(nil, full) }
	})
	there, err := w.engine.AddLead(t.Context(), w.actor, id.ID(w.names["pearl"]), engine.NewLead{Phone: "+14155550102"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	w.names["there"] = string(there)
	note := strings.Repeat("n", 4<<10)
	for request, want := range map[string]int{
		"POST /v2/Outbound/{pearl}/Lead\n\n{\"phoneNumber\":\"+14155550101\"}":                    503,
		"PUT /v1/Outbound/{pearl}/Lead\n\n{\"phoneNumber\":\"+14155550101\"}":                     503,
		"POST /v2/Outbound/{pearl}/Leads/Add\n\n{\"leads\":[{\"phoneNumber\":\"+14155550101\"}]}": 503,
		"POST /v1/Outbound/{pearl}/Call\n\n{\"to\":\"+14155550101\"}":                             503,
		"GET /readyz":  503,
		"GET /healthz": 200,
		"PUT /v2/Outbound/{pearl}/Lead/{there}\n\n{\"status\":130}":                                              200,
		"POST /v2/Account/Blacklist\n\n{\"phoneNumbers\":[\"+14155550101\"]}":                                    200,
		"GET /v2/Outbound/{pearl}/Lead/{there}":                                                                  200,
		"PUT /v2/Outbound/{pearl}/Lead/{there}\n\n{\"status\":100,\"callData\":{\"a\":\"" + note[:4000] + "\"}}": 200,
		"PUT /v2/Outbound/{pearl}/Lead/{there}\n\n{\"status\":100,\"callData\":{\"a\":\"" + note + "\"}}":        503,
		"PATCH /v2/Outbound/{pearl}/Lead/{there}\n\n{\"callData\":{\"b\":\"" + note + "\"}}":                     503,
		"PUT /v2/Pearl/{pearl}\n\n{\"name\":\"" + note + "\"}":                                                   503,
		"POST /v2/Account/Blacklist\n\n{\"phoneNumbers\":[" + largeList("+1415555%04d") + "]}":                   503,
		"DELETE /v2/Outbound/{pearl}/Leads\n\n{\"leadIds\":[" + largeList("%024x") + "]}":                        200,
	} {
		response := w.ask(t, request)
		text := read(t, response)
		if response.StatusCode != want || want == 503 && (!strings.Contains(text, "disk") || response.Header.Get("Retry-After") == "") {
			t.Errorf("%.200s: %d %s %v, want %d", request, response.StatusCode, text, response.Header, want)
		}
	}
}
