package api

import (
	"fmt"
	"math"
	"time"

	"nacre/internal/api/route"
	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
)

// uploads are what accounts may have stored in an hour, so that none fills the disk that all share: bodies of requests that
// create, and the answers that are kept for Idempotency-Keys. What stops calls is never counted.
type uploads struct {
	accounts *buckets
	limit    int64 // bytes an hour; 0 = no limit
}

func newUploads(hourly int64) *uploads {
	return &uploads{limit: hourly, accounts: &buckets{rate: float64(hourly) / time.Hour.Seconds(), size: float64(hourly), byKey: map[id.ID]*bucket{}}}
}

// take books bytes of an account where it has any left: the last request may be larger than that, and is paid off by waiting.
func (u *uploads) take(account id.ID, bytes int64, now time.Time) error {
	if u.limit <= 0 {
		return nil
	}
	u.accounts.mu.Lock()
	defer u.accounts.mu.Unlock()
	one := u.accounts.of(account, now)
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
func (u *uploads) add(account id.ID, bytes int64, now time.Time) {
	if u.limit <= 0 {
		return
	}
	u.accounts.mu.Lock()
	defer u.accounts.mu.Unlock()
	one := u.accounts.of(account, now)
	one.tokens = math.Min(u.accounts.size, one.tokens-float64(bytes))
}

// store performs a request whose body is to be stored, on the account's budget; kept says that its answer will be too.
func (x *exchange) store(request *route.Request, body []byte, kept bool) (route.Answer, error) {
	if !request.Route.Creates || request.Route.Stops {
		return x.perform(request, body)
	}
	account, size := request.Actor.Account, int64(len(body))
	if kept {
		size += engine.KeptRow
	}
	if err := x.uploads.take(account, size, x.Now()); err != nil {
		return route.Answer{}, err
	}
	answer, err := x.perform(request, body)
	switch {
	case err != nil:
		x.uploads.add(account, -size, x.Now())
	case kept:
		x.uploads.add(account, int64(len(answer.Body)), x.Now())
	}
	return answer, err
}
