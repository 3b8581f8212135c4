package kokoro

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nacre/internal/media"
	"nacre/internal/speech"
	"nacre/internal/speech/folder"
	"nacre/internal/speech/speechtest"
	"nacre/internal/voice"
	"nacre/internal/voice/pronounce"
)

// mostErrors is how many of 100 words may be heard wrongly over the telephone: two words in this test.
const mostErrors = 8.0

// What the neural voice says over G.711 is understood by the recogniser: names, numbers, money, dates, times and telephone
// numbers among it. It logs the figures: word errors, and the time that a second of speech takes.
func TestWhatItSaysIsUnderstood(t *testing.T) {
	t.Parallel()
	models, sayer := speechtest.Open(t, speech.Hearing), speechtest.Open(t, speech.Saying)
	dir := speechtest.Folder(t)
	v, err := Open(Config{Sayer: sayer, Folder: dir, Cache: t.TempDir(), Limit: 50 << 20, Unhurried: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = v.Close() })
	if len(v.Voices()) != len(catalogue) {
		t.Errorf("the folder has %d of %d voices", len(v.Voices()), len(catalogue))
	}
	lexicon := lexiconOf(t, dir)
	errors, words := 0, 0
	var heard time.Duration
	before := sayer.Figures()
	for n, text := range []string{
		"Hello Maria, this is Pearl Fitness.",
		"Would you like to come on December 24?",
		"It costs $35.50 a month.",
		"Please call 555-0132 at 9:30.",
	} {
		samples, err := v.Speak(t.Context(), v.Voices()[n%4].ID, text)
		if err != nil {
			t.Fatal(err)
		}
		heard += voice.LengthOf(samples)
		samples = append(make([]int16, 800), samples...) // as on a line: the ears take a beginning without silence before it for less
		code, line := make([]byte, len(samples)), make([]int16, len(samples))
		media.EncodeULaw(code, samples)
		media.DecodeULaw(line, code)
		said, err := models.Hear(t.Context(), line, "en", speech.Final)
		if err != nil {
			t.Fatal(err)
		}
		want, got := plain(lexicon.Words(text)), plain(lexicon.Words(said.Text))
		wrong := distance(want, got)
		errors, words = errors+wrong, words+len(want)
		t.Logf("%s: %q, heard %q: %d of %d words wrong", v.Voices()[n%4].Name, text, said.Text, wrong, len(want))
	}
	rate := 100 * float64(errors) / float64(words)
	worked := sayer.Figures().Worked - before.Worked
	t.Logf("%.1f of 100 words wrong; %.2f s of work for a second that is heard", rate, worked.Seconds()/heard.Seconds())
	if rate > mostErrors {
		t.Errorf("%.1f of 100 words were not understood", rate)
	}
}

func lexiconOf(t *testing.T, dir string) *pronounce.Lexicon {
	t.Helper()
	file, err := os.Open(filepath.Join(dir, folder.Dictionary))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close() //nolint:errcheck // only read
	lexicon, err := pronounce.New(file)
	if err != nil {
		t.Fatal(err)
	}
	return lexicon
}

// plain returns words without pauses, in small letters; letters by name count as one word: "A M" and "AM" are the same.
func plain(words string) []string {
	return strings.FieldsFunc(strings.ToLower(words), func(r rune) bool { return !(r >= 'a' && r <= 'z' || r == '\'') })
}

// distance counts the words that are wrong, missing or too many (Levenshtein).
func distance(want, got []string) int {
	row := make([]int, len(got)+1)
	for j := range row {
		row[j] = j
	}
	for i, w := range want {
		diagonal := row[0]
		row[0] = i + 1
		for j, g := range got {
			cost := diagonal
			if w != g {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(got)]
}

func TestDistance(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		want, got string
		wrong     int
	}{{"", "", 0}, {"a b c", "a b c", 0}, {"a b c", "a c", 1}, {"a b c", "a x c d", 2}, {"a", "", 1}, {"", "a b", 2}} {
		if wrong := distance(strings.Fields(test.want), strings.Fields(test.got)); wrong != test.wrong {
			t.Errorf("%q as %q: %d wrong", test.want, test.got, wrong)
		}
	}
}
