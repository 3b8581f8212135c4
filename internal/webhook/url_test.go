package webhook

import (
	"strings"
	"testing"
)

func TestCheckURL(t *testing.T) {
	t.Parallel()
	long := "https://a.example/" + strings.Repeat("x", maxURL-len("https://a.example/"))
	for _, c := range []struct {
		url            string
		public, likely bool // accepted by default; accepted where private targets are allowed
	}{
		{"https://a.example", true, true},
		{"http://a.example:8080/hook?token=a%2Bb#part", true, true},
		{"HTTPS://A.Example./x", true, true},
		{"https://bücher.example/", true, true},
		{"https://93.184.215.14/", true, true},
		{"https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]:8443/", true, true},
		{"https://a.example/%zz", true, true},
		{"https://0x7f.example/", true, true},
		{long, true, true},
		{long + "x", false, false},

		{"", false, false},
		{"a.example/hook", false, false},
		{"/hook", false, false},
		{"//a.example/hook", false, false},
		{"https:a.example", false, false},
		{"https://", false, false},
		{"https:///hook", false, false},
		{"https://:443/", false, false},
		{"https://a.example:/", false, false},
		{"https://a.example:0/", false, false},
		{"https://a.example:65536/", false, false},
		{"https://a.example:x/", false, false},
		{"ftp://a.example/", false, false},
		{"file:///etc/passwd", false, false},
		{"https://user:secret@a.example/", false, false},
		{"https://@a.example/", false, false},
		{"https://a.example\\@127.0.0.1/", false, false},
		{"https://a.example/a b", false, false},
		{" https://a.example/", false, false},
		{"https://a.example/\n", false, false},
		{"https://a.example/\xff", false, false},
		{"https://127%2e0.0.1/", false, false},
		{"https://[::1/", false, false},

		{"http://localhost:3000/", false, true},
		{"http://LocalHost./", false, true},
		{"http://app.localhost/", false, true},
		{"http://metadata.google.internal/computeMetadata/v1/", false, true},
		{"http://127.0.0.1/", false, true},
		{"http://127.1.2.3:9/", false, true},
		{"http://127.0.0.1./", false, true},
		{"http://１２７.0.0.1/", false, true},
		{"http://127。0。0。1/", false, true},
		{"http://0.0.0.0/", false, true},
		{"http://10.1.2.3/", false, true},
		{"http://172.31.0.1/", false, true},
		{"http://192.168.1.1/", false, true},
		{"http://100.64.0.1/", false, true},
		{"http://169.254.169.254/latest/meta-data/", false, true},
		{"http://224.0.0.1/", false, true},
		{"http://255.255.255.255/", false, true},
		{"http://[::1]/", false, true},
		{"http://[::]/", false, true},
		{"http://[::ffff:127.0.0.1]/", false, true},
		{"http://[::ffff:a00:1]/", false, true},
		{"http://[::127.0.0.1]/", false, true},
		{"http://[64:ff9b::7f00:1]/", false, true},
		{"http://[64:ff9b::808:808]/", false, true},
		{"http://[64:ff9b:1::a00:1]/", false, true},
		{"http://[::ffff:0:7f00:1]/", false, true},
		{"http://[2002:7f00:1::]/", false, true},
		{"http://[2001:0:7f00:1::]/", false, true},
		{"http://[fec0::1]/", false, true},
		{"http://198.18.0.1/", false, true},
		{"http://240.0.0.1/", false, true},
		{"http://[fe80::1%25eth0]/", false, true},
		{"http://[fd00:ec2::254]/", false, true},
		{"http://[fc00::1]/", false, true},
		{"http://[ff02::1]/", false, true},

		// Numbers that only some readers take for an address are no host at all.
		{"http://2130706433/", false, false},
		{"http://0x7f000001/", false, false},
		{"http://0X7F000001/", false, false},
		{"http://0177.0.0.1/", false, false},
		{"http://127.1/", false, false},
		{"http://127.0.0.1.1/", false, false},
		{"http://0x7f.0x0.0x0.0x1/", false, false},
		{"http://017700000001/", false, false},
		{"http://a.example.1/", false, false},
	} {
		for allow, want := range map[bool]bool{false: c.public, true: c.likely} {
			err := CheckURL(c.url, allow)
			if (err == nil) != want {
				t.Errorf("CheckURL(%.60q, %t) = %v", c.url, allow, err)
			}
			if err != nil && !strings.HasPrefix(err.Error(), "Invalid Webhook URL \"") {
				t.Errorf("CheckURL(%.60q) says %q", c.url, err)
			}
		}
	}
}

func TestCheckURLShowsTheValue(t *testing.T) {
	t.Parallel()
	got := CheckURL("ftp://a.example/x", false).Error()
	if want := `Invalid Webhook URL "ftp://a.example/x": must be absolute and begin with http:// or https://`; got != want {
		t.Errorf("got %s", got)
	}
	// A password is no value to repeat.
	got = CheckURL("https://ada:s3cret@p@a.example/x?m=a@b", false).Error()
	if want := `"https://********@a.example/x?m=a@b"`; !strings.Contains(got, want) || strings.Contains(got, "s3cret") {
		t.Errorf("got %s", got)
	}
}

func TestCheckCredentialHeader(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "X-Api-Key", "authorization", "x_token", "Api.Key"} {
		if err := CheckCredentialHeader(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"X Api", "X:Y", "Ключ", "a\r\nb", "host", "Content-length", "webhook-ID", "nacre-sequence", "user-agent", strings.Repeat("x", 129)} {
		if CheckCredentialHeader(name) == nil {
			t.Errorf("%q was accepted", name)
		}
	}
}

func FuzzParseTarget(f *testing.F) {
	for _, seed := range []string{"https://a.example/x?y#z", "http://[::1]:80//x", "http://a.example?x", "http://2130706433/"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		to, err := parseTarget(raw, false)
		if err != nil {
			return
		}
		before, _, _ := strings.Cut(raw, "#")
		if !strings.HasSuffix(before, to.query) || to.path != "/" && !strings.HasSuffix(before, to.path+to.query) {
			t.Errorf("%q became path %q, query %q", raw, to.path, to.query)
		}
		if sent := to.url().RequestURI(); !strings.HasSuffix(sent, to.path+to.query) {
			t.Errorf("%q is sent as %q", raw, sent)
		}
	})
}
