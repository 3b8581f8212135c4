package api

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"time"

	"nacre/internal/account"
	"nacre/internal/api/route"
	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
)

// smallBody is what a body may have that is stored however full the disk is, and whatever its account has had stored: a status, a
// number, some entries of the blacklist. What stops calls fits in it.
const smallBody = 4 << 10

// asksForRoom reports whether a request is one of those that can fill the disk: it creates, or changes something by a body that is
// not small. Requests that delete are not: they, and what they leave in the audit log, are no larger than what they delete.
func asksForRoom(r *route.Route, body []byte) bool {
	if (r.Creates || r.Adds) && !r.Stops {
		return true
	}
	return r.Scope != account.ScopeRead && r.Method != http.MethodDelete && len(body) > smallBody
}

// uploads are what accounts may have stored in an hour, so that none fills the disk that all share: bodies of requests that
// ask for room, and the answers that are remembered for Idempotency-Keys.
type uploads struct {
	accounts *buckets
	limit    int64 // bytes an hour; 0 = no limit
}

func newUploads(hourly int64) *uploads {
	return &uploads{limit: hourly, accounts: &buckets{rate: float64(hourly) / time.Hour.Seconds(), size: float64(hourly), byKey: map[id.ID]*bucket{}}}
}

// take books bytes of an account where it has any left: the last request may be larger than that, and is paid off by waiting.
func (u *uploads) take(accountID id.ID, bytes int64, now time.Time) error {
	if u.limit <= 0 {
		return nil
	}
	u.accounts.mu.Lock()
	defer u.accounts.mu.Unlock()
	one := u.accounts.of(accountID, now)
	if one.tokens < 1 {
		return &fault.Error{
			Kind: fault.TooMany, RetryAfter: time.Duration(math.Ceil((1 - one.tokens) / u.accounts.rate * float64(time.Second))),
			Detail: fmt.Sprintf("The account has had as much stored as it may in an hour; this server allows %d MiB (--uploads-per-account).", u.limit>>20),
		}
	}
	one.tokens -= float64(bytes)
	return nil
}

// add books bytes, of which there may be none left; negative ones were not stored after all.
func (u *uploads) add(accountID id.ID, bytes int64, now time.Time) {
	if u.limit <= 0 {
		return
	}
	u.accounts.mu.Lock()
	defer u.accounts.mu.Unlock()
	one := u.accounts.of(accountID, now)
	one.tokens = math.Min(u.accounts.size, one.tokens-float64(bytes))
}

// store performs a request whose body is to be stored, where there is room for it and on the account's budget; remembered says that its
// answer will be too.
func (x *exchange) store(request *route.Request, body []byte, remembered bool) (route.Answer, error) {
	if !asksForRoom(request.Route, body) {
		return x.perform(request, body)
	}
	accountID, size := request.Actor.Account, int64(len(body))
	if remembered {
		size += engine.RememberedRow
	}
	err := x.room()
	if err == nil {
		err = x.uploads.take(accountID, size, x.Now())
	}
	if err != nil {
		return route.Answer{}, smallIsTaken(request.Route, err)
	}
	answer, err := x.perform(request, body)
	switch {
	case err != nil:
		x.uploads.add(accountID, -size, x.Now())
	case remembered:
		x.uploads.add(accountID, int64(len(answer.Body)), x.Now())
	}
	return answer, err
}

// takeUpload books bytes of the account's that are stored besides those of a body.
func (x *exchange) takeUpload(bytes int64) error {
	return x.uploads.take(x.asker.Account, bytes, x.Now())
}

// room is why nothing new is taken, nil where it is.
func (x *exchange) room() error {
	if x.Room == nil {
		return nil
	}
	return x.Room()
}

// smallIsTaken adds to a refusal that a smaller request of the route would not be refused.
func smallIsTaken(r *route.Route, refusal error) error {
	var f *fault.Error
	if asksForRoom(r, nil) || !errors.As(refusal, &f) {
		return refusal
	}
	told := *f
	told.Detail += fmt.Sprintf(" Bodies of up to %d KiB are taken all the same: a status by itself stops calls.", smallBody>>10)
	return &told
}
