package api_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"nacre/internal/api"
)

// TestUploadsOfAnAccountAreBounded: an account that has had its hour's bytes stored waits, with stops, small updates and remembered answers still
// taken and no other account the slower; requests that stored nothing are not counted.
func TestUploadsOfAnAccountAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *api.Config) { c.Uploads = 1 << 20 })
	note := strings.Repeat("n", 30_000)
	add := func(n int, headers string) (status int, body string, wait int) {
		response := w.ask(t, fmt.Sprintf("POST /v2/Outbound/{pearl}/Lead\n%s\n\n{\"phoneNumber\":\"+1202555%04d\",\"callData\":{\"note\":\"%s\"}}", headers, 100+n, note))
		wait, _ = strconv.Atoi(response.Header.Get("Retry-After"))
		return response.StatusCode, read(t, response), wait
	}
	for range 60 { // 1.8 MB that are refused
		if response := w.ask(t, `POST /v2/Outbound/{pearl}/Lead`+"\n\n"+`{"phoneNumber":"nobody","callData":{"note":"`+note+`"}}`); response.StatusCode != 400 {
			t.Fatalf("a lead without a number: %d", response.StatusCode)
		}
	}
	for n := range 35 {
		status, body, _ := add(n, "Idempotency-Key: key "+strconv.Itoa(n))
		if status != 200 {
			t.Fatalf("add %d of %d bytes: %d %s", n+1, len(note), status, body)
		}
	}
	status, body, wait := add(50, "X-Request-Id: a")
	if status != 429 || wait <= 0 || !strings.Contains(body, "--uploads-per-account") {
		t.Fatalf("one too many: %d, Retry-After %d, %s", status, wait, body)
	}
	if status, body, _ := add(34, "Idempotency-Key: key 34"); status != 200 {
		t.Errorf("a remembered answer: %d %s", status, body)
	}
	var lead struct{ ID string }
	if err := json.Unmarshal([]byte(read(t, w.ask(t, "GET /v2/Outbound/{pearl}/Lead/PhoneNumber/+12025550100"))), &lead); err != nil {
		t.Fatal(err)
	}
	w.names["lead"] = lead.ID
	for name, request := range map[string]string{
		"a stop": "PUT /v2/Outbound/{pearl}/Lead/{lead}\n\n{\"status\":130}", "an update": "PUT /v2/Outbound/{pearl}/Lead/{lead}\n\n{\"callData\":{\"note\":\"" + note[:4000] + "\"}}",
		"a blacklist entry":         "POST /v2/Account/Blacklist\n\n{\"phoneNumbers\":[\"+12025550199\"]}",
		"a lead of another account": "POST /v2/Outbound/{foreign}/Lead\nAuthorization: Bearer {otherKey}\n\n{\"phoneNumber\":\"+12025550198\"}",
	} {
		if response := w.ask(t, request); response.StatusCode != 200 {
			t.Errorf("%s: %d %s", name, response.StatusCode, read(t, response))
		}
	}
	for name, request := range map[string]string{
		"a large update":    "PUT /v2/Outbound/{pearl}/Lead/{lead}\n\n{\"status\":130,\"callData\":{\"note\":\"" + note + "\"}}",
		"a large blacklist": "POST /v2/Account/Blacklist\n\n{\"phoneNumbers\":[" + largeList("+1415555%04d") + "]}",
		"a large Pearl":     "PUT /v2/Pearl/{pearl}\n\n{\"name\":\"" + note + "\"}",
	} {
		if response := w.ask(t, request); response.StatusCode != 429 || !strings.Contains(read(t, response), "up to 4 KiB") {
			t.Errorf("%s: %d, want a refusal that says what is taken", name, response.StatusCode)
		}
	}
	w.tick(time.Duration(wait) * time.Second)
	if status, body, _ := add(50, "X-Request-Id: b"); status != 200 {
		t.Errorf("after the wait: %d %s", status, body)
	}
}
