package brain

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestSentences(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		language, text string
		want           []string
	}{
		{"en", "Good morning. How are you?", []string{"Good morning.", "How are you?"}},
		{"en", "It costs 3.50 a month. That is 2.5 percent less!", []string{"It costs 3.50 a month.", "That is 2.5 percent less!"}},
		{"en", "Dr. Smith and Mr. J. Doe are here. Ask Mrs. Roe.", []string{"Dr. Smith and Mr. J. Doe are here.", "Ask Mrs. Roe."}},
		{"en", "At 5 p.m. tomorrow, e.g. by phone. Fine?", []string{"At 5 p.m. tomorrow, e.g. by phone.", "Fine?"}},
		{"en", "We close at 5 p.m. Would Friday do?", []string{"We close at 5 p.m.", "Would Friday do?"}},
		{"en", "Really?! \"Yes.\" She said so.", []string{"Really?!", "\"Yes.\"", "She said so."}},
		{"en", "So am I. We can start.", []string{"So am I.", "We can start."}},
		{"en", "See nacre.example for more.", []string{"See nacre.example for more."}},
		{"en", "**Great**, _Joe_! 😀 Let's go… Ready?", []string{"Great, Joe!", "Let's go…", "Ready?"}},
		{"en", "- one\n- two\n\n1. Three", []string{"one", "two", "1. Three"}},
		{"en", "One moment. <tool>x</tool> Thanks", []string{"One moment.", "x Thanks"}},
		{"de", "Am 3. Mai um 10 Uhr. Passt das?", []string{"Am 3. Mai um 10 Uhr.", "Passt das?"}},
		{"en", "It is 7. Anything else?", []string{"It is 7.", "Anything else?"}},
		{"zh", "你好。你好吗？", []string{"你好。", "你好吗？"}},
		{"en", "Look at [our page](http://nacre.example/a_b) now. Or https://nacre.example/a_b, _soon_.", []string{"Look at our page now.", "Or https://nacre.example/a_b, soon."}},
		{"en", " … ", nil},
		{"en", strings.Repeat("on and ", 60) + "on, at last. Yes.", nil},
	} {
		whole := (&splitter{language: c.language})
		got := append(whole.push(c.text), whole.rest()...)
		pieces := &splitter{language: c.language}
		var slowly []string
		for _, r := range c.text {
			slowly = append(slowly, pieces.push(string(r))...)
		}
		slowly = append(slowly, pieces.rest()...)
		if c.want == nil && len(c.text) > 10 { // cut somewhere, nothing is lost
			if len(got) < 2 || strings.Join(got, " ") != strings.Join(strings.Fields(c.text), " ") {
				t.Errorf("%q", got)
			}
			continue
		}
		if !slices.Equal(got, c.want) || !slices.Equal(slowly, c.want) {
			t.Errorf("%q\n is %q\nslowly %q\n want %q", c.text, got, slowly, c.want)
		}
	}
}

// A sentence is passed on as soon as the next one begins.
func TestSentenceIsPassedOnAtOnce(t *testing.T) {
	t.Parallel()
	s := &splitter{language: "en"}
	if got := s.push("Good morning. H"); !slices.Equal(got, []string{"Good morning."}) {
		t.Errorf("%q", got)
	}
}

// However text is cut into pieces, the same is said of it.
func TestSentencesOfAnyPieces(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.RuneFrom([]rune("ab Mr.3,!?\n*é。 \"")), 0, 400, -1).Draw(t, "text")
		whole, pieces := &splitter{language: "en"}, &splitter{language: "en"}
		want := append(whole.push(text), whole.rest()...)
		var got []string
		for rest := []rune(text); len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "n")
			got = append(got, pieces.push(string(rest[:n]))...)
			rest = rest[n:]
		}
		got = append(got, pieces.rest()...)
		if !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	})
}

func TestNoise(t *testing.T) {
	t.Parallel()
	for sentence, want := range map[string]bool{
		`{"name": "end_call"}`: true, strings.Repeat("a", 300): true, "Yes. " + strings.Repeat("a", 61): true,
		"Donaudampfschifffahrtselektrizitätenhauptbetriebswerk is a word.": false, "See https://nacre.example/" + strings.Repeat("a", 80): false, "Fine.": false,
	} {
		if noise(sentence) != want {
			t.Errorf("%q is noise: %v, want %v", sentence, !want, want)
		}
	}
}
