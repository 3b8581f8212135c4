package turn

import (
	"regexp"
	"strconv"
	"strings"

	"nacre/internal/call"
	"nacre/internal/understanding"
)

// How the form has questions answered by keys.

func (f *Form) keys(q question) string {
	if q.choice != nil && !q.choice.YesNo() {
		var all []string
		for n, name := range q.choice.names[:min(len(q.choice.names), mostKeyed)] {
			all = append(all, fill(f.says.WayKey, "key", strconv.Itoa(n+1), "way", name))
		}
		return strings.Join(all, " ")
	}
	switch q.Type {
	case call.Boolean:
		return f.says.YesNoKeys
	case call.Int:
		return f.says.DigitsKeys
	case call.Float:
		return f.says.DecimalKeys
	default:
		if q.digits() {
			return f.says.TextKeys
		}
		return f.says.SpokenText
	}
}

// mostKeyed is how many ways on have a key.
const mostKeyed = 9

// expect returns which keys answer the question.
func (q question) expect() Expect {
	if q.choice != nil && !q.choice.YesNo() {
		return ExpectKey
	}
	return expectOf(q.Type)
}

// valueOf is the answer that was typed.
func (q question) valueOf(keys string) (value any, ok bool) {
	if q.choice == nil || q.choice.YesNo() {
		return valueOf(q.Type, keys)
	}
	n, err := strconv.Atoi(keys)
	return chosen(n - 1), err == nil && n >= 1 && n <= min(len(q.choice.names), mostKeyed)
}

// text reports whether the answer to the question is any text.
func (q question) text() bool {
	return q.Type != call.Boolean && q.Type != call.Int && q.Type != call.Float
}

// madeOfDigits matches English questions for a text that can be typed in digits, besides those that the tables of words know.
var madeOfDigits = regexp.MustCompile(`(?i)\b(numbers?|digits?|codes?|zip|postcode|phone|telephone|mobile|fax|pin|extension|account|dates?|birthday|year|age|amount|how (many|much|old))\b`)

// digits reports whether the answer to a text question can be typed in digits.
func (q question) digits() bool {
	switch q.wants.Sort {
	case understanding.Digits, understanding.Phone, understanding.PostalCode, understanding.Date, understanding.WholeNumber, understanding.Money:
		return true
	}
	return madeOfDigits.MatchString(q.Ask) || madeOfDigits.MatchString(q.Name) || madeOfDigits.MatchString(strings.ReplaceAll(q.ID, "_", " "))
}

// valueOf converts typed keys to a value of the type; nothing typed (# alone) is nil, except for a yes or no.
func valueOf(kind call.VariableType, keys string) (value any, ok bool) {
	switch kind {
	case call.Boolean:
		return keys == "1", keys == "1" || keys == "2"
	case call.Int:
		if keys == "" {
			return nil, true
		}
		n, err := strconv.ParseInt(keys, 10, 64)
		return n, err == nil
	case call.Float:
		if keys == "" {
			return nil, true
		}
		x, err := strconv.ParseFloat(keys, 64)
		return x, err == nil
	default:
		if keys == "" {
			return nil, true
		}
		return keys, true
	}
}
