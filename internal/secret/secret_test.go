package secret

import "testing"

func TestOrigin(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"https://example.com":                         "https://example.com:443",
		"HTTPS://Example.COM./a?b#c":                  "https://example.com:443",
		"http://example.com:8080/https://example.net": "http://example.com:8080",
		"http://example.com?x=/":                      "http://example.com:80",
		`https://example.com\@example.net/`:           "https://example.com:443",
		"https://[2001:DB8::1]/":                      "https://[2001:db8::1]:443",
		"https://{city}.example.com/":                 "https://{city}.example.com",
		"https://example.com:{port}/":                 "https://example.com:{port}",
		"":                                            "",
	} {
		if got := Origin(raw); got != want {
			t.Errorf("Origin(%q) = %q, want %q", raw, got, want)
		}
	}
	if got, want := Address("TLS", "SIP.example.com.", 5061), "tls://sip.example.com:5061"; got != want {
		t.Errorf("Address = %q, want %q", got, want)
	}
}

// TestClearedBesideWhatIsSent: of several secrets, only what would go elsewhere unasked is cleared.
func TestClearedBesideWhatIsSent(t *testing.T) {
	t.Parallel()
	values := map[string]string{"a": "one", "b": "two", "c": "three", "d": ""}
	held := func(to string) (all []Held) {
		for _, path := range []string{"a", "b", "c", "d"} {
			h := Held{Path: path, Destinations: []string{to}, Value: values[path], Set: func(text string) { values[path] = text }}
			if path == "c" {
				h.Destinations = nil
			}
			all = append(all, h)
		}
		return all
	}
	stored := held("https://example.com:443")
	Withhold(stored)
	values["b"] = "sent again"
	cleared := Settle(held("https://example.net:443"), stored, nil)
	if len(cleared) != 1 || cleared[0] != "a" {
		t.Errorf("cleared %q, want a alone", cleared)
	}
	if values["a"] != "" || values["b"] != "sent again" || values["c"] != "three" || values["d"] != "" {
		t.Errorf("left %q", values)
	}
}
