package route

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// Table finds the route of a request by its raw, still escaped path (contract 0.2). It is immutable.
type Table struct {
	root   node
	routes []*Route // as documented, aliases left out
}

// node is one segment of the tree of patterns.
type node struct {
	fixed map[string]*node // by lower-case segment
	any   *node            // {name}
	rest  *leaf            // {name...}
	here  *leaf
}

// leaf is where a pattern ends.
type leaf struct{ methods map[string]*Route }

// NewTable builds the table. It panics when two routes are the same: routes are built at start.
func NewTable(routes []Route) *Table {
	t := &Table{}
	for i := range routes {
		r := &routes[i]
		t.routes = append(t.routes, r)
		t.add(r.Method, r.Pattern, r)
		for _, alias := range r.Aliases {
			method, pattern, _ := strings.Cut(alias, " ")
			if !slices.Equal(parameters(pattern), r.names) {
				panic(fmt.Sprintf("route: alias %s has other parameters than %s", alias, r.Name()))
			}
			t.add(method, pattern, r)
		}
	}
	return t
}

// Routes are all routes in the order given.
func (t *Table) Routes() []*Route { return t.routes }

func (t *Table) add(method, pattern string, r *Route) {
	at := &t.root
	segments := strings.Split(strings.TrimPrefix(pattern, "/"), "/")
	for i, segment := range segments {
		switch {
		case strings.HasSuffix(segment, "...}"):
			if i != len(segments)-1 {
				panic("route: a rest stands before the end: " + pattern)
			}
			if at.rest == nil {
				at.rest = &leaf{methods: map[string]*Route{}}
			}
			at.rest.put(method, pattern, r)
			return
		case strings.HasPrefix(segment, "{"):
			if at.any == nil {
				at.any = &node{}
			}
			at = at.any
		default:
			if at.fixed == nil {
				at.fixed = map[string]*node{}
			}
			key := strings.ToLower(segment)
			if at.fixed[key] == nil {
				at.fixed[key] = &node{}
			}
			at = at.fixed[key]
		}
	}
	if at.here == nil {
		at.here = &leaf{methods: map[string]*Route{}}
	}
	at.here.put(method, pattern, r)
}

func (l *leaf) put(method, pattern string, r *Route) {
	if l.methods[method] != nil {
		panic("route: twice: " + method + " " + pattern)
	}
	l.methods[method] = r
}

// Match is what was found for a path.
type Match struct {
	Route  *Route   // nil when no route has both path and method
	Values []string // of the parameters, in order, percent-decoded exactly once
	Allow  []string // methods of the routes that have the path; empty when there is none
}

// Match finds a route. Fixed segments win over parameters, and both win over a rest only segment by segment:
// …/Lead/External/History is the lead with the external id History. HEAD is answered by GET routes.
func (t *Table) Match(method, rawPath string) Match {
	s := search{method: method}
	path, rooted := strings.CutPrefix(rawPath, "/")
	if !rooted {
		return Match{}
	}
	s.find(&t.root, path, nil)
	if s.route != nil {
		return Match{Route: s.route, Values: s.values}
	}
	slices.Sort(s.allow)
	return Match{Allow: slices.Compact(s.allow)}
}

type search struct {
	method string
	route  *Route
	values []string
	allow  []string
}

// find walks the tree with what is left of the path; it returns true when the route is found.
func (s *search) find(at *node, path string, values []string) bool {
	if path == "" && s.try(at.here, values) {
		return true
	}
	if path == "" {
		return false
	}
	raw, rest, _ := strings.Cut(path, "/")
	segment, ok := decode(raw)
	ok = ok && raw != ""
	if next := at.fixed[strings.ToLower(segment)]; ok && next != nil && s.find(next, rest, values) {
		return true
	}
	// The rest of a path belongs to whoever asks for it, slashes and all; it is more definite than a parameter because
	// a fixed segment stands before it.
	if at.rest != nil {
		if whole, ok := decode(path); ok && s.try(at.rest, append(slices.Clip(values), whole)) {
			return true
		}
	}
	return ok && at.any != nil && s.find(at.any, rest, append(slices.Clip(values), segment))
}

func (s *search) try(l *leaf, values []string) bool {
	if l == nil {
		return false
	}
	r := l.methods[s.method]
	if r == nil && s.method == http.MethodHead {
		r = l.methods[http.MethodGet]
	}
	if r != nil {
		s.route, s.values = r, values
		return true
	}
	for method := range l.methods {
		s.allow = append(s.allow, method)
		if method == http.MethodGet {
			s.allow = append(s.allow, http.MethodHead)
		}
	}
	return false
}

// Versioned reports whether a raw path lies under one of the versions, whose routes ask for a key, unknown ones too.
func Versioned(rawPath string) bool {
	first, _, _ := strings.Cut(strings.TrimPrefix(rawPath, "/"), "/")
	version, ok := decode(first)
	return ok && (strings.EqualFold(version, "v1") || strings.EqualFold(version, "v2"))
}

func decode(raw string) (string, bool) {
	if !strings.Contains(raw, "%") {
		return raw, true
	}
	text, err := url.PathUnescape(raw)
	return text, err == nil
}

// plain reports text that can name something stored.
func plain(text string) bool { return utf8.ValidString(text) && !strings.Contains(text, "\x00") }
