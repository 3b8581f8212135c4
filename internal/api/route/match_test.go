package route

import (
	"slices"
	"strings"
	"testing"

	"nacre/internal/account"
)

func table(t testing.TB) *Table {
	t.Helper()
	var routes []Route
	for _, name := range []string{
		"GET /v2/Pearl", "POST /v2/Pearl", "GET /v2/Pearl/{pearlId}", "PUT /v2/Pearl/{pearlId}", "POST /v2/Pearl/Voice",
		"PUT /v2/Pearl/{pearlId}/Active", "POST /v2/Pearl/{pearlId}/Calls", "POST /v2/Pearl/{pearlId}/Analytics",
		"POST /v2/Outbound/{pearlId}/Lead", "POST /v2/Outbound/{pearlId}/Leads", "DELETE /v2/Outbound/{pearlId}/Leads",
		"POST /v2/Outbound/{pearlId}/Leads/Add", "DELETE /v2/Outbound/{pearlId}/Leads/External",
		"PUT /v2/Outbound/{pearlId}/Lead/{leadId}", "GET /v2/Outbound/{pearlId}/Lead/{leadId}", "GET /v2/Outbound/{pearlId}/Lead/{leadId}/History",
		"GET /v2/Outbound/{pearlId}/Lead/External/{externalId...}", "GET /v2/Outbound/{pearlId}/Lead/PhoneNumber/{phoneNumber}",
		"PUT /v1/Outbound/{outboundId}/Lead", "GET /v1/Outbound/CallRequest/{callRequestId}", "GET /v1/Outbound/{outboundId}", "GET /v1/Outbound",
		"GET /v2/Account", "POST /v2/Account/Blacklist/Search",
	} {
		method, pattern, _ := strings.Cut(name, " ")
		r := Route{Method: method, Pattern: pattern, Tag: "t", Summary: "s", Scope: account.ScopeRead}
		if strings.Contains(pattern, "{pearlId}") || strings.Contains(pattern, "{outboundId}") {
			r.Pearl = AnyPearl
		}
		if pattern == "/v2/Pearl/{pearlId}/Active" {
			r.Aliases = []string{"POST " + pattern}
		}
		routes = append(routes, Handle(r, func(*Request, None) (bool, error) { return true, nil }))
	}
	return NewTable(routes)
}

func TestMatch(t *testing.T) {
	t.Parallel()
	routes := table(t)
	const external = "GET /v2/Outbound/{pearlId}/Lead/External/{externalId}"
	for _, c := range []struct {
		method, path, want string
		values             []string
	}{
		{"GET", "/v2/Pearl", "GET /v2/Pearl", nil},
		{"GET", "/v2/Pearl/", "GET /v2/Pearl", nil},
		{"GET", "/V2/pEaRl/ABC", "GET /v2/Pearl/{pearlId}", []string{"ABC"}},
		{"HEAD", "/v2/Pearl", "GET /v2/Pearl", nil},
		{"POST", "/v2/Pearl/voice", "POST /v2/Pearl/Voice", nil},
		{"GET", "/v2/Pearl/Voice", "GET /v2/Pearl/{pearlId}", []string{"Voice"}},
		{"POST", "/v2/pearl/x/active", "PUT /v2/Pearl/{pearlId}/Active", []string{"x"}},
		{"GET", "/v2/P%65arl", "GET /v2/Pearl", nil},
		{"GET", "/%762/Pearl", "GET /v2/Pearl", nil},
		{"GET", "/v2/Outbound/p/Lead/External/evt1:guest7", external, []string{"p", "evt1:guest7"}},
		{"GET", "/v2/Outbound/p/Lead/External/a%20b%3Ac", external, []string{"p", "a b:c"}},
		{"GET", "/v2/Outbound/p/Lead/External/a/b", external, []string{"p", "a/b"}},
		{"GET", "/v2/Outbound/p/Lead/External/a%2Fb", external, []string{"p", "a/b"}},
		{"GET", "/v2/Outbound/p/Lead/External/a%252Fb", external, []string{"p", "a%2Fb"}},
		{"GET", "/v2/Outbound/p/Lead/External/a+b", external, []string{"p", "a+b"}},
		{"GET", "/v2/Outbound/p/Lead/External/a/", external, []string{"p", "a/"}},
		{"GET", "/v2/Outbound/p/Lead/External//a", external, []string{"p", "/a"}},
		{"GET", "/v2/Outbound/p/Lead/External/../Lead", external, []string{"p", "../Lead"}},
		{"GET", "/v2/Outbound/p/Lead/external/History", external, []string{"p", "History"}},
		{"GET", "/v2/Outbound/p/Lead/x/History", "GET /v2/Outbound/{pearlId}/Lead/{leadId}/History", []string{"p", "x"}},
		{"GET", "/v2/Outbound/p/Lead/PhoneNumber/+14155550101", "GET /v2/Outbound/{pearlId}/Lead/PhoneNumber/{phoneNumber}", []string{"p", "+14155550101"}},
		{"GET", "/v2/Outbound/p/Lead/PhoneNumber/%2B14155550101", "GET /v2/Outbound/{pearlId}/Lead/PhoneNumber/{phoneNumber}", []string{"p", "+14155550101"}},
		{"GET", "/v1/Outbound/CallRequest/x", "GET /v1/Outbound/CallRequest/{callRequestId}", []string{"x"}},
		{"PUT", "/v1/Outbound/CallRequest/Lead", "PUT /v1/Outbound/{outboundId}/Lead", []string{"CallRequest"}},
	} {
		m := routes.Match(c.method, c.path)
		switch {
		case m.Route == nil:
			t.Errorf("%s %s: no route, allow %v", c.method, c.path, m.Allow)
		case m.Route.Name() != c.want || !slices.Equal(m.Values, c.values):
			t.Errorf("%s %s: %s %q", c.method, c.path, m.Route.Name(), m.Values)
		}
	}
	for _, c := range []struct {
		method, path string
		allow        []string
	}{
		{"DELETE", "/v2/Pearl/x", []string{"GET", "HEAD", "PUT"}},
		{"GET", "/v2/Outbound/x/Leads", []string{"DELETE", "POST"}},
		{"PATCH", "/v2/Pearl/x/Active", []string{"POST", "PUT"}},
		{"GET", "/v2/Nothing", nil},
		{"GET", "/v2//Pearl", nil},
		{"GET", "/v2/Pearl//", nil},
		{"GET", "", nil},
		{"GET", "/", nil},
		{"GET", "v2/Pearl", nil},
		{"GET", "/v2/Pearl/x/y/z", nil},
	} {
		if m := routes.Match(c.method, c.path); m.Route != nil || !slices.Equal(m.Allow, c.allow) {
			t.Errorf("%s %s: %+v, want allow %v", c.method, c.path, m, c.allow)
		}
	}
}

func FuzzMatch(f *testing.F) {
	for _, path := range []string{"/v2/Pearl/", "/v2/Outbound/p/Lead/External/a%2Fb/", "//", "/v2/%", "/v2/%zz/%00", "/v1/Outbound/CallRequest/x"} {
		f.Add("GET", path)
	}
	routes := table(f)
	f.Fuzz(func(t *testing.T, method, path string) {
		m := routes.Match(method, path)
		if m.Route != nil && len(m.Values) != len(m.Route.Parameters()) {
			t.Fatalf("%q: %d values for %v", path, len(m.Values), m.Route.Parameters())
		}
		if m.Route != nil && len(m.Allow) > 0 {
			t.Fatalf("%q: both found and not", path)
		}
		if again := routes.Match(method, strings.ToUpper(path)); (again.Route == nil) != (m.Route == nil) && !strings.Contains(path, "%") && path == strings.ToValidUTF8(path, "") && len(path) == len(strings.ToUpper(path)) {
			t.Fatalf("%q depends on case", path)
		}
	})
}
