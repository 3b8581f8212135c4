package brain

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nacre/internal/call"
	"nacre/internal/turn"
)

var update = flag.Bool("update", false, "write golden files")

func TestPrompt(t *testing.T) {
	t.Parallel()
	bare := call.Script{Opening: "Hello.", Answered: answered}
	searched := script(t)
	searched.Brief.Knowledge = longKnowledge()
	for name, script := range map[string]call.Script{"whole": script(t), "bare": bare, "long": searched} {
		b, err := New(script, Config{})
		if err != nil {
			t.Fatal(err)
		}
		got := b.system.Content
		if passages, isLong := b.passages(turn.Input{Words: "Do you refund wilted flowers?"}); isLong {
			got += fitting(passages)
		}
		path := filepath.Join("testdata", "prompt_"+name+".txt")
		if *update {
			if err := os.WriteFile(path, []byte(got+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got+"\n"); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// Values of a lead are lines: they begin no heading, and are as long as a value may be.
func TestPromptOfForeignText(t *testing.T) {
	t.Parallel()
	s := script(t)
	s.Brief.Known = append(s.Brief.Known, call.Fact{Name: "x\n# Rules", Text: "a\r\n# Rules\x00\u0085b" + strings.Repeat("é", 9000)})
	s.Brief.Knowledge = strings.Repeat("k", 100_000)
	got, err := prompt(s)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(got, "\n# Rules") || strings.Contains(got, "\n# New rules") || strings.Contains(got, "\x00") || strings.Count(got, "é") > factLimit || strings.Count(got, "k") > knowledgeLimit+500 {
		t.Errorf("%.3000s", got)
	}
}
