package route

import "strings"

// Nearest is the documented route that somebody who asked for method and rawPath most likely meant: "POST
// /v2/Outbound/{pearlId}/Leads". It is empty when nothing is near.
func (t *Table) Nearest(method, rawPath string) string {
	const longest = 12 // segments looked at: the work is bounded whatever is asked
	asked := strings.Split(strings.Trim(rawPath, "/"), "/")
	if len(asked) > longest {
		asked = asked[:longest]
	}
	for i, segment := range asked {
		if text, ok := decode(segment); ok {
			segment = text
		}
		asked[i] = strings.ToLower(segment[:min(len(segment), 48)])
	}
	best, name := min(3, 1+0.45*float64(len(asked))), ""
	for _, r := range t.routes {
		cost := distance(asked, strings.Split(strings.Trim(r.Pattern, "/"), "/"))
		if r.Method != method {
			cost += 0.6
		}
		if r.Extension || r.Version() == "v1" {
			cost += 0.05 // where two are as near: the documented one, and the newer one
		}
		if cost < best {
			best, name = cost, r.Name()
		}
	}
	return name
}

// distance is the cost of turning the segments asked for into those of a pattern.
func distance(asked, pattern []string) float64 {
	row := make([]float64, len(pattern)+1)
	for j, wanted := range pattern {
		row[j+1] = row[j] + insertion(wanted)
	}
	for i, segment := range asked {
		diagonal := row[0]
		row[0] = 1.3 * float64(i+1)
		for j, wanted := range pattern {
			change := substitution(segment, wanted)
			if i == len(asked)-1 && j == len(pattern)-1 {
				change *= 1.4 // the last word says what was wanted
			}
			cost := min(diagonal+change, row[j+1]+1.3, row[j]+insertion(wanted))
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(pattern)]
}

// insertion is the cost of a segment that was left out; ids are forgotten more easily than words.
func insertion(wanted string) float64 {
	if strings.HasPrefix(wanted, "{") {
		return 0.3
	}
	return 0.8
}

// substitution is between 0 (the same) and 1.5 (unlike).
func substitution(segment, wanted string) float64 {
	if strings.HasPrefix(wanted, "{") {
		if looksLikeID(segment) {
			return 0
		}
		return 0.6
	}
	if looksLikeID(segment) {
		return 1.5
	}
	wanted = strings.ToLower(wanted)
	if segment == wanted {
		return 0
	}
	return 1.5 * float64(edits(segment, wanted)) / float64(max(len(segment), len(wanted)))
}

// looksLikeID tells ids, numbers and placeholders from words.
func looksLikeID(segment string) bool {
	return strings.ContainsAny(segment, "0123456789{}:") && len(segment) > 3
}

// edits is the Levenshtein distance in bytes.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
