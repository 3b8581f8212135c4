package engine_test

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"nacre/internal/account"
	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/hours"
	"nacre/internal/id"
	"nacre/internal/lead"
	"nacre/internal/store"
)

// tuesday is when every world begins: an ordinary working day, in UTC.
var tuesday = time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)

// Numbers kept for fiction.
const (
	phoneA = "+14155550101"
	phoneB = "+14155550102"
)

// clock is a time that stands still until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

func (c *clock) Add(d time.Duration) { c.Set(c.Now().Add(d)) }

// heard keeps what the engine told its listeners.
type heard struct {
	mu                     sync.Mutex
	wakes, notify, signIns int
	stopped                []id.ID
	announced              []id.ID // accounts
	calls                  []call.Call
	changed                []engine.Changed
}

func (h *heard) Committed(s engine.Signals) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range s.Stopped {
		h.stopped = append(h.stopped, c.ID)
	}
	h.announced, h.calls, h.changed = append(h.announced, s.Announced...), append(h.calls, s.Calls...), append(h.changed, s.Changed...)
	if s.Callable {
		h.wakes++
	}
	if s.Deliveries {
		h.notify++
	}
	if s.SignIns {
		h.signIns++
	}
}

func (h *heard) reset() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.wakes, h.notify, h.stopped = 0, 0, nil
	h.announced, h.calls, h.changed = nil, nil, nil
}

// shortRenderer writes bodies that a test can name in a few words: "lead 130", "call 3/40".
type shortRenderer struct{}

type shortBody struct {
	Text     string  `json:"text"`
	Calls    []id.ID `json:"calls,omitempty"`
	External string  `json:"externalId,omitempty"`
	Phone    string  `json:"phone,omitempty"`
}

func (shortRenderer) LeadBody(l lead.Lead, _ campaign.Pearl, calls []id.ID, _ time.Time) ([]byte, error) {
	return json.Marshal(shortBody{Text: fmt.Sprintf("lead %d", l.Status), Calls: calls, External: l.ExternalID, Phone: string(l.Phone)})
}

func (shortRenderer) CallBody(c call.Call, _ campaign.Pearl, _ *lead.Lead, _ time.Time) ([]byte, error) {
	return json.Marshal(shortBody{Text: fmt.Sprintf("call %d/%d", c.Status, c.Conversation), Calls: []id.ID{c.ID}, Phone: c.To})
}

func openSQLite(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.OpenSQLite(filepath.Join(t.TempDir(), store.FileName), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close the database: %v", err)
		}
	})
	return s
}

// world is one account with one running campaign, an engine of its own and a clock that a test moves. Worlds that
// share a database do not meet.
type world struct {
	t       *testing.T
	ctx     context.Context
	store   engine.Store
	e       *engine.Engine
	clock   *clock
	heard   *heard
	account id.ID
	actor   engine.Actor
	number  id.ID
	pearl   id.ID
	trunk   id.ID // set by addTrunk
}

// worldOption changes the engine's configuration before it is made.
type worldOption func(*engine.Config)

func newWorld(t *testing.T, s engine.Store, options ...worldOption) *world {
	t.Helper()
	ids, err := id.NewSource(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, ctx: context.Background(), store: s, clock: &clock{now: tuesday}, heard: &heard{}}
	config := engine.Config{
		Store: s, Renderer: shortRenderer{}, IDs: ids, Now: w.clock.Now, Log: slog.New(slog.DiscardHandler),
		Node: "node-" + string(ids.New(tuesday)),
	}
	for _, option := range options {
		option(&config)
	}
	w.e = engine.New(config)
	w.e.Listen(w.heard)
	owner, err := w.e.CreateAccount(w.ctx, "Example")
	if err != nil {
		t.Fatal(err)
	}
	w.account, w.actor = owner.ID, engine.Actor{Account: owner.ID, By: "key:test"}
	numbers, err := s.Numbers(w.ctx, w.account)
	if err != nil || len(numbers) != 1 {
		t.Fatalf("numbers of a new account: %v, %v", numbers, err)
	}
	w.number = numbers[0].ID
	w.pearl = w.addPearl(nil)
	return w
}

// always are calling hours without an end.
func always() []hours.Window {
	var windows []hours.Window
	for day := range 7 {
		windows = append(windows, hours.Window{Day: day, Start: "00:00", End: "24:00"})
	}
	return windows
}

// addPearl makes a running campaign: three attempts, a day between them, 30 s of ringing, open at all hours.
func (w *world) addPearl(change func(*campaign.Pearl)) id.ID {
	w.t.Helper()
	pearlID := w.addPausedPearl(change)
	w.setActive(pearlID, true)
	return pearlID
}

func (w *world) addPausedPearl(change func(*campaign.Pearl)) id.ID {
	w.t.Helper()
	outbound := campaign.DefaultOutbound()
	outbound.PhoneNumberID, outbound.TotalAgents, outbound.CallingHours = w.number, 100, always()
	pearl := campaign.Pearl{
		Type: campaign.OutboundPearl, Name: "Example", Outbound: &outbound,
		Definition: campaign.Definition{TimeZone: "UTC", OpeningSentence: "Hello {firstName}."},
		Webhooks:   campaign.Webhooks{CallURL: "https://crm.example/calls", LeadURL: "https://crm.example/leads", Version: 2},
	}
	if change != nil {
		change(&pearl)
	}
	pearlID, err := w.e.CreatePearl(w.ctx, w.actor, pearl, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return pearlID
}

func (w *world) setActive(pearlID id.ID, active bool) {
	w.t.Helper()
	if _, err := w.e.SetActive(w.ctx, w.actor, pearlID, active, false); err != nil {
		w.t.Fatal(err)
	}
}

// settings changes the settings of a campaign.
func (w *world) settings(pearlID id.ID, change func(*campaign.OutboundSettings)) {
	w.t.Helper()
	_, _, err := w.e.UpdatePearl(w.ctx, w.actor, pearlID, engine.AuditPearlSettings, "", func(p *campaign.Pearl) error {
		change(p.Outbound)
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) changeAccount(change func(*account.Account)) {
	w.t.Helper()
	_, err := w.e.UpdateAccount(w.ctx, w.actor, func(a *account.Account) error { change(a); return nil })
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) add(number string) id.ID { w.t.Helper(); return w.addTo(w.pearl, number) }

func (w *world) addTo(pearlID id.ID, number string) id.ID {
	w.t.Helper()
	return w.addLead(pearlID, engine.NewLead{Phone: number})
}

func (w *world) addLead(pearlID id.ID, input engine.NewLead) id.ID {
	w.t.Helper()
	leadID, err := w.e.AddLead(w.ctx, w.actor, pearlID, input, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return leadID
}

func (w *world) lead(leadID id.ID) lead.Lead { w.t.Helper(); return w.leadOf(w.pearl, leadID) }

func (w *world) leadOf(pearlID, leadID id.ID) lead.Lead {
	w.t.Helper()
	l, err := w.store.ReadLead(w.ctx, w.account, pearlID, leadID)
	if err != nil {
		w.t.Fatal(err)
	}
	return l
}

// rules are the campaign's, as they are.
func (w *world) rules() lead.Rules {
	w.t.Helper()
	pearl, err := w.store.ReadPearl(w.ctx, w.account, w.pearl)
	if err != nil {
		w.t.Fatal(err)
	}
	return pearl.Outbound.Rules()
}

// due is when a lead may be called as its campaign's rules are.
func (w *world) due(l lead.Lead) time.Time { w.t.Helper(); return l.DueAt(w.rules()) }

func (w *world) call(callID id.ID) call.Call {
	w.t.Helper()
	c, err := w.store.ReadCall(w.ctx, w.account, callID)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func (w *world) request(requestID id.ID) engine.Request {
	w.t.Helper()
	r, err := w.store.ReadRequest(w.ctx, w.account, requestID)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func (w *world) claim() []engine.Work { w.t.Helper(); return w.claimOf(w.pearl, 50) }

func (w *world) claimOf(pearlID id.ID, limit int) []engine.Work {
	w.t.Helper()
	works, _, err := w.e.Claim(w.ctx, w.account, pearlID, limit)
	if err != nil {
		w.t.Fatal(err)
	}
	return works
}

// claimOne claims what must be one lead or request.
func (w *world) claimOne() engine.Work {
	w.t.Helper()
	works := w.claim()
	if len(works) != 1 {
		w.t.Fatalf("claimed %d, want 1", len(works))
	}
	return works[0]
}

// begin passes the last gate; nil where it is shut.
func (w *world) begin(work engine.Work) *engine.Begun {
	w.t.Helper()
	begun, err := w.e.Begin(w.ctx, work, "0af7651916cd43dd8448eb211c80319c")
	if err != nil {
		w.t.Fatal(err)
	}
	return begun
}

// ring claims what must be one lead or request and begins its call.
func (w *world) ring() *engine.Begun {
	w.t.Helper()
	begun := w.begin(w.claimOne())
	if begun == nil {
		w.t.Fatal("the gate was shut")
	}
	return begun
}

func (w *world) answer(begun *engine.Begun) {
	w.t.Helper()
	holds, err := w.e.Answer(w.ctx, begun.Call)
	if err != nil || !holds {
		w.t.Fatalf("answer: holds %v, %v", holds, err)
	}
}

// talk rings and is answered.
func (w *world) talk() *engine.Begun {
	w.t.Helper()
	begun := w.ring()
	w.answer(begun)
	return begun
}

func (w *world) finish(begun *engine.Begun, outcome call.Outcome) {
	w.t.Helper()
	w.finishWith(begun, engine.Ending{Outcome: outcome, Ended: w.clock.Now()})
}

func (w *world) finishWith(begun *engine.Begun, ending engine.Ending) {
	w.t.Helper()
	if err := w.e.Finish(w.ctx, begun.Call, ending); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) update(leadID id.ID, input engine.LeadUpdate) lead.Lead {
	w.t.Helper()
	view, err := w.e.UpdateLead(w.ctx, w.actor, w.pearl, leadID, input)
	if err != nil {
		w.t.Fatal(err)
	}
	return view.Lead
}

// warmUp has one update done in the campaign, so that the engine knows it and judges the next one ahead of its transaction.
func (w *world) warmUp() {
	w.t.Helper()
	leadID := w.add("+14155550198")
	w.update(leadID, engine.LeadUpdate{Status: ptr(130)})
	if err := w.e.DeleteLeads(w.ctx, w.actor, w.pearl, []id.ID{leadID}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) suppress(entries ...string) {
	w.t.Helper()
	if err := w.e.Suppress(w.ctx, w.actor, entries, "api", nil); err != nil {
		w.t.Fatal(err)
	}
}

// deliveries are what was made for a lead or a call, in order of their sequence numbers, which must be 1, 2, 3, ….
func (w *world) deliveries(filter engine.DeliveryFilter) []engine.Delivery {
	w.t.Helper()
	_, rows, err := w.store.SearchDeliveries(w.ctx, w.account, w.pearl, filter, engine.Page{Limit: 1000})
	if err != nil {
		w.t.Fatal(err)
	}
	slices.SortFunc(rows, func(a, b engine.Delivery) int { return cmp.Compare(a.Sequence, b.Sequence) })
	for n := range rows {
		if rows[n], err = w.store.ReadDelivery(w.ctx, w.account, rows[n].ID); err != nil {
			w.t.Fatal(err)
		}
		if rows[n].Sequence != int64(n+1) {
			w.t.Errorf("delivery %d has nacre-sequence %d", n+1, rows[n].Sequence)
		}
	}
	return rows
}

func (w *world) announced(filter engine.DeliveryFilter) []string {
	w.t.Helper()
	var texts []string
	for _, d := range w.deliveries(filter) {
		texts = append(texts, bodyOf(w.t, d).Text)
	}
	return texts
}

// announcedOf are the deliveries of a lead in few words.
func (w *world) announcedOf(leadID id.ID) string {
	w.t.Helper()
	return strings.Join(w.announced(engine.DeliveryFilter{Lead: leadID}), ", ")
}

func bodyOf(t *testing.T, d engine.Delivery) shortBody {
	t.Helper()
	var body shortBody
	if err := json.Unmarshal(d.Body, &body); err != nil {
		t.Fatalf("body of delivery: %v", err)
	}
	return body
}

// history is a lead's history in few words: "status 1→20, attempt".
func (w *world) history(leadID id.ID) []string {
	w.t.Helper()
	rows, err := w.store.LeadHistory(w.ctx, leadID)
	if err != nil {
		w.t.Fatal(err)
	}
	var texts []string
	for _, h := range rows {
		text := h.Kind
		if h.Kind == "status" {
			text = fmt.Sprintf("status %d→%d", h.From, h.To)
		}
		if h.Note != "" {
			text += " " + h.Note
		}
		texts = append(texts, text)
	}
	return texts
}

func ptr[T any](v T) *T { return &v }

// same fails where two texts differ.
func same(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n got %s\nwant %s", what, got, want)
	}
}
