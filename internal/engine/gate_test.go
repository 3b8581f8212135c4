package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"nacre/internal/account"
	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/hours"
	"nacre/internal/id"
)

// next is what the API says about the next call of a lead.
func (w *world) next(leadID id.ID) engine.Next {
	w.t.Helper()
	next, err := w.e.NextCall(w.ctx, w.account, w.pearl, leadID)
	if err != nil {
		w.t.Fatal(err)
	}
	return next
}

// addTrunk puts the campaign's number on a trunk that works.
func (w *world) addTrunk(change func(*account.Trunk)) id.ID {
	w.t.Helper()
	trunk := account.Trunk{Trunk: call.Trunk{Host: "sip.example", Transport: "udp", MaxCalls: 100, CallsPerSecond: 5}, Name: "Carrier", Active: true}
	trunkID, err := w.e.CreateTrunk(w.ctx, w.actor, trunk, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	w.changeTrunk(trunkID, change)
	err = w.e.UpdateNumber(w.ctx, w.actor, w.number, func(n *account.Number) error { n.Trunk = trunkID; return nil })
	if err != nil {
		w.t.Fatal(err)
	}
	w.met(trunkID, account.TrunkOK)
	w.trunk = trunkID
	return trunkID
}

func (w *world) changeTrunk(trunkID id.ID, change func(*account.Trunk)) {
	w.t.Helper()
	if change == nil {
		return
	}
	_, err := w.e.UpdateTrunk(w.ctx, w.actor, trunkID, func(t *account.Trunk) error { change(t); return nil })
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) met(trunkID id.ID, state account.TrunkState) {
	w.t.Helper()
	if err := w.e.TrunkMet(w.ctx, w.account, trunkID, state, "as the peer said"); err != nil {
		w.t.Fatal(err)
	}
}

// testGates: a gate that is shut keeps leads from being claimed; one that shuts after the claim gives the lead back, and
// it is not claimed again until the gate opens (contract 9.5).
func testGates(t *testing.T, s engine.Store) {
	spend := func(w *world) {
		begun := w.talkTo(phoneB)
		w.clock.Add(10 * time.Minute)
		w.finish(begun, call.Answered)
	}
	trunkIs := func(state account.TrunkState) func(w *world) { return func(w *world) { w.met(w.trunk, state) } }
	tests := []struct {
		name   string
		before func(w *world)
		shut   func(w *world)
		open   func(w *world)
		reason string // of Next while it is shut
	}{
		{name: "campaign paused", shut: func(w *world) { w.setActive(w.pearl, false) }, open: func(w *world) { w.setActive(w.pearl, true) }, reason: "paused"},
		{name: "hours closed",
			before: func(w *world) {
				w.settings(w.pearl, func(o *campaign.OutboundSettings) {
					o.CallingHours = []hours.Window{{Day: 2, Start: "10:00", End: "12:00"}, {Day: 2, Start: "13:00", End: "24:00"}}
				})
			},
			shut: func(w *world) { w.clock.Set(tuesday.Add(2 * time.Hour)) }, open: func(w *world) { w.clock.Set(tuesday.Add(3 * time.Hour)) }, reason: "hours"},
		{name: "ringing could last beyond the hours",
			before: func(w *world) {
				w.settings(w.pearl, func(o *campaign.OutboundSettings) {
					o.CallingHours = []hours.Window{{Day: 2, Start: "10:00", End: "12:00"}, {Day: 2, Start: "13:00", End: "24:00"}}
				})
			},
			shut: func(w *world) { w.clock.Set(tuesday.Add(2*time.Hour - 29*time.Second)) },
			open: func(w *world) { w.clock.Set(tuesday.Add(2*time.Hour - 30*time.Second)) }, reason: "hours"},
		{name: "a holiday",
			shut: func(w *world) {
				w.settings(w.pearl, func(o *campaign.OutboundSettings) { o.Holidays = []hours.Holiday{{Date: "2026-11-24"}} })
			},
			open: func(w *world) { w.clock.Add(14 * time.Hour) }, reason: "hours"},
		{name: "account suspended",
			shut: func(w *world) { w.changeAccount(func(a *account.Account) { a.Standing = account.Suspended }) },
			open: func(w *world) { w.changeAccount(func(a *account.Account) { a.Standing = account.LimitedAccess }) }, reason: "account"},
		{name: "disk nearly full",
			shut: func(w *world) {
				w.e.Room = func() error { return &fault.Error{Kind: fault.Unavailable, Detail: "The disk is nearly full."} }
			},
			open: func(w *world) { w.e.Room = nil }, reason: "account"},
		{name: "no credits",
			before: func(w *world) { w.changeAccount(func(a *account.Account) { a.Credit = 1 }) },
			shut:   func(w *world) { w.changeAccount(func(a *account.Account) { a.Credit = 0 }) },
			open:   func(w *world) { w.changeAccount(func(a *account.Account) { a.Credit = 100 }) }, reason: "account"},
		{name: "budget",
			before: spend,
			shut:   func(w *world) { w.settings(w.pearl, func(o *campaign.OutboundSettings) { o.BudgetTotal = ptr(10) }) },
			open:   func(w *world) { w.settings(w.pearl, func(o *campaign.OutboundSettings) { o.BudgetTotal = ptr(11) }) }, reason: "budget"},
		{name: "number switched to inbound",
			shut: func(w *world) { w.changeNumber(func(n *account.Number) { n.Direction = account.Inbound }) },
			open: func(w *world) { w.changeNumber(func(n *account.Number) { n.Direction = account.Outbound }) }, reason: "trunk"},
		{name: "trunk switched off",
			shut: func(w *world) { w.changeTrunk(w.trunk, func(t *account.Trunk) { t.Active = false }) },
			open: func(w *world) { w.changeTrunk(w.trunk, func(t *account.Trunk) { t.Active = true }) }, reason: "trunk"},
		{name: "trunk unreachable", shut: trunkIs(account.TrunkUnreachable), open: trunkIs(account.TrunkOK), reason: "trunk"},
		{name: "trunk unreachable, changed", shut: trunkIs(account.TrunkUnreachable),
			open: func(w *world) { w.changeTrunk(w.trunk, func(t *account.Trunk) { t.Host = "sip2.example" }) }, reason: "trunk"},
		{name: "trunk refuses our credentials, for 30 s", shut: trunkIs(account.TrunkUnauthorized),
			open: func(w *world) { w.clock.Add(30 * time.Second) }, reason: "trunk"},
		{name: "all agents of the account taken",
			before: func(w *world) {
				w.changeAccount(func(a *account.Account) { a.TotalAgents = 2 })
				other := w.addPearl(nil)
				w.addTo(other, phoneB)
				if works := w.claimOf(other, 1); len(works) != 1 {
					w.t.Fatal("the other campaign's lead was not claimed")
				}
			},
			shut: func(w *world) { w.changeAccount(func(a *account.Account) { a.TotalAgents = 1 }) },
			open: func(w *world) { w.changeAccount(func(a *account.Account) { a.TotalAgents = 2 }) }, reason: "agents"},
	}
	for _, test := range tests {
		for _, claimed := range []bool{false, true} {
			name := test.name + "/before the claim"
			if claimed {
				name = test.name + "/after the claim"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, s, func(c *engine.Config) {
					c.PricePerMinute = 100
					c.CreditsBind = test.name == "no credits"
				})
				if strings.HasPrefix(test.name, "trunk") {
					w.addTrunk(nil)
				}
				if test.before != nil {
					test.before(w)
				}
				leadID := w.add(phoneA)
				var work engine.Work
				if claimed {
					work = w.claimOne()
				}
				test.shut(w)
				if claimed {
					if begun := w.begin(work); begun != nil {
						t.Fatal("a call began through a shut gate")
					}
				}
				if l := w.lead(leadID); l.Status != 1 || l.Attempts != 0 || l.Due.IsZero() {
					t.Errorf("the lead is %+v", l)
				}
				if works := w.claim(); len(works) > 0 {
					t.Fatal("a lead was claimed through a shut gate")
				}
				same(t, "reason", w.next(leadID).Reason, test.reason)
				test.open(w)
				same(t, "reason once it is open", w.next(leadID).Reason, "callable")
				if begun := w.ring(); begun.Call.To != phoneA {
					t.Errorf("called %s", begun.Call.To)
				}
			})
		}
	}
}

// TestRingUntil: a call carries the end of the hours in which it begins, in the zone of its lead, less what follows without
// a gap and holidays.
func TestRingUntil(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openSQLite(t))
	w.settings(w.pearl, func(o *campaign.OutboundSettings) {
		o.CallingHours = []hours.Window{{Day: 2, Start: "09:00", End: "12:00"}, {Day: 2, Start: "12:00", End: "15:00"}}
		o.Holidays = []hours.Holiday{{Date: "2026-11-24", Start: "14:30", End: "24:00"}}
	})
	w.addLead(w.pearl, engine.NewLead{Phone: phoneA})
	w.addLead(w.pearl, engine.NewLead{Phone: phoneB, Zone: "Europe/Rome"})
	ends := map[string]string{}
	for _, work := range w.claim() {
		begun := w.begin(work)
		if want := map[string]string{phoneA: "Etc/UTC", phoneB: "Europe/Rome"}[begun.Call.To]; begun.Script.Zone.String() != want {
			t.Errorf("the script's zone is %s, want %s", begun.Script.Zone, want)
		}
		ends[begun.Call.To] = begun.Invite.RingUntil.Format(time.RFC3339)
	}
	made := w.makeCall(fictional(1))
	begun := w.begin(w.claimOne())
	same(t, "end of the hours", fmt.Sprint(ends[phoneA], ends[phoneB], begun.Call.Request == made.ID, begun.Invite.RingUntil.Format(time.RFC3339)),
		"2026-11-24T14:30:00Z2026-11-24T13:30:00Ztrue2026-11-24T14:30:00Z")
}

// testNumberMovesToAnotherTrunk: a call that waited for its turn on one trunk does not go out over another, where others wait.
func testNumberMovesToAnotherTrunk(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	first := w.addTrunk(nil)
	leadID := w.add(phoneA)
	work := w.claimOne()
	second := w.addTrunk(nil)
	if begun := w.begin(work); begun != nil || work.Trunk.ID != first {
		t.Errorf("began %v, claimed for trunk %s", begun, work.Trunk.ID)
	}
	same(t, "lead", fmt.Sprint(int(w.lead(leadID).Status), w.lead(leadID).Attempts), "1 0")
	begun := w.ring()
	if begun.Invite.Trunk.ID != second {
		t.Errorf("dialled over %s, want %s", begun.Invite.Trunk.ID, second)
	}
}

func (w *world) changeNumber(change func(*account.Number)) {
	w.t.Helper()
	err := w.e.UpdateNumber(w.ctx, w.actor, w.number, func(n *account.Number) error { change(n); return nil })
	if err != nil {
		w.t.Fatal(err)
	}
}

// testGatesOfTheLead: verdicts about the number and the attempts end a lead that falls due, or that was claimed already.
func testGatesOfTheLead(t *testing.T, s engine.Store) {
	tests := []struct {
		name   string
		number string
		shut   func(w *world, leadID id.ID)
		ends   string // status when it falls due
		after  string // status where the change comes after the claim: at once, and after the next claim
		reason string
	}{
		{"blacklisted number", phoneA, func(w *world, _ id.ID) { w.suppress(phoneA) }, "220", "220 220", "blacklisted"},
		{"blacklisted prefix", phoneA, func(w *world, _ id.ID) { w.suppress("+1415") }, "220", "220 220", "blacklisted"},
		{"a prefix of another", phoneA, func(w *world, _ id.ID) { w.suppress("+1416", "+14155550199", "+41") }, "20", "20 20", "callable"},
		{"country not enabled", phoneA, func(w *world, _ id.ID) {
			w.changeAccount(func(a *account.Account) { a.CountryCodes = []string{"39"} })
		}, "30", "20 30", "countryCode"},
		{"attempts lowered", phoneA, func(w *world, _ id.ID) {
			w.settings(w.pearl, func(o *campaign.OutboundSettings) { o.MaximumCallAttempts = 1 })
		}, "150", "20 150", "attempts"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, claimed := range []bool{false, true} {
				w := newWorld(t, s)
				leadID := w.add(test.number)
				if strings.HasPrefix(test.name, "attempts") {
					w.finish(w.ring(), call.BusyOutcome)
					w.clock.Add(24 * time.Hour)
				}
				if !claimed {
					test.shut(w, leadID)
					same(t, "reason", w.next(leadID).Reason, test.reason)
					w.claim()
					same(t, "before the claim", fmt.Sprint(int(w.lead(leadID).Status)), test.ends)
					continue
				}
				work := w.claimOne()
				test.shut(w, leadID)
				after := fmt.Sprint(int(w.lead(leadID).Status))
				if begun := w.begin(work); (begun != nil) != (test.ends == "20") {
					t.Errorf("begun: %v", begun)
				} else if begun == nil {
					w.claim()
					after += fmt.Sprintf(" %d", w.lead(leadID).Status)
				} else {
					after += " 20"
				}
				same(t, "after the claim", after, test.after)
			}
		})
	}
	t.Run("unknown country", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, s)
		leadID := w.add("+21055550101")
		if works := w.claim(); len(works) > 0 {
			t.Error("a number of no country was claimed")
		}
		same(t, "status and deliveries", fmt.Sprintf("%d: %s", w.lead(leadID).Status, w.announcedOf(leadID)), "30: lead 30")
	})
	t.Run("blacklisted while it rings", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, s)
		begun := w.talkTo(phoneB)
		leadID := w.add(phoneA)
		ringing := w.ring()
		w.heard.reset()
		w.suppress("+1415")
		if len(w.heard.stopped) != 1 || w.heard.stopped[0] != ringing.Call.ID {
			t.Errorf("told to stop %v", w.heard.stopped)
		}
		w.finish(ringing, call.Cancelled)
		w.finish(begun, call.Success)
		same(t, "rang", fmt.Sprintf("%d %d", w.lead(leadID).Status, w.lead(leadID).Attempts), "220 1")
		same(t, "talked", fmt.Sprint(int(w.lead(begun.Call.Lead).Status)), "100")
		if err := w.e.Unsuppress(w.ctx, w.actor, []string{"+1415"}); err != nil {
			t.Fatal(err)
		}
		same(t, "after the entry is removed", fmt.Sprint(int(w.lead(leadID).Status)), "220")
		w.update(leadID, engine.LeadUpdate{Status: ptr(10)})
		if again := w.ring(); again.Call.Lead != leadID {
			t.Error("Update Lead brings it back")
		}
	})
}

// testBudgetCountsRunningCalls: no call begins once the running ones have used the budget up; they end normally.
func testBudgetCountsRunningCalls(t *testing.T, s engine.Store) {
	w := newWorld(t, s, func(c *engine.Config) { c.PricePerMinute = 100 })
	w.settings(w.pearl, func(o *campaign.OutboundSettings) { o.BudgetTotal = ptr(3) })
	running := w.talkTo(phoneA)
	leadID := w.add(phoneB)
	w.clock.Add(2 * time.Minute)
	work := w.claimOne() // 2 of 3
	w.clock.Add(time.Millisecond)
	if begun := w.begin(work); begun != nil {
		t.Error("a call began beyond the budget: the running one is in its third minute")
	}
	if works := w.claim(); len(works) > 0 {
		t.Error("claimed beyond the budget")
	}
	same(t, "reason", w.next(leadID).Reason, "budget")
	w.finish(running, call.Success)
	same(t, "the running call", fmt.Sprint(int(w.lead(running.Call.Lead).Status)), "100")
	if works := w.claim(); len(works) > 0 {
		t.Error("claimed when the budget is spent")
	}
	w.settings(w.pearl, func(o *campaign.OutboundSettings) { o.BudgetTotal = ptr(4) })
	w.ring()
}

// testTrunkLimits: maxCalls binds, and a trunk in state unknown carries one call at a time.
func testTrunkLimits(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	trunkID := w.addTrunk(func(t *account.Trunk) { t.MaxCalls = 3 })
	other := w.addPearl(nil) // over the same trunk
	for n := range 5 {
		w.add(fictional(n))
		w.addTo(other, fictional(10+n))
	}
	works := append(w.claim(), w.claimOf(other, 50)...)
	same(t, "claimed over a trunk of three calls", fmt.Sprint(len(works)), "3")
	begun := w.begin(works[0])
	if begun.Invite.Trunk.ID != trunkID || begun.Invite.Trunk.Host != "sip.example" {
		t.Errorf("invite over %+v", begun.Invite.Trunk)
	}
	w.changeTrunk(trunkID, func(t *account.Trunk) { t.Host = "sip2.example" }) // its state is unknown now
	for _, work := range works[1:] {
		if w.begin(work) != nil {
			t.Error("a second call began over a trunk in state unknown")
		}
	}
	if works := append(w.claim(), w.claimOf(other, 50)...); len(works) > 0 {
		t.Error("claimed while the one call is out that may try the trunk")
	}
	w.finish(begun, call.BusyOutcome)
	works = append(w.claim(), w.claimOf(other, 50)...)
	same(t, "claimed over a trunk in state unknown", fmt.Sprint(len(works)), "1")
	w.met(trunkID, account.TrunkOK)
	works = append(works, append(w.claim(), w.claimOf(other, 50)...)...)
	same(t, "claimed once it works", fmt.Sprint(len(works)), "3")
}

// testDaylightSaving: hours follow the wall clock on the days the clocks change.
func testDaylightSaving(t *testing.T, s engine.Store) {
	for _, test := range []struct {
		name       string
		start, end string
		closed     time.Time
		open       time.Time
	}{
		// 2026-03-29 02:00 in Rome does not exist: the window from 02:30 begins at 03:00 (01:00 UTC).
		{"spring", "02:30", "04:00", time.Date(2026, 3, 29, 0, 59, 59, 0, time.UTC), time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC)},
		// 2026-10-25 02:30 in Rome comes twice, at 00:30 and 01:30 UTC: a window from 02:30 to 02:40 is open both times.
		{"autumn", "02:30", "02:40", time.Date(2026, 10, 25, 0, 40, 0, 0, time.UTC), time.Date(2026, 10, 25, 1, 30, 0, 0, time.UTC)},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, s)
			w.clock.Set(test.closed)
			w.settings(w.pearl, func(o *campaign.OutboundSettings) {
				o.CallingHours = []hours.Window{{Day: 0, Start: test.start, End: test.end}}
			})
			leadID := w.addLead(w.pearl, engine.NewLead{Phone: phoneA, Zone: "W. Europe Standard Time"})
			w.update(leadID, engine.LeadUpdate{Zone: ptr("Europe/Rome")})
			if works := w.claim(); len(works) > 0 {
				t.Error("claimed outside the hours")
			}
			if due := w.next(leadID).DueAt; !due.Equal(test.open) {
				t.Errorf("due at %s, want %s", due, test.open)
			}
			pearl, err := s.ReadPearl(w.ctx, w.account, w.pearl)
			if err != nil {
				t.Fatal(err)
			}
			if at, err := w.e.LookAgain(w.ctx, pearl); err != nil || !at.Equal(test.open) {
				t.Errorf("look again at %s, %v; want %s", at, err, test.open)
			}
			w.clock.Set(test.open)
			w.ring()
		})
	}
}

// testNumberBusy: a lead whose number is on another live call waits a moment, then is looked at again.
func testNumberBusy(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	other := w.addPearl(nil)
	first, second := w.add(phoneA), w.addTo(other, phoneA)
	w.begin(w.claimOne())
	if works := w.claimOf(other, 10); len(works) > 0 {
		t.Fatal("claimed a lead whose number is on a live call")
	}
	l := w.leadOf(other, second)
	same(t, "the other lead", fmt.Sprintf("%d due in %s", l.Status, l.Due.Sub(w.clock.Now())), "1 due in 5s")
	receipt, err := w.e.MakeCall(w.ctx, w.actor, other, phoneA, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	free, err := w.e.MakeCall(w.ctx, w.actor, other, phoneB, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	works := w.claimOf(other, 1) // the request behind one that waits for its number is not held up
	if len(works) != 1 || works[0].Request != free.ID {
		t.Errorf("claimed %+v, want the request to the free number", works)
	}
	pearl, err := s.ReadPearl(w.ctx, w.account, other)
	if err != nil {
		t.Fatal(err)
	}
	if next, err := w.e.LookAgain(w.ctx, pearl); err != nil || next.Sub(w.clock.Now()) != 5*time.Second {
		t.Errorf("look again at %s, %v; want in 5 s", next, err)
	}
	w.clock.Add(5 * time.Second)
	if works := w.claimOf(other, 10); len(works) > 0 {
		t.Error("claimed while the first call is live")
	}
	if err := w.e.DeleteLeads(w.ctx, w.actor, w.pearl, []id.ID{first}); err != nil {
		t.Fatal(err)
	}
	w.clock.Add(5 * time.Second)
	if works := w.claimOf(other, 10); len(works) > 0 {
		t.Error("claimed while the cancelled call to the number is not over")
	}
	unfinished, err := s.UnfinishedCalls(w.ctx, w.e.Node)
	if err != nil || len(unfinished) != 1 {
		t.Fatalf("unfinished calls: %v, %v", unfinished, err)
	}
	w.finish(&engine.Begun{Call: unfinished[0]}, call.Cancelled)
	w.clock.Add(5 * time.Second)
	works = w.claimOf(other, 10)
	if len(works) != 1 || works[0].Request != receipt.ID {
		t.Fatalf("claimed %+v, want the made call: it goes first, and the lead waits for it", works)
	}
}
