package understanding

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// numeral is what one number word stands for.
type numeral struct {
	value   int64
	scale   bool // multiplies what stands before it: hundred
	ordinal bool
}

func parseNumeral(text string) (numeral, error) {
	digits, scale := strings.CutPrefix(text, "x")
	value, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return numeral{}, fmt.Errorf("parse number word: %w", err)
	}
	return numeral{value: value, scale: scale}, nil
}

// number is a number that was found: words[from:to].
type number struct {
	span
	value   float64
	digits  string // as it is said digit by digit: "007", "23", "1800"; "" for fractions
	ordinal bool
	literal bool // written in digits
	decimal bool // has a fraction
}

// limit is the value below which a number word may follow value: "twenty" takes units, "hundred" takes tens.
func (l *Language) limit(value int64) int64 {
	switch {
	case value >= 100 && value%100 == 0:
		return 100
	case value >= 20 && value < 100 && value%10 == 0:
		if l.setting("vigesimal") != "" && (value == 60 || value == 80) {
			return 20 // soixante-douze, quatre-vingt-onze
		}
		return 10
	default:
		return 0
	}
}

func (l *Language) setting(name string) string { return l.values["settings"][name] }

// numeral returns the number word at words[i:], which may be several words, and where it ends.
func (l *Language) numeral(words []word, i int) (n numeral, end int, ok bool) {
	for length := min(3, len(words)-i); length > 0; length-- {
		if n, ok = l.numbers[texts(words[i:i+length])]; ok {
			return n, i + length, true
		}
	}
	return numeral{}, i, false
}

// turn returns the words of a turn, numbers taken apart.
func (l *Language) turn(text string) []word { return l.unglue(l.read(text)) }

// unglue returns the words with "and" glued to the next number (Hebrew ו), or number words glued together (German), taken
// apart.
func (l *Language) unglue(words []word) []word {
	prefix, compound := l.setting("and prefix"), l.setting("compounds") != ""
	if prefix == "" && !compound {
		return words
	}
	var out []word
	for _, w := range words {
		if _, known := l.numbers[w.text]; known {
			out = append(out, w)
			continue
		}
		if rest, cut := strings.CutPrefix(w.text, prefix); prefix != "" && cut {
			if _, isNumber := l.numbers[rest]; isNumber {
				out = append(out, word{text: prefix}, word{text: rest, stop: w.stop})
				continue
			}
		}
		if parts := l.parts(w.text, 12); compound && len(parts) > 1 {
			for i, part := range parts {
				w := word{text: part, stop: w.stop}
				if i < len(parts)-1 {
					w.stop = none
				}
				out = append(out, w)
			}
			continue
		}
		out = append(out, w)
	}
	return out
}

// parts takes a compound number word apart: dreiundzwanzig is drei und zwanzig. It tries the longest words first.
func (l *Language) parts(text string, depth int) []string {
	if depth == 0 || len(text) > 80 {
		return nil
	}
	for end := min(len(text), 12); end > 1; end-- {
		head := text[:end]
		if _, ok := l.numbers[head]; !ok && !l.hasWord("number and", head) {
			continue
		}
		if end == len(text) {
			return []string{head}
		}
		if rest := l.parts(text[end:], depth-1); rest != nil {
			return append([]string{head}, rest...)
		}
	}
	return nil
}

// hasWord reports whether a section has a single word.
func (l *Language) hasWord(section, text string) bool {
	p := l.phrases[section]
	return p != nil && p.at([]word{{text: text}}, 0) == 1
}

func (l *Language) isAnd(w word) bool { return l.hasWord("number and", w.text) }

// cardinal reads the longest whole number at words[i:]: "a hundred and five", "twenty-three", "5 hundred", "42nd".
func (l *Language) cardinal(words []word, i int) (number, bool) {
	if i >= len(words) {
		return number{}, false
	}
	var total, below, current, lim int64
	begun, literal, ordinal := false, false, false
	digits := ""
	below = math.MaxInt64
	j := i
	if l.hasWord("number a", words[j].text) && j+1 < len(words) {
		if n, end, ok := l.numeral(words, j+1); ok && n.scale {
			current, begun, lim, j = n.value, true, n.value, end
			if n.value >= 1000 {
				total, current, below = n.value, 0, n.value
			}
		}
	}
	for j < len(words) {
		if begun && j > i && words[j-1].stop != none {
			break // "five, six" are two
		}
		if value, text, isOrdinal, ok := plainDigits(words[j].text); ok {
			switch {
			case !begun:
				digits = text
			case value < lim && value > 0 && !strings.HasPrefix(text, "0"):
				digits = ""
			default:
				return l.number(i, j, total+current, digits, literal, ordinal)
			}
			current, begun, literal = current+value, true, true
			if ordinal, lim = isOrdinal, 0; ordinal {
				return l.number(i, j+1, total+current, digits, literal, ordinal)
			}
			j++
			continue
		}
		n, end, ok := l.numeral(words, j)
		if !ok && begun && l.isAnd(words[j]) && j+1 < len(words) && words[j].stop == none {
			if l.goesOn(words, j+1, current, lim) {
				j++
				continue
			}
		}
		if !ok {
			break
		}
		switch {
		case n.scale && n.value < 1000:
			if !begun && l.setting("bare scales") == "" {
				return number{}, false
			} else if !begun || current == 0 && lim > 0 {
				current = 1
			} else if current == 0 || current >= n.value && n.value != 100 || current > 99 {
				return l.number(i, j, total+current, digits, literal, ordinal)
			}
			current, lim = current*n.value, n.value
		case n.scale:
			if n.value >= below {
				return l.number(i, j, total+current, digits, literal, ordinal)
			}
			if !begun {
				if l.setting("bare scales") == "" {
					return number{}, false
				}
				current = 1
			}
			if current > 1_000_000 {
				return l.number(i, j, total+current, digits, literal, ordinal)
			}
			total, below, current, lim = total+current*n.value, n.value, 0, n.value
		case !begun:
			current, lim = n.value, l.limit(n.value)
		case n.value > 0 && n.value < lim:
			current, lim = current+n.value, min(lim, l.limit(n.value))
		case l.unitsFirst(words, j, current, n.value):
			current, lim = current+n.value, 0
		default:
			return l.number(i, j, total+current, digits, literal, ordinal)
		}
		digits, begun, ordinal, j = "", true, n.ordinal, end
		if ordinal {
			break
		}
	}
	if !begun {
		return number{}, false
	}
	return l.number(i, j, total+current, digits, literal, ordinal)
}

func (l *Language) number(from, to int, value int64, digits string, literal, ordinal bool) (number, bool) {
	if to <= from {
		return number{}, false
	}
	if digits == "" {
		digits = strconv.FormatInt(value, 10)
	}
	return number{span: span{from, to}, value: float64(value), digits: digits, literal: literal, ordinal: ordinal}, true
}

// goesOn reports whether a number goes on after "and": a hundred and five; drei und zwanzig.
func (l *Language) goesOn(words []word, j int, current, lim int64) bool {
	if value, text, _, ok := plainDigits(words[j].text); ok {
		return lim >= 100 && value < lim && !strings.HasPrefix(text, "0")
	}
	n, _, ok := l.numeral(words, j)
	if !ok || n.scale {
		return false
	}
	if n.value < lim && n.value > 0 && (lim >= 100 || l.setting("tens and") != "") {
		return true
	}
	return l.setting("units first") != "" && current%100 > 0 && current%100 < 10 && n.value >= 20 && n.value < 100 && n.value%10 == 0
}

// unitsFirst reports whether value is the tens after units and "and" (German, Hebrew with its tens last).
func (l *Language) unitsFirst(words []word, j int, current, value int64) bool {
	return l.setting("units first") != "" && j > 0 && l.isAnd(words[j-1]) && current%100 > 0 && current%100 < 10 &&
		value >= 20 && value < 100 && value%10 == 0
}

// plainDigits reads a word of at most 15 digits, with the th of an ordinal.
func plainDigits(text string) (value int64, digits string, ordinal, ok bool) {
	digits, ordinal = strings.CutSuffix(text, "th")
	if digits == "" || len(digits) > 15 {
		return 0, "", false, false
	}
	value, err := strconv.ParseInt(digits, 10, 64)
	return value, digits, ordinal, err == nil && digits[0] != '-' && digits[0] != '+'
}

// decimals reads the number at words[i:] with its sign, fraction and scale: "minus two point five", "2.5 million", "two and a
// half".
func (l *Language) decimals(words []word, i int) (number, bool) {
	if i >= len(words) {
		return number{}, false
	}
	j, sign := i, 1.0
	if l.hasWord("minus", words[j].text) && j+1 < len(words) {
		j, sign = j+1, -1
	}
	n := number{span: span{j, j}}
	found := false
	if whole, fraction, isDecimal := strings.Cut(words[j].text, "."); isDecimal && len(words[j].text) < 16 {
		if x, err := strconv.ParseFloat(whole+"."+fraction, 64); err == nil {
			n.value, n.decimal, n.literal, found = x, true, true, true
			n.to = j + 1
		}
	} else if part, end := l.part(words, j, false); end > j+1 { // three quarters
		n, found = number{span: span{j, end}, value: part, decimal: true}, true
	} else if n, found = l.cardinal(words, j); !found {
		n = number{span: span{j, j}}
	}
	if !n.ordinal && !n.decimal && n.to < len(words) && (n.to == j || words[n.to-1].stop == none) && l.hasWord("point", words[n.to].text) {
		if digits, end := l.fraction(words, n.to+1); digits != "" {
			x, err := strconv.ParseFloat(fmt.Sprintf("%d.%s", int64(n.value), digits), 64)
			if err == nil {
				n.value, n.decimal, n.to, found = x, true, end, true
			}
		}
	}
	if found {
		n = l.scaled(words, n)
	}
	if part, end := l.part(words, n.to, found); end > n.to {
		n.value, n.decimal, n.to, found = n.value+part, true, end, true
		n = l.scaled(words, n)
	}
	if !found {
		return number{}, false
	}
	n.from, n.value = i, sign*n.value
	if sign < 0 || n.decimal {
		n.digits = ""
	}
	return n, true
}

// scaled multiplies a fraction by the scale after it: 2.5 million.
func (l *Language) scaled(words []word, n number) number {
	for n.decimal && n.to < len(words) && words[n.to-1].stop == none {
		at := n.to
		if n.value < 1 { // a quarter of a million, half a million
			at = max(at, l.phrases["of a"].at(words, at))
		}
		if at == len(words) {
			break
		}
		scale, end, ok := l.numeral(words, at)
		if !ok || !scale.scale {
			break
		}
		n.value, n.to = n.value*float64(scale.value), end
		n.decimal = n.value != math.Trunc(n.value)
	}
	return n
}

// fraction reads digits after a decimal point.
func (l *Language) fraction(words []word, j int) (digits string, end int) {
	var b strings.Builder
	for k := j; k < len(words); k++ { // the scale is no part of it: one point two million
		if n, _, ok := l.numeral(words, k); ok && n.scale {
			words = words[:k]
		}
	}
	for j < len(words) && b.Len() < 12 {
		if zero, ok := l.values["digits"][words[j].text]; ok && len(zero) == 1 {
			b.WriteString(zero)
			j++
		} else if n, ok := l.cardinal(words, j); ok && !n.ordinal && n.value < 100 {
			b.WriteString(n.digits)
			j = n.to
		} else {
			break
		}
		if words[j-1].stop != none {
			break
		}
	}
	return b.String(), j
}

// part reads "half", "a quarter", "three quarters", after a number with "and".
func (l *Language) part(words []word, j int, after bool) (value float64, end int) {
	if j >= len(words) {
		return 0, j
	}
	k := j
	if after {
		if !l.isAnd(words[k]) {
			return 0, j
		}
		k++
	}
	for _, s := range []struct {
		section string
		value   float64
	}{{"three quarters", 0.75}, {"half", 0.5}, {"quarter", 0.25}} {
		if p := l.phrases[s.section]; p != nil && k < len(words) {
			if end := p.at(words, k); end > 0 {
				return s.value, end
			}
		}
	}
	return 0, j
}

// amounts returns all numbers of a turn, in order.
func (l *Language) amounts(words []word) []number {
	var out []number
	for i := 0; i < len(words); {
		n, ok := l.decimals(words, i)
		if !ok {
			i++
			continue
		}
		out = append(out, n)
		i = n.to
	}
	return out
}
