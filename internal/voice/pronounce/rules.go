package pronounce

import (
	"regexp"
	"strconv"
	"strings"
)

// rule reads what its pattern matches at the beginning of the rest. ok = false: it is something else.
type rule struct {
	pattern *regexp.Regexp
	whole   bool // no letter or digit follows
	say     func(r *reader, m []string) (words string, ok bool)
}

const (
	number = `(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)`
	month  = `(?i:(January|February|March|April|May|June|July|August|September|October|November|December|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec)\.?)`
	clock  = `(\d{1,2})(?::([0-5]\d))?(?::([0-5]\d))?`
	noon   = ` ?([AaPp])\.? ?[Mm](?:\.|\b)`
	symbol = `(US\$|C\$|A\$|R\$|[$€£¥₪₹₩₽₺])`
	scale  = `(?: ?(?i:(thousand|million|billion|trillion|k|m|bn|b))\b)?`
)

var scales = map[string]string{"k": "thousand", "m": "million", "bn": "billion", "b": "billion"}

// rules are tried in this order. It is set by init: the rules name it themselves.
var rules []rule

func init() {
	rules = []rule{
		{regexp.MustCompile(`^[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+`), true, (*reader).address},
		{regexp.MustCompile(`^(?i:https?://|www\.)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*(?:/[A-Za-z0-9._~/%-]*[A-Za-z0-9/])?`), true, (*reader).address},
		{regexp.MustCompile(`^[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.([a-z]{2,4})(?:/[A-Za-z0-9._~/%-]*[A-Za-z0-9/])?`), true, (*reader).bareAddress},
		// Telephone numbers.
		{regexp.MustCompile(`^(\+?1[ .-]?)?\(?([2-9]\d{2})\)?[ .-]{1,2}(\d{3})[ .-](\d{4})`), true, (*reader).american},
		{regexp.MustCompile(`^(\+1)([2-9]\d{2})(\d{3})(\d{4})`), true, (*reader).american},
		{regexp.MustCompile(`^()([2-9]\d{2})(\d{3})(\d{4})`), true, (*reader).american},
		{regexp.MustCompile(`^(\d{3})-(\d{4})`), true, func(r *reader, m []string) (string, bool) { return r.groups(m[1], m[2]), true }},
		{regexp.MustCompile(`^\+(\d{1,3})((?:[ .()-]{0,2}\d{1,5}){2,6})`), true, (*reader).international},
		{regexp.MustCompile(`^\+(\d{8,15})`), true, (*reader).unspaced},
		{regexp.MustCompile(`^0\d{1,4}(?:[ -]\d{2,5}){1,4}`), true, func(r *reader, m []string) (string, bool) {
			return r.groups(strings.FieldsFunc(m[0], func(c rune) bool { return c == ' ' || c == '-' })...), true
		}},
		{regexp.MustCompile(`^\d{4}(?:[ -]\d{4}){2,4}`), true, func(r *reader, m []string) (string, bool) { // a card
			return r.groups(strings.FieldsFunc(m[0], func(c rune) bool { return c == ' ' || c == '-' })...), true
		}},
		// Dates.
		{regexp.MustCompile(`^(\d{4})-(\d{2})-(\d{2})`), true, func(r *reader, m []string) (string, bool) { return r.date(m[1], m[2], m[3]) }},
		{regexp.MustCompile(`^(\d{1,2})[/.](\d{1,2})[/.](\d{4}|\d{2})`), true, (*reader).slashed},
		{regexp.MustCompile(`^(\d{1,2})/(\d{1,2})`), true, (*reader).fraction},
		{regexp.MustCompile(`^` + month + ` (\d{1,2})(?:st|nd|rd|th)?(?:,? (\d{4}))?`), true, func(r *reader, m []string) (string, bool) {
			return r.namedDate(m[1], m[2], m[3])
		}},
		{regexp.MustCompile(`^(\d{1,2})(?:st|nd|rd|th)? (?:of )?` + month + `(?:,? (\d{4}))?`), true, func(r *reader, m []string) (string, bool) {
			return r.namedDate(m[2], m[1], m[3])
		}},
		// Times, with a span of them.
		{regexp.MustCompile(`^` + clock + noon), true, (*reader).noonTime},
		{regexp.MustCompile(`^(\d{1,2}):([0-5]\d)(?::([0-5]\d))?`), true, (*reader).time},
		// Money.
		{regexp.MustCompile(`^(-?)` + symbol + ` ?(\d{1,3}(?:\.\d{3})+,\d{2}|\d+,\d{2}\b)`), true, (*reader).european},
		{regexp.MustCompile(`^(-?)` + symbol + ` ?` + number + scale), true, (*reader).money},
		{regexp.MustCompile(`^(-?)` + number + scale + ` ?` + symbol), false, func(r *reader, m []string) (string, bool) {
			return r.money([]string{m[0], m[1], m[4], m[2], m[3]})
		}},
		{regexp.MustCompile(`^(-?)` + number + scale + ` ([A-Z]{3})`), true, func(r *reader, m []string) (string, bool) {
			return r.money([]string{m[0], m[1], m[4], m[2], m[3]})
		}},
		{regexp.MustCompile(`^([A-Z]{3}) ?` + number + scale), true, func(r *reader, m []string) (string, bool) {
			return r.money([]string{m[0], "", m[1], m[2], m[3]})
		}},
		// Numbers with something behind them.
		{regexp.MustCompile(`^([+-]?)` + number + ` ?%`), false, func(r *reader, m []string) (string, bool) {
			return r.sign(m[1]) + r.amount(m[2]) + " percent", m[1] == "" || !r.glued
		}},
		{regexp.MustCompile(`^(\d+),(\d{1,2}) ?%`), false, func(r *reader, m []string) (string, bool) {
			return r.plain(m[1]) + " point " + r.digits(m[2]) + " percent", true
		}},
		{regexp.MustCompile(`^(\d[\d,]*)(?:st|nd|rd|th|ST|ND|RD|TH)`), true, (*reader).ordinalNumber},
		{regexp.MustCompile(`^'?(\d{2}|\d{3}0)'?s`), true, (*reader).decade},
		{regexp.MustCompile(`^([+-]?)` + number + `[- ]?(km/h|sq\. ?ft\.|sq ft|[A-Za-z°][A-Za-z]*2?\.?)`), true, (*reader).measure},
		{regexp.MustCompile(`^(\d+)(?:-|–| – )(\d+)`), true, (*reader).span},
		{regexp.MustCompile(`^-` + number), true, func(r *reader, m []string) (string, bool) { return "minus " + r.amount(m[1]), !r.glued }},
		{regexp.MustCompile(`^\d+(?:\.\d+){2,}`), true, func(r *reader, m []string) (string, bool) { return r.tables.number(m[0]), true }},
		{regexp.MustCompile(`^` + number), true, (*reader).bareNumber},
		// Words.
		{regexp.MustCompile(`^(?:[A-Za-z]\.){2,}`), true, (*reader).initials},
		{regexp.MustCompile(`^[A-Za-z]+(?:/[oO]?\b)`), false, (*reader).short},
		{regexp.MustCompile(`^[A-Za-z][A-Za-z.]*\.?`), true, (*reader).short},
		{regexp.MustCompile(`^([A-Z]+)('?s)?`), true, (*reader).capitals},
		{regexp.MustCompile(`^[A-Za-z]+(?:'[A-Za-z]+)*'?`), true, (*reader).word},
		{regexp.MustCompile(`^[A-Za-z0-9]+`), false, (*reader).mixed},
	}
}

func (r *reader) sign(s string) string {
	switch s {
	case "-":
		return "minus "
	case "+":
		return "plus "
	}
	return ""
}

// amount reads a number that is no year.
func (r *reader) amount(s string) string {
	whole, fraction, decimal := strings.Cut(s, ".")
	if whole == "" {
		whole = "0"
	}
	if decimal {
		return r.plain(whole) + " point " + r.digits(fraction)
	}
	return r.plain(whole)
}

// after returns the last word read, in lower case and without marks.
func (r *reader) after() string { return bare(r.last) }

func bare(word string) string { return strings.ToLower(strings.Trim(word, ".:'#")) }

// inCode reports whether the number that follows is one that is read digit by digit: "code 4821", "PIN is 4821", "#4821".
func (r *reader) inCode() bool {
	before := r.after()
	if before == "is" || before == "was" {
		before = bare(r.prior)
	}
	return r.lists["code"][before] || strings.HasPrefix(r.last, "#")
}

func (r *reader) bareNumber(m []string) (string, bool) {
	s := m[1]
	whole := !strings.ContainsAny(s, ".,")
	switch {
	case whole && (len(s) > 2 || s[0] == '0') && r.inCode():
		return r.inGroups(s), true
	case whole && len(s) == 5 && len(r.last) == 2 && isUpper(r.last[0]) && isUpper(r.last[1]): // CA 94105
		return r.digits(s), true
	}
	return r.tables.number(s), true
}

func (r *reader) ordinalNumber(m []string) (string, bool) {
	n, err := strconv.Atoi(strings.ReplaceAll(m[1], ",", ""))
	return r.ordinal(n), err == nil
}

func (r *reader) decade(m []string) (string, bool) {
	n, err := strconv.Atoi(m[1])
	if err != nil || n%10 != 0 || len(m[1]) == 4 && (n < 1100 || n > 2099) {
		return "", false
	}
	words := r.cardinal(n)
	if n > 99 {
		words = r.year(n)
	}
	last := words[strings.LastIndexByte(words, ' ')+1:]
	return strings.TrimSuffix(words, last) + plural(last), true
}

func (r *reader) measure(m []string) (string, bool) {
	name := m[3]
	unit, ok := r.units[name]
	if m[1] != "" && r.glued {
		return "", false
	}
	if !ok {
		// A full stop that is not the unit's ends the sentence.
		if bare, stop := strings.CutSuffix(name, "."); stop {
			unit, ok = r.units[bare]
		}
		if !ok {
			return "", false
		}
	}
	if len(name) == 1 && isUpper(name[0]) && strings.Contains(m[0], " ") { // "5 K" is no thousand
		return "", false
	}
	words := unit[1]
	if m[2] == "1" || strings.HasSuffix(m[0], "-"+name) && strings.Contains(m[0], "-") {
		words = unit[0]
	}
	if _, own := r.units[name]; !own || strings.HasSuffix(name, ".") && r.sentenceEnds(len(m[0])) {
		words += " ."
	}
	return r.sign(m[1]) + r.amount(m[2]) + " " + words, true
}

// span reads "9-5", "10–20", and years.
func (r *reader) span(m []string) (string, bool) {
	if len(m[1]) > 4 || len(m[2]) > 4 || m[1][0] == '0' || m[2][0] == '0' {
		return r.groups(m[1], m[2]), true
	}
	return r.whole(m[1]) + " to " + r.whole(m[2]), true
}

func (r *reader) fraction(m []string) (string, bool) {
	above, _ := strconv.Atoi(m[1])
	below, _ := strconv.Atoi(m[2])
	if above == 24 && below == 7 {
		return "twenty four seven", true
	}
	many := ""
	if above > 1 {
		many = "s"
	}
	switch {
	case above >= below:
	case below == 2:
		return "one half", true
	case below == 4:
		return r.cardinal(above) + " quarter" + many, true
	case below == 3, below == 5, below == 8, below == 10 && above < 10:
		return r.cardinal(above) + " " + r.ordinal(below) + many, true
	}
	if words, ok := r.date("", m[1], m[2]); ok {
		return words, true
	}
	return r.cardinal(above) + " over " + r.cardinal(below), true
}

func (r *reader) american(m []string) (string, bool) {
	country := ""
	switch prefix := strings.Trim(m[1], " .-"); prefix {
	case "+1":
		country = "plus one, "
	case "1":
		country = "one, "
	}
	return country + r.groups(m[2:5]...), true
}

func (r *reader) international(m []string) (string, bool) {
	groups := strings.FieldsFunc(m[2], func(c rune) bool { return !(c >= '0' && c <= '9') })
	digits := len(m[1])
	for _, group := range groups {
		digits += len(group)
	}
	if len(groups) < 2 || digits < 8 || digits > 15 {
		return "", false
	}
	return "plus " + r.groups(append([]string{m[1]}, groups...)...), true
}

// unspaced reads +442079460123: the country code by the rules of ITU-T E.164, then groups.
func (r *reader) unspaced(m []string) (string, bool) {
	code := 3
	switch {
	case m[1][0] == '1' || m[1][0] == '7':
		code = 1
	case strings.Contains(" 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98 ", " "+m[1][:2]+" "):
		code = 2
	}
	return "plus " + r.digits(m[1][:code]) + ", " + r.inGroups(m[1][code:]), true
}
