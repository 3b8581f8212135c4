package api

import (
	"math"
	"strconv"
	"sync"
	"time"

	"nacre/internal/fault"
	"nacre/internal/id"
)

// limit takes one token from the bucket of a key or person and says in headers how full it is (contract 0.7).
func (x *exchange) limit(asker id.ID) error {
	state, off := x.keys.take(asker, x.now)
	if off {
		return nil
	}
	header := x.w.Header()
	header.Set("RateLimit-Limit", strconv.Itoa(state.limit))
	header.Set("RateLimit-Remaining", strconv.Itoa(state.remaining))
	header.Set("RateLimit-Reset", strconv.Itoa(state.reset))
	if state.wait > 0 {
		return &fault.Error{Kind: fault.TooMany, Detail: "The key's rate limit is reached.", RetryAfter: state.wait}
	}
	return nil
}

// buckets are token buckets, one for each id: of a key, or of an account.
type buckets struct {
	rate  float64 // tokens a second, 0 = no limit
	size  float64
	mu    sync.Mutex
	byKey map[id.ID]*bucket
}

type bucket struct {
	tokens float64
	at     time.Time
}

// fill is what a key has left.
type fill struct {
	limit, remaining int
	reset            int           // seconds until the bucket is full
	wait             time.Duration // above 0: refused; a request after this time is not
}

// maxIdle is how many keys are remembered before full buckets are forgotten.
const maxIdle = 10_000

func newBuckets(rate, size int) *buckets {
	return &buckets{rate: float64(rate), size: float64(max(size, 1)), byKey: map[id.ID]*bucket{}}
}

func (b *buckets) take(key id.ID, now time.Time) (state fill, off bool) {
	if b.rate <= 0 {
		return fill{}, true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	one := b.of(key, now)
	state.limit = int(b.size)
	if one.tokens < 1 {
		state.wait = time.Duration(math.Ceil((1 - one.tokens) / b.rate * float64(time.Second)))
	} else {
		one.tokens--
	}
	state.remaining = int(one.tokens)
	state.reset = int(math.Ceil((b.size - one.tokens) / b.rate))
	return state, false
}

// of is the bucket of a key, filled up for the time that has passed. The lock is held.
func (b *buckets) of(key id.ID, now time.Time) *bucket {
	one := b.byKey[key]
	if one == nil {
		if len(b.byKey) >= maxIdle {
			b.forgetFull(now)
		}
		one = &bucket{tokens: b.size, at: now}
		b.byKey[key] = one
	}
	switch passed := now.Sub(one.at); {
	case passed > 0:
		one.tokens = math.Min(b.size, one.tokens+passed.Seconds()*b.rate)
		one.at = now
	case passed < -time.Minute: // the clock was set back; less is a request that began before the one counted last
		one.at = now
	}
	return one
}

func (b *buckets) forgetFull(now time.Time) {
	for key, one := range b.byKey {
		if one.tokens+now.Sub(one.at).Seconds()*b.rate >= b.size {
			delete(b.byKey, key)
		}
	}
}
