package webhook

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"nacre/internal/destination"
)

// maxURL is the longest webhook URL, in characters (contract 0.6).
const maxURL = 2048

// CheckURL judges a webhook URL (contract 6.6): http or https, absolute, without user information, at most 2,048
// characters; and, unless private targets are allowed, not naming a loopback, private, link-local, metadata or other
// special address in any spelling. What a name resolves to is judged when it is connected to. The error's text is
// "Invalid Webhook URL …" with the value and the reason, fit for an answer of the API.
func CheckURL(raw string, allowPrivate bool) error {
	if _, err := parseTarget(raw, allowPrivate); err != nil {
		shown := withoutUser(raw)
		if cut := []rune(shown); len(cut) > 200 {
			shown = string(cut[:200]) + "…"
		}
		//lint:ignore ST1005 the contract's words
		return fmt.Errorf("Invalid Webhook URL %q: %w", shown, err)
	}
	return nil
}

// withoutUser masks the user information of a URL: a password must not come back in an error (contract 0.5).
func withoutUser(raw string) string {
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok {
		return raw
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	at := strings.LastIndex(rest[:end], "@")
	if at < 0 {
		return raw
	}
	return scheme + "://********" + rest[at:]
}

// CheckCredentialHeader judges the name of the header that carries the credential (contract 6.4); "" is the default,
// Authorization. Headers that the delivery itself needs are refused.
func CheckCredentialHeader(name string) error {
	if name == "" {
		return nil
	}
	if len(name) > 128 || strings.ContainsFunc(name, func(r rune) bool { return !tokenRune(r) }) {
		return fmt.Errorf("%q is no header name", name)
	}
	switch http.CanonicalHeaderKey(name) {
	case "Host", "Content-Length", "Content-Type", "Content-Encoding", "Transfer-Encoding", "Trailer", "Te", "Connection", "Keep-Alive",
		"Proxy-Connection", "Upgrade", "Expect", "User-Agent", "Webhook-Id", "Webhook-Timestamp", "Webhook-Signature", "Nacre-Sequence":
		return fmt.Errorf("the header %q is set by the delivery itself", name)
	}
	return nil
}

// tokenRune reports whether a header name may hold the character (RFC 9110, 5.6.2).
func tokenRune(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r < 0x7f && strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}

// target is a URL taken apart without changing a byte of its path and query. net/url would decode and write them
// again, and refuse escapes that receivers accept.
type target struct {
	scheme string // http, https
	host   string // with port where the URL has one
	path   string // from the first slash on, at least "/"
	query  string // with its question mark, "" without one
}

func parseTarget(raw string, allowPrivate bool) (target, error) {
	if utf8.RuneCountInString(raw) > maxURL {
		return target{}, fmt.Errorf("longer than %d characters", maxURL)
	}
	if !utf8.ValidString(raw) {
		return target{}, errors.New("no valid UTF-8")
	}
	if strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return target{}, errors.New("spaces and control characters must be percent-encoded")
	}
	raw, _, _ = strings.Cut(raw, "#")
	scheme, rest, ok := strings.Cut(raw, "://")
	scheme = strings.ToLower(scheme)
	if !ok || scheme != "http" && scheme != "https" {
		return target{}, errors.New("must be absolute and begin with http:// or https://")
	}
	authority, path, query := rest, "", ""
	if i := strings.IndexByte(authority, '?'); i >= 0 {
		authority, query = authority[:i], authority[i:]
	}
	if i := strings.IndexByte(authority, '/'); i >= 0 {
		authority, path = authority[:i], authority[i:]
	}
	if path == "" {
		path = "/"
	}
	if strings.Contains(authority, "@") {
		return target{}, errors.New("user information is not allowed; use the webhook credential")
	}
	parsed, err := url.Parse(scheme + "://" + authority)
	if err != nil {
		if reason := (*url.Error)(nil); errors.As(err, &reason) {
			err = reason.Err
		}
		return target{}, err
	}
	if parsed.Hostname() == "" || parsed.Path != "" {
		return target{}, errors.New("has no host")
	}
	if strings.HasSuffix(authority, ":") {
		return target{}, errors.New("has no port after the colon")
	}
	if port := parsed.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return target{}, errors.New("port is not 1 to 65535")
		}
	}
	if err := checkHost(parsed.Hostname(), allowPrivate); err != nil {
		return target{}, err
	}
	return target{scheme: scheme, host: parsed.Host, path: path, query: query}, nil
}

// url is what net/http puts on the wire unchanged: Opaque and RawQuery are written as they are.
func (t target) url() *url.URL {
	u := &url.URL{Scheme: t.scheme, Host: t.host}
	if t.query != "" {
		u.RawQuery, u.ForceQuery = t.query[1:], true
	}
	if !strings.HasPrefix(t.path, "//") {
		u.Opaque = t.path
		return u
	}
	// An Opaque that begins with two slashes is taken for an authority. Such a path goes by RawPath where that is
	// valid, else in the absolute form (RFC 9112, 3.2.2), which servers have to accept.
	if decoded, err := url.PathUnescape(t.path); err == nil {
		u.Path, u.RawPath = decoded, t.path
		if u.EscapedPath() == t.path {
			return u
		}
	}
	u.Path, u.RawPath, u.Opaque = "", "", "//"+t.host+t.path
	return u
}

// String is the target as a user would configure it.
func (t target) String() string { return t.scheme + "://" + t.host + t.path + t.query }

// mayHaveCredential reports whether the credential that was meant for t may go to other: the same host and port, or
// the move from plain http to https on their default ports.
func (t target) mayHaveCredential(other target) bool {
	name, port := t.endpoint()
	otherName, otherPort := other.endpoint()
	if !strings.EqualFold(name, otherName) {
		return false
	}
	if t.scheme == other.scheme {
		return port == otherPort
	}
	return other.scheme == "https" && (port == otherPort || port == "80" && otherPort == "443")
}

func (t target) endpoint() (name, port string) {
	u := url.URL{Host: t.host}
	name, port = u.Hostname(), u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[t.scheme]
	}
	return name, port
}

// resolve returns where a Location header leads from t (RFC 9110, 10.2.2), again without rewriting it.
func (t target) resolve(location string, allowPrivate bool) (target, error) {
	location = strings.ReplaceAll(location, " ", "%20") // many servers write it raw
	origin := t.scheme + "://" + t.host
	switch {
	case location == "":
		return target{}, errors.New("no Location")
	case strings.HasPrefix(location, "//"):
		location = t.scheme + ":" + location
	case strings.HasPrefix(location, "/"):
		location = origin + location
	case strings.HasPrefix(location, "?"):
		location = origin + t.path + location
	case strings.HasPrefix(location, "#"):
		location = origin + t.path + t.query
	case !strings.Contains(strings.SplitN(location, "/", 2)[0], ":"):
		location = origin + t.path[:strings.LastIndexByte(t.path, '/')+1] + location
	}
	return parseTarget(location, allowPrivate)
}

// checkHost refuses hosts that name an address which must not be reached.
func checkHost(host string, allowPrivate bool) error {
	if allowPrivate {
		return destination.CheckSpelling(host)
	}
	return destination.Networks{}.CheckHost(host)
}
