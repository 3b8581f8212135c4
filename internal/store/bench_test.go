package store_test

import (
	"bytes"
	"context"
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

func openBench(b *testing.B) *store.Store {
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
	return s
}

// BenchmarkUpdate: three rows, from 64 callers. bench/ has the raw limits.
func BenchmarkUpdate(b *testing.B) {
	for _, size := range []int{10_000, 200_000} {
		s := openBench(b)
		f := newFixture(b, s, size)
		b.Run(fmt.Sprintf("sqlite/leads=%d", size), func(b *testing.B) { benchmarkUpdates(b, f) })
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

// BenchmarkClaim: 16 due leads of one zone, at ten thousand and at a million leads: found, and found and claimed. Finding
// must not depend on how many there are; claiming writes to pages all over the file.
func BenchmarkClaim(b *testing.B) {
	for _, size := range []int{10_000, 1_000_000} {
		s := openBench(b)
		f := newFixture(b, s, size)
		b.Run(fmt.Sprintf("find/leads=%d", size), func(b *testing.B) { benchmarkClaims(b, f, false) })
		b.Run(fmt.Sprintf("claim/leads=%d", size), func(b *testing.B) { benchmarkClaims(b, f, true) })
	}
}

func benchmarkClaims(b *testing.B, f *fixture, claim bool) {
	for n := range b.N {
		err := f.store.Update(b.Context(), func(tx engine.Tx) error {
			due, err := tx.DueLeads(f.pearl.ID, []engine.DueQueue{{ZoneKey: fmt.Sprintf("Zone/%02d", n%24)}}, lead.Rules{}, storetest.Noon, 16)
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

// BenchmarkBulk: 50,000 leads in one transaction.
func BenchmarkBulk(b *testing.B) {
	const count = 50_000
	b.Run("sqlite", func(b *testing.B) {
		for range b.N {
			b.StopTimer()
			s := openBench(b)
			f := newFixture(b, s, 0)
			b.StartTimer()
			f.add(b, count)
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
