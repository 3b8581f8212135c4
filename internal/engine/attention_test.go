package engine_test

import (
	"errors"
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
)

// attention is what needs attention in few words, once an older answer does not hold any more: "budget error pearl".
func (w *world) attention() string {
	w.t.Helper()
	w.clock.Add(6 * time.Second)
	return w.attentionNow()
}

func (w *world) attentionNow() string {
	w.t.Helper()
	found, err := w.e.Attention(w.ctx, w.account)
	if err != nil {
		w.t.Fatal(err)
	}
	var texts []string
	for _, m := range found {
		text := fmt.Sprintf("%s %s", m.Kind, m.Severity)
		for _, part := range []struct {
			there bool
			name  string
		}{{!m.Pearl.Zero(), "pearl"}, {!m.Trunk.Zero(), "trunk"}, {!m.Since.IsZero(), "since"}, {!m.Until.IsZero(), "until " + m.Until.Format("15:04")}} {
			if part.there {
				text += " " + part.name
			}
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, ", ")
}

// testAttention: what keeps campaigns from calling is told once, with where it is mended, and no longer than it lasts.
func testAttention(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	w.e.PricePerMinute = 100
	w.addTrunk(nil)
	same(t, "at first", w.attention(), "")
	begun := w.talkTo(phoneB)
	w.clock.Add(10 * time.Minute)
	w.finish(begun, call.Answered)
	spent := w.attention()
	same(t, "without a budget", spent, "")
	steps := []struct {
		name string
		do   func()
		want string
	}{
		{"a budget that is nearly used up", func() { w.settings(w.pearl, func(o *campaign.OutboundSettings) { o.BudgetTotal = ptr(11) }) }, "budget warning pearl"},
		{"one that is used up", func() { w.settings(w.pearl, func(o *campaign.OutboundSettings) { o.BudgetTotal = ptr(10) }) }, "budget error pearl"},
		{"none", func() { w.settings(w.pearl, func(o *campaign.OutboundSettings) { o.BudgetTotal = nil }) }, ""},
		{"a trunk that does not answer", func() { w.met(w.trunk, account.TrunkUnreachable) }, "trunk error trunk"},
		{"one that does", func() { w.met(w.trunk, account.TrunkOK) }, ""},
		{"a number that does not dial out", func() { w.changeNumber(func(n *account.Number) { n.Direction = account.Inbound }) }, "number error pearl"},
		{"one that does", func() { w.changeNumber(func(n *account.Number) { n.Direction = account.Outbound }) }, ""},
		{"a suspended account", func() { w.changeAccount(func(a *account.Account) { a.Standing = account.Suspended }) }, "account error"},
		{"a full disk, which is told by itself", func() {
			w.changeAccount(func(a *account.Account) { a.Standing = account.FullAccess })
			w.e.Room = func() error { return &fault.Error{Kind: fault.Unavailable, Detail: "The disk is nearly full."} }
		}, "disk error"},
		{"ears that are slow", func() {
			w.e.Room = nil
			w.e.Senses = func() []engine.Matter { return []engine.Matter{{Kind: "ears", Severity: engine.SeverityWarning}} }
		}, "ears warning"},
		{"a voice that is missing", func() { w.e.Senses, w.e.CanSpeak = nil, func() error { return errors.New("no voice") } }, "voice error"},
		{"closed hours without anybody who is due", func() {
			w.e.CanSpeak = nil
			w.settings(w.pearl, func(o *campaign.OutboundSettings) {
				o.CallingHours = []hours.Window{{Day: 2, Start: "20:00", End: "22:00"}}
			})
		}, ""},
		{"and with somebody", func() { w.add(phoneA) }, "hours info pearl until 20:00"},
		{"a URL that answered 410", func() { w.hook(t, func(h *campaign.Webhooks) { h.LeadDisabled = true }) }, "webhook error pearl, hours info pearl until 20:00"},
		{"a paused campaign waits for no hour", func() { w.setActive(w.pearl, false) }, "webhook error pearl"},
	}
	for _, step := range steps {
		step.do()
		same(t, step.name, w.attention(), step.want)
	}
	w.changeAccount(func(a *account.Account) { a.Standing = account.Suspended })
	w.setActive(w.pearl, true)
	same(t, "within five seconds", w.attentionNow(), "webhook error pearl")
	same(t, "after them", w.attention(), "webhook error pearl, account error, hours info pearl until 20:00")
}

// testAttentionToDeadLetters: what was given up is told for a day.
func testAttentionToDeadLetters(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	w.hooks(t)
	delivery := w.leadDelivery(w.add(phoneA), 1)
	w.deliver(t, delivery)
	w.take(t, w.clock.Now(), 10)
	w.settle(t, delivery.ID, engine.DeliveryDead, w.clock.Now(), time.Time{})
	same(t, "at once", w.attention(), "webhook warning pearl since")
	w.clock.Add(25 * time.Hour)
	same(t, "a day later", w.attention(), "")
}

// testSandboxCampaign: it calls simulated people alone, and makes the number that an account has deleted.
func testSandboxCampaign(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	numbers, err := s.Numbers(w.ctx, w.account)
	if err != nil {
		t.Fatal(err)
	}
	w.setActive(w.pearl, false)
	for _, number := range numbers {
		if number.Trunk.Zero() {
			if err := w.e.DeleteNumber(w.ctx, w.actor, number.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	for range 2 { // the second one finds the number that the first has made
		pearlID, err := w.e.CreateSandboxCampaign(w.ctx, w.actor)
		if err != nil {
			t.Fatal(err)
		}
		pearl, err := s.ReadPearl(w.ctx, w.account, pearlID)
		if err != nil {
			t.Fatal(err)
		}
		if err := pearl.Check(campaign.Judges{}); err != nil {
			t.Errorf("the API would have refused it: %v", err)
		}
		count, _, err := s.SearchLeads(w.ctx, w.account, pearlID, engine.LeadFilter{}, engine.Page{Limit: 1})
		if err != nil || count != 60 {
			t.Errorf("%d leads, %v", count, err)
		}
		w.setActive(pearlID, true)
		if works := w.claimOf(pearlID, 5); len(works) != 5 || !works[0].Trunk.ID.Zero() {
			t.Errorf("claimed %d, the first over trunk %q", len(works), works[0].Trunk.ID)
		}
	}
	after, err := s.Numbers(w.ctx, w.account)
	if err != nil {
		t.Fatal(err)
	}
	sandbox := 0
	for _, number := range after {
		if number.Trunk.Zero() {
			sandbox++
		}
	}
	if sandbox != 1 {
		t.Errorf("%d numbers on the sandbox carrier", sandbox)
	}
}
