package voice

// Caster is a Speaker that cannot always have every voice in time, and says so before the first word of a call: no call mixes
// two voices.
type Caster interface {
	Speaker
	// Cast returns the voice in which a call is spoken from its first word to its last: voiceID, or another one where that
	// cannot be had in time. texts are what the call may say, as far as that is known; open means that it will say other things
	// too. It does not block.
	Cast(voiceID string, texts []string, open bool) string
}

// Cast returns what a Speaker casts, or voiceID where it does not cast.
func Cast(speaker Speaker, voiceID string, texts []string, open bool) string {
	if caster, ok := speaker.(Caster); ok {
		return caster.Cast(voiceID, texts, open)
	}
	return voiceID
}
