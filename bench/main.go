// Command bench measures nacre against raw limits that it measures in the same run, on the same machine, a moment apart:
// what counts is the ratio, which a slower or busier machine leaves nearly as it is. It prints one table.
//
//	go run ./bench [-rows update,http,…] [-nacre bin/nacre] [-quick]
//
// Every row is made so that it errs against nacre: the raw side does less (it reads nothing, judges nothing, renders
// nothing) and never more.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strings"
	"syscall"
	"time"
)

// bench is one run.
type bench struct {
	dir     string // everything temporary
	nacre   string // the binary
	quick   bool   // smaller and less exact
	results []result
	stock   *stock
}

// result is one line of the table.
type result struct {
	name   string
	figure string // what nacre does
	raw    string // what the limit is, "" where there is none
	ratio  string
	goal   string
	missed bool
}

func (b *bench) add(r result) {
	b.results = append(b.results, r)
	fmt.Fprintf(os.Stderr, "  %s: %s, raw %s, ratio %s, goal %s\n", r.name, r.figure, or(r.raw, "–"), or(r.ratio, "–"), or(r.goal, "–"))
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// rows are the parts of a run, in order.
func rows() []struct {
	name string
	run  func(*bench, context.Context) error
} {
	return []struct {
		name string
		run  func(*bench, context.Context) error
	}{
		{"update", (*bench).updates},
		{"http", (*bench).requests},
		{"leads", (*bench).leads},
		{"analytics", (*bench).analytics},
		{"stops", (*bench).stops},
		{"browsers", (*bench).browsers},
		{"speech", (*bench).speech},
		{"calls", (*bench).calls},
		{"talks", (*bench).talks},
		{"share", (*bench).share},
		{"words", (*bench).words},
	}
}

func main() {
	run := run
	if len(os.Args) > 2 && !strings.HasPrefix(os.Args[1], "-") { // processes of our own, beside the one that measures
		switch os.Args[1] {
		case "load":
			run = func() error { return load(os.Args[2]) }
		case "stub":
			run = func() error { return stub(os.Args[2], os.Args[3]) }
		case "single":
			run = func() error { return single(os.Args[2]) }
		case "raw":
			run = func() error { return rawServer(os.Args[2]) }
		case "probe":
			run = probe
		}
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	var names []string
	for _, r := range rows() {
		names = append(names, r.name)
	}
	only := flag.String("rows", strings.Join(names, ","), "which rows, of "+strings.Join(names, ", "))
	b := &bench{}
	flag.StringVar(&b.nacre, "nacre", "bin/nacre", "the binary to measure")
	flag.BoolVar(&b.quick, "quick", false, "smaller and less exact, to try a change")
	profile := flag.String("cpuprofile", "", "write a CPU profile of this process")
	flag.Parse()
	var err error
	if b.nacre, err = filepath.Abs(b.nacre); err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp("", "nacre-bench-"); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	defer os.RemoveAll(b.dir)
	defer func() {
		if b.stock != nil {
			_ = b.stock.raw.db.close() // it is deleted now
		}
	}()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if *profile != "" {
		file, err := os.Create(*profile)
		if err != nil {
			return err
		}
		defer file.Close()
		if err := pprof.StartCPUProfile(file); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	began := time.Now()
	for _, r := range rows() {
		if !slices.Contains(strings.Split(*only, ","), r.name) {
			continue
		}
		fmt.Fprintln(os.Stderr, r.name)
		if err := r.run(b, ctx); err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
	}
	table(os.Stdout, b.results)
	fmt.Fprintf(os.Stdout, "\n%s in %.0f s\n", machine(), time.Since(began).Seconds())
	return nil
}
