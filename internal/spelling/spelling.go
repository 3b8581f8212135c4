// Package spelling decides which known word somebody meant who wrote another. It refuses to know what the words are of.
package spelling

import "strings"

// Nearest is the candidate with the fewest edits to word, without regard to case; "" where even that one has more than most.
func Nearest(word string, candidates []string, most int) string {
	best, least := "", most+1
	for _, candidate := range candidates {
		if distance := edits([]rune(strings.ToLower(word)), []rune(strings.ToLower(candidate))); distance < least {
			best, least = candidate, distance
		}
	}
	return best
}

// edits is the number of letters to insert, delete, replace or swap with their neighbour to make b of a (the optimal
// string alignment distance: what was swapped is not edited again).
func edits(a, b []rune) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range b {
		rows[0][j+1] = j + 1
	}
	for i := range a {
		for j := range b {
			replaced := rows[i][j]
			if a[i] != b[j] {
				replaced++
			}
			rows[i+1][j+1] = min(rows[i][j+1]+1, rows[i+1][j]+1, replaced)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				rows[i+1][j+1] = min(rows[i+1][j+1], rows[i-1][j-1]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
