package api_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// TestForeign asks every documented route for what belongs to another account, for what does not exist and for what is
// no id. All three are the same miss (contract 0.5), and nothing of the other account is told.
func TestForeign(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	var document struct {
		Paths map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal([]byte(read(t, w.ask(t, "GET /openapi.json\nAuthorization: -"))), &document); err != nil {
		t.Fatal(err)
	}
	own := map[string]string{"pearlId": "pearl", "outboundId": "pearl", "inboundId": "inbound"}
	foreign := map[string]string{
		"pearlId": "{foreign}", "outboundId": "{foreign}", "inboundId": "{foreign}", "leadId": "{otherLead}", "externalId": "theirs", "phoneNumber": "+14155550107",
		"callId": "{otherCall}", "callRequestId": "{otherRequest}", "deliveryId": "{otherDelivery}", "trunkId": "{otherTrunk}", "phoneNumberId": "{otherNumber}", "keyId": "{otherKeyId}",
	}
	tried := 0
	for _, path := range slices.Sorted(maps.Keys(document.Paths)) {
		if !strings.HasPrefix(path, "/v1/") && !strings.HasPrefix(path, "/v2/") {
			continue
		}
		for _, method := range slices.Sorted(maps.Keys(document.Paths[path])) {
			parameters := parametersOf(path)
			for n, missing := range parameters {
				if missing == "phoneNumber" && strings.Contains(path, "/Memory/") {
					continue // a number without memory is no miss
				}
				other, known := foreign[missing]
				if !known {
					t.Errorf("%s %s: what is a %s of another account?", method, path, missing)
					continue
				}
				values := []string{other}
				if strings.HasSuffix(missing, "Id") && missing != "externalId" {
					values = append(values, "ffffffffffffffffffffffff", "12%27", "0")
				}
				for _, value := range values {
					target := path
					for m, name := range parameters {
						switch {
						case m == n:
							target = strings.Replace(target, "{"+name+"}", value, 1)
						case own[name] != "":
							target = strings.Replace(target, "{"+name+"}", w.names[own[name]], 1)
						default:
							target = strings.Replace(target, "{"+name+"}", "ffffffffffffffffffffffff", 1)
						}
					}
					request := strings.ToUpper(method) + " " + target
					if method != "get" {
						request += "\n\n{}"
					}
					tried++
					response := w.ask(t, request)
					text := read(t, response)
					var problem struct{ Errors map[string][]string }
					if err := json.Unmarshal([]byte(text), &problem); err != nil {
						t.Errorf("%s: %v", request, err)
						continue
					}
					want := []string{"wrong " + strings.ToUpper(missing[:1]) + missing[1:]}
					if response.StatusCode != http.StatusBadRequest || !slices.Equal(problem.Errors["validation"], want) || len(problem.Errors) != 1 {
						t.Errorf("%s: %d %s, want 400 with %q alone", request, response.StatusCode, text, want)
					}
				}
			}
		}
	}
	if tried < 100 {
		t.Errorf("only %d requests were tried", tried)
	}
}

func parametersOf(path string) (names []string) {
	for segment := range strings.SplitSeq(path, "/") {
		if strings.HasPrefix(segment, "{") {
			names = append(names, strings.Trim(segment, "{}"))
		}
	}
	return names
}
