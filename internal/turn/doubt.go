package turn

import (
	"slices"

	"nacre/internal/call"
)

// Whoever may have asked never to be called again is asked whether they meant it. Where they leave instead of saying so, or their words
// are known only then, nobody can be asked any more, and it counts as meant: a call too many is worse than one too few.

const noteInDoubt = "They may have asked never to be called again, and left before they had said whether they meant it: they will not be."

// doubt holds what they said last, as far as nothing has settled whether it asks so.
type doubt struct {
	words   []string // of their last turn
	changes bool     // the last of them are not final
	ends    bool     // the call ended with them: what is known later goes with them
	left    bool     // they hung up, were put through, or ran out of time
}

// turn notes the words of a turn that is replied to.
func (d *doubt) turn(words string) { *d = doubt{words: []string{words}, left: d.left} }

// settle notes that they do not ask so, whatever they have said.
func (d *doubt) settle() { *d = doubt{left: d.left} }

// last notes words that nobody replies to, as the call ends: all, of which so many are final, or change.
func (d *doubt) last(all, final string, changes bool) {
	switch {
	case all == "":
	case changes:
		*d = doubt{words: []string{final, all}, changes: true, ends: true, left: d.left}
	default:
		*d = doubt{words: []string{all}, ends: true, left: d.left}
	}
}

// after notes final words that come when the call is over.
func (d *doubt) after(words string) {
	switch {
	case words == "":
		return
	case !d.ends: // those before were replied to
		d.words = nil
	case d.changes:
		d.words = d.words[:len(d.words)-1]
	}
	d.words, d.changes, d.ends = append(d.words, words), false, true
}

// inDoubt reports whether the call is over and nobody knows whether they want to be called again. Machines have no wishes.
func (m *Machine) inDoubt() bool {
	if m.phase != over || m.optOut || m.evidence.machine {
		return false
	}
	switch m.evidence.answerer() {
	case call.MachineAnswerer, call.Menu, call.Announcement:
		return false
	}
	return slices.ContainsFunc(m.doubt.words, m.mayOptOut)
}

// mayOptOut reports whether words ask never to be called again, also in doubt, as far as the rules understand them.
func (m *Machine) mayOptOut(words string) bool {
	listener, ok := m.rules.(Listener)
	return ok && words != "" && listener.MayOptOut(words)
}
