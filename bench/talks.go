package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"nacre/internal/account"
	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/hours"
	"nacre/internal/id"
	"nacre/internal/media"
	"nacre/internal/onnx"
	files "nacre/internal/speech/folder"
	"nacre/internal/speech/moonshine"
	"nacre/test/process"
)

// talks measures conversations by ear on the wire: people who answer in words, over SIP and RTP from telephones that share no
// code with the server; by the rules and the ears of this machine, two at a time and many at once on one core.
func (b *bench) talks(ctx context.Context) (err error) {
	single, many, limit := 6, []int{10, 25, 40}, 2
	if b.quick {
		single, many, limit = 2, []int{10}, 1
	}
	if err := stepAside(); err != nil {
		return err
	}
	people, err := b.people(ctx)
	if err != nil {
		return err
	}
	raw, err := b.alone(ctx, people)
	if err != nil {
		return err
	}
	told := &timings{}
	wire, err := openTelephones(ctx, func(ctx context.Context, l *leg) { people.talk(ctx, l, told) })
	if err != nil {
		return err
	}
	defer wire.close()
	f, err := openFolder(ctx, filepath.Join(b.dir, "talks"))
	if err != nil {
		return err
	}
	defer f.store.Close()
	key, trunk, err := f.trunkTo(ctx, wire.port())
	if err != nil {
		return err
	}
	ours, _ := cores()
	server, err := start(ctx, ours, filepath.Join(b.dir, "talks.log"), []string{"GOMAXPROCS=2"}, b.nacre, "serve", "--data", f.dir, "--listen", "127.0.0.1:0",
		"--sip-listen", "127.0.0.1:0", "--allow-networks", "127.0.0.0/8", "--log-level", "warn", "--voice-cache", "0")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	if err := server.settle(ctx); err != nil {
		return err
	}
	c := client{process.Client{Base: server.address, Key: key}}
	at := 0
	run := func(calls, agents int) error {
		*told = timings{}
		pearl, err := f.questionnaire(ctx, fmt.Sprintf("%d talks, from %d", calls, at), trunk, agents, at, calls)
		if err != nil {
			return err
		}
		at += calls
		if err := c.Do(ctx, "PUT", "/v2/Pearl/"+string(pearl)+"/Active", map[string]any{"isActive": true}, nil); err != nil {
			return err
		}
		return until(ctx, 10*time.Minute, "wait for the talks to end", func() (bool, error) { return told.ended() >= calls, ctx.Err() })
	}
	if err := run(1, 1); err != nil { // cold speech: what is said for the first time is not measured
		return err
	}
	if err := run(single, 2); err != nil {
		return err
	}
	hellos, turns, _ := told.figures()
	b.add(result{
		name: "hello → first word", figure: spread(hellos), goal: "p50 ≤ 400 ms", missed: percentile(hellos, 50) > 400*time.Millisecond,
	})
	b.add(result{
		name: "end of speech → first packet, form, local ears", figure: spread(turns), raw: "words alone " + milliseconds(raw),
		goal: "p50 ≤ 700 ms, p95 ≤ 1.1 s", missed: percentile(turns, 50) > 700*time.Millisecond || percentile(turns, 95) > 1100*time.Millisecond,
	})
	for _, calls := range many {
		before, err := c.figures(ctx)
		if err != nil {
			return err
		}
		used, err := server.cpu()
		if err != nil {
			return err
		}
		began := time.Now()
		peak, watched := int64(0), make(chan struct{})
		watching, watch := context.WithCancel(ctx)
		go func() {
			defer close(watched)
			for watching.Err() == nil {
				if held, err := server.memory(); err == nil {
					peak = max(peak, held)
				}
				_ = pause(watching, time.Second)
			}
		}()
		err = run(calls*limit, calls)
		watch()
		<-watched
		if err != nil {
			return err
		}
		now, err := server.cpu()
		if err != nil {
			return err
		}
		after, err := c.figures(ctx)
		if err != nil {
			return err
		}
		_, turns, lost := told.figures()
		const late = `nacre_utterances_total{ears="embedded",kind="final",result="late"}`
		share := (now - used).Seconds() / time.Since(began).Seconds()
		missed := percentile(turns, 95) > 1100*time.Millisecond || lost > 0
		r := result{
			name:   fmt.Sprintf("%d talks at once by local ears", calls),
			figure: fmt.Sprintf("%s; %.0f%% of a core, late words %.0f, not answered %d, %d MiB", spread(turns), 100*share, after[late]-before[late], lost, peak>>20),
			raw:    "words alone " + milliseconds(raw),
		}
		if calls == 25 {
			r.goal, r.missed = "one core, p95 ≤ 1.1 s", missed
		}
		b.add(r)
	}
	return nil
}

// people are what callees say, as µ-law, and the samples of their answers.
type people struct {
	hello   []byte
	answers [][]byte
	samples [][]int16
}

// people makes the voices of the callees.
func (b *bench) people(ctx context.Context) (*people, error) {
	p := &people{}
	for n, text := range []string{"Hello?", "Yes, please.", "Sure, I would like that.", "Yes, that is fine.", "Yes, of course.", "Of course."} {
		samples, err := b.spoken(ctx, text, []string{"rms", "slt"}[n%2])
		if err != nil {
			return nil, err
		}
		code := make([]byte, len(samples))
		media.EncodeULaw(code, samples)
		if n == 0 {
			p.hello = code
			continue
		}
		p.answers, p.samples = append(p.answers, code), append(p.samples, samples)
	}
	return p, nil
}

// alone is the median time that the recogniser alone takes for one of the answers.
func (b *bench) alone(ctx context.Context, p *people) (time.Duration, error) {
	dir := filepath.Join(filepath.Dir(b.nacre), "speech")
	library, err := onnx.Open(filepath.Join(dir, files.Library()))
	if err != nil {
		return 0, err
	}
	direct, err := moonshine.Open(library, dir)
	if err != nil {
		return 0, err
	}
	var took []time.Duration
	for range 3 {
		for _, samples := range p.samples {
			began := time.Now()
			if _, err := direct.Recognize(ctx, samples); err != nil {
				return 0, err
			}
			took = append(took, time.Since(began))
		}
	}
	return median(took), nil
}

// patience is how long people wait for an answer: then it is lost, and they say it again.
const patience = 6 * time.Second

// talk says hello, and an answer after each turn of the agent, until the call is over.
func (p *people) talk(ctx context.Context, l *leg, told *timings) {
	defer told.end()
	if pause(ctx, 400*time.Millisecond) != nil {
		return
	}
	ended, err := l.say(ctx, p.hello)
	if err != nil {
		return
	}
	heard, err := l.hear(ctx, ended, patience)
	if err != nil {
		told.missed(ctx)
	} else {
		told.hello(heard.Sub(ended))
	}
	for {
		// Nobody answers in exactly the moment of the others.
		if l.quiet(ctx, 700*time.Millisecond+rand.N(300*time.Millisecond)) != nil {
			break
		}
		if ended, err = l.say(ctx, p.answers[rand.N(len(p.answers))]); err != nil {
			break
		}
		if heard, err = l.hear(ctx, ended, patience); err != nil {
			told.missed(ctx)
			continue
		}
		told.turn(heard.Sub(ended))
	}
}

// timings are what telephones measured.
type timings struct {
	mu            sync.Mutex
	hellos, turns []time.Duration
	calls, lost   int
}

func (t *timings) hello(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.hellos = append(t.hellos, d)
}
func (t *timings) turn(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.turns = append(t.turns, d)
}
func (t *timings) end()       { t.mu.Lock(); defer t.mu.Unlock(); t.calls++ }
func (t *timings) ended() int { t.mu.Lock(); defer t.mu.Unlock(); return t.calls }

// missed counts an answer that did not come, where that is not because the call is over.
func (t *timings) missed(ctx context.Context) {
	if ctx.Err() == nil {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.lost++
	}
}

func (t *timings) figures() (hellos, turns []time.Duration, lost int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.hellos), slices.Clone(t.turns), t.lost
}

// percentile of some times; 0 of none.
func percentile(values []time.Duration, percent int) time.Duration {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(len(sorted)*percent/100, len(sorted)-1)]
}

func spread(values []time.Duration) string {
	return fmt.Sprintf("p50 %s, p95 %s of %d", milliseconds(percentile(values, 50)), milliseconds(percentile(values, 95)), len(values))
}

// spoken is a text in an embedded voice, at 8 kHz.
func (b *bench) spoken(ctx context.Context, text, voice string) ([]int16, error) {
	path := filepath.Join(b.dir, strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '-'
	}, text+voice)+".wav")
	if err := b.nacreDo(ctx, "speech", "say", text, "--voice", voice, "--speech", "none", "--out", path); err != nil {
		return nil, err
	}
	return readWAV(path)
}

// trunkTo makes a trunk to a port of this machine with a number, and a key of the API.
func (f *folder) trunkTo(ctx context.Context, port int) (key string, number id.ID, err error) {
	if _, err := f.engine.UpdateAccount(ctx, f.actor, func(a *account.Account) error { a.TotalAgents = 1000; return nil }); err != nil {
		return "", "", err
	}
	trunk, err := f.engine.CreateTrunk(ctx, f.actor, account.Trunk{
		Name: "bench", Active: true,
		Trunk: call.Trunk{Host: "127.0.0.1", Port: port, Transport: "udp", Codecs: []string{"PCMU"}, MaxCalls: 1000, CallsPerSecond: 15},
	}, nil)
	if err != nil {
		return "", "", err
	}
	if number, err = f.engine.CreateNumber(ctx, f.actor, account.Number{Number: "+14155550100", Direction: account.Outbound, Trunk: trunk, Active: true}, nil); err != nil {
		return "", "", err
	}
	_, key, err = f.engine.CreateKey(ctx, f.actor, "bench", account.ScopeFull, time.Time{})
	return key, number, err
}

// questionnaire makes a campaign of yes/no questions and its leads.
func (f *folder) questionnaire(ctx context.Context, name string, number id.ID, agents, from, leads int) (id.ID, error) {
	outbound := campaign.DefaultOutbound()
	outbound.PhoneNumberID, outbound.TotalAgents = number, agents
	for day := range 7 {
		outbound.CallingHours = append(outbound.CallingHours, hours.Window{Day: day, Start: "00:00", End: "24:00"})
	}
	var asked []campaign.Variable
	for n, question := range []string{
		"Would you like to renew your plan for another year?", "Do you want to hear of offers by mail?", "Have you been at the gym this month?",
		"Do you like the new opening hours?", "Would you bring a friend along?", "Did you enjoy the summer party?", "Shall we keep your locker for you?",
	} {
		asked = append(asked, campaign.Variable{ID: fmt.Sprintf("q%d", n), Name: fmt.Sprintf("question %d", n), Group: campaign.InCall, Type: "boolean", Description: question})
	}
	pearlID, err := f.engine.CreatePearl(ctx, f.actor, campaign.Pearl{
		Type: campaign.OutboundPearl, Name: name, Outbound: &outbound,
		Definition: campaign.Definition{
			TimeZone: "Eastern Standard Time", CompanyDescription: "A chain of gyms.", OpeningSentence: "Hello, this is Nora about your plan.", SuccessDescription: "The person agrees.",
		},
		Variables: asked,
	}, nil)
	if err != nil {
		return "", fmt.Errorf("create campaign: %w", err)
	}
	added := make([]engine.NewLead, leads)
	for n := range added {
		added[n] = engine.NewLead{Phone: fictional(from + n)}
	}
	if _, err := f.engine.AddLeads(ctx, f.actor, pearlID, added, nil); err != nil {
		return "", fmt.Errorf("add leads: %w", err)
	}
	return pearlID, nil
}
