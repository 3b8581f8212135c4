package hours

import (
	"cmp"
	"math"
	"slices"
)

// span is a half-open stretch [from, to) of seconds.
type span struct{ from, to int64 }

// forever is an end that never comes.
const forever = math.MaxInt64

// merge sorts spans and joins those that adjoin or overlap.
func merge(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	merged := spans[:0]
	for _, s := range spans {
		if last := len(merged) - 1; last >= 0 && s.from <= merged[last].to {
			merged[last].to = max(merged[last].to, s.to)
			continue
		}
		merged = append(merged, s)
	}
	return merged
}

// find reports whether merged spans contain a second, and until when that answer holds.
func find(spans []span, at int64) (inside bool, until int64) {
	low, high := 0, len(spans)
	for low < high { // the first span that ends after at
		if middle := (low + high) / 2; spans[middle].to > at {
			high = middle
		} else {
			low = middle + 1
		}
	}
	switch {
	case low == len(spans):
		return false, forever
	case spans[low].from <= at:
		return true, spans[low].to
	default:
		return false, spans[low].from
	}
}

// intersect answers what two lists of merged spans have in common, merged too.
func intersect(a, b []span) []span {
	var common []span
	for len(a) > 0 && len(b) > 0 {
		if from, to := max(a[0].from, b[0].from), min(a[0].to, b[0].to); from < to {
			common = append(common, span{from, to})
		}
		if a[0].to < b[0].to {
			a = a[1:]
		} else {
			b = b[1:]
		}
	}
	return common
}
