package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"nacre/internal/account"
	"nacre/internal/engine"
	"nacre/internal/id"
	"nacre/internal/lead"
	"nacre/internal/store"
	"nacre/test/process"
)

// leads measures what depends on how many leads there are: adding many at once, claiming from few and from a million, and
// the memory of a server that has them.
func (b *bench) leads(ctx context.Context) error {
	few, many := 10_000, 1_000_000
	if b.quick {
		many = 200_000
	}
	large, err := openFolder(ctx, filepath.Join(b.dir, "large"))
	if err != nil {
		return err
	}
	defer func() { _ = large.store.Close() }()
	largePearl, err := large.newPearl(ctx, "large", large.sandbox, 1000)
	if err != nil {
		return err
	}
	added, err := b.bulk(ctx, large, largePearl)
	if err != nil {
		return fmt.Errorf("add leads: %w", err)
	}
	if _, err := large.addLeads(ctx, largePearl, added, many-added); err != nil {
		return err
	}
	small, err := openFolder(ctx, filepath.Join(b.dir, "small"))
	if err != nil {
		return err
	}
	defer func() { _ = small.store.Close() }()
	smallPearl, err := small.newPearl(ctx, "small", small.sandbox, 1000)
	if err != nil {
		return err
	}
	if _, err := small.addLeads(ctx, smallPearl, 0, few); err != nil {
		return err
	}
	if err := b.claims(ctx, small, smallPearl, few, large, largePearl, many); err != nil {
		return fmt.Errorf("claim leads: %w", err)
	}
	if _, err := large.engine.SetActive(ctx, large.actor, largePearl, false, false); err != nil {
		return err
	}
	return b.memory(ctx, large, largePearl, many)
}

// bulk adds lists of leads, turn by turn with a raw writer that inserts the same rows one by one with a prepared statement
// into the same indexes, in one transaction. It answers how many were added.
func (b *bench) bulk(ctx context.Context, f *folder, pearlID id.ID) (added int, err error) {
	path := filepath.Join(b.dir, "bulk-raw.db")
	empty, err := store.OpenSQLite(path, store.Options{})
	if err != nil {
		return 0, err
	}
	if err := empty.Close(); err != nil {
		return 0, err
	}
	raw, err := openRaw(path, tuned)
	if err != nil {
		return 0, err
	}
	defer raw.close()
	ids, err := newIDs()
	if err != nil {
		return 0, err
	}
	var ours, limits []time.Duration
	var ratios []float64
	for range 3 {
		inputs := newLeads(added, engine.MaxLeads)
		began := time.Now()
		if _, err := f.engine.AddLeads(ctx, f.actor, pearlID, inputs, nil); err != nil {
			return 0, err
		}
		took := time.Since(began)
		rows := rawLeads(ids, f.actor.Account, pearlID, inputs)
		began = time.Now()
		if err := raw.insertLeads(rows); err != nil {
			return 0, err
		}
		limit := time.Since(began)
		added += len(inputs)
		ours, limits, ratios = append(ours, took), append(limits, limit), append(ratios, float64(took)/float64(limit))
	}
	ratio := median(ratios)
	b.add(result{
		name: fmt.Sprintf("Add %d leads at once", engine.MaxLeads), figure: seconds(median(ours)), raw: seconds(median(limits)), ratio: times(ratio),
		goal: "≤ 1.50×", missed: ratio > 1.5,
	})
	return added, nil
}

// rawLeads are the rows that adding the leads writes.
func rawLeads(ids *id.Source, accountID, pearlID id.ID, inputs []engine.NewLead) [][]any {
	now := time.Now()
	rows := make([][]any, len(inputs))
	for n, in := range inputs {
		rows[n] = []any{
			string(ids.New(now)), string(accountID), string(pearlID), in.Phone, in.ExternalID, in.Zone, in.Zone, string(in.CallData), "", int64(lead.New),
			now.UnixMilli(), int64(1), int64(0), now.UnixMilli(), int64(0), "", "", "", int64(0), "", string(in.CallData), int64(0),
		}
	}
	return rows
}

func (r *rawDB) insertLeads(rows [][]any) error {
	if err := r.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	for _, values := range rows {
		err := r.exec(`INSERT INTO lead (id, account_id, pearl_id, phone, external_id, zone, zone_key, call_data, collected, status, created, version,
			attempts, due, promised, claim, node, call_id, sequence, state, search, held) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, values...)
		if err != nil {
			return err
		}
	}
	return r.exec("COMMIT")
}

// claims measures one claim of twenty leads, over all zones, in a small and in a large campaign turn by turn. What was
// claimed is stopped again, so that each claim finds other leads.
func (b *bench) claims(ctx context.Context, small *folder, smallPearl id.ID, few int, large *folder, largePearl id.ID, many int) error {
	const batch = 20
	rounds := 100
	if b.quick {
		rounds = 20
	}
	for _, f := range []*folder{small, large} {
		if _, err := f.engine.UpdateAccount(ctx, f.actor, func(a *account.Account) error { a.TotalAgents = 1000; return nil }); err != nil {
			return err
		}
	}
	if _, err := small.engine.SetActive(ctx, small.actor, smallPearl, true, false); err != nil {
		return err
	}
	if _, err := large.engine.SetActive(ctx, large.actor, largePearl, true, false); err != nil {
		return err
	}
	claim := func(f *folder, pearlID id.ID) (time.Duration, error) {
		began := time.Now()
		works, _, err := f.engine.Claim(ctx, f.actor.Account, pearlID, batch)
		took := time.Since(began)
		if err == nil && len(works) != batch {
			err = fmt.Errorf("claimed %d of %d", len(works), batch)
		}
		if err != nil {
			return 0, err
		}
		stop := int(lead.Completed)
		for _, w := range works {
			if _, err := f.engine.UpdateLead(ctx, f.actor, pearlID, w.Lead, engine.LeadUpdate{Status: &stop}); err != nil {
				return 0, err
			}
		}
		return took, nil
	}
	var ours, limits []time.Duration
	for range rounds {
		limit, err := claim(small, smallPearl)
		if err != nil {
			return err
		}
		took, err := claim(large, largePearl)
		if err != nil {
			return err
		}
		ours, limits = append(ours, took), append(limits, limit)
	}
	ratio := float64(median(ours)) / float64(median(limits))
	b.add(result{
		name: fmt.Sprintf("Claim %d leads of %s, against %s", batch, thousands(many), thousands(few)), figure: milliseconds(median(ours)),
		raw: milliseconds(median(limits)), ratio: times(ratio), goal: "≤ 1.50×", missed: ratio > 1.5,
	})
	return nil
}

// memory is what a server needs that has the leads and was asked about some of them; what hears and speaks takes the same
// with any number of leads, and is left out.
func (b *bench) memory(ctx context.Context, f *folder, pearlID id.ID, count int) (err error) {
	_, key, err := f.engine.CreateKey(ctx, f.actor, "bench", account.ScopeFull, time.Time{})
	if err = errors.Join(err, f.store.Close()); err != nil {
		return err
	}
	server, err := start(ctx, "", filepath.Join(b.dir, "memory.log"), nil, b.nacre, "serve", "--data", f.dir, "--listen", "127.0.0.1:0",
		"--sip-listen", "127.0.0.1:0", "--rate-limit", "0", "--speech", "none", "--log-level", "error")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	if err := server.settle(ctx); err != nil {
		return err
	}
	c := client{process.Client{Base: server.address, Key: key}}
	at := "/v2/Outbound/" + string(pearlID)
	for turn := range 50 {
		var page struct {
			Count   int
			Results []struct{ ID string }
		}
		search := map[string]any{"limit": 1000, "skip": turn * 1000, "sortProp": "phoneNumber"}
		if err := c.Do(ctx, "POST", at+"/Leads", search, &page); err != nil {
			return err
		}
		if page.Count != count || len(page.Results) != 1000 {
			return fmt.Errorf("found %d leads, %d on the page", page.Count, len(page.Results))
		}
		for _, row := range page.Results[:20] {
			if err := c.Do(ctx, "PUT", at+"/Lead/"+row.ID, map[string]any{"status": int(lead.Completed)}, nil); err != nil {
				return err
			}
		}
	}
	resident, err := server.memory()
	if err != nil {
		return err
	}
	mib := resident >> 20
	b.add(result{
		name: fmt.Sprintf("Memory of a server with %s leads", thousands(count)), figure: fmt.Sprintf("%d MiB", mib), goal: "< 300 MiB", missed: mib >= 300,
	})
	return nil
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

// thousands writes a number with commas.
func thousands(n int) string {
	text := fmt.Sprint(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}
