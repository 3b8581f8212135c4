package site

import (
	"fmt"
	"strings"
)

// guide is one page of prose. Its template is guide/<Slug>.html.
type guide struct {
	Slug, Title, Summary string
}

// Path is where the guide is served.
func (g guide) Path() string { return Root + "/" + g.Slug }

// zonesSlug names the guide whose content changes with time.
const zonesSlug = "time-zones"

func zonesPath() string { return Root + "/" + zonesSlug }

// guides are in the order in which an integrator needs them.
func guides() []guide {
	return []guide{
		{"quick-start", "Quick start", "From an empty server to a finished call, with curl."},
		{"authorization", "Authorization", "Keys, scopes, and what a 401 says."},
		{"campaigns", "Campaigns", "Pearls and their settings, running and pausing."},
		{"leads", "Leads", "Adding, finding, updating, and stopping a lead at once."},
		{"statuses", "Statuses and their life", "Lead, conversation, call, request: every number and how it comes about."},
		{"outcomes", "Outcomes and retries", "What a call ends as, and when there is another."},
		{"calling-hours", "Calling hours", "Windows, holidays, daylight saving."},
		{zonesSlug, "Time zones", "Every zone name that is accepted, with its offset now."},
		{"variables", "Variables", "What an agent knows before a call and collects in it."},
		{"webhooks", "Webhooks", "Bodies, headers, retries, and verification in Go, Python and Node."},
		{"errors", "Errors and limits", "Problem JSON, misses, sizes, rates."},
		{"idempotency", "Idempotency", "Repeating requests safely; If-Match and ETag."},
		{"trunks", "Numbers and trunks", "Connecting a carrier over SIP."},
		{"sandbox", "Sandbox numbers", "Simulated people, chosen by the last two digits."},
		{"nlpearl", "Moving from NLPearl", "What to change, what stays, what is added."},
		{"not-yet", "Not there yet", "What is stored and not carried out, and what nacre leaves out."},
	}
}

// samples are the verification samples, whole programs.
type samples struct{ Go, Python, Node string }

// content is what the template of the guide is given.
func (g guide) content() (any, error) {
	if g.Slug != "webhooks" {
		return nil, nil
	}
	var s samples
	for name, text := range map[string]*string{"verify.go.txt": &s.Go, "verify.py": &s.Python, "verify.js": &s.Node} {
		read, err := files.ReadFile("samples/" + name)
		if err != nil {
			return nil, fmt.Errorf("read sample: %w", err)
		}
		*text = strings.TrimSuffix(string(read), "\n")
	}
	return s, nil
}
