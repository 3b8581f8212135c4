package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nacre/internal/account"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/id"
	"nacre/internal/lead"
	"nacre/internal/phone"
	"nacre/internal/store"
	"nacre/internal/store/storetest"
)

// Benchmarks say what this package gains or loses against the driver alone; each prints its raw counterpart next to it.
// bench/ measures the product.

// callers is how many transactions are under way at once.
const callers = 64

type fixture struct {
	store   *store.Store
	account account.Account
	pearl   campaign.Pearl
	ids     *id.Source
	leads   []lead.Lead
}

func newFixture(b testing.TB, s *store.Store, leads int) *fixture {
	b.Helper()
	ids, err := id.NewSource(bytes.NewReader([]byte("benchmrk")))
	if err != nil {
		b.Fatal(err)
	}
	f := &fixture{store: s, ids: ids}
	f.account = account.Account{ID: f.id(), TotalAgents: 100, Standing: account.FullAccess, Created: storetest.Noon}
	outbound := campaign.DefaultOutbound()
	f.pearl = campaign.Pearl{
		ID: f.id(), Account: f.account.ID, Type: campaign.OutboundPearl, Activity: campaign.Running, Created: storetest.Noon, Version: 1, Outbound: &outbound,
	}
	err = s.Update(b.Context(), func(tx engine.Tx) error {
		if err := tx.InsertAccount(f.account); err != nil {
			return err
		}
		return tx.InsertPearl(f.pearl)
	})
	if err != nil {
		b.Fatal(err)
	}
	for len(f.leads) < leads {
		f.add(b, min(50_000, leads-len(f.leads)))
	}
	return f
}

func (f *fixture) id() id.ID { return f.ids.New(storetest.Noon) }

// some makes leads over 24 zones with due instants over a day, half of them past.
func (f *fixture) some(count int) []lead.Lead {
	leads := make([]lead.Lead, count)
	for n := range leads {
		at := len(f.leads) + n
		leads[n] = lead.Lead{
			ID: f.id(), Account: f.account.ID, Campaign: f.pearl.ID, Phone: phone.Number(fmt.Sprintf("+1%03d55501%02d", 200+at/100%800, at%100)),
			ExternalID: fmt.Sprintf("guest-%d", at), ZoneKey: fmt.Sprintf("Zone/%02d", at%24), Status: lead.New, Created: storetest.Noon, Version: 1,
			Due:      storetest.Noon.Add(time.Duration(rand.IntN(86400)-43200) * time.Second),
			CallData: json.RawMessage(fmt.Sprintf(`{"firstName":"Ada","lastName":"Lovelace","plan":"gold","code":%d}`, at)),
		}
	}
	return leads
}

func (f *fixture) add(b testing.TB, count int) time.Duration {
	b.Helper()
	leads := f.some(count)
	began := time.Now()
	if err := f.store.Update(b.Context(), func(tx engine.Tx) error { return tx.InsertLeads(leads) }); err != nil {
		b.Fatal(err)
	}
	f.leads = append(f.leads, leads...)
	return time.Since(began)
}

// body is a webhook body of 700 bytes.
var body = []byte(strings.Repeat("0123456", 100))

// update is what Update Lead does to the database: two reads, the lead, its history, its webhook.
func (f *fixture) update(ctx context.Context, leadID id.ID) error {
	return f.store.Update(ctx, func(tx engine.Tx) error {
		if _, err := tx.Pearl(f.account.ID, f.pearl.ID, engine.Unlocked); err != nil {
			return err
		}
		before, err := tx.Lead(f.account.ID, f.pearl.ID, leadID)
		if err != nil {
			return err
		}
		next := before
		next.Version++
		next.Sequence++
		next.Status = lead.Completed
		if before.Status == lead.Completed {
			next.Status = lead.New
		}
		next.Due = time.Time{}
		if _, err := tx.LeadCallIDs(leadID); err != nil {
			return err
		}
		if err := tx.SaveLead(before, next); err != nil {
			return err
		}
		if err := tx.AddHistory(engine.History{Lead: leadID, At: storetest.Noon, Kind: "status", From: int(before.Status), To: int(next.Status), By: "key:1"}); err != nil {
			return err
		}
		return tx.AddDeliveries(engine.Delivery{
			ID: f.id(), Account: f.account.ID, Pearl: f.pearl.ID, Kind: engine.LeadDelivery, Lead: leadID, Sequence: next.Sequence, Body: body,
			State: engine.DeliveryDead, Created: storetest.Noon,
		})
	})
}

func benchmarkUpdates(b *testing.B, f *fixture) {
	var wait sync.WaitGroup
	var done atomic.Int64
	b.ResetTimer()
	for range callers {
		wait.Go(func() {
			for done.Add(1) <= int64(b.N) {
				if err := f.update(b.Context(), f.leads[rand.IntN(len(f.leads))].ID); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wait.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "updates/s")
}

func openBench(b *testing.B) (*store.Store, string) {
	b.Helper()
	path := filepath.Join(b.TempDir(), store.FileName)
	s, err := store.OpenSQLite(path, store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	return s, path
}

// BenchmarkUpdate: the store against a loop that writes the same three rows, in groups of 64, reading nothing.
func BenchmarkUpdate(b *testing.B) {
	for _, size := range []int{10_000, 200_000} {
		s, path := openBench(b)
		f := newFixture(b, s, size)
		b.Run(fmt.Sprintf("sqlite/leads=%d", size), func(b *testing.B) { benchmarkUpdates(b, f) })
		b.Run(fmt.Sprintf("raw/leads=%d", size), func(b *testing.B) { benchmarkRaw(b, f, path) })
	}
	if !testing.Short() {
		s, err := store.OpenPostgres(b.Context(), storetest.StartCluster(b).NewDatabase(b), store.Options{})
		if err != nil {
			b.Fatal(err)
		}
		defer s.Close()
		f := newFixture(b, s, 10_000)
		b.Run("postgres/leads=10000", func(b *testing.B) { benchmarkUpdates(b, f) })
	}
}

func benchmarkRaw(b *testing.B, f *fixture, path string) {
	ctx := b.Context()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=synchronous(FULL)&_pragma=cache_size(-65536)&_pragma=wal_autocheckpoint(4000)&_pragma=busy_timeout(10000)")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	prepare := func(text string) *sql.Stmt {
		stmt, err := conn.PrepareContext(ctx, text)
		if err != nil {
			b.Fatal(err)
		}
		return stmt
	}
	setLead := prepare("UPDATE lead SET version = version + 1, sequence = sequence + 1, due = 0, status = CASE status WHEN 1 THEN 130 ELSE 1 END WHERE id = ?")
	addHistory := prepare("INSERT INTO history (lead_id, at, kind, status_from, status_to, call_id, actor, note) VALUES (?, ?, 'status', 1, 130, '', 'key:1', '')")
	addDelivery := prepare(`INSERT INTO delivery (id, account_id, pearl_id, kind, lead_id, call_id, is_start, sequence, trace, state, created, next_try, tries, replays, body, lease, held_back, hurried)
		VALUES (?, ?, ?, 'lead', ?, '', 0, 1, '', 'dead', ?, 0, '', 0, ?, 0, 0, 0)`)
	exec := func(stmt *sql.Stmt, args ...any) {
		if _, err := stmt.ExecContext(ctx, args...); err != nil {
			b.Fatal(err)
		}
	}
	begin, commit := prepare("BEGIN IMMEDIATE"), prepare("COMMIT")
	b.ResetTimer()
	for n := 0; n < b.N; {
		exec(begin)
		for end := min(n+callers, b.N); n < end; n++ {
			leadID := string(f.leads[rand.IntN(len(f.leads))].ID)
			exec(setLead, leadID)
			exec(addHistory, leadID, storetest.Noon.UnixMilli())
			exec(addDelivery, string(f.id()), string(f.account.ID), string(f.pearl.ID), leadID, storetest.Noon.UnixMilli(), body)
		}
		exec(commit)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "updates/s")
}

// BenchmarkClaim: 16 due leads of one zone, at ten thousand and at a million leads: found, and found and claimed. Finding
// must not depend on how many there are; claiming writes to pages all over the file.
func BenchmarkClaim(b *testing.B) {
	for _, size := range []int{10_000, 1_000_000} {
		s, _ := openBench(b)
		f := newFixture(b, s, size)
		b.Run(fmt.Sprintf("find/leads=%d", size), func(b *testing.B) { benchmarkClaims(b, f, false) })
		b.Run(fmt.Sprintf("claim/leads=%d", size), func(b *testing.B) { benchmarkClaims(b, f, true) })
	}
}

func benchmarkClaims(b *testing.B, f *fixture, claim bool) {
	for n := range b.N {
		err := f.store.Update(b.Context(), func(tx engine.Tx) error {
			due, err := tx.DueLeads(f.pearl.ID, []string{fmt.Sprintf("Zone/%02d", n%24)}, false, storetest.Noon, 16)
			if err != nil || !claim {
				return err
			}
			for _, l := range due {
				// Straight to the end of the queue, so that the campaign does not run dry.
				next := l
				next.Due = l.Due.Add(24 * time.Hour)
				next.Version++
				if err := tx.SaveLead(l, next); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBulk: 50,000 leads in one transaction against the same rows through a prepared statement of the driver.
func BenchmarkBulk(b *testing.B) {
	const count = 50_000
	b.Run("sqlite", func(b *testing.B) {
		for range b.N {
			b.StopTimer()
			s, _ := openBench(b)
			f := newFixture(b, s, 0)
			b.StartTimer()
			f.add(b, count)
		}
	})
	b.Run("raw", func(b *testing.B) {
		for range b.N {
			b.StopTimer()
			s, path := openBench(b)
			f := newFixture(b, s, 0)
			leads := f.some(count)
			b.StartTimer()
			rawBulk(b, path, leads)
		}
	})
	if testing.Short() {
		return
	}
	cluster := storetest.StartCluster(b)
	b.Run("postgres", func(b *testing.B) {
		for range b.N {
			b.StopTimer()
			s, err := store.OpenPostgres(b.Context(), cluster.NewDatabase(b), store.Options{})
			if err != nil {
				b.Fatal(err)
			}
			f := newFixture(b, s, 0)
			b.StartTimer()
			f.add(b, count)
			b.StopTimer()
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
	})
}

func rawBulk(b *testing.B, path string, leads []lead.Lead) {
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=synchronous(FULL)&_pragma=cache_size(-65536)&_pragma=wal_autocheckpoint(4000)&_pragma=busy_timeout(10000)")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	tx, err := db.BeginTx(b.Context(), nil)
	if err != nil {
		b.Fatal(err)
	}
	stmt, err := tx.Prepare(`INSERT INTO lead (id, account_id, pearl_id, phone, external_id, zone, zone_key, call_data, collected, status, created, version, attempts,
		due, promised, claim, node, call_id, sequence, state, search, held) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	if err != nil {
		b.Fatal(err)
	}
	for _, l := range leads {
		_, err := stmt.Exec(string(l.ID), string(l.Account), string(l.Campaign), string(l.Phone), l.ExternalID, "", l.ZoneKey, string(l.CallData), "", int(l.Status),
			l.Created.UnixMilli(), 1, 0, l.Due.UnixMilli(), false, "", "", "", 0, "", l.ExternalID+"\nada\nlovelace\ngold", 0)
		if err != nil {
			b.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		b.Fatal(err)
	}
}
