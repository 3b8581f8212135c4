package pronounce

import (
	"strconv"
	"strings"
)

var monthNames = []string{"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"}

// date reads year (may be ""), month and day in digits.
func (r *reader) date(year, month, day string) (string, bool) {
	m, _ := strconv.Atoi(month)
	d, _ := strconv.Atoi(day)
	if m < 1 || m > 12 || d < 1 || d > 31 {
		return "", false
	}
	words := monthNames[m-1] + " " + r.ordinal(d)
	if year != "" {
		words += ", " + r.yearOf(year)
	}
	return words, true
}

// yearOf reads a year of two or four digits; two are of this century below 70.
func (r *reader) yearOf(s string) string {
	n, err := strconv.Atoi(s)
	if err != nil {
		return r.digits(s)
	}
	if len(s) == 2 {
		if n += 1900; n < 1970 {
			n += 100
		}
	}
	return r.year(n)
}

// slashed reads 12/24/2026 with the month first where that is possible, as in the United States.
func (r *reader) slashed(m []string) (string, bool) {
	if strings.Contains(m[0], ".") && strings.Contains(m[0], "/") {
		return "", false
	}
	month, day := m[1], m[2]
	if strings.Contains(m[0], ".") { // written so in Europe: the day first
		if len(m[3]) != 4 {
			return "", false
		}
		month, day = day, month
	}
	if words, ok := r.date(m[3], month, day); ok {
		return words, true
	}
	return r.date(m[3], day, month)
}

func (r *reader) namedDate(month, day, year string) (string, bool) {
	name, ok := r.months[strings.ToLower(month)]
	d, err := strconv.Atoi(day)
	if !ok || err != nil || d < 1 || d > 31 || month[0] >= 'a' && len(month) <= 3 && month != strings.ToLower(name) { // "may 5" may be no month
		return "", false
	}
	words := name + " " + r.ordinal(d)
	if year != "" {
		words += ", " + r.yearOf(year)
	}
	return words, true
}

func (r *reader) noonTime(m []string) (string, bool) {
	hour, _ := strconv.Atoi(m[1])
	if hour > 12 || hour == 0 {
		return "", false
	}
	words := r.cardinal(hour) + r.minutes(m[2]) + r.seconds(m[3]) + " " + strings.ToUpper(m[4]) + " M"
	if strings.HasSuffix(m[0], ".") && r.sentenceEnds(len(m[0])) {
		words += " ."
	}
	return words, true
}

// sentenceEnds reports whether the full stop at the end of the first n bytes also ends a sentence: a capital or nothing
// follows.
func (r *reader) sentenceEnds(n int) bool {
	rest := strings.TrimLeft(r.rest[n:], " ")
	return rest == "" || rest != r.rest[n:] && isUpper(rest[0])
}

// time reads a time without a. m. or p. m.: of the afternoon where it is written in 24 hours.
func (r *reader) time(m []string) (string, bool) {
	hour, _ := strconv.Atoi(m[1])
	minute, seconds := r.minutes(m[2]), r.seconds(m[3])
	switch {
	case hour > 24 || hour == 24 && m[2] != "00":
		return "", false
	case hour > 12 && hour < 24:
		return r.cardinal(hour-12) + minute + seconds + " P M", true
	case hour == 0 || hour == 24:
		return "twelve" + minute + seconds + " A M", true
	case m[2] == "00" && m[3] == "":
		return r.cardinal(hour) + " o'clock", true
	}
	return r.cardinal(hour) + minute + seconds, true
}

func (r *reader) minutes(s string) string {
	switch n, _ := strconv.Atoi(s); {
	case s == "" || n == 0:
		return ""
	case n < 10:
		return " oh " + r.cardinal(n)
	default:
		return " " + r.cardinal(n)
	}
}

func (r *reader) seconds(s string) string {
	n, _ := strconv.Atoi(s)
	switch {
	case n == 0:
		return ""
	case n == 1:
		return " and one second"
	}
	return " and " + r.cardinal(n) + " seconds"
}

// european reads 1.200,50 behind a currency.
func (r *reader) european(m []string) (string, bool) {
	return r.money([]string{m[0], m[1], m[2], strings.ReplaceAll(strings.ReplaceAll(m[3], ".", ""), ",", "."), ""})
}

// money reads sign, currency, number and scale (m[1] to m[4]).
func (r *reader) money(m []string) (string, bool) {
	money, ok := r.currencies[m[2]]
	if !ok {
		return "", false
	}
	whole, fraction, decimal := strings.Cut(m[3], ".")
	if whole == "" {
		whole = "0"
	}
	scale := strings.ToLower(m[4])
	if long, ok := scales[scale]; ok {
		scale = long
	}
	var words string
	switch {
	case scale != "":
		words = r.amount(m[3]) + " " + scale + " " + money.many
	case decimal && len(fraction) == 2 && money.cent != "":
		cents, _ := strconv.Atoi(fraction)
		parts := make([]string, 0, 2)
		if whole != "0" || cents == 0 {
			parts = append(parts, counted(r.plain(whole), whole == "1", money.one, money.many))
		}
		if cents > 0 {
			parts = append(parts, counted(r.cardinal(cents), cents == 1, money.cent, money.cents))
		}
		words = strings.Join(parts, " and ")
	case decimal:
		words = r.amount(m[3]) + " " + money.many
	default:
		words = counted(r.plain(whole), whole == "1", money.one, money.many)
	}
	words = r.sign(m[1]) + words
	if rest := r.rest[len(m[0]):]; len(rest) > 1 && rest[0] == '/' && isLetter(rest[1]) { // $20/month
		r.rest = r.rest[:len(m[0])] + " " + rest[1:]
		words += " per"
	}
	return words, true
}

func counted(number string, one bool, singular, plural string) string {
	if one {
		return number + " " + singular
	}
	return number + " " + plural
}
