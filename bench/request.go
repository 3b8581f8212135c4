package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"nacre/internal/account"
	"nacre/internal/store"
)

// requests measures the API over 64 connections: the server on one core, the load on the other. Update Lead on disk
// against raw writers of the same rows, on the server's core in their turn; against the same with one commit a request; and
// reading a lead against the same route without a store.
func (b *bench) requests(ctx context.Context) (err error) {
	length := 2500 * time.Millisecond
	if b.quick {
		length = time.Second
	}
	s, err := b.stocked(ctx)
	if err != nil {
		return err
	}
	key, err := s.key(ctx)
	if err != nil {
		return err
	}
	alone := filepath.Join(b.dir, "alone")
	if err := errors.Join(os.Mkdir(alone, 0o700), copyFile(filepath.Join(s.dir, store.FileName), filepath.Join(alone, store.FileName))); err != nil {
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
	self, err := os.Executable()
	if err != nil {
		return err
	}
	ours, _ := cores()
	two := []string{"GOMAXPROCS=2"}
	server, err := start(ctx, ours, filepath.Join(b.dir, "serve.log"), two, b.nacre, "serve", "--data", s.dir, "--listen", "127.0.0.1:0",
		"--sip-listen", "127.0.0.1:0", "--rate-limit", "0", "--log-level", "error")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	if err := server.settle(ctx); err != nil {
		return err
	}
	single, err := start(ctx, ours, filepath.Join(b.dir, "single.log"), two, self, "single", alone)
	if err != nil {
		return err
	}
	defer func() { _ = single.stop() }() // these end by the signal, which is no failure
	empty, err := start(ctx, ours, filepath.Join(b.dir, "stub.log"), two, self, "stub", key, pearlFile)
	if err != nil {
		return err
	}
	defer func() { _ = empty.stop() }()
	raws := map[bool]*rawProcess{}
	for _, plainly := range []bool{true, false} {
		path := filepath.Join(b.dir, fmt.Sprintf("http-raw-%v.db", plainly))
		if err := copyFile(filepath.Join(alone, store.FileName), path); err != nil {
			return err
		}
		raw, err := startRaw(ctx, ours, self, rawOptions{Path: path, Pearl: s.pearl, IDs: idsFile, Plain: plainly, Length: length})
		if err != nil {
			return err
		}
		defer raw.stop()
		raws[plainly] = raw
	}

	load := func(at *program, method string) *side {
		return &side{at: at, options: loadOptions{
			Base: at.address, Key: key, Pearl: string(s.pearl.ID), IDs: idsFile, Method: method, Callers: callers, From: s.next(), Length: length,
		}}
	}
	put, putAlone, route := load(server, http.MethodPut), load(single, http.MethodPut), load(empty, http.MethodPut)
	get, routeGet := load(server, http.MethodGet), load(empty, http.MethodGet)
	var plainly, finely side
	put.options.Length = 2 * length // so that the log is checkpointed at least once in each round
	// Unmeasured: the logs get their length, which is work at every sync and does not come again.
	for _, side := range []*side{put, putAlone} {
		if err := side.round(ctx); err != nil {
			return err
		}
	}
	for _, raw := range raws {
		if _, err := raw.run(); err != nil {
			return fmt.Errorf("raw updates: %w", err)
		}
	}
	put.forget()
	putAlone.forget()
	for range 3 {
		for _, raw := range []struct {
			of   *rawProcess
			into *side
		}{{raws[true], &plainly}, {raws[false], &finely}} {
			syscall.Sync()
			result, err := raw.of.run()
			if err != nil {
				return fmt.Errorf("raw updates: %w", err)
			}
			raw.into.results, raw.into.cpu = append(raw.into.results, result), append(raw.into.cpu, result.CPU)
		}
		for _, side := range []*side{put, putAlone, route, get, routeGet} {
			if err := side.round(ctx); err != nil {
				return err
			}
		}
	}
	p99 := put.middle().P99
	b.add(result{
		name: fmt.Sprintf("PUT lead over HTTP, durable, %d connections, one core", callers), figure: put.String(), raw: plainly.String(), ratio: share(put.over(&plainly)),
		goal: "≥ 0.70, p99 < 2×", missed: put.over(&plainly) < 0.7 || p99 >= 2*plainly.middle().P99,
	})
	b.add(result{name: "… against a raw writer tuned as the store is", figure: put.String(), raw: finely.String(), ratio: share(put.over(&finely))})
	b.add(result{
		name: "… against one commit a request", figure: put.String(), raw: putAlone.String(), ratio: times(put.over(putAlone)), goal: "≥ 2.5×",
		missed: put.over(putAlone) < 2.5,
	})
	b.add(result{name: "… against the route without a store", figure: put.String(), raw: route.String(), ratio: share(put.over(route))})
	b.add(result{
		name: "GET lead against the route without a store", figure: get.String(), raw: routeGet.String(), ratio: share(get.over(routeGet)), goal: "≥ 0.50",
		missed: get.over(routeGet) < 0.5,
	})
	return nil
}

// key makes a key for the stock's account.
func (s *stock) key(ctx context.Context) (string, error) {
	f, err := openFolder(ctx, s.dir)
	if err != nil {
		return "", err
	}
	_, key, err := f.engine.CreateKey(ctx, f.actor, "bench", account.ScopeFull, time.Time{})
	return key, errors.Join(err, f.store.Close())
}

// side is one of the things that are measured in turn.
type side struct {
	at      *program
	options loadOptions
	results []loadResult
	cpu     []time.Duration // of the process, for each request
}

// round loads the process for a while. What others wrote before is on the disk by then, and what this one does when nothing
// more comes is done before the next begins: neither is to be waited for by another.
func (s *side) round(ctx context.Context) error {
	syscall.Sync()
	before, err := s.at.cpu()
	if err != nil {
		return err
	}
	result, err := loadFrom(ctx, s.options)
	if err != nil {
		return err
	}
	after, err := s.at.cpu()
	if err != nil {
		return err
	}
	s.cpu = append(s.cpu, (after-before)/time.Duration(max(1, result.Turns-s.options.From)))
	s.results = append(s.results, result)
	s.options.From = result.Turns
	if s.options.Method != http.MethodPut {
		return nil
	}
	time.Sleep(quietTime)
	return s.at.settle(ctx)
}

// quietTime is longer than a server waits for a next write before it checkpoints the log of its database.
const quietTime = 1500 * time.Millisecond

// forget takes the last round for none.
func (s *side) forget() { s.results, s.cpu = nil, nil }

// over is the median of the ratios of the rounds.
func (s *side) over(other *side) float64 {
	ratios := make([]float64, len(s.results))
	for n := range ratios {
		ratios[n] = s.results[n].Rate / other.results[n].Rate
	}
	return median(ratios)
}

// middle is the round with the median rate.
func (s *side) middle() loadResult {
	sorted := slices.SortedFunc(slices.Values(s.results), func(a, b loadResult) int { return int(a.Rate - b.Rate) })
	return sorted[len(sorted)/2]
}

func (s *side) String() string {
	m := s.middle()
	return fmt.Sprintf("%s, p50 %s, p99 %s, %s of processor", perSecond(m.Rate), milliseconds(m.P50), milliseconds(m.P99), microseconds(median(s.cpu)))
}
