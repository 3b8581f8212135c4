package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"nacre/internal/account"
)

// requests measures the API: Update Lead on disk against the raw writer, and reading a lead against the same route without
// a store. Load comes from a process of its own; both share the machine.
func (b *bench) requests(ctx context.Context) (err error) {
	length := 2500 * time.Millisecond
	if b.quick {
		length = time.Second
	}
	s, err := b.stocked(ctx)
	if err != nil {
		return err
	}
	f, err := openFolder(ctx, s.dir)
	if err != nil {
		return err
	}
	_, key, err := f.engine.CreateKey(ctx, f.actor, "bench", account.ScopeFull, time.Time{})
	if err = errors.Join(err, f.store.Close()); err != nil {
		return err
	}
	idsFile, pearlFile := filepath.Join(b.dir, "ids"), filepath.Join(b.dir, "pearl.json")
	var list strings.Builder
	for _, leadID := range s.ids {
		fmt.Fprintln(&list, leadID)
	}
	pearl, err := json.Marshal(s.pearl)
	if err != nil {
		return err
	}
	if err := errors.Join(os.WriteFile(idsFile, []byte(list.String()), 0o600), os.WriteFile(pearlFile, pearl, 0o600)); err != nil {
		return err
	}
	two := []string{"GOMAXPROCS=2"}
	server, err := start(ctx, "", filepath.Join(b.dir, "serve.log"), two, b.nacre, "serve", "--data", s.dir, "--listen", "127.0.0.1:0",
		"--sip-listen", "127.0.0.1:0", "--rate-limit", "0", "--log-level", "error")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	if err := server.settle(ctx); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	empty, err := start(ctx, "", filepath.Join(b.dir, "stub.log"), two, self, "stub", key, pearlFile)
	if err != nil {
		return err
	}
	defer func() { _ = empty.stop() }() // it ends by the signal, which is no failure

	updates := loadOptions{Base: server.address, Key: key, Pearl: string(s.pearl.ID), IDs: idsFile, Method: http.MethodPut, Callers: callers, From: s.next(), Length: length}
	reads := updates
	reads.Method = http.MethodGet
	routes, routeReads := updates, reads
	routes.Base, routeReads.Base = empty.address, empty.address
	type side struct {
		options *loadOptions
		results []loadResult
		cpu     []time.Duration
		at      *process
	}
	sides := []*side{{options: &updates, at: server}, {options: &routes, at: empty}, {options: &reads, at: server}, {options: &routeReads, at: empty}}
	var limits []measure
	for range 3 {
		limited, err := s.raw.run(length)
		if err != nil {
			return fmt.Errorf("raw updates: %w", err)
		}
		limits = append(limits, limited)
		for _, side := range sides {
			before, err := side.at.cpu()
			if err != nil {
				return err
			}
			from := side.options.From
			result, err := loadFrom(ctx, *side.options)
			if err != nil {
				return err
			}
			after, err := side.at.cpu()
			if err != nil {
				return err
			}
			side.options.From = result.Turns
			side.results = append(side.results, result)
			side.cpu = append(side.cpu, (after-before)/time.Duration(max(1, result.Turns-from)))
		}
	}
	ratio := func(over func(round int) float64, under func(round int) float64) float64 {
		var ratios []float64
		for round := range 3 {
			ratios = append(ratios, over(round)/under(round))
		}
		return median(ratios)
	}
	rate := func(s *side) func(int) float64 { return func(round int) float64 { return s.results[round].Rate } }
	raw := func(round int) float64 { return limits[round].rate }
	text := func(s *side) string {
		m := middleResult(s.results)
		return fmt.Sprintf("%s, p50 %s, p99 %s, %s of server", perSecond(m.Rate), milliseconds(m.P50), milliseconds(m.P99), microseconds(median(s.cpu)))
	}
	b.add(result{
		name: "PUT lead over HTTP, durable, GOMAXPROCS=2", figure: text(sides[0]), raw: middle(limits).String(), ratio: share(ratio(rate(sides[0]), raw)),
	})
	b.add(result{name: "… against the route without a store", figure: text(sides[0]), raw: text(sides[1]), ratio: share(ratio(rate(sides[0]), rate(sides[1])))})
	b.add(result{name: "GET lead against the route without a store", figure: text(sides[2]), raw: text(sides[3]), ratio: share(ratio(rate(sides[2]), rate(sides[3])))})
	return nil
}

func middleResult(results []loadResult) loadResult {
	var rates []float64
	for _, r := range results {
		rates = append(rates, r.Rate)
	}
	for _, r := range results {
		if r.Rate == median(rates) {
			return r
		}
	}
	return loadResult{}
}
