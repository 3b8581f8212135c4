// Package examples holds the sample data of `nacre demo`.
package examples

import _ "embed"

// Leads is a CSV file of sixty leads in fourteen time zones; their numbers are kept for fiction, and the last two digits
// choose the simulated person of the sandbox carrier. Long talks come first.
//
//go:embed leads.csv
var Leads string
