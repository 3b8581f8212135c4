package pronounce

import (
	"strconv"
	"strings"
)

// maxCardinal is the first number that is read digit by digit.
const maxCardinal = 1_000_000_000_000_000

// cardinal returns n, below maxCardinal, in words: "one hundred twenty three".
func (t *tables) cardinal(n int) string {
	if n < 0 || n >= maxCardinal {
		return t.digits(strconv.Itoa(n))
	}
	if word, ok := t.cardinals[n]; ok && n < 100 {
		return word
	}
	if n < 100 {
		return t.cardinals[n/10*10] + " " + t.cardinals[n%10]
	}
	for _, scale := range []int{1_000_000_000_000, 1_000_000_000, 1_000_000, 1000, 100} {
		if n < scale {
			continue
		}
		words := t.cardinal(n/scale) + " " + t.cardinals[scale]
		if rest := n % scale; rest > 0 {
			words += " " + t.cardinal(rest)
		}
		return words
	}
	return ""
}

// ordinal returns n in words: "one hundred twenty third".
func (t *tables) ordinal(n int) string {
	if n < 0 || n >= maxCardinal {
		return t.cardinal(n)
	}
	words := t.cardinal(n)
	last := words[strings.LastIndexByte(words, ' ')+1:]
	for value, word := range t.cardinals {
		if word == last {
			return strings.TrimSuffix(words, last) + t.ordinals[value]
		}
	}
	return words
}

// digits reads digits one by one; other characters are left out.
func (t *tables) digits(s string) string {
	var words []string
	for _, r := range s {
		if r >= '0' && r <= '9' {
			words = append(words, t.cardinals[int(r-'0')])
		}
	}
	return strings.Join(words, " ")
}

// groups reads groups of digits with a short pause between two of them.
func (t *tables) groups(groups ...string) string {
	words := make([]string, 0, len(groups))
	for _, group := range groups {
		if group != "" {
			words = append(words, t.digits(group))
		}
	}
	return strings.Join(words, ", ")
}

// inGroups reads a long row of digits in groups of three, the last of four or fewer; up to five are one group.
func (t *tables) inGroups(digits string) string {
	var groups []string
	for len(digits) > 5 || len(digits) == 5 && len(groups) > 0 {
		groups, digits = append(groups, digits[:3]), digits[3:]
	}
	return t.groups(append(groups, digits)...)
}

// year reads a year as people do: "nineteen ninety nine", "two thousand five", "twenty twenty six".
func (t *tables) year(n int) string {
	switch {
	case n < 1000 || n > 2999 || n >= 2000 && n < 2010:
		return t.cardinal(n)
	case n%100 == 0 && n%1000 == 0:
		return t.cardinal(n)
	case n%100 == 0:
		return t.cardinal(n/100) + " hundred"
	case n%100 < 10:
		return t.cardinal(n/100) + " oh " + t.cardinal(n%10)
	}
	return t.cardinal(n/100) + " " + t.cardinal(n%100)
}

// number reads a number as it is written: "1,234.5", "007". Whole numbers without separators may be years.
func (t *tables) number(s string) string {
	if strings.Count(s, ".") > 1 { // a version, an IP address
		return strings.Join(mapped(strings.Split(s, "."), t.whole), " point ")
	}
	whole, fraction, decimal := strings.Cut(s, ".")
	if whole == "" {
		whole = "0"
	}
	words := t.whole(whole)
	if decimal && fraction != "" {
		words = t.plain(whole) + " point " + t.digits(fraction)
	}
	return words
}

// plain reads a whole number as a cardinal, never as a year.
func (t *tables) plain(s string) string {
	s = strings.ReplaceAll(s, ",", "")
	if len(s) > 1 && s[0] == '0' || len(s) > 15 {
		return t.inGroups(s)
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return t.digits(s)
	}
	return t.cardinal(n)
}

// whole reads a whole number: a year where it can be one, in groups of digits where it is too long to be an amount.
func (t *tables) whole(s string) string {
	if len(s) == 4 && s >= "1100" && s <= "2099" {
		n, err := strconv.Atoi(s)
		if err == nil {
			return t.year(n)
		}
	}
	if len(s) >= 7 && !strings.Contains(s, ",") && !strings.HasSuffix(s, "000") {
		return t.inGroups(s)
	}
	return t.plain(s)
}

// plural returns the plural of a word as its letters show it.
func plural(word string) string {
	switch {
	case strings.HasSuffix(word, "y"):
		return strings.TrimSuffix(word, "y") + "ies"
	case strings.HasSuffix(word, "x") || strings.HasSuffix(word, "s"):
		return word + "es"
	}
	return word + "s"
}

// roman returns the value of a Roman numeral in capitals below forty, 0 if it is none.
func roman(s string) int {
	value, rest := 0, s
	for _, part := range []struct {
		letters string
		value   int
	}{{"X", 10}, {"X", 10}, {"X", 10}, {"IX", 9}, {"IV", 4}, {"V", 5}, {"I", 1}, {"I", 1}, {"I", 1}} {
		if after, ok := strings.CutPrefix(rest, part.letters); ok {
			rest, value = after, value+part.value
		}
		if part.value == 9 && value%10 == 9 || part.value == 4 && value%10 == 4 {
			break
		}
	}
	if rest != "" {
		return 0
	}
	return value
}

func mapped(in []string, f func(string) string) []string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = f(s)
	}
	return out
}
