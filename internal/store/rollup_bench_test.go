package store_test

import (
	"fmt"
	"testing"
	"time"

	"nacre/internal/account"
	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/id"
	"nacre/internal/report"
	"nacre/internal/store"
)

// BenchmarkTallyCalls says what analytics cost per call in the range, before it is rolled up and after: go test -bench TallyCalls -run ^$ ./internal/store
func BenchmarkTallyCalls(b *testing.B) {
	const calls = 100_000
	s, err := store.OpenSQLite(b.TempDir()+"/"+store.FileName, store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	begin := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	owner, pearl := id.ID("650000000000000000000001"), id.ID("650000000000000000000002")
	err = s.Update(b.Context(), func(tx engine.Tx) error {
		if err := tx.InsertAccount(account.Account{ID: owner, Created: begin}); err != nil {
			return err
		}
		if err := tx.InsertPearl(campaign.Pearl{ID: pearl, Account: owner, Type: campaign.OutboundPearl, Created: begin, Version: 1}); err != nil {
			return err
		}
		for n := range calls {
			start := begin.Add(time.Duration(n) * 70 * time.Second)
			c := call.Call{
				ID: id.ID(fmt.Sprintf("66%022x", n)), Account: owner, Pearl: pearl, Lead: id.ID(fmt.Sprintf("67%022x", n%30_000)),
				To: fmt.Sprintf("+1%03d55501%02d", 200+n/100%700, n%100), Start: start, Answered: start.Add(time.Second), Ended: start.Add(time.Minute), Finished: start.Add(time.Minute),
				Status: call.Completed, Outcome: call.Success, Conversation: []int{10, 100, 110, 130}[n%4], Sentiment: n % 6, Summary: "A summary of a sentence or two, as long as most of them are.",
				Transcript: []call.Line{{Role: call.Pearl, Content: "Good morning, this is the florist. Shall we deliver the flowers tomorrow at nine?", End: 4}, {Role: call.Client, Content: "Yes, please.", Start: 5, End: 6}},
			}
			if err := tx.InsertCall(c); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	tally := func(b *testing.B) {
		for b.Loop() {
			tally := report.NewTally(time.UTC)
			if err := s.TallyCalls(b.Context(), owner, pearl, begin, begin.Add(report.MaxRange), tally); err != nil {
				b.Fatal(err)
			}
			if o := tally.Report(nil).Overview; o.TotalCalls != calls || o.TotalLeads != 30_000 {
				b.Fatal(o)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/calls, "µs/call")
	}
	b.Run("due", tally)
	err = s.Update(b.Context(), func(tx engine.Tx) error {
		due, err := tx.DueRollups(begin.Add(report.MaxRange), calls)
		for _, d := range due {
			if _, err := tx.RollUp(d); err != nil {
				return err
			}
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("rolled", tally)
}
