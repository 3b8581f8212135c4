package calls

import (
	"fmt"

	"nacre/internal/api/body"
	"nacre/internal/api/route"
	"nacre/internal/api/wire"
	"nacre/internal/engine"
)

// Review is what a person noted of a call.
type Review struct {
	IsReviewed bool       `json:"isReviewed"`
	ReviewedAt *wire.Time `json:"reviewedAt" doc:"when it was marked as reviewed"`
	Comment    string     `json:"comment"`
	ChangedAt  *wire.Time `json:"changedAt" doc:"null: nobody has reviewed the call"`
	ChangedBy  *string    `json:"changedBy" doc:"the person's e-mail address, or the name of the key"`
}

func reviewOf(v engine.Review) Review {
	return Review{IsReviewed: !v.Reviewed.IsZero(), ReviewedAt: wire.At(v.Reviewed), Comment: v.Comment, ChangedAt: wire.At(v.At), ChangedBy: wire.Text(v.ByName)}
}

// ReviewChange is the body of a review; absent and null mean unchanged.
type ReviewChange struct {
	IsReviewed body.Optional[bool]   `json:"isReviewed"`
	Comment    body.Optional[string] `json:"comment" api:"maxlen=4000"`
}

// GetReview answers the review of a call.
func (h *Handlers) GetReview(r *route.Request, _ route.None) (Review, error) {
	found, err := h.read(r)
	if err != nil {
		return Review{}, err
	}
	v, err := h.Queries.ReadReview(r.Context(), r.Actor.Account, found.ID)
	if err != nil {
		return Review{}, fmt.Errorf("read review: %w", err)
	}
	return reviewOf(v), nil
}

// PutReview marks a call as reviewed, or comments on it.
func (h *Handlers) PutReview(r *route.Request, in ReviewChange) (Review, error) {
	found, err := h.read(r)
	if err != nil {
		return Review{}, err
	}
	v, err := h.Engine.ReviewCall(r.Context(), r.Actor, found.ID, engine.ReviewInput{IsReviewed: in.IsReviewed.Pointer(), Comment: in.Comment.Pointer()})
	return reviewOf(v), err
}
