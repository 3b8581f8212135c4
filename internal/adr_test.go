package internal

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// decisionsCited is what a comment or a page writes to name pages of docs/adr: "ADR 17", "ADR 26, 27", "ADR 4 and 15", "docs/adr/0017".
var (
	decisionsCited = regexp.MustCompile(`\bADRs? (\d+(?:(?:, | and |–)\d+)*)|docs/adr/(\d+)`)
	decisionNumber = regexp.MustCompile(`\d+`)
	decisionTitle  = regexp.MustCompile(`^# (\d+)\. \S`)
)

// TestDecisionsAreNumbered: each page of docs/adr has a number of its own, without gaps, which its title repeats; and a reader who
// meets "ADR 17" in the code finds that page.
func TestDecisionsAreNumbered(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("../docs/adr/*.md")
	if err != nil {
		t.Fatal(err)
	}
	decisions := map[int]string{}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(page)
		prefix, _, _ := strings.Cut(name, "-")
		number, err := strconv.Atoi(prefix)
		if err != nil || len(prefix) != 4 {
			t.Errorf("%s: the name does not begin with a number of four digits and a hyphen", name)
			continue
		}
		if other := decisions[number]; other != "" {
			t.Errorf("%s and %s have the same number", other, name)
		}
		decisions[number] = name
		if title := decisionTitle.FindSubmatch(text); title == nil || string(title[1]) != strconv.Itoa(number) {
			t.Errorf(`%s: the title does not begin with "# %d. "`, name, number)
		}
	}
	for number := 1; number <= len(decisions); number++ {
		if decisions[number] == "" {
			t.Errorf("no decision has the number %d", number)
		}
	}
	cited := 0
	eachText(t, func(path, text string) {
		for _, match := range decisionsCited.FindAllStringSubmatch(text, -1) {
			for _, digits := range decisionNumber.FindAllString(match[1]+match[2], -1) {
				cited++
				if number, err := strconv.Atoi(digits); err != nil || decisions[number] == "" {
					t.Errorf("%s cites ADR %s, which docs/adr does not have", path, digits)
				}
			}
		}
	})
	if cited < 30 {
		t.Fatalf("only %d citations were found: the pattern no longer finds them", cited)
	}
}

// eachText visits the code and the pages of the project; a comment's lines are joined.
func eachText(t *testing.T, visit func(path, text string)) {
	t.Helper()
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			switch entry.Name() {
			case ".git", "node_modules", "bin":
				return fs.SkipDir
			}
			return nil
		}
		switch filepath.Ext(path) {
		case ".go", ".md", ".sql", ".yaml", ".js":
		default:
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		visit(path, strings.ReplaceAll(string(text), "\n// ", " "))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
