package webhook

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"nacre/internal/engine"
)

const (
	maxTries      = 12
	maxRetryAfter = 24 * time.Hour
	// trustedTries is after how many tries a Retry-After below the schedule's own wait is no longer taken at its word:
	// a receiver that always says one second would otherwise use up twelve tries in twelve seconds.
	trustedTries = 3
)

// waits is the schedule of contract 6.5: the wait after the 1st, 2nd, … try.
func waits(try int) time.Duration {
	return [maxTries - 1]time.Duration{
		5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour,
		3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 24 * time.Hour,
	}[try-1]
}

// exchangeResult is what came of one exchange.
type exchangeResult struct {
	try        engine.Try
	delivered  bool
	gone       bool          // the receiver answered 410 to the POST
	retryAfter time.Duration // of a 429 or 503, else zero
	aborted    bool          // we gave up because the sender stops; nothing is known
}

// next decides the state after a try. earlier are the tries before it, oldest first; jitter is in [0, 1).
func next(earlier []engine.Try, result exchangeResult, now time.Time, jitter float64) (engine.DeliveryState, time.Time) {
	switch made := triesSinceReplay(earlier) + 1; {
	case result.delivered:
		return engine.DeliveryDelivered, time.Time{}
	case result.gone, made >= maxTries:
		return engine.DeliveryDead, time.Time{}
	default:
		wait := waits(made)
		wait = time.Duration(float64(wait) * (0.9 + 0.2*jitter))
		if result.retryAfter > wait || result.retryAfter > 0 && made <= trustedTries {
			wait = result.retryAfter
		}
		return engine.DeliveryPending, now.Add(wait).Truncate(time.Millisecond)
	}
}

// triesSinceReplay counts the tries of the schedule that runs now. Each replay of a settled delivery begins a new one,
// and where one ended can be read from the tries themselves.
func triesSinceReplay(tries []engine.Try) int {
	made := 0
	for _, try := range tries {
		if made++; made == maxTries || try.Status == http.StatusGone || try.Status/100 == 2 && try.Error == "" {
			made = 0
		}
	}
	return made
}

// retryAfter reads a Retry-After header (RFC 9110, 10.2.3): between a second and a day; zero where there is none.
func retryAfter(header string, now time.Time) time.Duration {
	header = strings.TrimSpace(header)
	if header == "" {
		return 0
	}
	wait := time.Duration(0)
	if strings.Trim(header, "0123456789") == "" {
		seconds, err := strconv.ParseInt(header, 10, 64)
		if err != nil || seconds > int64(maxRetryAfter/time.Second) {
			return maxRetryAfter // more digits than fit are more than a day
		}
		wait = time.Duration(seconds) * time.Second
	} else {
		at, err := http.ParseTime(header)
		if err != nil {
			return 0
		}
		wait = at.Sub(now)
	}
	return min(max(wait, time.Second), maxRetryAfter)
}
