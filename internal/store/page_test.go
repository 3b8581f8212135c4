package store

import "testing"

func TestCaseless(t *testing.T) {
	t.Parallel()
	for _, same := range [][]string{
		{"Crm-4711", "CRM-4711"},
		{"οδός", "ΟΔΌΣ", "οδόσ"},
		{"straße", "STRAẞE"},
		{"istanbul", "İSTANBUL", "ISTANBUL"},
		{"stop", "ſtop"},
		{"5µm", "5ΜM"},
		{"привет", "ПРИВЕТ"},
	} {
		for _, text := range same[1:] {
			if caseless(text) != caseless(same[0]) {
				t.Errorf("%q is %q, %q is %q", text, caseless(text), same[0], caseless(same[0]))
			}
		}
	}
	if caseless("straße") == caseless("strasse") {
		t.Error("letters are another matter than case")
	}
}
