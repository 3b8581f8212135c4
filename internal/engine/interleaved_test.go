package engine_test

import (
	"context"
	"fmt"
	"testing"

	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
)

// interposed is a store in which something happens right before the next transaction: what a use case has read ahead
// of it is old by then.
type interposed struct {
	engine.Store
	before func()
}

func (i *interposed) Update(ctx context.Context, fn func(engine.Tx) error) error {
	if before := i.before; before != nil {
		i.before = nil
		before()
	}
	return i.Store.Update(ctx, fn)
}

// testUpdateLeadIsNotJudgedByOldReads: between the read and the write of an update the lead or its campaign changes.
func testUpdateLeadIsNotJudgedByOldReads(t *testing.T, s engine.Store) {
	tests := []struct {
		name   string
		input  engine.LeadUpdate
		before func(w *world, leadID id.ID)
		want   string // lead, call, deliveries
	}{
		{"the lead's call began", engine.LeadUpdate{Status: ptr(130)}, func(w *world, _ id.ID) { w.ring() },
			"130 v4 cancel=stop: lead 20, lead 40, call 3/40, lead 130"},
		{"the lead's call was answered", engine.LeadUpdate{Status: ptr(130), HangUp: true}, func(w *world, _ id.ID) { w.talk() },
			"130 v5 hang up: lead 20, lead 40, call 3/40, lead 130"},
		{"the lead was claimed", engine.LeadUpdate{Phone: ptr(phoneB)}, func(w *world, _ id.ID) { w.claimOne() },
			"1 v3: lead 20, lead 1"},
		{"the lead was called and is final", engine.LeadUpdate{Status: ptr(10)}, func(w *world, _ id.ID) { w.finish(w.talk(), call.Success) },
			"10 v6 call goes on: lead 20, lead 40, call 3/40, lead 100, call 4/100, lead 10"},
		{"another update came first", engine.LeadUpdate{CallDataMerge: []byte(`{"b":2}`)}, func(w *world, leadID id.ID) {
			w.update(leadID, engine.LeadUpdate{CallDataMerge: []byte(`{"a":1}`), ExternalID: ptr("crm-1")})
		}, `1 v3 crm-1 {"a":1,"b":2}: `},
		{"the webhook was removed", engine.LeadUpdate{Status: ptr(130)}, func(w *world, _ id.ID) {
			_, _, err := w.e.UpdatePearl(w.ctx, w.actor, w.pearl, engine.AuditPearlSettings, "", func(p *campaign.Pearl) error { p.Webhooks.LeadURL = ""; return nil })
			if err != nil {
				w.t.Fatal(err)
			}
		}, "130 v2: "},
		{"the default region changed", engine.LeadUpdate{Phone: ptr("020 7946 0101")}, func(w *world, _ id.ID) {
			w.settings(w.pearl, func(o *campaign.OutboundSettings) { o.DefaultRegion = "GB" })
		}, "1 v2 +442079460101: "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			between := &interposed{Store: s}
			w := newWorld(t, between)
			if test.input.Phone != nil && *test.input.Phone != phoneB {
				w.settings(w.pearl, func(o *campaign.OutboundSettings) { o.DefaultRegion = "IT" })
			}
			w.warmUp()
			leadID := w.add(phoneA)
			between.before = func() { test.before(w, leadID) }
			w.update(leadID, test.input)
			l := w.lead(leadID)
			text := fmt.Sprintf("%d v%d", l.Status, l.Version)
			if l.ExternalID != "" {
				text += fmt.Sprintf(" %s %s", l.ExternalID, l.CallData)
			}
			if l.Phone != phoneA && l.Phone != phoneB {
				text += " " + string(l.Phone)
			}
			if _, last, err := s.LeadCalls(w.ctx, leadID); err != nil {
				t.Fatal(err)
			} else if last != nil {
				text += " " + orders(*last)
			}
			same(t, "lead, call: deliveries", text+": "+w.announcedOf(leadID), test.want)
		})
	}
	t.Run("the lead was deleted", func(t *testing.T) {
		t.Parallel()
		between := &interposed{Store: s}
		w := newWorld(t, between)
		w.warmUp()
		leadID := w.add(phoneA)
		between.before = func() {
			if err := w.e.DeleteLeads(w.ctx, w.actor, w.pearl, []id.ID{leadID}); err != nil {
				t.Fatal(err)
			}
		}
		_, err := w.e.UpdateLead(w.ctx, w.actor, w.pearl, leadID, engine.LeadUpdate{Status: ptr(10)})
		same(t, "update", missed(err), "LeadId")
	})
	t.Run("If-Match names the version that was read", func(t *testing.T) {
		t.Parallel()
		between := &interposed{Store: s}
		w := newWorld(t, between)
		w.warmUp()
		leadID := w.add(phoneA)
		between.before = func() { w.update(leadID, engine.LeadUpdate{ExternalID: ptr("first")}) }
		_, err := w.e.UpdateLead(w.ctx, w.actor, w.pearl, leadID, engine.LeadUpdate{ExternalID: ptr("second"), IfMatch: []int64{1}})
		if !fault.Is(err, fault.Stale) {
			t.Errorf("an update of an old version: %v, want stale", err)
		}
		same(t, "external id", w.lead(leadID).ExternalID, "first")
	})
}
