package api_test

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"nacre/internal/account"
	"nacre/internal/api/route"
)

const whoMay = "testdata/who-may.tsv"

// TestWhoMay asks every route on behalf of nobody, of a key of every scope, and of a person of every role, and holds who was not
// refused against a list that people read: a new route has to be decided there. A person of another account is told nothing.
// go test ./internal/api -run TestWhoMay -update writes the list anew.
func TestWhoMay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	eve, _, err := w.engine.InviteUser(t.Context(), w.actor, "eve@example.com", account.Viewer)
	if err != nil {
		t.Fatal(err)
	}
	for name, role := range map[string]account.Role{"adam": account.Admin, "otto": account.Operator} {
		if _, w.names[name+"Code"], err = w.engine.InviteUser(t.Context(), w.actor, name+"@example.com", role); err != nil {
			t.Fatal(err)
		}
	}
	askers := []struct{ name, headers string }{
		{"nobody", "\nAuthorization: -"},
		{"read", "\nAuthorization: Bearer {readKey}"}, {"leads", "\nAuthorization: Bearer {leadsKey}"}, {"full", ""},
		{"Viewer", w.signIn(t, "bob")}, {"Operator", w.signIn(t, "otto")}, {"Admin", w.signIn(t, "adam")}, {"Owner", w.signIn(t, "ada")},
	}
	people := map[string]string{"Viewer": "bob", "Operator": "otto", "Admin": "adam", "Owner": "ada"}
	foreign := w.signIn(t, "carol")
	ours := map[string]string{
		"pearlId": "pearl", "outboundId": "pearl", "inboundId": "inbound", "leadId": "talkLead", "callId": "call", "callRequestId": "request", "deliveryId": "delivery",
		"trunkId": "ownTrunk", "phoneNumberId": "number", "keyId": "readKeyId", "version": "one",
	}
	routes := everyRoute()
	slices.SortStableFunc(routes, func(a, b route.Route) int { return signsOut(a) - signsOut(b) }) // these make sessions of their own
	var lines []string
	for _, r := range routes {
		target := r.Pattern
		for _, name := range r.Parameters() {
			value := w.names[ours[name]]
			switch {
			case name == "userId":
				value = string(eve.ID)
			case value == "": // nothing of that kind is ours: it is a miss for everybody who may ask
				value = "ffffffffffffffffffffffff"
			}
			target = strings.NewReplacer("{"+name+"}", value, "{"+name+"...}", value).Replace(target)
		}
		body := ""
		if r.Method != http.MethodGet {
			body = "\n\n{}"
		}
		var may []string
		for _, asker := range askers {
			if who := people[asker.name]; who != "" && signsOut(r) == 1 { // this ends the session
				w.good(t, "POST /v2/SignIn\nAuthorization: -\n\n"+`{"email":"`+who+`@example.com","password":"correct horse battery"}`)
				asker.headers = "\nAuthorization: -\nCookie: " + w.names["cookie"]
			}
			response := w.ask(t, r.Method+" "+target+asker.headers+body)
			text := read(t, response)
			switch status := response.StatusCode; {
			case status == http.StatusUnauthorized && !r.Open, status == http.StatusForbidden:
			case status == http.StatusOK, status == http.StatusBadRequest, r.Open && status < 500:
				may = append(may, asker.name)
			default:
				t.Errorf("%s for %s: %d %s", r.Name(), asker.name, status, text)
			}
		}
		lines = append(lines, r.Name()+"\t"+strings.Join(may, " "))
		if r.Open || len(r.Parameters()) == 0 {
			continue
		}
		response := w.ask(t, r.Method+" "+target+foreign+body)
		if text := read(t, response); response.StatusCode != http.StatusBadRequest {
			t.Errorf("%s for the owner of another account: %d %s, want a miss", r.Name(), response.StatusCode, text)
		}
	}
	got := strings.Join(lines, "\n") + "\n"
	if *update {
		if err := os.WriteFile(whoMay, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(whoMay)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Error(difference(string(want), got))
	}
}

// difference lists the lines that one of two texts has alone.
func difference(want, got string) string {
	var out strings.Builder
	for line := range strings.SplitSeq(want, "\n") {
		if !strings.Contains("\n"+got, "\n"+line+"\n") {
			fmt.Fprintln(&out, "want", line)
		}
	}
	for line := range strings.SplitSeq(got, "\n") {
		if !strings.Contains("\n"+want, "\n"+line+"\n") {
			fmt.Fprintln(&out, "got ", line)
		}
	}
	return out.String()
}

func signsOut(r route.Route) int {
	if strings.HasPrefix(r.Pattern, "/v2/SignOut") {
		return 1
	}
	return 0
}
