package voice

import "nacre/internal/call"

// Wait is what the next frame of a call waits for, on a line that is driven by no clock.
type Wait int

const (
	// WaitsForNothing: the next frame may come at once.
	WaitsForNothing Wait = iota
	// WaitsForWork: words of what was said, or speech that is to be heard now, are being made. A line on which they take no
	// time holds the next frame back until they are there.
	WaitsForWork
	// WaitsForClock: a brain replies, or a recogniser hears that does not tell what it is at. Their time is the clock's: 20 ms a
	// frame.
	WaitsForClock
)

// Paced is a call.Party whose next frame may have to wait. The Agent's are, with Config.ByFrames or without.
type Paced interface {
	call.Party
	Waits() Wait
}

var _ Paced = (*session)(nil)

// Waits tells what the next Exchange waits for (Paced).
func (s *session) Waits() Wait {
	pending, tells := s.senses.hearer.pending()
	switch {
	case pending || s.writes && len(s.optOuts) == 0 || s.playback.starves():
		return WaitsForWork
	case !tells || s.thinks != 0:
		return WaitsForClock
	default:
		return WaitsForNothing
	}
}

// pending reports whether words of what was written are still to come, where the ear tells.
func (h *hearer) pending() (pending, tells bool) {
	if h == nil {
		return false, true
	}
	if h.ear == nil { // not open yet, or not any more
		return h.opened != nil && len(h.opened) == 0, true
	}
	if ear, ok := h.ear.(Pending); ok {
		return ear.Pending()
	}
	return false, false
}

// starves reports whether what is to be played in the next frame is not made yet.
func (p *playback) starves() bool {
	if p.utterance == 0 || p.fadeLen > 0 {
		return false
	}
	if !p.begun {
		ready, err := p.ready()
		return !ready && err == nil
	}
	if p.part >= len(p.parts) {
		return false
	}
	samples, all, _ := p.parts[p.part].made()
	return !all && len(samples)-p.at < call.FrameSamples
}
