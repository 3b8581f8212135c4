package rehearsal

import (
	"bytes"
	"fmt"
	"testing"

	"nacre/internal/call"
	"nacre/internal/sandbox"
)

// The people of the sandbox are scenarios like any other: in every one of their wordings, in words and by keys, and whatever
// they are asked, they end as their numbers say.
func TestPeopleOfTheSandbox(t *testing.T) {
	t.Parallel()
	asked := map[string][]call.Question{
		"yes or no": {{ID: "offer", Name: "offer", Type: call.Boolean, Ask: "Would you like to receive our offer?"}},
		"and a number": {
			{ID: "offer", Name: "offer", Type: call.Boolean, Ask: "Would you like to receive our offer?"},
			{ID: "rooms", Name: "rooms", Type: call.Int, Ask: "How many rooms do you have?"},
		},
	}
	for name, questions := range asked {
		for _, s := range sandbox.People() {
			for _, keys := range []bool{false, true} {
				for n := range s.Variants() {
					t.Run(fmt.Sprintf("%s/%s %d, by keys %t", name, s.Name, n, keys), func(t *testing.T) {
						t.Parallel()
						if keys && s.Name == "telephone menu" {
							t.Skip("a menu is known by its words")
						}
						script := script(t)
						script.Opening, script.Questions = "Hello, this is Anna of Example Corporation, about your garden.", questions
						script.MenuKeys = "1"
						script.VoiceMail = "This is Anna of Example Corporation. Please call us back."
						v := Run(t.Context(), s.Variant(n), Config{Script: script, Deaf: keys})
						if len(v.Faults) > 0 {
							var b bytes.Buffer
							v.Write(&b)
							t.Errorf("%s", b.String())
						}
					})
				}
			}
		}
	}
}
