package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"nacre/internal/account"
	"nacre/internal/engine"
	"nacre/internal/id"
)

// signIns are the entries of the audit log about them, oldest first, in few words.
func (w *world) signIns(event int) string {
	w.t.Helper()
	entries, err := w.store.AuditLog(w.ctx, w.account, time.Time{}, time.Time{}, event, nil, 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	var texts []string
	for _, entry := range slices.Backward(entries) {
		texts = append(texts, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", entry.UserType, entry.User, entry.UserName, entry.Data)))
	}
	return strings.Join(texts, "; ")
}

// writeSignIns answers in how long to ask again, 0 for never.
func (w *world) writeSignIns() time.Duration {
	w.t.Helper()
	next, err := w.e.WriteSignIns(w.ctx, false)
	if err != nil {
		w.t.Fatal(err)
	}
	if next.IsZero() {
		return 0
	}
	return next.Sub(w.clock.Now())
}

// testSignIns: the first use of a key from an address within a day is a sign-in, whoever asks and however often.
func testSignIns(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	key := account.Key{ID: "aaaaaaaaaaaaaaaaaaaaaaaa", Account: w.account, Name: "crm"}
	other := account.Key{ID: "bbbbbbbbbbbbbbbbbbbbbbbb", Account: w.account, Name: "site"}
	for range 3 {
		w.e.KeyUsed(key, "192.0.2.1")
	}
	if told := w.heard.signIns; told != 1 {
		t.Errorf("told %d times of one sign-in", told)
	}
	same(t, "before it is written", w.signIns(2), "")
	w.writeSignIns()
	const first = `key key:aaaaaaaaaaaaaaaaaaaaaaaa crm {"address":"192.0.2.1","count":3}`
	same(t, "the first", w.signIns(2), first)

	w.clock.Add(24*time.Hour - time.Millisecond)
	w.e.KeyUsed(key, "192.0.2.1")
	w.writeSignIns()
	same(t, "within a day", w.signIns(2), first)
	// A process that begins anew asks the log.
	w.e = engine.New(w.e.Config)
	w.e.KeyUsed(key, "192.0.2.1")
	w.writeSignIns()
	same(t, "within a day, after a restart", w.signIns(2), first)

	w.e.KeyUsed(key, "192.0.2.2")
	w.writeSignIns()
	const elsewhere = first + `; key key:aaaaaaaaaaaaaaaaaaaaaaaa crm {"address":"192.0.2.2","count":1}`
	same(t, "from elsewhere", w.signIns(2), elsewhere)
	w.e.KeyUsed(other, "192.0.2.1")
	w.writeSignIns()
	const another = elsewhere + `; key key:bbbbbbbbbbbbbbbbbbbbbbbb site {"address":"192.0.2.1","count":1}`
	same(t, "with another key", w.signIns(2), another)
	w.clock.Add(24*time.Hour + time.Millisecond)
	w.e.KeyUsed(key, "192.0.2.2")
	if again := w.writeSignIns(); again != 0 {
		t.Errorf("ask again in %v, although nothing waits", again)
	}
	same(t, "a day later", w.signIns(2), another+`; key key:aaaaaaaaaaaaaaaaaaaaaaaa crm {"address":"192.0.2.2","count":1}`)

	found, err := s.AuditLog(w.ctx, w.account, time.Time{}, time.Time{}, 2, []string{"key:bbbbbbbbbbbbbbbbbbbbbbbb"}, 10)
	if err != nil || len(found) != 1 {
		t.Errorf("sign-ins of one key: %v, %v", found, err)
	}
}

// testRefusedSignIns: a flood of wrong keys writes little, loses no count, and nothing for accounts that do not exist.
func testRefusedSignIns(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	unknown := id.ID("ffffffffffffffffffffffff")
	entry := func(text string) string { return "anonymous anonymous  " + text }
	for range 4 {
		w.e.KeyRefused(w.account, "192.0.2.1")
		w.e.KeyRefused(unknown, "192.0.2.1")
	}
	if again := w.writeSignIns(); again != 0 {
		t.Errorf("ask again in %v, although nothing waits", again)
	}
	want := entry(`{"address":"192.0.2.1","count":4}`)
	same(t, "the first", w.signIns(1), want)
	if found, err := s.AuditLog(w.ctx, unknown, time.Time{}, time.Time{}, 0, nil, 10); err != nil || len(found) > 0 {
		t.Errorf("audit log of an account that does not exist: %v, %v", found, err)
	}

	w.clock.Add(20 * time.Second)
	for range 5 {
		w.e.KeyRefused(w.account, "192.0.2.1")
	}
	if again := w.writeSignIns(); again != 40*time.Second {
		t.Errorf("ask again in %v, want when a minute is over", again)
	}
	same(t, "within a minute", w.signIns(1), want)
	w.clock.Add(40 * time.Second)
	w.writeSignIns()
	want += "; " + entry(`{"address":"192.0.2.1","count":5}`)
	same(t, "after a minute", w.signIns(1), want)

	// From many addresses: the busiest by themselves, all others together.
	w.clock.Add(time.Minute)
	for n := range 2000 {
		w.e.KeyRefused(w.account, fmt.Sprintf("198.51.100.%d/%d", n%256, n))
	}
	for n := range 5 {
		for range n + 2 {
			w.e.KeyRefused(w.account, fmt.Sprintf("198.51.100.%d/%d", n, n))
		}
	}
	w.writeSignIns()
	for n := 4; n >= 0; n-- {
		want += "; " + entry(fmt.Sprintf(`{"address":"198.51.100.%d/%d","count":%d}`, n, n, n+3))
	}
	want += "; " + entry(`{"address":null,"addresses":995,"count":1995}`)
	same(t, "from many addresses", w.signIns(1), want)

	// What waits for its minute is written at the end.
	w.e.KeyRefused(w.account, "192.0.2.9")
	if _, err := w.e.WriteSignIns(w.ctx, true); err != nil {
		t.Fatal(err)
	}
	same(t, "at the end", w.signIns(1), want+"; "+entry(`{"address":"192.0.2.9","count":1}`))
}

// testRefusalsFromEverywhere: what is remembered of strangers is bounded over all accounts; they are counted still.
func testRefusalsFromEverywhere(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	for n := range 60_000 {
		w.e.KeyRefused(id.ID(fmt.Sprintf("%024x", n/1000)), fmt.Sprint(n))
	}
	w.e.KeyRefused(w.account, "192.0.2.1")
	w.e.KeyRefused(w.account, "192.0.2.1")
	w.writeSignIns()
	same(t, "while there is no more room", w.signIns(1), `anonymous anonymous  {"address":null,"addresses":0,"count":2}`)
	w.clock.Add(time.Minute)
	w.e.KeyRefused(w.account, "192.0.2.1")
	w.writeSignIns()
	same(t, "when there is room again", w.signIns(1),
		`anonymous anonymous  {"address":null,"addresses":0,"count":2}; anonymous anonymous  {"address":"192.0.2.1","count":1}`)
}

// testSignInsOutliveAFault: what could not be written is written later, with what came meanwhile.
func testSignInsOutliveAFault(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	broken := &brokenStore{Store: s, broken: true}
	config := w.e.Config
	config.Store = broken
	w.e = engine.New(config)
	key := account.Key{ID: "aaaaaaaaaaaaaaaaaaaaaaaa", Account: w.account, Name: "crm"}
	note := func() {
		w.e.KeyUsed(key, "192.0.2.1")
		w.e.KeyRefused(w.account, "192.0.2.2")
	}
	note()
	if next, err := w.e.WriteSignIns(w.ctx, false); err == nil || next.IsZero() {
		t.Errorf("next %v, %v; want a fault and another time", next, err)
	}
	note()
	broken.broken = false
	w.writeSignIns()
	same(t, "sign-ins", w.signIns(2), `key key:aaaaaaaaaaaaaaaaaaaaaaaa crm {"address":"192.0.2.1","count":2}`)
	same(t, "refusals", w.signIns(1), `anonymous anonymous  {"address":"192.0.2.2","count":2}`)
}

// brokenStore fails to write while it is broken.
type brokenStore struct {
	engine.Store
	broken bool
}

func (b *brokenStore) Update(ctx context.Context, fn func(engine.Tx) error) error {
	if b.broken {
		return errors.New("the disk is full")
	}
	return b.Store.Update(ctx, fn)
}

// testSweepOfSignIns: they end; the rest of the audit log does not.
func testSweepOfSignIns(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	w.e.KeyRefused(w.account, "192.0.2.2")
	w.e.KeyUsed(account.Key{ID: "aaaaaaaaaaaaaaaaaaaaaaaa", Account: w.account, Name: "crm"}, "192.0.2.1")
	w.writeSignIns()
	born := w.clock.Now()
	count := func() string {
		t.Helper()
		var counts []string
		for _, event := range []int{1, 2, 10} {
			entries, err := s.AuditLog(w.ctx, w.account, time.Time{}, time.Time{}, event, nil, 100)
			if err != nil {
				t.Fatal(err)
			}
			counts = append(counts, fmt.Sprint(len(entries)))
		}
		return strings.Join(counts, " ")
	}
	for _, step := range []struct {
		after time.Duration
		want  string
	}{{90 * day, "1 1 1"}, {90*day + time.Minute, "0 1 1"}, {365 * day, "0 1 1"}, {365*day + time.Minute, "0 0 1"}} {
		w.clock.Set(born.Add(step.after))
		w.sweep()
		same(t, fmt.Sprintf("refused sign-ins, sign-ins, changes after %v", step.after), count(), step.want)
	}
}
