package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"slices"
	"sync"

	"nacre/internal/amd"
	"nacre/internal/amd/corpus"
	"nacre/internal/config"
	"nacre/internal/speech"
	"nacre/internal/voice/flite"
	"nacre/internal/voice/utterance"
)

type amdCommand struct {
	config.Speech
	Dir     string `arg:"" name:"dir" help:"Folder of WAV files: each in a folder named by who picks up (human, machine, screening, menu, announcement), or listed in labels.csv (file,label,beep: the second at which a machine's beep ends)." type:"path"`
	Make    bool   `help:"Make the corpus of the benchmark in the folder first: minutes the first time."`
	Channel int    `help:"Channel of the files, from 1; 0 is the last, in recordings of calls the person's."`
	Wrong   bool   `help:"Tell of each recording that is judged wrongly what was heard in it."`
}

// corpusSeed makes the corpus of the benchmark the same everywhere.
const corpusSeed = 12

func (c *amdCommand) Run(ctx context.Context, s streams) error {
	log := quietLog(s.Err)
	models, reason, err := findSpeech(c.Speech, log)
	if err != nil {
		return err
	}
	if c.Make {
		if err := c.makeCorpus(ctx, models, s.Err); err != nil {
			return err
		}
	}
	entries, err := amd.ReadFolder(c.Dir)
	if errors.Is(err, amd.ErrLabels) {
		return exitError{exitUsage, err}
	}
	if err != nil {
		return err
	}
	judge := amd.Config{Log: log}
	if models != nil {
		judge.Model = models.voiced
		client := models.open(speech.Hearing, log)
		defer client.Close() //nolint:errcheck // nothing is under way
		if err := client.Wait(ctx); err != nil {
			return err
		}
		judge.Recognizer = &amd.Ears{Recognize: func(ctx context.Context, u utterance.Utterance) (string, error) {
			urgency := speech.Partial
			if u.Final {
				urgency = speech.Final
			}
			heard, err := client.Hear(ctx, u.Samples, u.Language, urgency)
			return heard.Text, err
		}}
	} else {
		fmt.Fprintln(s.Err, "no words are known, cadence and tones are:", reason)
	}
	results, err := c.judge(ctx, entries, judge, s.Err)
	if err != nil {
		return err
	}
	report := amd.Reports(results)
	if err := report.Write(s.Out); err != nil {
		return err
	}
	if c.Wrong {
		report.WriteWrong(s.Out)
	}
	return nil
}

// judge judges the recordings, some at once.
func (c *amdCommand) judge(ctx context.Context, entries []amd.Entry, judge amd.Config, progress io.Writer) ([]amd.Result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	results := make([]amd.Result, len(entries))
	next := make(chan int)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for n := range next {
				recording, err := entries[n].Read(c.Channel)
				if err == nil {
					var ours amd.Judgement
					ours, err = amd.Judge(ctx, recording, judge)
					results[n] = amd.Compare(recording, ours, amd.DefaultAppAMD())
				}
				if err != nil {
					cancel(fmt.Errorf("%s: %w", entries[n].Name, err))
					continue
				}
			}
		})
	}
	for n := range entries {
		if n%20 == 0 {
			fmt.Fprintf(progress, "\r%d of %d recordings", n, len(entries))
		}
		select {
		case next <- n:
		case <-ctx.Done():
		}
	}
	close(next)
	workers.Wait()
	fmt.Fprintf(progress, "\r%d recordings      \n", len(entries))
	return results, context.Cause(ctx)
}

// makeCorpus makes the corpus in neural and embedded voices, those that sound least alike.
func (c *amdCommand) makeCorpus(ctx context.Context, models *models, progress io.Writer) error {
	log := quietLog(progress)
	embedded, err := flite.Open(filepath.Join(c.Dir, "cache"), log)
	if err != nil {
		return err
	}
	defer embedded.Close() //nolint:errcheck // nothing is under way
	say := embedded.Speak
	var groups [][]string
	if models != nil {
		voices, n := localVoices(models, filepath.Join(c.Dir, "cache"), sayCache, true, embedded, log)
		if n != nil {
			defer n.voice.Close()   //nolint:errcheck // nothing is under way
			defer n.process.Close() //nolint:errcheck // the same
			if err := n.process.Wait(ctx); err != nil {
				return err
			}
			var neural []string
			for _, info := range n.voice.Voices() {
				neural = append(neural, info.ID)
			}
			groups, say = append(groups, neural), voices.Speak
		}
	}
	var simple []string
	for _, info := range embedded.Voices() {
		simple = append(simple, info.ID)
	}
	slices.Sort(simple)
	groups = append(groups, simple)
	return corpus.Make(ctx, corpus.Config{
		Dir: c.Dir, Say: say, Voices: groups, Seed: corpusSeed,
		Progress: func(done, all int) { fmt.Fprintf(progress, "\r%d of %d utterances", done, all) },
	})
}
