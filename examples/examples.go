// Package examples holds the sample data of `nacre demo` and of the dashboard's sandbox campaign.
package examples

import _ "embed"

// Leads is a CSV file of sixty leads in fourteen time zones; their numbers are kept for fiction, and the last two digits
// choose the simulated person of the sandbox carrier. Long talks come first.
//
//go:embed leads.csv
var Leads string

// Campaign is the campaign that calls them, as the body of POST /v2/Pearl without its phone number. It calls at all hours and
// tries again within seconds: it must never call anybody but simulated people.
//
//go:embed campaign.json
var Campaign []byte
