package webhook

import (
	"bytes"
	"testing"
	"unicode/utf16"

	"pgregory.net/rapid"
)

// TestWithoutMiddle: what is left is a beginning and an end, fits, and leaves no room for one line more.
func TestWithoutMiddle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfN(rapid.StringOfN(rapid.RuneFrom([]rune("aш€😀")), 0, 12, -1), 0, 30).Draw(t, "lines")
		budget := rapid.IntRange(0, 200).Draw(t, "budget")
		lines := make([][]byte, len(texts))
		for n, text := range texts {
			lines[n] = []byte(text)
		}
		cost := func(lines ...[]byte) (n int) {
			for _, line := range lines {
				n += len(utf16.Encode([]rune(string(line)))) + 1 // with its comma
			}
			return n
		}
		kept := withoutMiddle(lines, budget)
		if cost(kept...) > budget {
			t.Fatalf("%d of %d characters", cost(kept...), budget)
		}
		head := 0
		for head < len(kept) && cost(kept[:head+1]...) <= budget/2 && bytes.Equal(kept[head], lines[head]) {
			head++
		}
		tail := len(kept) - head
		for n := range tail {
			if !bytes.Equal(kept[len(kept)-1-n], lines[len(lines)-1-n]) {
				t.Fatalf("%q is no beginning and end of %q", kept, lines)
			}
		}
		if len(kept) < len(lines) && cost(kept...)+cost(lines[len(lines)-1-tail]) <= budget {
			t.Fatalf("there was room for one more: %q of %q within %d", kept, lines, budget)
		}
	})
}
