package flite

import (
	"testing"

	"nacre/internal/call"
	"nacre/internal/hearing"
)

// Speech has the tones of keys in it; taken for keys they would be answers that nobody gave.
func TestSpeechIsNoKey(t *testing.T) {
	t.Parallel()
	v := open(t)
	for _, voice := range v.Voices() {
		for _, text := range []string{
			"Hello, this is Ana from the clinic. Would you like to come on Tuesday, or is Wednesday at half past nine better for you?",
			"Please press one for yes, two for no, or nine if you never want to be called again. One, two, three, four, five, six, seven, eight, nine, zero.",
			"We owe you a new year's menu: eerie music, cool moonlight, aria, idea, Eau Claire, Ohio. Hmm. Oh! Ah. Eee. Ooo. You, we, who, see, through.",
			"My number is four one five, five five five, zero one zero zero. Thank you, and have a nice afternoon. Goodbye!",
		} {
			samples, err := v.Speak(t.Context(), voice.ID, text)
			if err != nil {
				t.Fatal(err)
			}
			for offset := 0; offset < 102; offset += 17 {
				var keys hearing.Keys
				for rest := samples[offset:]; len(rest) >= call.FrameSamples; rest = rest[call.FrameSamples:] {
					frame := call.Frame(rest)
					if key, pressed := keys.Push(&frame); pressed {
						t.Errorf("%s: a %c after %.2f s of %q", voice.ID, key, float64(len(samples)-len(rest))/call.SampleRate, text)
					}
				}
			}
		}
	}
}
