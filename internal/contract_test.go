package internal

import (
	"os"
	"regexp"
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
	eachText(t, func(path, text string) {
		for _, match := range citation.FindAllStringSubmatch(text, -1) {
			for _, number := range section.FindAllString(match[1], -1) {
				cited++
				if !sections[number] {
					t.Errorf("%s cites contract %s, which docs/contract.md does not have", path, number)
				}
			}
		}
	})
	if cited < 100 {
		t.Fatalf("only %d citations were found: the pattern no longer finds them", cited)
	}
}
