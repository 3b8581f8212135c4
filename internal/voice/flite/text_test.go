package flite

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestClean(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                            "",
		"  Hello,\n\tworld \x00 ":     "Hello, world",
		"It’s “fine” — really…":       `It's "fine" , really...`,
		"Zoë Müller, €5":              "Zoe Muller, euros 5",
		"Straße Øystein Łódź":         "Strasse Oystein Lodz",
		"\xffok\xfe":                  "ok",
		"zero\u200bwidth\u202eturned": "zero width turned",
	} {
		if got, lost := clean(in); got != want || lost {
			t.Errorf("clean(%q) = %q, lost %v; want %q", in, got, lost, want)
		}
	}
	for _, in := range []string{"Привет", "你好 Ana", "שלום"} {
		if _, lost := clean(in); !lost {
			t.Errorf("clean(%q) does not tell that letters were lost", in)
		}
	}
}

func TestSentences(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		in   string
		want []string
	}{
		{"Hello", []string{"Hello"}},
		{"Hello. This is Ana! May I ask?", []string{"Hello.", "This is Ana!", "May I ask?"}},
		{"Dr. Smith pays 3.5 dollars to J. Doe etc. and more.", []string{"Dr. Smith pays 3.5 dollars to J. Doe etc. and more."}},
		{"... - !", nil},
		{"Yes. ... No.", []string{"Yes. ...", "No."}},
		{strings.Repeat("x", 700), []string{strings.Repeat("x", 300), strings.Repeat("x", 300), strings.Repeat("x", 100)}},
		{strings.Repeat("y", 200) + ", " + strings.Repeat("z ", 100) + "end", []string{strings.Repeat("y", 200) + ",", strings.Repeat("z ", 100) + "end"}},
	} {
		if diff := cmp.Diff(tc.want, sentences(tc.in)); diff != "" {
			t.Errorf("%.40q: %s", tc.in, diff)
		}
	}
}

func FuzzSentences(f *testing.F) {
	f.Add("Hello. This is, er, Ana! 5 o'clock?")
	f.Add(strings.Repeat("long word", 100))
	f.Fuzz(func(t *testing.T, in string) {
		text, _ := clean(in)
		for _, r := range text {
			if r < ' ' || r > '~' {
				t.Fatalf("%q left in", r)
			}
		}
		letters := func(s string) (n int) {
			for _, r := range s {
				if r != ' ' && speakable(string(r)) {
					n++
				}
			}
			return n
		}
		kept := 0
		for _, s := range sentences(text) {
			if len(s) > sentenceRunes || !speakable(s) {
				t.Fatalf("piece of %d: %q", len(s), s)
			}
			kept += letters(s)
		}
		if kept != letters(text) {
			t.Fatalf("%d of %d letters kept", kept, letters(text))
		}
	})
}

func TestPhraseCacheForgetsTheOldest(t *testing.T) {
	t.Parallel()
	c := newPhraseCache(1000)
	for i := range 10 {
		c.put(strconv.Itoa(i), make([]int16, 100))
		c.get("6")
	}
	for i, want := range []bool{false, false, false, false, false, false, true, false, true, true} {
		if i == 7 {
			want = true // 4 × 201 bytes fit
		}
		if _, ok := c.get(strconv.Itoa(i)); ok != want {
			t.Errorf("phrase %d kept: %v, want %v", i, ok, want)
		}
	}
	c.put("huge", make([]int16, 400))
	if _, ok := c.get("huge"); ok || c.used > c.limit {
		t.Errorf("huge phrase kept: %v, %d bytes used", ok, c.used)
	}
}
