package app

import (
	"context"
	"log/slog"
	"os"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/speech"
	"nacre/internal/speech/folder/foldertest"
	"nacre/internal/speech/speechtest"
	"nacre/internal/voice"
	"nacre/internal/voice/flite"
)

// caller is a leg whose other side says its lines in turn, each when the agent has spoken and been quiet for a second.
type caller struct {
	lines  [][]int16
	middle func(line int) // of each line
	ended  time.Duration  // stream time
}

func (*caller) Transfer(context.Context, string) error { return nil }
func (*caller) SendKeys(string)                        {}
func (*caller) HangUp()                                {}
func (*caller) Stats() call.LegStats                   { return call.LegStats{} }

func (c *caller) Serve(ctx context.Context, agent call.Party) call.Ending {
	tick := time.NewTicker(call.FrameTime)
	defer tick.Stop()
	var heard, said call.Frame
	var rest []int16
	line, quiet, spoken, at := 0, 0, false, 0
	for ctx.Err() == nil {
		<-tick.C
		c.ended += call.FrameTime
		said = call.Frame{}
		if len(rest) == 0 && spoken && quiet > 50 && line < len(c.lines) {
			rest, at, spoken = c.lines[line], len(c.lines[line])/2, false
			line++
		}
		if len(rest) > 0 {
			n := copy(said[:], rest)
			if before := len(rest); before > at && before-n <= at {
				c.middle(line)
			}
			rest = rest[n:]
		}
		if !agent.Exchange(&said, &heard) {
			return call.PartyHungUp
		}
		if heard == (call.Frame{}) {
			quiet++
		} else {
			quiet, spoken = 0, true
		}
	}
	return call.ContextEnded
}

// optOuts counts those who never want to be called again.
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

// The speech process is killed while somebody speaks on the telephone: the call goes on, and what they say next counts.
func TestCallGoesOnWhenItsEarsAreKilled(t *testing.T) {
	t.Parallel()
	dir := foldertest.Folder(t)
	spoken, err := flite.Open(t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer spoken.Close()
	stop, err := spoken.Speak(t.Context(), "rms", "Please never call me again.")
	if err != nil {
		t.Fatal(err)
	}
	pids := make(chan int, 10)
	client := speech.Open(speech.Config{Folder: dir, Command: speechtest.Command, Log: slog.New(&pidLog{pids: pids, Handler: slog.DiscardHandler})})
	defer client.Close()
	if err := client.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	weather, err := spoken.Speak(t.Context(), "rms", "The weather is very nice in the mountains.")
	if err != nil {
		t.Fatal(err)
	}
	model, err := readSpeechModel(dir)
	if err != nil {
		t.Fatal(err)
	}
	agent := voice.New(voice.Config{
		Speaker: newVoices(spoken), Recognizer: localEars(client, slog.New(slog.DiscardHandler), nil, 0), SpeechModel: model, Log: slog.New(slog.DiscardHandler),
	})
	leg := &caller{lines: slices.Concat([][]int16{weather}, slices.Repeat([][]int16{stop}, 5)), middle: func(line int) {
		if line != 1 {
			return
		}
		process, err := os.FindProcess(<-pids)
		if err == nil {
			err = process.Kill()
		}
		if err != nil {
			t.Error(err)
		}
	}}
	var desk optOuts
	talk, ending := agent.Hold(t.Context(), leg, call.Script{
		Opening: "Hello, this is Anna.", SuccessDefined: true, Timeout: 3 * time.Minute,
		Questions: []call.Question{{ID: "offer", Name: "Offer", Type: call.Boolean, Ask: "Would you like an offer?"}},
	}, &desk)
	if ending != call.PartyHungUp || talk.Broke != "" || !talk.OptOut || desk.Load() == 0 {
		t.Errorf("ending %v, broke %q, opt-out %v and %d after %v: %+v", ending, talk.Broke, talk.OptOut, desk.Load(), leg.ended, talk.Transcript)
	}
	if f := client.Figures(); f.Restarts != 1 {
		t.Errorf("%d restarts", f.Restarts)
	}
}
