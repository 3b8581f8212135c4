package accept

import (
	"net/http"
	"testing"
)

func TestGzip(t *testing.T) {
	t.Parallel()
	for sent, want := range map[string]bool{
		"": false, "gzip": true, "GZIP": true, "x-gzip": true, "br, gzip;q=0.8": true, "gzip; q=0.001": true, "*": true, "br, *;q=0.1": true,
		"gzip;q=0": false, "gzip; Q = 0.000": false, "*, gzip;q=0": false, "gzip, *;q=0": true, "*;q=0": false, "br": false, "gzipped": false,
	} {
		if got := Gzip(http.Header{"Accept-Encoding": {sent}}); got != want {
			t.Errorf("%q: %t, want %t", sent, got, want)
		}
	}
	if !Gzip(http.Header{"Accept-Encoding": {"br", "gzip"}}) {
		t.Error("the second line of the header was not read")
	}
}

func TestCoding(t *testing.T) {
	t.Parallel()
	for sent, want := range map[string]bool{"": false, "gzip, br": true, "br;q=0": false, "*": true, "gzip": false, "BR;q=0.5": true} {
		if got := Coding(http.Header{"Accept-Encoding": {sent}}, "br"); got != want {
			t.Errorf("%q: %t, want %t", sent, got, want)
		}
	}
}
