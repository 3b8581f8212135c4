// Package secret decides what becomes of write-only values (passwords, credentials, header values) when the settings that
// hold them change. A secret belongs to the scheme, host and port that it is sent to: whoever may change settings but does not
// know a secret must not have it sent to an address of his own. It knows no settings: they say what they hold.
package secret

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"nacre/internal/fault"
)

// Masked is what a secret is shown as; sent back, it leaves the secret unchanged (contract 2.4).
const Masked = "********"

// unsent stands for a secret while a change is applied that may or may not send it anew. It is no character, so no client has
// reason to send it; one that does has said "unchanged".
const unsent = "\uffff"

// Held is one secret in its place among settings.
type Held struct {
	Path         string   // where it is, as error keys have it
	Owner        string   // what it belongs to, wherever in a list that stands; "" = only its place tells
	Destinations []string // what it is sent to (Origin); none = to nobody
	Readable     bool     // shown to whoever may change it: nothing is gained by having it sent elsewhere
	Value        string
	Set          func(string)
}

// Withhold takes the stored write-only secrets out of settings that are about to be changed, so that Settle can tell which were
// sent.
func Withhold(held []Held) {
	for _, h := range held {
		if h.Value != "" && !h.Readable {
			h.Set(unsent)
		}
	}
}

// Settle puts the stored secrets into changed settings: where none was sent, and in the place of asterisks. What was not sent
// is cleared where it would go to a destination that it did not go to before, and its path is returned. Asterisks beside such a
// destination, or that stand for nothing, are a fault.
func Settle(held, stored []Held, faults *fault.List) (cleared []string) {
	for _, h := range held {
		if h.Value != unsent && h.Value != Masked {
			continue
		}
		old, found := find(stored, h)
		moved := slices.IndexFunc(h.Destinations, func(to string) bool { return !slices.Contains(old.Destinations, to) })
		switch {
		case found && moved < 0:
			h.Set(old.Value)
		case found && h.Value == unsent:
			h.Set("")
			cleared = append(cleared, h.Path)
		case found:
			faults.Add(h.Path, "The value is masked and its destination has changed to %.200s: send the secret itself.", h.Destinations[moved])
		case h.Value == unsent:
			h.Set("")
		default:
			faults.Add(h.Path, "The value is masked and there is none yet that it could stand for: send the secret itself.")
		}
	}
	return cleared
}

// find is the stored secret that the wanted one stands for. What belongs to the same server, API or node is the same secret,
// also when the list was put in another order; else the place decides.
func find(stored []Held, wanted Held) (Held, bool) {
	var byPlace, byOwner Held
	for _, s := range stored {
		if s.Value == "" {
			continue
		}
		sameOwner := s.Owner != "" && s.Owner == wanted.Owner
		switch {
		case s.Path == wanted.Path && sameOwner:
			return s, true
		case s.Path == wanted.Path:
			byPlace = s
		case sameOwner && byOwner.Value == "":
			byOwner = s
		}
	}
	if byOwner.Value != "" {
		return byOwner, true
	}
	return byPlace, byPlace.Value != ""
}

// Origin is scheme, host and port of an http or https URL in one spelling (RFC 6454, 4); text that is none stands for itself.
func Origin(raw string) string {
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok {
		return raw
	}
	authority := rest
	if end := strings.IndexAny(rest, "/?#\\"); end >= 0 {
		authority = rest[:end]
	}
	scheme = strings.ToLower(scheme)
	parsed, err := url.Parse(scheme + "://" + authority)
	if err != nil || parsed.Hostname() == "" {
		return scheme + "://" + strings.ToLower(authority)
	}
	port := parsed.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[scheme]
	}
	return address(scheme, parsed.Hostname(), port)
}

// Address is a destination that has no URL: a mail server, a carrier.
func Address(scheme, host string, port int) string {
	return address(strings.ToLower(scheme), host, strconv.Itoa(port))
}

// address leaves out the dot that says that a name is complete: it changes nothing of where it leads.
func address(scheme, host, port string) string {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return scheme + "://" + host + ":" + port
}
