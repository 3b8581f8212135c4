package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/hours"
	"nacre/internal/id"
	"nacre/internal/lead"
)

// situation brings a new lead to where an update finds it. work and begun are set where there is a claim or a call.
type situation struct {
	name  string
	bring func(w *world) (work engine.Work, begun *engine.Begun)
}

func situations() []situation {
	return []situation{
		{"due", func(w *world) (engine.Work, *engine.Begun) { return engine.Work{}, nil }},
		{"waiting", func(w *world) (engine.Work, *engine.Begun) {
			w.finish(w.ring(), call.BusyOutcome)
			return engine.Work{}, nil
		}},
		{"queued", func(w *world) (engine.Work, *engine.Begun) { return w.claimOne(), nil }},
		{"ringing", func(w *world) (engine.Work, *engine.Begun) { return engine.Work{}, w.ring() }},
		{"talking", func(w *world) (engine.Work, *engine.Begun) { return engine.Work{}, w.talk() }},
		{"final", func(w *world) (engine.Work, *engine.Begun) {
			w.finish(w.talk(), call.Success)
			return engine.Work{}, nil
		}},
		{"used up", func(w *world) (engine.Work, *engine.Begun) {
			for range 3 {
				w.finish(w.ring(), call.BusyOutcome)
				w.clock.Add(24 * time.Hour)
			}
			return engine.Work{}, nil
		}},
	}
}

// updates are those of the table, by name. The leads of the table live in New York, where it is 05:00 and calling begins at 05:00.
func updates() map[string]engine.LeadUpdate {
	status := func(s int) engine.LeadUpdate { return engine.LeadUpdate{Status: &s} }
	return map[string]engine.LeadUpdate{
		"nothing":      {},
		"1":            status(1),
		"10":           status(10),
		"100":          status(100),
		"110":          status(110),
		"130":          status(130),
		"130 hangUp":   {Status: ptr(130), HangUp: true},
		"10 hangUp":    {Status: ptr(10), HangUp: true},
		"number":       {Phone: ptr(phoneB)},
		"same number":  {Phone: ptr("+1 (415) 555-0101")},
		"number 10":    {Phone: ptr(phoneB), Status: ptr(10)},
		"number 1":     {Phone: ptr(phoneB), Status: ptr(1)},
		"number 130":   {Phone: ptr(phoneB), Status: ptr(130)},
		"zone closed":  {Zone: ptr("Pacific Standard Time")},
		"zone open":    {Zone: ptr("Romance Standard Time")},
		"zone cleared": {Zone: ptr("")},
		"callData":     {CallData: []byte(`{"email":"ada@crm.example"}`)},
		"merge":        {CallDataMerge: []byte(`{"plan":null,"seats":7}`)},
		"external id":  {ExternalID: ptr("crm-4711")},
		"no id":        {ExternalID: ptr("")},
		"zone 10":      {Zone: ptr("Pacific Standard Time"), Status: ptr(10)},
		"all":          {Phone: ptr(phoneB), ExternalID: ptr("crm-4711"), Zone: ptr("Europe/Rome"), CallData: []byte(`{}`), Status: ptr(130)},
	}
}

// testUpdateLead is contract 1.1 as a table: what an update does to a lead in each situation, to its call, to history,
// deliveries and the dialer; and, after the arrow, how the call that was claimed or in the air ends then.
func testUpdateLead(t *testing.T, s engine.Store) {
	for _, row := range updateTable() {
		for _, warm := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/%s/warm %v", row.situation, row.update, warm), func(t *testing.T) {
				t.Parallel()
				same(t, "lead | call | history | deliveries | told => then", tryUpdate(t, s, row.situation, row.update, warm, (*world).update), row.want)
			})
		}
	}
}

// openFromFive has calling hours from 05:00 to 22:00 in the lead's zone, which is New York, where the clock of a world begins at 05:00.
func openFromFive(p *campaign.Pearl) {
	p.Outbound.CallingHours = nil
	for day := range 7 {
		p.Outbound.CallingHours = append(p.Outbound.CallingHours, hours.Window{Day: day, Start: "05:00", End: "22:00"})
	}
}

func tryUpdate(t *testing.T, s engine.Store, where, update string, warm bool, carryOut func(*world, id.ID, engine.LeadUpdate) lead.Lead) string {
	t.Helper()
	w := newWorld(t, s)
	w.pearl = w.addPearl(openFromFive)
	if warm {
		w.warmUp()
	}
	leadID := w.addLead(w.pearl, engine.NewLead{
		Phone: phoneA, ExternalID: "crm-1", Zone: "Eastern Standard Time", CallData: []byte(`{"plan":"gold","seats":3}`),
	})
	var work engine.Work
	var begun *engine.Begun
	for _, s := range situations() {
		if s.name == where {
			work, begun = s.bring(w)
		}
	}
	input, known := updates()[update]
	if !known {
		t.Fatalf("no update %q", update)
	}
	before := w.lead(leadID)
	deliveries, history := len(w.deliveries(engine.DeliveryFilter{Lead: leadID})), len(w.history(leadID))
	w.heard.reset()
	w.clock.Add(time.Minute)
	answered := carryOut(w, leadID, input)
	after := w.lead(leadID)
	if answered.Version != after.Version || answered.Status != after.Status {
		t.Errorf("the answer has version %d and status %d, the database %d and %d", answered.Version, answered.Status, after.Version, after.Status)
	}
	parts := []string{
		w.describe(before, after),
		w.describeCall(begun),
		strings.Join(w.history(leadID)[history:], ", "),
		strings.Join(w.announced(engine.DeliveryFilter{Lead: leadID})[deliveries:], ", "),
		w.told(begun),
	}
	if then := w.then(leadID, work, begun); then != "" {
		parts[len(parts)-1] += " => " + then
	}
	return strings.Join(parts, " | ")
}

// describe says what of a lead differs, and when it is due.
func (w *world) describe(before, after lead.Lead) string {
	text := fmt.Sprintf("%d", after.Status)
	if after.Version != before.Version {
		text += fmt.Sprintf(" v+%d", after.Version-before.Version)
	}
	if after.Attempts != before.Attempts {
		text += fmt.Sprintf(" attempts %d→%d", before.Attempts, after.Attempts)
	}
	if after.State.Granted {
		text += " granted"
	}
	switch {
	case after.Due.IsZero():
		text += " never"
	case after.Due.Equal(before.Due):
		text += " due as before"
	default:
		text += " due in " + w.due(after).Sub(w.clock.Now()).String()
	}
	if before.Call != after.Call || before.Claim != after.Claim {
		text += " let go"
	}
	for _, member := range []struct{ name, before, after string }{
		{"phone", string(before.Phone), string(after.Phone)}, {"externalId", before.ExternalID, after.ExternalID},
		{"zone", before.Zone, after.Zone}, {"key", before.ZoneKey, after.ZoneKey}, {"callData", string(before.CallData), string(after.CallData)},
	} {
		if member.before != member.after {
			text += fmt.Sprintf(" %s=%s", member.name, member.after)
		}
	}
	return text
}

func (w *world) describeCall(begun *engine.Begun) string {
	w.t.Helper()
	if begun == nil {
		return "-"
	}
	c := w.call(begun.Call.ID)
	if c.To != phoneA || string(c.CallData) != `{"plan":"gold","seats":3}` {
		w.t.Errorf("the call in the air changed to %s, %s", c.To, c.CallData)
	}
	return orders(c)
}

// orders are what a call in the air was told.
func orders(c call.Call) string {
	switch {
	case c.HangUp:
		return "hang up"
	case c.Cancel != call.NotCancelled:
		return "cancel=" + string(c.Cancel)
	}
	return "call goes on"
}

func (w *world) told(begun *engine.Begun) string {
	w.heard.mu.Lock()
	defer w.heard.mu.Unlock()
	var told []string
	for _, callID := range w.heard.stopped {
		if begun == nil || callID != begun.Call.ID {
			w.t.Errorf("told to stop call %s", callID)
		}
		told = append(told, "stop")
	}
	if w.heard.wakes > 0 {
		told = append(told, "wake")
	}
	if w.heard.notify > 0 {
		told = append(told, "notify")
	}
	return strings.Join(told, " ")
}

// then goes on where the update met a claim or a call: the claim is begun, the call ends as the dialer would end it.
func (w *world) then(leadID id.ID, work engine.Work, begun *engine.Begun) string {
	switch {
	case work.Lead != "":
		if next := w.begin(work); next != nil {
			same(w.t, "callData of a call that begins after the update", string(next.Call.CallData), string(w.lead(leadID).CallData))
			return "begins to " + next.Call.To
		}
		return fmt.Sprintf("no call, lead %d", w.lead(leadID).Status)
	case begun != nil:
		before := w.lead(leadID)
		outcome := call.BusyOutcome
		switch c := w.call(begun.Call.ID); {
		case !c.Answered.IsZero():
			outcome = call.Success
		case c.Cancel != call.NotCancelled:
			outcome = call.Cancelled
		}
		w.clock.Add(10 * time.Second)
		w.finish(begun, outcome)
		c := w.call(begun.Call.ID)
		if c.Live() || c.Finished.IsZero() {
			w.t.Errorf("the call is not final: %+v", c)
		}
		after := w.lead(leadID)
		text := fmt.Sprintf("call %d/%d %ds, lead %d", c.Status, c.Conversation, c.Duration(), after.Status)
		if after.Attempts != before.Attempts {
			text += fmt.Sprintf(" attempts %d→%d", before.Attempts, after.Attempts)
		}
		if after.Due.IsZero() {
			return text + " never"
		}
		return text + " due in " + w.due(after).Sub(w.clock.Now()).String()
	}
	return ""
}

func TestUpdateLeadRefusesAllOrNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openSQLite(t))
	leadID := w.addLead(w.pearl, engine.NewLead{Phone: phoneA, CallData: []byte(`{"a":1}`)})
	before := w.lead(leadID)
	for _, test := range []struct {
		name  string
		input engine.LeadUpdate
		paths []string
	}{
		{"status 20", engine.LeadUpdate{Status: ptr(20)}, []string{"Status"}},
		{"status 0", engine.LeadUpdate{Status: ptr(0)}, []string{"Status"}},
		{"status 150", engine.LeadUpdate{Status: ptr(150)}, []string{"Status"}},
		{"status 220", engine.LeadUpdate{Status: ptr(220)}, []string{"Status"}},
		{"empty number", engine.LeadUpdate{Phone: ptr("")}, []string{"PhoneNumber"}},
		{"letters", engine.LeadUpdate{Phone: ptr("+1415CALLNOW")}, []string{"PhoneNumber"}},
		{"no such zone", engine.LeadUpdate{Zone: ptr("Local")}, []string{"TimeZoneId"}},
		{"callData is a list", engine.LeadUpdate{CallData: []byte(`[]`)}, []string{"CallData"}},
		{"callData is too long", engine.LeadUpdate{CallData: []byte(`{"a":"` + strings.Repeat("x", 33<<10) + `"}`)}, []string{"CallData"}},
		{"merge is a text", engine.LeadUpdate{CallDataMerge: []byte(`"x"`)}, []string{"CallData"}},
		{"external id is too long", engine.LeadUpdate{ExternalID: ptr(strings.Repeat("é", 513))}, []string{"ExternalId"}},
		{"a good number with a bad zone and status", engine.LeadUpdate{Phone: ptr(phoneB), Zone: ptr("Nowhere"), Status: ptr(40)}, []string{"TimeZoneId", "Status"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := w.e.UpdateLead(w.ctx, w.actor, w.pearl, leadID, test.input)
			same(t, "fields", strings.Join(fields(err), " "), strings.Join(test.paths, " "))
			if after := w.lead(leadID); after.Version != before.Version {
				t.Errorf("a refused update stored version %d", after.Version)
			}
		})
	}
}

func TestUpdateLeadMisses(t *testing.T) {
	t.Parallel()
	s := openSQLite(t)
	w, other := newWorld(t, s), newWorld(t, s)
	leadID := w.add(phoneA)
	second := w.addPearl(nil)
	for _, test := range []struct {
		name  string
		actor engine.Actor
		pearl id.ID
		lead  id.ID
		what  string
	}{
		{"unknown lead", w.actor, w.pearl, "ffffffffffffffffffffffff", "LeadId"},
		{"lead of another campaign", w.actor, second, leadID, "LeadId"},
		{"unknown campaign", w.actor, "ffffffffffffffffffffffff", leadID, "PearlId"},
		{"campaign of another account", other.actor, w.pearl, leadID, "PearlId"},
		{"campaign of one's own, lead of another account", other.actor, other.pearl, leadID, "LeadId"},
	} {
		_, err := w.e.UpdateLead(w.ctx, test.actor, test.pearl, test.lead, engine.LeadUpdate{Status: ptr(130)})
		same(t, test.name, missed(err), test.what)
	}
	same(t, "status", fmt.Sprint(int(w.lead(leadID).Status)), "1")
}

func TestUpdateLeadIfMatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openSQLite(t))
	leadID := w.add(phoneA)
	stored := w.update(leadID, engine.LeadUpdate{ExternalID: ptr("first"), IfMatch: []int64{1}})
	_, err := w.e.UpdateLead(w.ctx, w.actor, w.pearl, leadID, engine.LeadUpdate{ExternalID: ptr("second"), IfMatch: []int64{1}})
	if !fault.Is(err, fault.Stale) {
		t.Errorf("an update of an old version: %v, want stale", err)
	}
	same(t, "external id", w.lead(leadID).ExternalID, "first")
	w.update(leadID, engine.LeadUpdate{ExternalID: ptr("third"), IfMatch: []int64{stored.Version - 1, stored.Version}})
	same(t, "external id", w.lead(leadID).ExternalID, "third")
}

// testDeliveriesOfATypicalLife holds contract 6.1: bodies, their order and what they announce.
func testDeliveriesOfATypicalLife(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	leadID := w.addLead(w.pearl, engine.NewLead{Phone: phoneA, ExternalID: "crm-1"})
	same(t, "after the add", w.announcedOf(leadID), "")
	begun := w.talk()
	w.update(leadID, engine.LeadUpdate{ExternalID: ptr("crm-2")})
	w.finish(begun, call.Success)
	same(t, "deliveries", w.announcedOf(leadID), "lead 20, lead 40, call 3/40, lead 100, call 4/100")
	deliveries := w.deliveries(engine.DeliveryFilter{Lead: leadID})
	for n, want := range []string{"crm-1 0", "crm-1 1", " 1", "crm-2 1", " 1"} {
		body := bodyOf(t, deliveries[n])
		same(t, fmt.Sprintf("external id and number of calls of delivery %d", n+1), fmt.Sprintf("%s %d", body.External, len(body.Calls)), want)
		if deliveries[n].State != engine.DeliveryPending || !deliveries[n].NextTry.Equal(deliveries[n].Created) {
			t.Errorf("delivery %d is %s, next try %s", n+1, deliveries[n].State, deliveries[n].NextTry)
		}
	}
	if d := deliveries[2]; !d.Start || d.Call != begun.Call.ID || d.Trace != begun.Call.Trace {
		t.Errorf("the start of the call: %+v", d)
	}
	if d := deliveries[4]; d.Start || d.Call != begun.Call.ID {
		t.Errorf("the end of the call: %+v", d)
	}
	same(t, "history", strings.Join(w.history(leadID), ", "),
		"status 1→20, status 20→40, attempt, edited externalId, outcome success, status 40→100")
}
