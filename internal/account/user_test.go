package account_test

import (
	"strings"
	"testing"

	"nacre/internal/account"
)

func TestNormalizeEmail(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 64)
	for given, want := range map[string]string{
		" Ada.Lovelace+crm@Example.COM ": "ada.lovelace+crm@example.com",
		"o'neil@example.com":             "o'neil@example.com",
		"zoë@exämple.com":                "zoë@exämple.com",
		"a@b.c":                          "a@b.c",
		long + "@example.com":            long + "@example.com",
		"":                               "",
		"ada":                            "",
		"@example.com":                   "",
		"ada@":                           "",
		"ada@example":                    "",
		"ada@@example.com":               "",
		"ada@b@example.com":              "",
		"ada@example..com":               "",
		"ada@.example.com":               "",
		"ada@-example.com":               "",
		"ada@exa_mple.com":               "",
		".ada@example.com":               "",
		"a..da@example.com":              "",
		"a da@example.com":               "",
		"Ada <ada@example.com>":          "",
		"ada@example.com\x00":            "",
		"ada@example.com,b@example.com":  "",
		long + "a@example.com":           "",
		"a@" + strings.Repeat("b.", 127): "",
	} {
		got, err := account.NormalizeEmail(given)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v; want %q", given, got, err, want)
		}
	}
}

func TestRoles(t *testing.T) {
	t.Parallel()
	for n, role := range account.Roles() {
		if int(role) != n+1 {
			t.Errorf("%s has the id %d; ids are fixed", role, role)
		}
		if read, ok := account.ParseRole(strings.ToUpper(role.String())); !ok || read != role {
			t.Errorf("%s reads as %v", role, read)
		}
	}
	if role, ok := account.ParseRole(""); ok {
		t.Errorf("no name reads as %v", role)
	}
}
