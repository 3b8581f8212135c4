package understanding

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"nacre/internal/call"
)

// meaning reads text as an answer to one question and as a request, and checks that what comes out has the type of the
// question.
func meaning(t *testing.T, l *Language, name, text string, now time.Time) {
	t.Helper()
	l.Request(text, now)
	asked := questions[name]
	a := l.Answer(l.Question(asked), text, now)
	if (a.Value != nil) != (a.Confidence != NotUnderstood && !a.Unknown && !a.Refused) {
		t.Fatalf("%s %s %q: %+v", l.tag, name, text, a)
	}
	fits := false
	switch a.Value.(type) {
	case nil:
		fits = true
	case int64:
		fits = asked.Type == call.Int
	case float64:
		fits = asked.Type == call.Float
	case bool:
		fits = asked.Type == call.Boolean
	case string:
		fits = asked.Type == call.String || asked.Type == ""
	}
	if !fits {
		t.Fatalf("%s %s %q: %T", l.tag, name, text, a.Value)
	}
}

// FuzzMeaning: whatever was said, nothing panics.
func FuzzMeaning(f *testing.F) {
	names := slices.Sorted(maps.Keys(questions))
	for i, seed := range []string{
		"yes", "a week from Monday at half past four", "two point five million", "double double u at dot", "j as in", "$", "1,,2", "5:",
		"3/4/", "minus minus half and a half", "a a a hundred thousand million", "לא תתקשרו", "不要", "dreiundzwanzigtausend", "call me in", "a.b.c.", "\xff",
	} {
		f.Add(seed, uint8(i), int64(1_790_000_000))
	}
	f.Fuzz(func(t *testing.T, text string, which uint8, at int64) {
		tag := []string{"en", "es", "fr", "de", "he"}[which%5]
		meaning(t, languages()[tag], names[int(which)%len(names)], text, time.Unix(at%4e9, 0).UTC())
	})
}

// TestAnyWords: the words of the tables in any order, with numbers and punctuation between.
func TestAnyWords(t *testing.T) {
	t.Parallel()
	now := tableNow(t)
	names := slices.Sorted(maps.Keys(questions))
	random := rand.New(rand.NewPCG(12, 7))
	for _, tag := range []string{"en", "es", "fr", "de", "he"} {
		l := languages()[tag]
		words := append(slices.Sorted(maps.Keys(l.isKnown)), "5", "2.5", "5:30", "3/4", ",", ".", "-5", "$5", "?", "1,000", "007",
			"12345678901234567890", "@", "a@b.com", "3rd", "½")
		for range 1000 {
			said := make([]string, 1+random.IntN(20))
			for i := range said {
				said[i] = words[random.IntN(len(words))]
			}
			meaning(t, l, names[random.IntN(len(names))], strings.Join(said, " "), now)
		}
	}
}

// TestLongTurns: a turn of any length is read to a bound, and what was asked first in it is found.
func TestLongTurns(t *testing.T) {
	t.Parallel()
	now := tableNow(t)
	for _, text := range []string{
		strings.Repeat("never call me again ", 2000), strings.Repeat("double ", 5000), strings.Repeat("hundred and ", 3000),
		strings.Repeat("a week from ", 3000), strings.Repeat("x", 100_000), strings.Repeat("1", 100_000), strings.Repeat("1,", 50_000),
		strings.Repeat("zwei", 20_000), strings.Repeat("i do not want you to ", 2000), strings.Repeat("不", 50_000), strings.Repeat("no, ", 20_000),
	} {
		for tag, l := range languages() {
			if words := l.turn(text); len(words) > 20*longestText {
				t.Errorf("%s: %d words are read of %.20q", tag, len(words), text)
			}
			l.Request(text, now)
			if !l.whole() {
				continue
			}
			for _, asked := range questions {
				l.Answer(l.Question(asked), text, now)
			}
		}
	}
	if asked := For("en").Request(strings.Repeat("never call me again ", 2000), now); asked.Request != NeverAgain {
		t.Error("what was asked a thousand times was not found")
	}
}

func TestFor(t *testing.T) {
	t.Parallel()
	for tag, want := range map[string]string{"en-US": "en", "de-AT": "de", "": "en", "it": "en", "xx": "en", "HE": "he"} {
		if got := For(tag).Tag(); got != want {
			t.Errorf("For(%q) = %s, want %s", tag, got, want)
		}
	}
}

func BenchmarkTables(b *testing.B) {
	raw, err := tables.ReadFile("words/en.txt")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := load("en", string(raw)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTurn(b *testing.B) {
	l := For("en")
	now := time.Date(2026, 11, 26, 10, 15, 0, 0, time.UTC)
	q := Question{Sort: YesNo, Type: call.Boolean}
	for b.Loop() {
		l.Request("Look, I am not really interested, we have enough of them already", now)
		l.Answer(q, "Look, I am not really interested, we have enough of them already", now)
	}
}
