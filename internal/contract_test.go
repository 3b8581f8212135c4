package internal

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// citation is what a comment or a page writes to name sections of docs/contract.md: "contract 9.4", "contract 6.3, 12",
// "contract 1.3 and 5".
var (
	citation = regexp.MustCompile(`(?i)\bcontract,? \(?(\d+(?:\.\d+)?(?:(?:, | and |–|-)\d+(?:\.\d+)?)*)`)
	section  = regexp.MustCompile(`\d+(?:\.\d+)?`)
	heading  = regexp.MustCompile(`(?m)^#{2,3} (\d+(?:\.\d+)?)\.? `)
)

// TestCitedSectionsExist: a reader who meets "contract 9.4" in the code finds that section in docs/contract.md.
func TestCitedSectionsExist(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/contract.md")
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]bool{}
	for _, match := range heading.FindAllStringSubmatch(string(page), -1) {
		sections[match[1]] = true
	}
	cited := 0
	err = filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
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
		for _, match := range citation.FindAllStringSubmatch(strings.ReplaceAll(string(text), "\n// ", " "), -1) {
			for _, number := range section.FindAllString(match[1], -1) {
				cited++
				if !sections[number] {
					t.Errorf("%s cites contract %s, which docs/contract.md does not have", path, number)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if cited < 100 {
		t.Fatalf("only %d citations were found: the pattern no longer finds them", cited)
	}
}
