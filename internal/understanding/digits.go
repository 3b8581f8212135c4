package understanding

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// digitRun is a run of digits said in groups: "four one five", "double five", "twenty-three forty-five", "1 800".
type digitRun struct {
	span
	digits string
	groups int
	plus   bool
	unsure bool // with a word that sounds like a digit: "for"
	open   bool // ends in "double"
	// skipped: other words were passed over within it.
	skipped bool
}

// runAt reads the run of digits at words[i:].
func (l *Language) runAt(words []word, i int) (digitRun, bool) {
	run := digitRun{span: span{i, i}}
	var b strings.Builder
	passed := false
	for j := i; j < len(words) && b.Len() < 40; {
		text := words[j].text
		if b.Len() == 0 && !run.plus && l.values["signs"][text] == "+" {
			run.plus = true
			j++
			continue
		}
		if digits, end, open := l.repeated(words, j); end > j || open {
			if open {
				run.open, run.to = true, len(words)
				break
			}
			b.WriteString(digits)
			run.groups++
			run.to, j = end, end
			continue
		}
		if n, ok := l.cardinal(words, j); ok && !n.ordinal {
			n = l.hundreds(words, n)
			b.WriteString(n.digits)
			run.groups++
			run.skipped = run.skipped || passed
			passed = false
			run.to, j = n.to, n.to
			continue
		}
		if digit, ok := l.values["digits"][text]; ok && len(digit) == 1 {
			b.WriteString(digit)
			run.groups++
			run.skipped = run.skipped || passed
			passed = false
			run.to, j = j+1, j+1
			continue
		}
		if digit, ok := l.values["digits"][text]; ok && strings.HasPrefix(digit, "~") && (b.Len() > 0 || len(words) == 1) {
			if j+1 == len(words) || l.isDigit(words, j+1) {
				b.WriteString(digit[1:])
				run.groups++
				run.unsure = true
				run.to, j = j+1, j+1
				continue
			}
		}
		if b.Len() > 0 && (l.hasWord("digits between", text) || l.hasWord("filler", text)) {
			passed = true
			j++
			continue
		}
		break
	}
	run.digits = b.String()
	return run, run.digits != ""
}

// hundreds cuts a number behind its hundred where more digits follow: "eight hundred five five five" begins with 800.
func (l *Language) hundreds(words []word, n number) number {
	if n.to >= len(words) || !l.isDigit(words, n.to) {
		return n
	}
	for k := n.from + 1; k < n.to-1; k++ {
		if scale, end, ok := l.numeral(words, k); ok && scale.scale && scale.value == 100 && !l.isAnd(words[end]) {
			if cut, ok := l.cardinal(words[:end], n.from); ok {
				return cut
			}
		}
	}
	return n
}

func (l *Language) isDigit(words []word, j int) bool {
	if _, ok := l.cardinal(words, j); ok {
		return true
	}
	_, ok := l.values["digits"][words[j].text]
	return ok
}

// repeated reads "double five" and "triple oh"; open reports that the turn ends before the digit.
func (l *Language) repeated(words []word, j int) (digits string, end int, open bool) {
	times := 0
	switch l.values["digits"][words[j].text] {
	case "double":
		times = 2
	case "triple":
		times = 3
	default:
		return "", j, false
	}
	if j+1 == len(words) {
		return "", j, true
	}
	digit := l.values["digits"][words[j+1].text]
	if n, ok := l.cardinal(words, j+1); ok {
		digit = n.digits
		if len(digit) == 1 {
			return strings.Repeat(digit, times), n.to, false
		}
	}
	if len(digit) == 1 {
		return strings.Repeat(digit, times), j + 2, false
	}
	return "", j, false
}

// runs returns all runs of digits of a turn.
func (l *Language) runs(words []word) []digitRun {
	var out []digitRun
	for i := 0; i < len(words); {
		run, ok := l.runAt(words, i)
		if !ok {
			i++
			continue
		}
		out = append(out, run)
		i = max(run.to, i+1)
	}
	return out
}

// letters reads what is spelled at words[i:]: single letters, letters by name, "j as in john", "b for bravo", "double s",
// digits. It returns the text, how many characters were spelled, and where it ends.
func (l *Language) letters(words []word, i int) (text string, count, end int) {
	var b strings.Builder
	j := i
	for j < len(words) && count < 64 {
		times, k := 1, j
		if repeat := l.values["digits"][words[k].text]; (repeat == "double" || repeat == "triple") && k+1 < len(words) {
			if name, ok := l.letterAt(words, k); ok {
				b.WriteString(name.text) // double u
				j, count = name.end, count+1
				continue
			}
			times, k = map[string]int{"double": 2, "triple": 3}[repeat], k+1
		}
		letter, ok := l.letterAt(words, k)
		if !ok {
			if run, isRun := l.digitAt(words, k); isRun {
				letter = letterName{run, k + 1}
			} else {
				break
			}
		}
		b.WriteString(strings.Repeat(letter.text, times))
		count += times
		j = l.asIn(words, letter.end)
		end = j
	}
	return b.String(), count, end
}

// lettered reads a code of letters beside digits: "a b 12 34", "AB1234", "c for charlie 5". A word is a letter only where it is
// one, or is spelled.
func (l *Language) lettered(words []word) (code string, ok bool) {
	var b strings.Builder
	letters, digits := 0, 0
	for i := 0; i < len(words); {
		if run, found := l.runAt(words, i); found && run.to > i && !run.plus {
			b.WriteString(run.digits)
			digits++
			i = run.to
			continue
		}
		text, end := l.codeLetters(words, i)
		if end == i {
			i++
			if b.Len() > 0 && digits > 0 && letters > 0 {
				break
			}
			if digits == 0 { // "I have a …"
				b.Reset()
				letters = 0
			}
			continue
		}
		b.WriteString(strings.ToUpper(text))
		letters++
		i = end
	}
	return b.String(), letters > 0 && digits > 0
}

// codeLetters reads the letters at words[i:] beside digits or other letters.
func (l *Language) codeLetters(words []word, i int) (text string, end int) {
	text = words[i].text
	next := i + 1
	switch {
	case utf8.RuneCountInString(text) == 1 && unicode.IsLetter([]rune(text)[0]):
		next = l.asIn(words, next)
	case next < len(words) && words[next].glued && utf8.RuneCountInString(text) <= 4: // AB1234
		return text, next
	default:
		return "", i
	}
	if next < len(words) { // "a" and "i" before another word are none
		if _, isRun := l.runAt(words, next); !isRun && utf8.RuneCountInString(words[next].text) > 1 && (i == 0 || text == "a" || text == "i") {
			return "", i
		}
	}
	return text, next
}

func (l *Language) digitAt(words []word, k int) (string, bool) {
	if n, ok := l.cardinal(words, k); ok && n.to == k+1 && !n.ordinal {
		return n.digits, true
	}
	if digit := l.values["digits"][words[k].text]; len(digit) == 1 {
		return digit, true
	}
	return "", false
}

type letterName struct {
	text string
	end  int
}

// letterAt reads one letter: itself, its name, or a word of a spelling alphabet.
func (l *Language) letterAt(words []word, k int) (letterName, bool) {
	for length := min(2, len(words)-k); length > 0; length-- {
		if letter, ok := l.values["letters"][texts(words[k:k+length])]; ok {
			return letterName{letter, k + length}, true
		}
	}
	if utf8.RuneCountInString(words[k].text) == 1 && (words[k].text[0] < '0' || words[k].text[0] > '9') {
		return letterName{words[k].text, k + 1}, true
	}
	return letterName{}, false
}

// asIn skips "as in john" after a letter, and returns where the next begins.
func (l *Language) asIn(words []word, j int) int {
	if p := l.phrases["as in"]; p != nil && j < len(words) {
		if end := p.at(words, j); end > 0 && end < len(words) {
			return end + 1
		}
	}
	return j
}
