package store

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

// TestPartsTakeTurns: parts of long lists go one at a time, and wait while a long log is being copied; whoever does not wait any
// longer leaves the turn to others.
func TestPartsTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newParts()
		gone, cancel := context.WithCancel(t.Context())
		first, err := p.await(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		order := make(chan string, 8)
		go func() {
			if _, err := p.await(gone); !errors.Is(err, context.Canceled) {
				t.Errorf("the turn of one who has gone: %v", err)
			}
			order <- "gone"
		}()
		synctest.Wait()
		cancel()
		synctest.Wait()
		next := func(name string) {
			done, err := p.await(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			order <- name
			done()
		}
		go next("second")
		synctest.Wait()
		order <- "first"
		first()
		synctest.Wait()

		p.note(partPages-1, true)
		next("while a short log is copied")
		p.note(partPages, true)
		late, giveUp := context.WithCancel(t.Context())
		go func() {
			if _, err := p.await(late); !errors.Is(err, context.Canceled) {
				t.Errorf("the turn of one who has gone while the log is copied: %v", err)
			}
		}()
		synctest.Wait()
		giveUp()
		go next("after a long log is copied")
		synctest.Wait()
		for _, want := range []string{"gone", "first", "second", "while a short log is copied"} {
			if got := <-order; got != want {
				t.Errorf("%s, want %s", got, want)
			}
		}
		select {
		case got := <-order:
			t.Errorf("%s, while a long log is copied", got)
		default:
		}
		p.note(partPages+1, false) // a reader needs what is left: nobody knows for how long
		if got := <-order; got != "after a long log is copied" {
			t.Error(got)
		}
	})
}
