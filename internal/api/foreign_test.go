package api_test

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"nacre/internal/api/route"
	"nacre/internal/api/v1"
	"nacre/internal/api/v2"
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
		"callId": "{otherCall}", "callRequestId": "{otherRequest}", "deliveryId": "{otherDelivery}", "trunkId": "{otherTrunk}", "phoneNumberId": "{otherNumber}", "keyId": "{otherKeyId}", "userId": "{otherUser}", "version": "99", "tryId": "ffffffffffffffffffffffff",
	}
	tried, owner := 0, w.signIn(t, "ada")
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
					if strings.Contains(path, "{userId}") {
						request += owner
					}
					if method != "get" {
						request += "\n\n" + cmp.Or(leastBodies[strings.ToUpper(method)+" "+path], "{}")
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

// leastBodies are those of routes that judge the body before what the path names.
var leastBodies = map[string]string{"POST /v2/Pearl/{pearlId}/Try/{tryId}": `{"do":"silence"}`, "PUT /v2/Account/Users/{userId}": `{"roleId":4}`}

func parametersOf(path string) (names []string) {
	for segment := range strings.SplitSeq(path, "/") {
		if strings.HasPrefix(segment, "{") {
			names = append(names, strings.Trim(segment, "{}"))
		}
	}
	return names
}

// foreignBodies are requests with what belongs to another account in their bodies, of every route whose body names things
// by id, and of every route that is told no thing at all and so answers of the account as a whole.
var foreignBodies = map[string]string{
	"GET /v1/Account": "", "GET /v1/Outbound": "", "GET /v1/Inbound": "", "GET /v2/Account": "", "GET /v2/Account/Users": "", "GET /v2/Account/Voices": "",
	"GET /v2/Events": "", "GET /v2/Events/Stream": "",
	"GET /v2/Account/Settings": "", "GET /v2/Account/PhoneNumbers": "", "GET /v2/Account/Trunks": "", "GET /v2/Account/Keys": "", "GET /v2/Pearl": "", "GET /v2/Me": "", "GET /v2/FirstStart": "",
	"POST /v2/SignOut": "", "POST /v2/SignOut/Everywhere": "", "PUT /v2/Me/TwoFactor": `{"code":"000000"}`, "POST /v2/Me/TwoFactor": `{"password":"x"}`, "DELETE /v2/Me/TwoFactor": `{"password":"x"}`,
	"PUT /v2/Me/Password": `{"password":"x","newPassword":"correct horse battery"}`, "POST /v2/Account/Users": `{"email":"dan@example.com","roleId":4}`, "PUT /v2/Account/Users/{userId}": `{"roleId":4}`,
	"POST /v2/FirstStart": `{"code":"x","email":"carol@example.com","password":"correct horse battery","company":"x"}`,
	"POST /v2/SignIn":     `{"email":"carol@example.com","password":"correct horse battery"}`, "POST /v2/Join": `{"code":"x","password":"correct horse battery"}`,
	"GET /v2/Attention": "", "GET /v2/Providers": "", "POST /v2/SandboxCampaign": "", "POST /v2/Providers/Test": `{"kind":"model","name":"quick"}`,
	"POST /v2/Leads":                                  `{"searchInput":"theirs"}`,
	"POST /v2/Outbound/{pearlId}/Leads":               `{"searchInput":"Theirs"}`,
	"POST /v2/Outbound/{pearlId}/Leads/Export":        `{"leadIds":["{otherLead}"]}`,
	"POST /v2/Outbound/{pearlId}/Leads/Change":        `{"leadIds":["{otherLead}"],"action":"status","status":130}`,
	"PUT /v2/Account/Settings":                        `{"retentionDays":7}`,
	"POST /v2/Account/AuditLog":                       `{"from":"2026-01-01","to":"2027-01-01","userId":"{otherKeyId}"}`,
	"POST /v2/Account/Blacklist":                      `{"phoneNumbers":["+1415555010"]}`,
	"POST /v2/Account/Blacklist/Remove":               `{"phoneNumbers":["+14155550166"]}`,
	"POST /v2/Account/Blacklist/Search":               `{}`,
	"POST /v2/Account/Keys":                           `{"name":"x"}`,
	"POST /v2/Account/Trunks":                         `{"name":"x","host":"sip.carrier.example"}`,
	"POST /v2/Account/PhoneNumbers":                   `{"number":"+14155550150","trunkId":"{otherTrunk}"}`,
	"PUT /v2/Account/PhoneNumbers/{phoneNumberId}":    `{"trunkId":"{otherTrunk}"}`,
	"DELETE /v1/Call":                                 `{"callIds":["{otherCall}"]}`,
	"DELETE /v2/Call":                                 `{"callIds":["{otherCall}"]}`,
	"DELETE /v1/Outbound/{outboundId}/Leads":          `{"leadIds":["{otherLead}"]}`,
	"DELETE /v2/Outbound/{pearlId}/Leads":             `{"leadIds":["{otherLead}"]}`,
	"DELETE /v1/Outbound/{outboundId}/Leads/External": `{"leadExternalIds":["theirs"]}`,
	"DELETE /v2/Outbound/{pearlId}/Leads/External":    `{"leadExternalIds":["theirs"]}`,
	"POST /v2/Pearl":                                  `{"name":"x","pearl":{"companyDescription":"x","timeZone":"Etc/UTC","openingSentence":"x"},"outbound":{"phoneNumberId":"{otherNumber}"}}`,
	"POST /v2/Pearl/Voice": `{"name":"x","pearl":{"companyDescription":"x","timeZone":"Etc/UTC","nodes":[{"nodeId":"a","name":"a","nodeType":2},{"nodeId":"b","name":"b","nodeType":100}]},
		"variables":[{"id":"x","name":"x","group":1}],"inbound":{"waitingSentence":"x","phoneNumberId":"{otherNumber}"}}`,
	"PUT /v2/Pearl/{pearlId}":                      `{"outbound":{"phoneNumberId":"{otherNumber}"}}`,
	"PUT /v2/Pearl/{pearlId}/Draft":                `{"outbound":{"phoneNumberId":"{otherNumber}"}}`,
	"PUT /v2/Pearl/{pearlId}/Settings/Outbound":    `{"phoneNumberId":"{otherNumber}"}`,
	"PUT /v2/Pearl/{pearlId}/Settings/Inbound":     `{"phoneNumberId":"{otherNumber}"}`,
	"POST /v2/Pearl/{pearlId}/Webhooks/Deliveries": `{"leadId":"{otherLead}","callId":"{otherCall}"}`,
}

// TestForeignBodies sends them with the account's own ids in the path. Nothing of the other account is told, and nothing
// there changes. A new route that can reach rows by its body, or has no id in its path, must be given a request here.
func TestForeignBodies(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.good(t, "POST /v2/Account/Blacklist\nAuthorization: Bearer {otherKey}\n\n"+`{"phoneNumbers":["+14155550166"]}`)
	theirs := []string{"Theirs", "theirs", "+14155550107", "+14155550166"}
	for name, value := range w.names {
		if strings.HasPrefix(name, "other") || name == "foreign" {
			theirs = append(theirs, value)
		}
	}
	before := w.othersState(t)
	untried := maps.Clone(foreignBodies)
	for _, r := range everyRoute() {
		name := r.Method + " " + r.Pattern
		request, known := foreignBodies[name]
		if !known {
			if named := idMembers(r.In, nil); len(r.Parameters()) == 0 || len(named) > 0 {
				t.Errorf("%s: what would reach another account's rows? parameters %v, ids in the body %v", name, r.Parameters(), named)
			}
			continue
		}
		delete(untried, name)
		target := r.Pattern
		if strings.HasSuffix(target, "/Settings/Inbound") {
			target = strings.Replace(target, "{pearlId}", "{inbound}", 1)
		}
		for parameter, own := range map[string]string{"pearlId": "pearl", "outboundId": "pearl", "phoneNumberId": "number"} {
			target = strings.Replace(target, "{"+parameter+"}", "{"+own+"}", 1)
		}
		request = r.Method + " " + target + "\n\n" + request
		response := w.ask(t, request)
		text := read(t, response)
		if status := response.StatusCode; status != http.StatusOK && status != http.StatusBadRequest && !(r.Persons && status == http.StatusForbidden) && !(r.Open && status == http.StatusUnauthorized) {
			t.Errorf("%s: %d %s", request, status, text)
		}
		for _, secret := range theirs {
			if strings.Contains(text, secret) && !strings.Contains(w.filled(request), secret) { // what was sent may come back in a fault
				t.Errorf("%s tells %q: %s", request, secret, text)
			}
		}
	}
	for name := range untried {
		t.Errorf("%s is no route", name)
	}
	if after := w.othersState(t); after != before {
		t.Errorf("the other account became\n%s\nfrom\n%s", after, before)
	}
}

// othersState is everything that the other account can read.
func (w *world) othersState(t *testing.T) string {
	t.Helper()
	var state strings.Builder
	const days = `{"fromDate":"2026-01-01","toDate":"2027-01-01"}`
	for _, request := range []string{
		"GET /v2/Account", "GET /v2/Account/Settings", "GET /v2/Account/PhoneNumbers", "GET /v2/Account/Trunks", "GET /v2/Pearl", "GET /v2/Pearl/{foreign}",
		"GET /v2/Pearl/{foreign}/Settings", "GET /v2/Pearl/{foreign}/Webhooks", "GET /v2/Outbound/{foreign}/Lead/{otherLead}",
		"GET /v2/Outbound/{foreign}/Lead/{otherLead}/History", "GET /v2/CallRequest/{otherRequest}", "GET /v2/Webhooks/Deliveries/{otherDelivery}",
		"POST /v2/Account/Blacklist/Search\n\n{}", "POST /v2/Outbound/{foreign}/Leads\n\n{}", "POST /v2/Pearl/{foreign}/Calls/Bulk\n\n" + days,
		"POST /v1/Outbound/{foreign}/CallRequest\n\n{}", "POST /v2/Pearl/{foreign}/Webhooks/Deliveries\n\n{}",
		"POST /v2/Account/AuditLog\n\n" + `{"from":"2026-01-01","to":"2027-01-01"}`,
	} {
		head, body, _ := strings.Cut(request, "\n\n")
		text := w.good(t, head+"\nAuthorization: Bearer {otherKey}\n\n"+body)
		state.WriteString(head + " " + signedLink.ReplaceAllString(text, "") + "\n")
	}
	return state.String()
}

var signedLink = regexp.MustCompile(`\?expires=[^"]*`)

func everyRoute() []route.Route {
	table := route.NewTable(slices.Concat(v1.Routes(route.Services{}), v2.Routes(route.Services{})))
	routes := make([]route.Route, 0, len(table.Routes()))
	for _, r := range table.Routes() {
		routes = append(routes, *r)
	}
	return routes
}

// idMembers are the members of a body by which it can name rows of the database.
func idMembers(t reflect.Type, found []string) []string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return found
	}
	inText := []string{"id", "voiceId", "variableId", "nodeId", "toNodeId", "externalId", "timeZoneId"} // names within a Pearl or a lead
	for field := range t.Fields() {
		if !field.IsExported() {
			continue
		}
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if lower := strings.ToLower(name); (strings.HasSuffix(lower, "id") || strings.HasSuffix(lower, "ids")) && !slices.Contains(inText, name) {
			found = append(found, name)
			continue
		}
		found = idMembers(field.Type, found)
	}
	return found
}
