// Package config decides where settings come from: a YAML file, the environment (NACRE_*) and flags, the later overriding the
// earlier, into one validated struct. Unknown keys fail. It refuses to know what the settings are used for.
package config

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"

	"nacre/internal/destination"
)

// Database says where data is kept.
type Database struct {
	Data        string `help:"Folder of all data." default:"./nacre-data" env:"NACRE_DATA" type:"path"`
	DatabaseURL string `help:"PostgreSQL address (postgres://…) in place of the SQLite file in the data folder." name:"database-url" env:"NACRE_DATABASE_URL"`
	DataKeyFile string `help:"File of the keys that secrets in the database are encrypted with; nacre.key in the data folder without it." name:"data-key-file" env:"NACRE_DATA_KEY_FILE" type:"path"`
	DataKey     string `help:"The keys themselves in place of the file: by the environment alone, arguments can be read by everybody." name:"data-key" env:"NACRE_DATA_KEY" hidden:""`
}

// Validate is called by kong after parsing, for commands that have none of their own. The address may hold a password: errors do not
// repeat it.
func (d *Database) Validate() error {
	if d.DatabaseURL == "" {
		return nil
	}
	address, err := url.Parse(d.DatabaseURL)
	if err != nil || address.Scheme != "postgres" && address.Scheme != "postgresql" {
		return errors.New("--database-url: this is no address of the form postgres://USER@HOST:PORT/NAME (leave it out for SQLite)")
	}
	return nil
}

// Log says what is written to stderr.
type Log struct {
	LogLevel  string `help:"debug, info, warn or error." default:"info" enum:"debug,info,warn,error" env:"NACRE_LOG_LEVEL"`
	LogFormat string `help:"text or json." default:"text" enum:"text,json" env:"NACRE_LOG_FORMAT"`
	LogPII    bool   `help:"Write phone numbers and other personal data to the log." name:"log-pii" env:"NACRE_LOG_PII"`
}

// Serve are the settings of a server.
type Serve struct {
	Database
	Log
	Limits
	Speech
	Config               kong.ConfigFlag `help:"YAML file with the same settings (keys are flag names)."`
	Listen               string          `help:"Address of the HTTP API; port 0 is any." default:"127.0.0.1:8080" env:"NACRE_LISTEN"`
	TLSCert              string          `help:"PEM file of the certificate of the HTTP API, with its chain; read again when it changes." name:"tls-cert" env:"NACRE_TLS_CERT" type:"path"`
	TLSKey               string          `help:"PEM file of the certificate's key." name:"tls-key" env:"NACRE_TLS_KEY" type:"path"`
	TrustedProxies       []string        `help:"Networks (CIDR) of reverse proxies whose X-Forwarded-For, -Host and -Proto, else Forwarded, say where a request comes from and what it asked for." name:"trusted-proxy" env:"NACRE_TRUSTED_PROXY"`
	PublicURL            string          `help:"Base of the links in answers and webhooks, as clients reach this server." name:"public-url" env:"NACRE_PUBLIC_URL"`
	SIPListen            string          `help:"Address of SIP. Carriers need one that they reach: 0.0.0.0:0, or 0.0.0.0:5060 for those that know you by address." name:"sip-listen" default:"127.0.0.1:0" env:"NACRE_SIP_LISTEN"`
	RTPPorts             string          `help:"Range of UDP ports for audio, FROM-TO; empty is any." name:"rtp-ports" env:"NACRE_RTP_PORTS"`
	ExternalAddress      string          `help:"IP address that carriers see, where it is not this machine's." name:"external-address" env:"NACRE_EXTERNAL_ADDRESS"`
	AllowPrivateWebhooks bool            `help:"Let webhooks go to loopback and private addresses." name:"allow-private-webhooks" env:"NACRE_ALLOW_PRIVATE_WEBHOOKS"`
	SIPCA                string          `help:"PEM file of certificate authorities that vouch for trunks over TLS, besides those that the system trusts." name:"sip-ca" type:"path" placeholder:"FILE" env:"NACRE_SIP_CA"`
	AllowNetworks        []string        `help:"Networks outside of the public internet that trunks and their audio may be in: 10.0.0.0/8, or one address; several with commas. Metadata services never." name:"allow-networks" placeholder:"CIDR" env:"NACRE_ALLOW_NETWORKS"`
	RateLimit            int             `help:"Requests a second and key, sustained; 0 is off." name:"rate-limit" default:"500" env:"NACRE_RATE_LIMIT"`
	CORSOrigins          []string        `help:"Origins that browsers may call from; empty is all." name:"cors-origins" env:"NACRE_CORS_ORIGINS"`
	Grace                time.Duration   `help:"How long conversations may go on when the server is stopped." default:"15s" env:"NACRE_GRACE"`
	PublicMetrics        bool            `help:"Answer /metrics to other machines too." name:"public-metrics" env:"NACRE_PUBLIC_METRICS"`
	PricePerMinute       float64         `help:"Price of a started minute, in the account's unit." name:"price-per-minute" default:"0" env:"NACRE_PRICE_PER_MINUTE"`
	ShortCodes           []string        `help:"Numbers other than E.164 that trunks may show as caller; several with commas." name:"short-codes" placeholder:"NUMBER" env:"NACRE_SHORT_CODES"`
	Providers            string          `help:"YAML file of outside services that calls think, hear and speak with (hosting guide, Providers)." placeholder:"FILE" env:"NACRE_PROVIDERS" type:"path"`
	CreditsBind          bool            `help:"Stop an account's calling when its credits are used up." name:"credits-bind" env:"NACRE_CREDITS_BIND"`
}

// maxPrice bounds a price so that sums of it stay exact.
const maxPrice = 1_000_000

// Validate is called by kong after parsing; its error is a fault of usage.
func (s *Serve) Validate() error {
	if err := s.Database.Validate(); err != nil {
		return err
	}
	for _, address := range []struct{ flag, value string }{{"listen", s.Listen}, {"sip-listen", s.SIPListen}} {
		if err := CheckListen(address.flag, address.value); err != nil {
			return err
		}
	}
	if _, _, err := s.RTPRange(); err != nil {
		return fmt.Errorf("--rtp-ports: %w", err)
	}
	if _, err := s.External(); err != nil {
		return fmt.Errorf("--external-address: %w", err)
	}
	if _, err := s.Networks(); err != nil {
		return fmt.Errorf("--allow-networks: %w", err)
	}
	if _, err := s.Roots(); err != nil {
		return fmt.Errorf("--sip-ca: %w", err)
	}
	if (s.TLSCert == "") != (s.TLSKey == "") {
		return fmt.Errorf("--tls-cert and --tls-key go together")
	}
	if _, err := s.Proxies(); err != nil {
		return fmt.Errorf("--trusted-proxy: %w", err)
	}
	if s.PublicURL != "" && !isWeb(s.PublicURL) {
		return fmt.Errorf("--public-url: %q is no http or https address", s.PublicURL)
	}
	for _, origin := range s.CORSOrigins {
		if origin != "*" && !isWeb(origin) {
			return fmt.Errorf("--cors-origins: %q is no origin, as https://app.example.com", origin)
		}
	}
	if err := s.Limits.validate(); err != nil {
		return err
	}
	if err := s.CheckEars(); err != nil {
		return err
	}
	for _, code := range s.ShortCodes {
		if len(code) < 3 || len(code) > 12 || strings.Trim(code, "0123456789*#") != "" {
			return fmt.Errorf("--short-codes: %q is no number of 3 to 12 digits", code)
		}
	}
	if s.RateLimit < 0 {
		return fmt.Errorf("--rate-limit: %d is negative", s.RateLimit)
	}
	if s.Grace < 0 {
		return fmt.Errorf("--grace: %s is negative", s.Grace)
	}
	if !(s.PricePerMinute >= 0 && s.PricePerMinute <= maxPrice) { // NaN neither
		return fmt.Errorf("--price-per-minute: %v is not between 0 and %d", s.PricePerMinute, maxPrice)
	}
	return nil
}

// CheckListen judges the value of a flag that is an address to listen at.
func CheckListen(flag, value string) error {
	if !listens(value) {
		return fmt.Errorf("--%s: %q is no address to listen at, as 127.0.0.1:8080 or [::1]:8080", flag, value)
	}
	return nil
}

// listens reports whether a text is an IP address, a host name or nothing, and a port in digits.
func listens(text string) bool {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return false
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return false
	}
	if host == "" {
		return true
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	last := host[strings.LastIndexByte(host, '.')+1:] // a name does not end in digits: 999.1.1.1 is none
	return !strings.ContainsAny(host, ": /") && strings.Trim(last, "0123456789") != ""
}

func isWeb(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
}

// RTPRange is the range of audio ports, 0, 0 for any.
func (s *Serve) RTPRange() (from, to int, err error) {
	if s.RTPPorts == "" {
		return 0, 0, nil
	}
	low, high, ok := strings.Cut(s.RTPPorts, "-")
	if ok {
		if from, err = strconv.Atoi(strings.TrimSpace(low)); err == nil {
			to, err = strconv.Atoi(strings.TrimSpace(high))
		}
	}
	if !ok || err != nil || from < 1024 || to > 65535 || to-from < 1 {
		return 0, 0, fmt.Errorf("%q is no range FROM-TO between 1024 and 65535", s.RTPPorts)
	}
	return from, to, nil
}

// Roots are who vouches for trunks over TLS: nil is whom the system trusts.
func (s *Serve) Roots() (*x509.CertPool, error) {
	if s.SIPCA == "" {
		return nil, nil
	}
	text, err := os.ReadFile(s.SIPCA)
	if err != nil {
		return nil, fmt.Errorf("read certificates: %w", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool() // a machine without any
	}
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("there is no certificate in %s", s.SIPCA)
	}
	return roots, nil
}

// Networks are those outside of the public internet that trunks may be in.
func (s *Serve) Networks() (destination.Networks, error) { return destination.Parse(s.AllowNetworks) }

// External is the address that carriers see; the zero Addr where none is configured.
func (s *Serve) External() (netip.Addr, error) {
	if s.ExternalAddress == "" {
		return netip.Addr{}, nil
	}
	address, err := netip.ParseAddr(s.ExternalAddress)
	if err != nil {
		return address, fmt.Errorf("%q is no IP address", s.ExternalAddress)
	}
	return address, nil
}

// Proxies are the networks of trusted proxies; an address stands for itself.
func (s *Serve) Proxies() (networks []netip.Prefix, err error) {
	for _, text := range s.TrustedProxies {
		network, err := netip.ParsePrefix(text)
		if address, single := netip.ParseAddr(text); single == nil {
			network, err = netip.PrefixFrom(address, address.BitLen()), nil
		}
		if err != nil {
			return nil, fmt.Errorf("%q is neither a network, as 10.0.0.0/8, nor an IP address", text)
		}
		networks = append(networks, network.Masked())
	}
	return networks, nil
}

// YAML is the loader of --config: a flat mapping of flag names. A key that no flag of the command has is an error; a value
// that the environment gives is left to it.
func YAML(r io.Reader) (kong.Resolver, error) {
	values := map[string]any{}
	if err := yaml.NewDecoder(r).Decode(&values); err != nil && err != io.EOF {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	return &file{values: values}, nil
}

type file struct{ values map[string]any }

// Validate checks that every key of the file is a flag of the command that takes the file.
func (f *file) Validate(app *kong.Application) error {
	known := map[string]bool{}
	for _, command := range app.Leaves(false) {
		flags := map[string]bool{}
		for _, flag := range command.Flags {
			flags[flag.Name] = true
		}
		if flags["config"] {
			maps.Copy(known, flags)
		}
	}
	for key := range f.values {
		if !known[key] || key == "config" {
			return fmt.Errorf("configuration file: unknown key %q", key)
		}
	}
	return nil
}

// Resolve answers the file's value of a flag, nil where the environment has one.
func (f *file) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, name := range flag.Envs {
		if _, set := os.LookupEnv(name); set {
			return nil, nil
		}
	}
	value := f.values[flag.Name]
	if value == nil { // absent, or named without a value
		return nil, nil
	}
	if list, isList := value.([]any); isList {
		texts := make([]string, len(list))
		for n, item := range list {
			texts[n] = fmt.Sprint(item)
		}
		return strings.Join(texts, ","), nil
	}
	return fmt.Sprint(value), nil
}
