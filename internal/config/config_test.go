package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
)

type commands struct {
	Serve Serve `cmd:""`
	Other struct {
		Loud bool
	} `cmd:""`
}

// parse reads a command line of serve as the program does, with a configuration file.
func parse(t *testing.T, yaml string, args ...string) (Serve, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "nacre.yaml")
	if err := os.WriteFile(path, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	var cli commands
	parser, err := kong.New(&cli, kong.Configuration(YAML))
	if err != nil {
		t.Fatal(err)
	}
	_, err = parser.Parse(append([]string{"serve", "--config", path}, args...))
	return cli.Serve, err
}

// TestPrecedence is not parallel: it sets the environment.
func TestPrecedence(t *testing.T) {
	t.Setenv("NACRE_LISTEN", "127.0.0.1:2")
	t.Setenv("NACRE_GRACE", "2s")
	got, err := parse(t, "listen: 127.0.0.1:1\ngrace: 1s\nrate-limit: 7\nsip-listen: 127.0.0.1:5060\n", "--grace", "3s")
	if err != nil {
		t.Fatal(err)
	}
	if got.SIPListen != "127.0.0.1:5060" || got.RateLimit != 7 {
		t.Errorf("the file is not read: %+v", got)
	}
	if got.Listen != "127.0.0.1:2" {
		t.Errorf("listen %q: the environment overrides the file", got.Listen)
	}
	if got.Grace != 3*time.Second {
		t.Errorf("grace %v: the flag overrides the environment", got.Grace)
	}
}

func TestFile(t *testing.T) {
	t.Parallel()
	got, err := parse(t, "cors-origins: [https://a.example, https://b.example]\nallow-private-webhooks: true\nprice-per-minute: 0.25\n"+
		"rtp-ports:\nexternal-address: ~\n")
	if err != nil {
		t.Fatal(err)
	}
	if len(got.CORSOrigins) != 2 || got.CORSOrigins[1] != "https://b.example" || !got.AllowPrivateWebhooks || got.PricePerMinute != 0.25 {
		t.Errorf("%+v", got)
	}
	if got.RTPPorts != "" || got.ExternalAddress != "" {
		t.Errorf("a key without a value is no value: %+v", got)
	}
	if got, err = parse(t, "trusted-proxy: [127.0.0.1, 10.1.2.3/8, '::1']\n"); err != nil {
		t.Fatal(err)
	}
	if proxies, err := got.Proxies(); err != nil || fmt.Sprint(proxies) != "[127.0.0.1/32 10.0.0.0/8 ::1/128]" {
		t.Errorf("trusted proxies %v, %v", proxies, err)
	}
	if got, err = parse(t, ""); err != nil {
		t.Errorf("an empty file: %v", err)
	}
	if got.SIPListen != "127.0.0.1:0" || len(got.AllowNetworks) > 0 {
		t.Errorf("SIP listens on %q and reaches %v: by default nobody but this machine reaches it, and it no network of its own", got.SIPListen, got.AllowNetworks)
	}
	for yaml, says := range map[string]string{
		"lissten: 127.0.0.1:1\n":                          `unknown key "lissten"`,
		"Listen: 127.0.0.1:1\n":                           `unknown key "Listen"`,
		"loud: true\n":                                    `unknown key "loud"`, // of another command
		"config: other.yaml\n":                            `unknown key "config"`,
		"- listen\n":                                      "read configuration",
		"listen: [1\n":                                    "read configuration",
		"listen: here\n":                                  "--listen",
		"sip-listen: here\n":                              "--sip-listen",
		"log-level: loud\n":                               "--log-level",
		"rate-limit: many\n":                              "--rate-limit",
		"rate-limit: -1\n":                                "--rate-limit",
		"grace: -1s\n":                                    "--grace",
		"public-url: nacre.example\n":                     "--public-url",
		"external-address: nacre.example\n":               "--external-address",
		"rtp-ports: 30000\n":                              "--rtp-ports",
		"rtp-ports: 30001-30000\n":                        "--rtp-ports",
		"rtp-ports: 80-90\n":                              "--rtp-ports",
		"rtp-ports: 60000-70000\n":                        "--rtp-ports",
		"allow-networks: [10.0.0.0/8, all]\n":             "--allow-networks",
		"trusted-proxy: [127.0.0.1, nginx]\n":             "--trusted-proxy",
		"tls-cert: cert.pem\n":                            "--tls-cert and --tls-key go together",
		"allow-networks: 10.0.0.1/8\n":                    "10.0.0.0/8", // what was meant
		"ears-languages: [de]\n":                          "--ears-languages",
		"ears: /srv/model\nears-languages: [de, en-US]\n": "en-US",
		"allow-private-webhooks: sometimes\n":             "--allow-private-webhooks",
	} {
		if _, err := parse(t, yaml); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q", yaml, err, says)
		}
	}
}

func TestRTPRange(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]int{"": {0, 0}, "20000-20999": {20000, 20999}, "20000 - 20001": {20000, 20001}} {
		from, to, err := (&Serve{RTPPorts: text}).RTPRange()
		if err != nil || [2]int{from, to} != want {
			t.Errorf("%q: %d-%d, %v", text, from, to, err)
		}
	}
}

func TestPriceIsAPrice(t *testing.T) {
	t.Parallel()
	for _, price := range []string{"NaN", "Inf", "-1", "1e300"} {
		if _, err := parse(t, "", "--price-per-minute="+price); err == nil || !strings.Contains(err.Error(), "--price-per-minute") {
			t.Errorf("--price-per-minute %s: %v", price, err)
		}
	}
}

// anyText are flags of serve that take any text: paths, which are looked at when they are used, and what else has no form.
var anyText = []string{"help", "config", "data", "data-key", "data-key-file", "tls-cert", "tls-key", "speech", "ears", "providers"}

// TestEveryFlagIsJudged: each flag refuses a value that is none, and its error names it.
func TestEveryFlagIsJudged(t *testing.T) {
	t.Parallel()
	wrong := map[string]string{
		"database-url": "mysql://user:password@127.0.0.1/nacre", "listen": "127.0.0.1", "sip-listen": "999.1.1.1:5060", "trusted-proxy": "1.2.3",
		"public-url": "nacre.example", "rtp-ports": "80-90", "external-address": "1.2.3", "allow-networks": "10.0.0.0/33", "cors-origins": "app.example.com",
		"short-codes": "12", "log-level": "loud", "log-format": "xml", "grace": "-1s", "price-per-minute": "NaN", "body-memory": "127", "sip-ca": "config_test.go",
		"ears-languages": "english",
	}
	var cli commands
	parser, err := kong.New(&cli, kong.Configuration(YAML))
	if err != nil {
		t.Fatal(err)
	}
	judged := 0
	for _, flag := range parser.Model.Children[0].AllFlags(false) {
		for _, f := range flag {
			if slices.Contains(anyText, f.Name) {
				continue
			}
			value, named := wrong[f.Name]
			switch kind := f.Target.Kind(); {
			case named:
			case kind == reflect.Bool:
				value = "perhaps"
			case kind == reflect.Int:
				value = "-1"
			}
			if value == "" {
				t.Errorf("--%s has no value here that is wrong, and does not take any text", f.Name)
				continue
			}
			judged++
			_, err := parse(t, "", "--"+f.Name+"="+value)
			if err == nil || !strings.Contains(err.Error(), "--"+f.Name) {
				t.Errorf("--%s=%s: %v", f.Name, value, err)
			} else if strings.Contains(err.Error(), "password") {
				t.Errorf("--%s: the error tells a password: %v", f.Name, err)
			}
		}
	}
	if judged < 30 {
		t.Errorf("only %d flags were judged", judged)
	}
	for _, value := range []string{"nacre.example:5060", ":5060", "[::1]:0", "0.0.0.0:5060"} {
		if _, err := parse(t, "", "--sip-listen="+value); err != nil {
			t.Errorf("--sip-listen=%s: %v", value, err)
		}
	}
	for _, value := range []string{"127.0.0.1:http", "127.0.0.1:65536", "1.2.3:80", "a b:80", "::1:80"} {
		if _, err := parse(t, "", "--listen="+value); err == nil {
			t.Errorf("--listen=%s is taken", value)
		}
	}
}
