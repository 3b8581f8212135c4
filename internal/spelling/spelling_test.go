package spelling

import "testing"

func TestNearest(t *testing.T) {
	t.Parallel()
	known := []string{"firstName", "lastName", "agentName"}
	for word, want := range map[string]string{
		"frstName": "firstName", "FIRSTNAME": "firstName", "fisrtName": "firstName", "lastNam": "lastName", "agentNames": "agentName", "plan": "", "": "",
	} {
		if got := Nearest(word, known, 2); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}
