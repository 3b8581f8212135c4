package engine_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/hours"
	"nacre/internal/id"
	"nacre/internal/lead"
)

// changeLeads carries out a change and returns its parts: "changed/leads" each.
func (w *world) changeLeads(change engine.LeadsChange) (engine.PlannedChange, string) {
	w.t.Helper()
	change.Pearl = w.pearl
	counted, err := w.e.CountChange(w.ctx, w.actor, change)
	if err != nil {
		w.t.Fatal(err)
	}
	planned, err := w.e.PlanChange(w.ctx, w.actor, change)
	if err != nil {
		w.t.Fatal(err)
	}
	if counted.Total != len(planned.Leads) || counted.OnCall != planned.OnCall {
		w.t.Errorf("counted %d, %d on call; found %d, %d on call", counted.Total, counted.OnCall, len(planned.Leads), planned.OnCall)
	}
	var parts []string
	err = w.e.ChangeLeads(w.ctx, w.actor, planned, func(p engine.LeadsChangePart) error {
		parts = append(parts, fmt.Sprintf("%d/%d", p.Changed, p.Changed+p.Left))
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return planned, strings.Join(parts, " ")
}

// changeOne is an update of a status by a change of many, of one.
func (w *world) changeOne(leadID id.ID, input engine.LeadUpdate) lead.Lead {
	w.t.Helper()
	w.changeLeads(engine.LeadsChange{IDs: []id.ID{leadID}, Status: input.Status, HangUp: input.HangUp})
	return w.lead(leadID)
}

// testChangeOfManyIsAsAlone: the table of Update Lead holds for a lead that is one of many.
func testChangeOfManyIsAsAlone(t *testing.T, s engine.Store) {
	tried := 0
	for _, row := range updateTable() {
		input := updates()[row.update]
		if input.Status == nil || input.Phone != nil || input.Zone != nil || row.situation == "final" && row.update == "100" { // which has it already
			continue
		}
		tried++
		t.Run(row.situation+"/"+row.update, func(t *testing.T) {
			t.Parallel()
			same(t, "lead | call | history | deliveries | told => then", tryUpdate(t, s, row.situation, row.update, false, (*world).changeOne), row.want)
		})
	}
	if tried < 20 {
		t.Errorf("only %d rows of the table were tried", tried)
	}
}

func testChangeOfMany(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	rome := w.addLead(w.pearl, engine.NewLead{Phone: fictional(1), Zone: "Europe/Rome", CallData: []byte(`{"plan":"gold"}`)})
	gold := w.addLead(w.pearl, engine.NewLead{Phone: fictional(2), CallData: []byte(`{"plan":"Gold"}`)})
	plain := w.add(fictional(3))
	ringing := w.ringLead(fictional(4), `{"plan":"gold"}`)
	elsewhere := w.addTo(w.addPearl(nil), fictional(5))

	planned, parts := w.changeLeads(engine.LeadsChange{Filter: engine.LeadFilter{Search: "gold", Statuses: []int{1, 40}, Zones: []string{""}}, Status: ptr(130)})
	same(t, "leads on call", fmt.Sprint(planned.OnCall), "1")
	same(t, "parts", parts, "2/2")
	same(t, "the one that rings comes first", string(planned.Leads[0].ID), string(ringing.Call.Lead))
	statuses := func() string {
		var all []string
		for _, leadID := range []id.ID{rome, gold, plain, ringing.Call.Lead} {
			all = append(all, fmt.Sprint(int(w.lead(leadID).Status)))
		}
		return strings.Join(all, " ")
	}
	same(t, "statuses", statuses(), "1 130 1 130")
	same(t, "the ringing call", orders(w.call(ringing.Call.ID)), "cancel=stop")

	_, parts = w.changeLeads(engine.LeadsChange{Filter: engine.LeadFilter{Search: "gold"}, Status: ptr(130)})
	same(t, "what is stopped already is left, but where a call is in the air", parts, "2/3")
	same(t, "history of what was left", strings.Join(w.history(gold), ", "), "status 1→20, status 20→1, status 1→130, edited status")
	_, parts = w.changeLeads(engine.LeadsChange{IDs: []id.ID{plain, plain, elsewhere, "ffffffffffffffffffffffff", ""}, Status: ptr(100)})
	same(t, "ids of others name nothing", parts, "1/1")
	one, other := w.add(fictional(6)), w.add(fictional(7))
	planned, err := w.e.CountChange(w.ctx, w.actor, engine.LeadsChange{Pearl: w.pearl, Status: ptr(130), KeepFinal: true})
	same(t, "what a stop counts that keeps what is final", fmt.Sprint(planned.Total, err), "2 <nil>")
	for _, c := range []struct {
		what string
		stop engine.LeadsChange
		want string
	}{
		{"final ones alone", engine.LeadsChange{Filter: engine.LeadFilter{Statuses: []int{100, 130}}}, ""},
		{"by id", engine.LeadsChange{IDs: []id.ID{plain, one, gold}}, "1/1"},
		{"all", engine.LeadsChange{}, "1/1"},
	} {
		c.stop.Status, c.stop.KeepFinal = ptr(130), true
		_, parts = w.changeLeads(c.stop)
		same(t, "a stop that keeps what is final, "+c.what, parts, c.want)
	}
	same(t, "statuses after it", fmt.Sprint(statuses()+" ", w.lead(one).Status == 130, w.lead(other).Status == 130), "130 130 100 130 true true")
	_, parts = w.changeLeads(engine.LeadsChange{Filter: engine.LeadFilter{Attempts: []int{1, 2}}, Status: ptr(110)})
	same(t, "by attempts", parts, "1/1")
	_, parts = w.changeLeads(engine.LeadsChange{Filter: engine.LeadFilter{Zones: []string{"Europe/Rome"}}, Delete: true})
	same(t, "by zone", parts, "1/1")
	same(t, "leads", fmt.Sprint(w.counts().Leads), "5")

	_, err = w.e.CountChange(w.ctx, w.actor, engine.LeadsChange{Pearl: w.pearl, Status: ptr(40)})
	same(t, "a status that nobody sets", strings.Join(fields(err), " "), "Status")
	foreign := newWorld(t, s)
	_, err = foreign.e.PlanChange(w.ctx, foreign.actor, engine.LeadsChange{Pearl: w.pearl, Delete: true})
	same(t, "of another account's campaign", missed(err), "PearlId")
}

// ringLead rings a lead that is added for it.
func (w *world) ringLead(number, callData string) *engine.Begun {
	w.t.Helper()
	leadID := w.addLead(w.pearl, engine.NewLead{Phone: number, CallData: []byte(callData)})
	for _, work := range w.claim() {
		if work.Lead == leadID {
			begun := w.begin(work)
			if begun == nil {
				w.t.Fatal("the gate was shut")
			}
			w.releaseOthers(leadID)
			return begun
		}
	}
	w.t.Fatal("the lead was not claimed")
	return nil
}

// releaseOthers gives back what was claimed besides a lead.
func (w *world) releaseOthers(leadID id.ID) {
	w.t.Helper()
	claims, err := w.store.HeldClaims(w.ctx, w.e.Node)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, c := range claims {
		if c.Account == w.account && c.Lead != leadID {
			if err := w.e.Release(w.ctx, engine.Work{Claim: c.Claim, Account: c.Account, Pearl: c.Pearl, Lead: c.Lead}, 0); err != nil {
				w.t.Fatal(err)
			}
		}
	}
}

// testChangeOfManyInParts: no transaction takes more than 200 leads, all but the first wait for their turn, and what was reported stays.
func testChangeOfManyInParts(t *testing.T, s engine.Store) {
	turns := &turner{Store: s}
	w := newWorld(t, s, func(c *engine.Config) { c.Store = turns })
	ids, err := w.e.AddLeads(w.ctx, w.actor, w.pearl, inputs(0, 450), nil)
	if err != nil {
		t.Fatal(err)
	}
	turns.turns = 0
	planned, err := w.e.PlanChange(w.ctx, w.actor, engine.LeadsChange{Pearl: w.pearl, Status: ptr(130)})
	if err != nil {
		t.Fatal(err)
	}
	w.update(ids[449], engine.LeadUpdate{Status: ptr(130)})
	reported := 0
	err = w.e.ChangeLeads(w.ctx, w.actor, planned, func(p engine.LeadsChangePart) error {
		if reported++; reported == 2 {
			return errCutOff
		}
		return nil
	})
	if !errors.Is(err, errCutOff) || turns.turns != 1 {
		t.Errorf("after %d turns: %v", turns.turns, err)
	}
	same(t, "leads that are stopped", fmt.Sprint(w.counts().ByStatus), "map[1:49 130:401]")
	_, parts := w.changeLeads(engine.LeadsChange{Filter: engine.LeadFilter{Statuses: []int{1}}, Status: ptr(130)})
	same(t, "the rest", parts, "49/49")
	_, parts = w.changeLeads(engine.LeadsChange{Delete: true})
	same(t, "deleted", parts, "200/200 200/200 50/50")
	same(t, "leads", fmt.Sprint(w.counts().Leads), "0")
}

// testChangeTakenBack: leads stand exactly as before, rests included, but those that somebody has met since.
func testChangeTakenBack(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	ids := map[string]id.ID{}
	for n, name := range []string{"rests", "promised", "unreachable", "ringing"} {
		begun := w.ringLead(fictional(n), `{}`)
		ids[name] = begun.Call.Lead
		switch name {
		case "rests":
			w.finish(begun, call.BusyOutcome)
		case "promised":
			w.answer(begun)
			w.finishWith(begun, engine.Ending{Outcome: call.NotSuccess, Ended: w.clock.Now(), Callback: &call.Callback{After: time.Hour}})
		case "unreachable":
			w.finish(begun, call.NotAllocated)
		}
	}
	for n, name := range []string{"new", "queued", "edited", "set again"} {
		ids[name] = w.add(fictional(10 + n))
	}
	for _, work := range w.claim() {
		if work.Lead != ids["queued"] {
			if err := w.e.Release(w.ctx, work, 0); err != nil {
				t.Fatal(err)
			}
		}
	}
	before := map[string]lead.Lead{}
	for name, leadID := range ids {
		before[name] = w.lead(leadID)
	}
	w.clock.Add(time.Minute)
	planned, parts := w.changeLeads(engine.LeadsChange{Status: ptr(130)})
	same(t, "stopped", parts, "8/8")
	w.update(ids["edited"], engine.LeadUpdate{ExternalID: ptr("crm-9")})
	w.update(ids["set again"], engine.LeadUpdate{Status: ptr(130)})
	w.clock.Add(time.Minute)
	_, parts = w.changeLeads(engine.LeadsChange{TakeBack: planned.ID})
	same(t, "taken back", parts, "6/6")
	for name, leadID := range ids {
		l, was := w.lead(leadID), before[name]
		if name == "queued" {
			was.Status, was.Due = was.State.From, was.State.FromDue
		}
		got := fmt.Sprint(int(l.Status), l.Due, l.Rest, l.Promised, l.Attempts)
		want := fmt.Sprint(int(was.Status), was.Due, was.Rest, was.Promised, was.Attempts)
		if slices.Contains([]string{"ringing", "set again"}, name) {
			want = fmt.Sprint(130, time.Time{}, lead.Rest{}, false, was.Attempts)
		}
		same(t, name, got, want)
	}
	same(t, "history", strings.Join(w.history(ids["new"]), ", "), "status 1→20, status 20→1, status 1→130, edited status, status 130→1")
	same(t, "deliveries", w.announcedOf(ids["new"]), "lead 20, lead 1, lead 130, lead 1")
	_, parts = w.changeLeads(engine.LeadsChange{TakeBack: planned.ID})
	same(t, "taken back twice", parts, "")
}

func testZones(t *testing.T, s engine.Store) {
	w := newWorld(t, s) // it is Tuesday, 10:00 UTC
	w.pearl = w.addPearl(func(p *campaign.Pearl) {
		p.Definition.TimeZone, p.Outbound.CallingHours = "Europe/Rome", []hours.Window{{Day: 2, Start: "09:00", End: "20:00"}}
	})
	for n, name := range []string{"", "", "America/New_York", "Asia/Tokyo", "Europe/London"} {
		w.addLead(w.pearl, engine.NewLead{Phone: fictional(n), Zone: name})
	}
	w.update(w.addLead(w.pearl, engine.NewLead{Phone: fictional(9), Zone: "Asia/Kabul"}), engine.LeadUpdate{Status: ptr(130)})
	zones := func() string {
		found, err := w.e.Zones(w.ctx, w.account, w.pearl)
		if err != nil {
			t.Fatal(err)
		}
		var texts []string
		at := func(at time.Time) string {
			if at.IsZero() {
				return "never"
			}
			return at.UTC().Format("2T15:04")
		}
		for _, z := range found {
			text := fmt.Sprintf("%s (%s) %d closed until %s", z.Name, z.Offset, z.Waiting, at(z.OpensAt))
			if z.IsOpen {
				text = fmt.Sprintf("%s (%s) %d open until %s", z.Name, z.Offset, z.Waiting, at(z.ClosesAt))
			}
			texts = append(texts, text+", next "+at(z.NextAt))
		}
		return strings.Join(texts, "; ")
	}
	same(t, "zones", zones(), "Asia/Tokyo (9.0) 1 open until 24T11:00, next 24T10:00; Europe/Rome (1.0) 2 open until 24T19:00, next 24T10:00; "+
		"Europe/London (0.0) 1 open until 24T20:00, next 24T10:00; America/New_York (-5.0) 1 closed until 24T14:00, next 24T14:00")
	w.settings(w.pearl, func(o *campaign.OutboundSettings) { o.CallingHours = always() })
	same(t, "always", zones(), "Europe/Rome (1.0) 2 open until never, next 24T10:00; America/New_York (-5.0) 1 open until never, next 24T10:00; "+
		"Asia/Tokyo (9.0) 1 open until never, next 24T10:00; Europe/London (0.0) 1 open until never, next 24T10:00")
	w.finish(w.ringLead(fictional(8), `{}`), call.BusyOutcome)
	w.changeLeads(engine.LeadsChange{Filter: engine.LeadFilter{Statuses: []int{1}}, Status: ptr(130)})
	same(t, "one that rests", zones(), "Europe/Rome (1.0) 1 open until never, next 25T10:00")
}
