package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"

	"nacre/internal/account"
	"nacre/internal/api/route"
	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
)

const howTo = "Send Authorization: Bearer <AccountId>:<SecretKey>."

// touchEvery is how exact the last use of a key is.
const touchEvery = time.Minute

// authorize finds out who asks: a key (contract 0.4), or without the header of one a person (contract 12.2). The body is not
// read. A right key is judged before the limit on failures, so that nobody can lock it out from the same address.
func (x *exchange) authorize() error {
	if x.r.Header.Get("Authorization") == "" {
		if signedIn, err := x.person(); signedIn || err != nil {
			return err
		}
	}
	key, err := x.key()
	if err == nil {
		x.touch(key)
		x.asker = route.Asker{Account: key.Account, Key: key, Until: key.Expires}
		return nil
	}
	if !fault.Is(err, fault.Unauthenticated) {
		return err
	}
	if wait, beyond := x.failures.count(x.address(), x.now); beyond {
		return &fault.Error{Kind: fault.TooMany, Detail: "Too many failed authentications from this address.", RetryAfter: wait}
	}
	return err
}

func (x *exchange) key() (account.Key, error) {
	accountID, secret, form := parseAuthorization(x.r.Header.Get("Authorization"))
	if form != "" {
		return account.Key{}, &fault.Error{Kind: fault.Unauthenticated, Detail: form}
	}
	hash := sha256.Sum256([]byte(secret))
	key, err := x.lookUp(accountID, hash)
	if err != nil {
		if fault.Is(err, fault.Unauthenticated) || fault.Is(err, fault.NotFound) {
			return x.refuse(accountID, "The key is wrong.")
		}
		return account.Key{}, fmt.Errorf("look up key: %w", err)
	}
	// The look-up compares as databases do; this comparison is the one that decides.
	if subtle.ConstantTimeCompare(key.Hash, hash[:]) != 1 || key.Account != accountID {
		return x.refuse(accountID, "The key is wrong.")
	}
	if !key.Expires.IsZero() && !x.now.Before(key.Expires) {
		return x.refuse(accountID, "The key has expired.")
	}
	return key, nil
}

// lookUp returns a key, for engine.KeyLease from memory: a client's next requests come within milliseconds.
func (x *exchange) lookUp(accountID id.ID, hash [sha256.Size]byte) (account.Key, error) {
	began := time.Now() // before the look-up: what it finds may be revoked while it runs
	if key, ok := x.leases.get(hash, began); ok && key.Account == accountID {
		return key, nil
	}
	key, err := x.Queries.Key(x.r.Context(), accountID, hash[:])
	if err == nil {
		x.leases.put(hash, key, began)
	}
	return key, err
}

// refuse notes an attempt to sign in to the account, which may not exist.
func (x *exchange) refuse(accountID id.ID, detail string) (account.Key, error) {
	if x.Engine != nil {
		x.Engine.KeyRefused(accountID, x.address())
	}
	return account.Key{}, &fault.Error{Kind: fault.Unauthenticated, Detail: detail}
}

// parseAuthorization splits the header, or says in words what is wrong with its form. Nothing of it is repeated.
func parseAuthorization(header string) (accountID id.ID, secret, form string) {
	header = strings.TrimSpace(header)
	if header == "" {
		return "", "", "The Authorization header is missing. " + howTo
	}
	scheme, token, _ := strings.Cut(strings.ReplaceAll(header, "\t", " "), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", "", "The Authorization header does not begin with Bearer. " + howTo
	}
	token = strings.TrimSpace(token)
	if token == "" {
		return "", "", "The Authorization header has no token. " + howTo
	}
	if len(token) >= len("Bearer ") && strings.EqualFold(token[:len("Bearer ")], "Bearer ") {
		return "", "", "The Authorization header says Bearer twice. " + howTo
	}
	first, rest, found := strings.Cut(token, ":")
	first, rest = strings.TrimSpace(first), strings.TrimSpace(rest)
	switch {
	case !found:
		return "", "", "The token has no colon: the account id and a colon come before the secret key. " + howTo
	case strings.EqualFold(first, "AccountId"):
		return "", "", "The token contains the literal text AccountId: in place of the account's id, or before it. " + howTo
	case len(rest) > len(first) && strings.EqualFold(rest[:len(first)], first) && rest[len(first)] == ':':
		return "", "", "The token names the account id twice. " + howTo
	}
	accountID, ok := id.Parse(first)
	if !ok {
		return "", "", "The part of the token before the colon is no account id (24 hex digits). " + howTo
	}
	if len(rest) != 32 || strings.ContainsFunc(rest, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) {
		return "", "", "The part of the token after the colon is no secret key (32 letters and digits). " + howTo
	}
	return accountID, rest, ""
}

// touch notes the use of a key, at most once a minute.
func (x *exchange) touch(key account.Key) {
	if last, ok := x.touched.Load(key.ID); ok && x.now.Sub(last.(time.Time)) < touchEvery {
		return
	}
	x.touched.Store(key.ID, x.now)
	if err := x.Queries.TouchKey(x.r.Context(), key.ID, x.now); err != nil {
		x.Log.Warn("could not note the use of a key", "key", key.ID, "error", err)
	}
}

// keyLeases are keys by the hash of their secret, each for engine.KeyLease.
type keyLeases struct {
	mu   sync.Mutex
	seen map[[sha256.Size]byte]keyLease
}

type keyLease struct {
	key   account.Key
	until time.Time
}

func (k *keyLeases) get(hash [sha256.Size]byte, now time.Time) (account.Key, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	lease, ok := k.seen[hash]
	return lease.key, ok && now.Before(lease.until)
}

func (k *keyLeases) put(hash [sha256.Size]byte, key account.Key, began time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	const most = 10_000
	if k.seen == nil || len(k.seen) >= most {
		k.seen = map[[sha256.Size]byte]keyLease{}
	}
	k.seen[hash] = keyLease{key: key, until: began.Add(engine.KeyLease)}
}

// address is who a request comes from, as limits and the audit log count it; of IPv6 the /64.
func (x *exchange) address() string {
	if ip := x.client(x.r); ip.IsValid() {
		return network(ip)
	}
	return x.r.RemoteAddr
}

// addressOf is the address of a connection's peer, a host:port; of IPv6 the /64.
func addressOf(hostPort string) string {
	peer, err := netip.ParseAddrPort(hostPort)
	if err != nil {
		return hostPort
	}
	return network(peer.Addr().Unmap().WithZone(""))
}

// network is an address of IPv4, or the /64 of one of IPv6, which one host can have to itself.
func network(ip netip.Addr) string {
	if ip.Is6() {
		if prefix, err := ip.Prefix(64); err == nil {
			return prefix.String()
		}
	}
	return ip.String()
}

// failures counts failed authentications per address.
type failures struct {
	mu   sync.Mutex
	seen map[string]*window
}

type window struct {
	until time.Time
	count int
}

const (
	failuresPerWindow = 100
	failureWindow     = time.Minute
	maxAddresses      = 50_000 // remembered at once
)

func newFailures() *failures { return &failures{seen: map[string]*window{}} }

// count notes a failure and returns whether it is one too many, and how long the address is to wait.
func (f *failures) count(address string, now time.Time) (wait time.Duration, beyond bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	w := f.seen[address]
	if w == nil || !now.Before(w.until) {
		if len(f.seen) >= maxAddresses {
			f.prune(now)
		}
		w = &window{until: now.Add(failureWindow)}
		f.seen[address] = w
	}
	w.count++
	return w.until.Sub(now), w.count > failuresPerWindow
}

// prune forgets windows that are over; when all are current, it starts afresh rather than grow.
func (f *failures) prune(now time.Time) {
	for address, w := range f.seen {
		if !now.Before(w.until) {
			delete(f.seen, address)
		}
	}
	if len(f.seen) >= maxAddresses {
		clear(f.seen)
	}
}
