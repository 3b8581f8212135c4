package studio

import "nacre/internal/call"

// Recording is a caller who was recorded (call.Party): what they said is played from the answer on, whatever the agent says.
// After it there is silence until the agent hangs up.
type Recording struct {
	Samples []int16 // 8 kHz
}

// Exchange plays the next 20 ms (call.Party).
func (r *Recording) Exchange(_, say *call.Frame) bool {
	*say = call.Frame{}
	r.Samples = r.Samples[copy(say[:], r.Samples):]
	return true
}

// Key and Held do nothing (call.Party).
func (*Recording) Key(rune)  {}
func (*Recording) Held(bool) {}
