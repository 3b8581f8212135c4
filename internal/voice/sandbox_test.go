package voice_test

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"nacre/internal/call"
	"nacre/internal/insight"
	"nacre/internal/sandbox"
	"nacre/internal/voice"
	"nacre/internal/voice/flite"
)

// oneAtATime keeps what was spoken and lets one speak at a time. The speaking is done outside the bubbles, whose time
// stands still meanwhile: the voice is another process.
type oneAtATime struct {
	mu     sync.Mutex
	kept   map[[2]string][]int16
	wanted chan [2]string // voice and text
	spoken chan error     // after kept has it
}

func newOneAtATime(t *testing.T, embedded *flite.Voice) *oneAtATime {
	o := &oneAtATime{kept: make(map[[2]string][]int16), wanted: make(chan [2]string), spoken: make(chan error)}
	t.Cleanup(func() { close(o.wanted) })
	go func() {
		for phrase := range o.wanted {
			samples, err := embedded.Speak(context.Background(), phrase[0], phrase[1])
			if err == nil {
				o.kept[phrase] = samples
			}
			o.spoken <- err
		}
	}()
	return o
}

func (o *oneAtATime) Speak(_ context.Context, voiceID, text string) ([]int16, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	phrase := [2]string{voiceID, text}
	if samples, ok := o.kept[phrase]; ok {
		return samples, nil
	}
	o.wanted <- phrase
	err := <-o.spoken
	return o.kept[phrase], err
}

func (o *oneAtATime) Stream(ctx context.Context, voiceID, text string) iter.Seq2[[]int16, error] {
	return voice.Whole(func() ([]int16, error) { return o.Speak(ctx, voiceID, text) })
}

func (o *oneAtATime) Length(string, string) (time.Duration, bool) { return 0, false }

// optOuts is a desk that counts opt-outs.
type optOuts struct{ atomic.Int32 }

func (o *optOuts) MayTransfer(context.Context, string) error { return nil }

func (o *optOuts) Said(call.Role, string) {}

func (o *optOuts) Act(context.Context, call.Action, []call.Value) (call.Done, error) {
	return call.Done{Text: "done"}, nil
}

func (o *optOuts) OptOut(context.Context) error {
	o.Add(1)
	return nil
}

// pair is a line between the agent and a person of the sandbox, in the time of the bubble.
type pair struct {
	number  string
	person  chan call.Party
	over    chan struct{}
	serves  call.Party // the person, while the line is up
	mu      sync.Mutex
	keys    []rune // the person's, on their way
	nextKey time.Duration
	elapsed time.Duration
}

func (p *pair) To() string                             { return p.number }
func (p *pair) From() string                           { return "+14155550100" }
func (p *pair) Ring(int) error                         { return nil }
func (p *pair) Reject(int, string) error               { return nil }
func (p *pair) Cancelled() <-chan struct{}             { return nil }
func (p *pair) Answer() (call.Leg, error)              { return callee{p}, nil }
func (p *pair) Transfer(context.Context, string) error { return nil }
func (p *pair) HangUp()                                {}
func (p *pair) Stats() call.LegStats                   { return call.LegStats{} }

// SendKeys has the person get the agent's keys.
func (p *pair) SendKeys(keys string) {
	for _, key := range keys {
		p.serves.Key(key)
	}
}

// callee is the person's end.
type callee struct{ *pair }

func (c callee) SendKeys(keys string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keys = append(c.keys, []rune(keys)...)
}

func (c callee) Serve(_ context.Context, person call.Party) call.Ending {
	c.person <- person
	<-c.over
	return call.PeerHungUp
}

// Serve is the agent's end, and carries the frames. Keys take 160 ms each, in place of the person's audio.
func (p *pair) Serve(ctx context.Context, agent call.Party) call.Ending {
	defer close(p.over)
	person := <-p.person
	p.serves = person
	var toPerson, toAgent [2]call.Frame // one frame on its way in each direction
	for n := 0; ; n++ {
		time.Sleep(call.FrameTime)
		synctest.Wait()
		p.elapsed += call.FrameTime
		p.mu.Lock()
		if len(p.keys) > 0 && p.elapsed >= p.nextKey {
			agent.Key(p.keys[0])
			p.keys, p.nextKey = p.keys[1:], p.elapsed+160*time.Millisecond
		}
		if p.elapsed < p.nextKey {
			toAgent[n%2] = call.Frame{}
		}
		p.mu.Unlock()
		if !person.Exchange(&toPerson[n%2], &toAgent[(n+1)%2]) {
			return call.PeerHungUp
		}
		if !agent.Exchange(&toAgent[n%2], &toPerson[(n+1)%2]) {
			return call.PartyHungUp
		}
	}
}

// The agent and the people of the sandbox, both with the embedded voice, hearing each other: every number that is
// answered ends as the table of the sandbox says.
func TestSandboxTable(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("needs the embedded voice")
	}
	embedded, err := flite.Open("", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { embedded.Close() })
	speaker := newOneAtATime(t, embedded)

	type expected struct {
		from, to int
		outcome  call.Outcome
		callback bool
		optOut   bool
		longest  time.Duration
	}
	table := []expected{
		{from: 0, to: 19, outcome: call.Success, longest: time.Minute},
		{from: 30, to: 34, outcome: call.Voicemail, longest: 30 * time.Second},
		{from: 35, to: 39, outcome: call.NotSuccess, longest: time.Minute},
		{from: 50, to: 54, outcome: call.NotSuccess, callback: true, longest: time.Minute},
		{from: 55, to: 59, outcome: call.NotSuccess, optOut: true, longest: time.Minute},
		{from: 65, to: 69, outcome: call.NotSuccess, longest: 5 * time.Second},
		{from: 70, to: 74, outcome: call.NotSuccess, longest: 90 * time.Second},
		{from: 80, to: 84, outcome: call.Success, longest: 90 * time.Second},
		{from: 85, to: 89, outcome: call.Success, longest: 4 * time.Minute},
		{from: 90, to: 99, outcome: call.Success, longest: 90 * time.Second},
	}
	scripts := map[string]call.Script{
		"question": {Opening: "Hello, this is Anna of Example Corporation, about your garden.", Questions: []call.Question{
			{ID: "offer", Type: call.Boolean, Ask: "Would you like to receive our offer by mail?"},
		}},
		"opening": {Opening: "Hello, this is Anna of Example Corporation. May we send you an offer?"},
		"form": {Opening: "Hello, this is Anna of Example Corporation.", Questions: []call.Question{
			{ID: "rooms", Type: call.Int, Ask: "How many rooms do you have?"},
			{ID: "offer", Type: call.Boolean, Ask: "Would you like to receive our offer?"},
			{ID: "size", Type: call.Float, Ask: "How large is your garden?"},
			{ID: "code", Type: call.String, Ask: "What is your postal code?"},
		}},
	}
	for name, script := range scripts {
		script.Call, script.SuccessDefined, script.Timeout = "64f0c0ffee64f0c0ffee6400", true, 10*time.Minute
		script.VoiceMail = "This is Anna of Example Corporation. Please call us back."
		for _, e := range table {
			for digits := e.from; digits <= e.to; digits++ {
				t.Run(fmt.Sprintf("%s/%02d", name, digits), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						p := &pair{number: fmt.Sprintf("+141555501%02d", digits), person: make(chan call.Party, 1), over: make(chan struct{})}
						carrier := sandbox.New(speaker, sandbox.Options{Ring: -1})
						go carrier.Handle(p)
						d := &optOuts{}
						talk, ending := voice.New(voice.Config{Speaker: speaker}).Hold(t.Context(), p, script, d)
						carrier.Close()
						time.Sleep(20 * time.Second) // of the bubble: whatever outlives the call
						outcome := insight.OutcomeOf(script, talk)
						if outcome != e.outcome || (talk.Callback != nil) != e.callback || talk.OptOut != e.optOut ||
							d.Load() > 0 != e.optOut || p.elapsed > e.longest {
							t.Errorf("%s by %s after %s, callback %v, opted out %v", outcome, ending, p.elapsed, talk.Callback, talk.OptOut)
							for _, l := range talk.Transcript {
								t.Logf("%7.2f %7.2f  %d  %s", l.Start, l.End, l.Role, l.Content)
							}
						}
					})
				})
			}
		}
	}
}
