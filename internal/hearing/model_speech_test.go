package hearing_test

import (
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"testing"

	"nacre/internal/hearing"
	"nacre/internal/speech/folder"
	"nacre/internal/speech/folder/foldertest"
	"nacre/internal/voice/flite"
)

func speechModel(t *testing.T) *hearing.SpeechModel {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(foldertest.Folder(t), folder.SileroWeights))
	if err != nil {
		t.Fatal(err)
	}
	m, err := hearing.NewSpeechModel(raw)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Speech is found where it is, with the model as without, on a quiet line and in noise 12 dB below it.
func TestModelFindsSpeech(t *testing.T) {
	t.Parallel()
	model := speechModel(t)
	voices, err := flite.Open(t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer voices.Close() //nolint:errcheck // the test ends here
	missed, late := 0, 0.0
	for _, info := range voices.Voices() {
		for _, text := range []string{"Yes.", "Hello?", "No, thank you, goodbye.", "Please leave a message after the tone, and we will call you back."} {
			pcm, err := voices.Speak(t.Context(), info.ID, text)
			if err != nil {
				t.Fatal(err)
			}
			length := float64(len(pcm)) / rate
			for _, line := range []struct{ level, noise float64 }{{-20, -65}, {-32, -65}, {-20, -32}} {
				s := join(silence(1), samplesOf(pcm).at(line.level), silence(1))
				s = s.plus(noise(float64(len(s))/rate, line.noise, 1))
				name := fmt.Sprintf("%s, %q, %.0f dB in noise of %.0f dB", info.ID, text, line.level, line.noise)
				heard := utterances(s, hearing.VADConfig{Model: model})
				if len(heard) == 0 {
					missed++
					t.Logf("%s: nothing", name)
					continue
				}
				first, last := heard[0][0]-1, heard[len(heard)-1][1]-1-length
				late = max(late, first)
				if first < -0.1 || first > 0.35 || math.Abs(last) > 0.45 {
					t.Errorf("%s: %v of %.2f s", name, heard, length)
				}
			}
		}
	}
	if missed > 0 {
		t.Errorf("%d missed", missed)
	}
	t.Logf("the latest begins %.2f s late", late)
}

// Sounds that are as loud and as restless as speech, and are none: by energy alone most of them are taken for it.
func TestModelIsSilentOnOtherSounds(t *testing.T) {
	t.Parallel()
	model := speechModel(t)
	var music, bursts, ringing signal
	for n, hz := range []float64{262, 330, 392, 523, 440, 349, 294, 392, 523, 659, 587, 494} {
		music = join(music, tones(0.3, -18-float64(n%3)*3, hz, hz*1.26, hz*1.5), silence(0.04))
		bursts = join(bursts, noise(0.1+0.05*float64(n%4), -20, uint64(n)), silence(0.3))
		ringing = join(ringing, tones(0.6, -18, 440, 480), silence(0.6))
	}
	wrong := 0
	for name, s := range map[string]signal{"music": join(music, music), "noise in bursts": bursts, "ringing": ringing, "noise": noise(8, -25, 3)} {
		sound, speech := utterances(join(silence(1), s), hearing.VADConfig{}), utterances(join(silence(1), s), hearing.VADConfig{Model: model})
		length := 0.0
		for _, u := range speech {
			length += u[1] - u[0]
		}
		if length > 0.1 { // a chord that begins out of silence may be a voice for a moment
			t.Errorf("%s: speech at %v", name, speech)
		}
		wrong += len(sound)
	}
	if wrong == 0 {
		t.Error("by energy nothing is taken for speech: this test shows nothing")
	}
}
