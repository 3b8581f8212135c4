package engine

import (
	"context"
	"fmt"
	"time"
	"unicode/utf8"

	"nacre/internal/fault"
	"nacre/internal/id"
)

// Review is what a person noted of a call that was listened to. The zero value but for its ids: nobody has yet.
type Review struct {
	Call, Account, Pearl id.ID
	Reviewed             time.Time // since when it is marked as reviewed; zero: it is not
	Comment              string
	At                   time.Time // of the last change
	By                   string    // who made it, as in history
	ByName               string
}

// ReviewInput is a change of a review; nil leaves a member as it is.
type ReviewInput struct {
	IsReviewed *bool
	Comment    *string
}

// maxComment is how many characters a comment has at most.
const maxComment = 4000

// ReviewCall marks a call as reviewed, or comments on it. It changes nothing of the call.
func (e *Engine) ReviewCall(ctx context.Context, actor Actor, callID id.ID, input ReviewInput) (Review, error) {
	if input.Comment != nil && utf8.RuneCountInString(*input.Comment) > maxComment {
		return Review{}, fault.Bad("Comment", "The field Comment must be a text of at most %d characters.", maxComment)
	}
	found, err := e.Store.ReadCall(ctx, actor.Account, callID)
	if err != nil {
		return Review{}, err
	}
	var r Review
	err = e.update(ctx, func(tx Tx, _ *Signals) (err error) {
		if r, err = tx.Review(callID); err != nil {
			return fmt.Errorf("read review: %w", err)
		}
		now := e.clock()
		r.Call, r.Account, r.Pearl = found.ID, found.Account, found.Pearl
		r.At, r.By, r.ByName = now, actor.By, actor.Name
		switch {
		case input.IsReviewed == nil:
		case !*input.IsReviewed:
			r.Reviewed = time.Time{}
		case r.Reviewed.IsZero():
			r.Reviewed = now
		}
		if input.Comment != nil {
			r.Comment = *input.Comment
		}
		return tx.SaveReview(r)
	})
	return r, err
}
