package wire

import (
	"testing"
	"time"

	"nacre/internal/campaign"
	"nacre/internal/engine"
)

// TestMidnight: a Pearl's day is that of its own zone, whatever zone its leads use.
func TestMidnight(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ zone, now, want string }{
		{"Pacific Standard Time", "2026-11-23T07:59:59Z", "2026-11-22T08:00:00Z"},
		{"Pacific Standard Time", "2026-11-23T08:00:00Z", "2026-11-23T08:00:00Z"},
		{"Europe/Rome", "2026-11-22T23:30:00Z", "2026-11-22T23:00:00Z"},
		{"Europe/Rome", "2026-03-29T12:00:00Z", "2026-03-28T23:00:00Z"},       // a day of 23 hours
		{"America/Sao_Paulo", "2018-11-04T12:00:00Z", "2018-11-04T03:00:00Z"}, // that day began at 01:00
		{"Asia/Kathmandu", "2026-11-23T18:15:00Z", "2026-11-23T18:15:00Z"},
		{"", "2026-11-23T18:15:00Z", "2026-11-23T00:00:00Z"},
	} {
		now, err := time.Parse(time.RFC3339, test.now)
		if err != nil {
			t.Fatal(err)
		}
		p := campaign.Pearl{Definition: campaign.Definition{TimeZone: test.zone}, Outbound: &campaign.OutboundSettings{TimeZone: "Asia/Tokyo"}}
		if got := Midnight(p, now).Format(time.RFC3339); got != test.want {
			t.Errorf("%s at %s: %s, want %s", test.zone, test.now, got, test.want)
		}
	}
}

// TestBudgetConsumed: whole units, rounded down.
func TestBudgetConsumed(t *testing.T) {
	t.Parallel()
	for spent, want := range map[int64]int64{0: 0, 99: 0, 100: 1, 199: 1, 12345: 123} {
		p := campaign.Pearl{Type: campaign.OutboundPearl, Outbound: &campaign.OutboundSettings{}, Spent: spent}
		if got := NewPearlTotals(p, engine.PearlCounts{}, "").BudgetConsumed; got != want {
			t.Errorf("%d hundredths are %d, want %d", spent, got, want)
		}
	}
}
