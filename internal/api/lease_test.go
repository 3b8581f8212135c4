package api_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nacre/internal/account"
	"nacre/internal/api"
	"nacre/internal/engine"
	"nacre/internal/id"
)

// counted counts the look-ups of keys.
type counted struct {
	api.Queries
	keys atomic.Int64
}

func (c *counted) Key(ctx context.Context, accountID id.ID, hash []byte) (account.Key, error) {
	c.keys.Add(1)
	return c.Queries.Key(ctx, accountID, hash)
}

// TestAKeyIsLookedUpOnceInAWhile: many requests with one key in a short time are one look-up, and a while later it is looked
// up again. A wrong key, and a right one with the id of another account, never profit.
func TestAKeyIsLookedUpOnceInAWhile(t *testing.T) {
	t.Parallel()
	lookUps := &counted{}
	w := newWorld(t, func(c *api.Config) { lookUps.Queries, c.Queries = c.Queries, lookUps })
	status := func(key string) int {
		return w.ask(t, "GET /v2/Account\nAuthorization: Bearer "+key).StatusCode
	}
	began, asked := time.Now(), 0
	for ; asked < 1000 && time.Since(began) < 20*engine.KeyLease; asked++ {
		if got := status(w.names["key"]); got != http.StatusOK {
			t.Fatal(got)
		}
	}
	if most := int64(time.Since(began)/engine.KeyLease) + 1; lookUps.keys.Load() > most || int64(asked) < most {
		t.Errorf("%d look-ups for %d requests within %s", lookUps.keys.Load(), asked, time.Since(began))
	}
	before := lookUps.keys.Load()
	time.Sleep(engine.KeyLease)
	if got := status(w.names["key"]); got != http.StatusOK || lookUps.keys.Load() != before+1 {
		t.Errorf("a while later: %d, %d look-ups", got, lookUps.keys.Load()-before)
	}
	_, secret, _ := strings.Cut(w.names["key"], ":")
	other, _, _ := strings.Cut(w.names["otherKey"], ":")
	for _, wrong := range []string{other + ":" + secret, w.names["account"] + ":" + strings.Repeat("x", 32)} {
		if got := status(wrong); got != http.StatusUnauthorized {
			t.Errorf("%s: %d", wrong, got)
		}
	}
}

// TestARevokedKeyIsOfNoUse: from the moment its revocation was answered no request with the key is served, also where it
// was used until then without a pause, and whoever revoked it.
func TestARevokedKeyIsOfNoUse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for round := range 3 {
		keyID, key, err := w.engine.CreateKey(t.Context(), w.actor, fmt.Sprintf("revoked %d", round), account.ScopeRead, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		var revoked atomic.Bool
		var served, refused atomic.Int64
		var users sync.WaitGroup
		stop := make(chan struct{})
		for range 4 {
			users.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					after := revoked.Load()
					switch got := w.ask(t, "GET /v2/Account\nAuthorization: Bearer "+key).StatusCode; {
					case got == http.StatusOK && after:
						t.Error("a revoked key was taken")
						return
					case got == http.StatusOK:
						served.Add(1)
					default: // 401, and 429 when it was tried too often
						refused.Add(1)
					}
				}
			})
		}
		for deadline := time.Now().Add(5 * time.Second); served.Load() < 20 && time.Now().Before(deadline); {
			time.Sleep(time.Millisecond)
		}
		if err := w.engine.DeleteKey(t.Context(), w.actor, keyID); err != nil {
			t.Fatal(err)
		}
		revoked.Store(true)
		time.Sleep(engine.KeyLease)
		close(stop)
		users.Wait()
		if served.Load() < 20 || refused.Load() == 0 {
			t.Errorf("%d served, %d refused", served.Load(), refused.Load())
		}
	}
}
