package api

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"nacre/internal/account"
	"nacre/internal/api/route"
	"nacre/internal/fault"
)

// person finds the person whose session the request has (contract 12.2); signedIn is false where it has none.
func (x *exchange) person() (signedIn bool, err error) {
	name, carried := x.cookieName()
	if !carried {
		return false, nil
	}
	cookie, err := x.r.Cookie(name)
	if err != nil || cookie.Value == "" {
		return false, nil
	}
	ended := &fault.Error{Kind: fault.Unauthenticated, Detail: "The session has ended. Sign in again."}
	session, found, err := x.sessions.find(x.r.Context(), cookie.Value, x.now)
	if err != nil {
		return false, err
	}
	if !found {
		return false, ended
	}
	person, err := x.Queries.Person(x.r.Context(), session.account, session.person)
	switch {
	case fault.Is(err, fault.NotFound):
		return false, ended
	case err != nil:
		return false, fmt.Errorf("read person: %w", err)
	case person.Sessions != session.count:
		return false, ended
	}
	if err := x.judgeOrigin(); err != nil {
		return false, err
	}
	x.asker = route.Asker{Account: person.Account, Person: person, Until: session.until, Session: session.name}
	return true, nil
}

// ownOrigins judges which site a browser sends a request from.
func ownOrigins(publicURL string) (*http.CrossOriginProtection, error) {
	origins := http.NewCrossOriginProtection()
	if base, err := url.Parse(publicURL); err == nil && base.Host != "" {
		if err := origins.AddTrustedOrigin(base.Scheme + "://" + base.Host); err != nil {
			return nil, fmt.Errorf("trust the public address: %w", err)
		}
	}
	return origins, nil
}

// judgeOrigin refuses what a browser sends on behalf of another site, and changes something. A browser sends cookies with it.
func (x *exchange) judgeOrigin() error {
	if err := x.origins.Check(x.r); err != nil {
		return &fault.Error{Kind: fault.Denied, Detail: "Another site sent this request. Use the pages of this server, or a key.", Err: err}
	}
	return nil
}

// overTLS reports whether the browser reaches this server by HTTPS: its connection is encrypted, or it reaches a proxy so.
func (x *exchange) overTLS() bool { return x.r.TLS != nil || strings.HasPrefix(x.base(), "https://") }

// cookieName is that of the session; carried is false where none goes over the connection: others could read it on the way.
// Browsers take a cookie whose name begins with __Host- over HTTPS alone. On this machine itself, where there is nobody on the way,
// it has a plain name, with the port, since cookies are those of all servers of a host.
func (x *exchange) cookieName() (name string, carried bool) {
	switch {
	case x.overTLS():
		return "__Host-nacre", true
	case !fromLoopback(x.r):
		return "", false
	}
	if local, ok := x.r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		if address, err := netip.ParseAddrPort(local.String()); err == nil {
			return "nacre-" + strconv.Itoa(int(address.Port())), true
		}
	}
	return "nacre", true
}

// browser implements route.Browser; header is that of the answer.
type browser struct {
	x      *exchange
	header http.Header
}

// MaySignIn implements route.Browser.
func (b browser) MaySignIn() error {
	if _, carried := b.x.cookieName(); !carried {
		return &fault.Error{Kind: fault.Denied, Detail: "People sign in over HTTPS, or on the machine of the server itself: give nacre a certificate (--tls-cert), or a proxy that has one (--public-url)."}
	}
	return nil
}

// Begin implements route.Browser. A session that the browser had ends.
func (b browser) Begin(ctx context.Context, person account.User) (until time.Time, err error) {
	if err := b.MaySignIn(); err != nil {
		return until, err
	}
	if err := b.forget(ctx); err != nil {
		return until, err
	}
	until = b.x.now.Add(sessionLasts).UTC().Truncate(time.Second)
	token, err := b.x.sessions.begin(ctx, person, until)
	if err != nil {
		return until, err
	}
	b.setCookie(token, int(sessionLasts/time.Second))
	return until, nil
}

// End implements route.Browser.
func (b browser) End(ctx context.Context) error {
	if err := b.forget(ctx); err != nil {
		return err
	}
	b.setCookie("", -1)
	return nil
}

// Address implements route.Browser.
func (b browser) Address() string { return b.x.address() }

func (b browser) forget(ctx context.Context) error {
	name, carried := b.x.cookieName()
	cookie, err := b.x.r.Cookie(name)
	if !carried || err != nil || cookie.Value == "" {
		return nil
	}
	return b.x.sessions.end(ctx, cookie.Value)
}

func (b browser) setCookie(token string, maxAge int) {
	name, _ := b.x.cookieName()
	cookie := http.Cookie{Name: name, Value: token, Path: "/", MaxAge: maxAge, Secure: b.x.overTLS(), HttpOnly: true, SameSite: http.SameSiteStrictMode}
	b.header.Add("Set-Cookie", cookie.String())
}
