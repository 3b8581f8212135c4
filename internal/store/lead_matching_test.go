package store

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"nacre/internal/account"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/id"
	"nacre/internal/lead"
	"nacre/internal/phone"
	"nacre/internal/store/storetest"
)

// TestMatchingLeadsInParts: a campaign is gone through in several searches, which together find each lead once, those that were
// added at the same instant too.
func TestMatchingLeadsInParts(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *Store) {
		outbound := campaign.DefaultOutbound()
		var leads []lead.Lead
		for n := range 10 {
			l := lead.Add(lead.Lead{ID: id.ID(fmt.Sprintf("%024x", 100+n)), Account: planAccount, Campaign: planPearl, Phone: phone.Number(fmt.Sprintf("+141555501%02d", n))}, storetest.Noon)
			if n%5 == 4 {
				l.Status, l.Due = lead.Success, time.Time{}
			}
			leads = append(leads, l)
		}
		err := s.Update(t.Context(), func(tx engine.Tx) error {
			if err := tx.InsertAccount(account.Account{ID: planAccount, Created: storetest.Noon}); err != nil {
				return err
			}
			if err := tx.InsertPearl(campaign.Pearl{ID: planPearl, Account: planAccount, Type: campaign.OutboundPearl, Outbound: &outbound, Created: storetest.Noon, Version: 1}); err != nil {
				return err
			}
			return tx.InsertLeads(leads)
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, s.matches = range []int{1, 2, 3, 10, 11} {
			for _, c := range []struct {
				statuses []int
				want     int
			}{{nil, 10}, {[]int{1}, 8}, {[]int{1, 100}, 10}} {
				found, err := s.MatchingLeads(t.Context(), planAccount, planPearl, engine.LeadFilter{Statuses: c.statuses}, nil, "")
				var ids []id.ID
				for _, m := range found {
					ids = append(ids, m.ID)
				}
				slices.Sort(ids)
				if err != nil || len(ids) != c.want || len(slices.Compact(ids)) != c.want {
					t.Errorf("%d at once, statuses %v: %d leads, %d of them different, want %d; %v", s.matches, c.statuses, len(found), len(slices.Compact(ids)), c.want, err)
				}
			}
		}
	})
}
