package route

import (
	"log/slog"

	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/recording"
)

// Services are what handlers work with; v1 and v2 are given the same.
type Services struct {
	Engine  *engine.Engine // the only way to change anything
	Queries engine.Queries
	Links   recording.Links
	Log     *slog.Logger
	Prober  call.Prober     // asks carriers how they are
	Judges  campaign.Judges // rules of Pearls that other rooms know
}
