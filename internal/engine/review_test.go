package engine_test

import (
	"fmt"
	"strings"
	"testing"

	"nacre/internal/call"
	"nacre/internal/engine"
	"nacre/internal/id"
)

// testReview: a review stays beside its call, is found by, and goes with it.
func testReview(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	for n := range 2 {
		w.finish(w.ringLead(fictional(n), `{}`), call.BusyOutcome)
	}
	found := func(reviewed *bool) []call.Call {
		count, calls, err := s.SearchCalls(w.ctx, w.account, w.pearl, engine.CallFilter{From: tuesday, To: tuesday.AddDate(0, 0, 1), Reviewed: reviewed}, engine.Page{Limit: 10})
		if err != nil || count != len(calls) {
			t.Fatal(count, err)
		}
		return calls
	}
	first := found(nil)[0].ID
	review := func(input engine.ReviewInput) string {
		v, err := w.e.ReviewCall(w.ctx, w.actor, first, input)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(!v.Reviewed.IsZero(), " ", v.Comment, " ", v.By)
	}
	same(t, "commented", review(engine.ReviewInput{Comment: ptr("Call again.")}), "false Call again. key:test")
	same(t, "reviewed", review(engine.ReviewInput{IsReviewed: ptr(true)}), "true Call again. key:test")
	same(t, "left, done", fmt.Sprint(len(found(ptr(false))), len(found(ptr(true)))), "1 1")
	same(t, "taken back", review(engine.ReviewInput{IsReviewed: ptr(false)}), "false Call again. key:test")
	same(t, "left, done", fmt.Sprint(len(found(ptr(false))), len(found(ptr(true)))), "2 0")
	_, err := w.e.ReviewCall(w.ctx, w.actor, first, engine.ReviewInput{Comment: ptr(strings.Repeat("x", 4001))})
	same(t, "too long", strings.Join(fields(err), " "), "Comment")
	foreign := newWorld(t, s)
	_, err = foreign.e.ReviewCall(w.ctx, foreign.actor, first, engine.ReviewInput{IsReviewed: ptr(true)})
	same(t, "of another account", missed(err), "CallId")
	if _, err := w.e.DeleteCalls(w.ctx, w.actor, []id.ID{first}); err != nil {
		t.Fatal(err)
	}
	if v, err := s.ReadReview(w.ctx, w.account, first); err != nil || v != (engine.Review{}) {
		t.Errorf("the review of a deleted call: %+v, %v", v, err)
	}
}
