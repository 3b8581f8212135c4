package turn

import "nacre/internal/call"

// command is what a key completes.
type command int

const (
	commandNone     command = iota
	commandAnswer           // keypad.text holds what was typed
	commandRepeat           // *1
	commandCallback         // *2; the hours are typed next
	commandHours            // keypad.text holds the hours, "" = none given
	commandOptOut           // *9
)

// longestEntry bounds what can be typed as one answer.
const longestEntry = 32

// keypad collects keys into entries and commands. * followed by 1, 2 or 9 is a command at any time. In a decimal number that
// has begun ** is the decimal point; * followed by anything else is dropped together with it.
type keypad struct {
	typed []byte
	star  bool
	hours bool // what is typed are the hours of a call-back
	text  string
}

// busy reports whether an entry or command is incomplete.
func (k *keypad) busy() bool { return k.star || k.hours || len(k.typed) > 0 }

func (k *keypad) reset() { k.typed, k.star, k.hours = k.typed[:0], false, false }

func (k *keypad) press(key rune, expect Expect) command {
	if k.star {
		k.star = false
		switch key {
		case '1':
			k.reset()
			return commandRepeat
		case '2':
			k.reset()
			k.hours = true
			return commandCallback
		case '9':
			k.reset()
			return commandOptOut
		case '*':
			if expect == ExpectDecimal && !k.hours && len(k.typed) > 0 && !k.hasPoint() {
				k.typed = append(k.typed, '.')
			} else {
				k.star = true
			}
			return commandNone
		case '#': // ends the entry; the star is dropped
		default:
			return commandNone
		}
	}
	switch {
	case key == '*':
		k.star = true
	case key == '#':
		return k.end(expect)
	case !k.hours && expect == ExpectNothing:
	default:
		k.typed = append(k.typed, byte(key))
		if (!k.hours && (expect == ExpectYesNo || expect == ExpectKey)) || len(k.typed) == longestEntry {
			return k.end(expect)
		}
	}
	return commandNone
}

// pause handles a pause between keys: it ends the entry, and drops a single star.
func (k *keypad) pause(expect Expect) command {
	k.star = false
	if k.hours || len(k.typed) > 0 {
		return k.end(expect)
	}
	return commandNone
}

func (k *keypad) end(expect Expect) command {
	k.text = string(k.typed)
	hours := k.hours
	k.reset()
	if hours {
		return commandHours
	}
	if expect == ExpectNothing {
		return commandNone
	}
	return commandAnswer
}

func (k *keypad) hasPoint() bool {
	for _, c := range k.typed {
		if c == '.' {
			return true
		}
	}
	return false
}

const (
	defaultHours = 24
	longestHours = 30 * 24
)

// hoursOf parses the hours of a call-back: 24 without valid ones; at most 30 days.
func hoursOf(typed string) int {
	hours := 0
	for _, c := range typed {
		if hours = hours*10 + int(c-'0'); hours > longestHours {
			return longestHours
		}
	}
	if hours == 0 {
		return defaultHours
	}
	return hours
}

// expectOf returns how a value of a type is typed.
func expectOf(kind call.VariableType) Expect {
	switch kind {
	case call.Boolean:
		return ExpectYesNo
	case call.Float:
		return ExpectDecimal
	default:
		return ExpectDigits
	}
}
