package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"go.yaml.in/yaml/v3"

	"nacre/internal/account"
	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/config"
	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/rehearsal"
	"nacre/internal/scenario"
	"nacre/internal/trial"
	"nacre/internal/zone"
)

type rehearseCommand struct {
	pearlSource
	audioFlags
	Files []string `arg:"" optional:"" name:"file" help:"Files of scenarios, YAML or JSON (docs/conversation.md)."`
	From  string   `help:"Write a call that is over as a scenario, in place of rehearsing: by its id, or by the number or name of the person where only one call has it. It holds what is known of the person." name:"from-call" placeholder:"CALL"`
	Pearl string   `help:"Id, name or file of a Pearl in place of the one that the files name." placeholder:"PEARL"`
	Keys  bool     `help:"The agent does not understand words: people answer by keys where a scenario says which."`
	Audio bool     `help:"Rehearse by ear: people speak, the recogniser hears them, and the voice answers."`
	Out   string   `help:"Folder for a WAV file of each scenario with --audio: the person left, the agent right." type:"path" placeholder:"DIR"`
	JUnit string   `help:"Write the results as JUnit XML into this file too." name:"junit" placeholder:"FILE" type:"path"`
}

// Validate is called by the parser.
func (c *rehearseCommand) Validate() error {
	if (len(c.Files) == 0) == (c.From == "") {
		return errors.New("files of scenarios are expected, or --from-call")
	}
	return nil
}

// Run rehearses every file; what is wrong with a file is told before anything is rehearsed.
func (c *rehearseCommand) Run(ctx context.Context, s streams) error {
	if c.From != "" {
		return c.write(ctx, s)
	}
	in, services, err := c.rehearsal(s.Err)
	if err != nil {
		return err
	}
	casts := make([][]trial.Cast, len(c.Files))
	var faults []error
	for n, file := range c.Files {
		if casts[n], err = c.open(ctx, file, in, services); err != nil {
			var usage exitError
			if !errors.As(err, &usage) {
				return err
			}
			faults = append(faults, usage.err)
		}
	}
	if len(faults) > 0 {
		return exitError{exitUsage, errors.Join(faults...)}
	}
	run := func(one trial.Cast) (rehearsal.Verdict, error) {
		return rehearsal.Run(ctx, one.Scenario, one.Config), nil
	}
	if c.Audio {
		a, err := openAudio(ctx, c.audioFlags, services, in.Log)
		if err != nil {
			return err
		}
		defer a.Close()
		run = func(one trial.Cast) (rehearsal.Verdict, error) { return c.byEar(ctx, a, one) }
	}
	var suites []rehearsal.Suite
	all, failed := 0, 0
	for n, file := range c.Files {
		suite := rehearsal.Suite{Name: file}
		for _, one := range casts[n] {
			verdict, err := run(one)
			if err := errors.Join(ctx.Err(), err); err != nil {
				return err
			}
			verdict.Write(s.Out)
			suite.Verdicts = append(suite.Verdicts, verdict)
		}
		suites = append(suites, suite)
		all, failed = all+len(suite.Verdicts), failed+suite.Failed()
	}
	fmt.Fprintf(s.Out, "scenarios: %d, failed: %d\n", all, failed)
	if c.JUnit != "" {
		if err := writeJUnit(c.JUnit, suites); err != nil {
			return err
		}
	}
	if failed > 0 {
		return exitError{code: exitFailed}
	}
	return nil
}

// byEar rehearses one scenario with audio, and keeps that where it is asked to.
func (c *rehearseCommand) byEar(ctx context.Context, a *audio, one trial.Cast) (verdict rehearsal.Verdict, err error) {
	path := ""
	if c.Out != "" {
		if err := os.MkdirAll(c.Out, 0o750); err != nil {
			return verdict, fmt.Errorf("make folder: %w", err)
		}
		path = filepath.Join(c.Out, fileName(one.Scenario.Name)+".wav")
	}
	out, err := createOut(path)
	if err != nil {
		return verdict, err
	}
	verdict, err = a.rehearse(ctx, one.Scenario, one.Config, out)
	return verdict, errors.Join(err, closeOut(path, out))
}

// fileName returns the name of a scenario as that of a file: what else has a meaning in paths is "_".
func fileName(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '(' || r == ')' {
			return r
		}
		return '_'
	}, name)
}

// open reads a file of scenarios and their Pearl.
func (c *rehearseCommand) open(ctx context.Context, name string, in rehearsal.Config, services config.Providers) ([]trial.Cast, error) {
	bad := func(err error) error { return exitError{exitUsage, fmt.Errorf("%s: %w", name, err)} }
	raw, err := os.ReadFile(name)
	if err != nil {
		return nil, exitError{exitUsage, err}
	}
	file, err := scenario.Parse(raw)
	if err != nil {
		return nil, bad(err)
	}
	pearl, err := c.pearlOf(ctx, file.Pearl, name)
	if err != nil {
		return nil, err
	}
	in.Deaf = c.Keys
	all, err := trial.Casts(pearl, file, in, func(voiceID string) string { return languageOf(services.Voices, voiceID) }, time.Now())
	if err != nil {
		return nil, bad(err)
	}
	return all, nil
}

// pearlOf reads the Pearl that a file of scenarios names, or holds.
func (c *rehearseCommand) pearlOf(ctx context.Context, node yaml.Node, file string) (campaign.Pearl, error) {
	switch {
	case c.Pearl != "":
		return c.read(ctx, c.Pearl)
	case node.Kind == yaml.MappingNode:
		raw, err := yaml.Marshal(&node)
		if err != nil {
			return campaign.Pearl{}, fmt.Errorf("read Pearl: %w", err)
		}
		pearl, err := parsePearl(raw)
		if err != nil {
			return campaign.Pearl{}, exitError{exitUsage, fmt.Errorf("%s: pearl: %w", file, err)}
		}
		return pearl, nil
	case node.Kind != yaml.ScalarNode || node.Value == "":
		return campaign.Pearl{}, exitError{exitUsage, fmt.Errorf("%s: pearl: an id, a name, the path of a file or a Pearl is required (or --pearl)", file)}
	}
	path := node.Value
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(file), path)
	}
	return c.readAt(ctx, node.Value, path)
}

// write writes a call as a scenario.
func (c *rehearseCommand) write(ctx context.Context, s streams) error {
	return withEngine(ctx, c.Database, func(e *engine.Engine) error {
		owner, err := existing(ctx, e, c.Account)
		if err != nil {
			return err
		}
		callID, err := callNamed(ctx, e, owner, c.From)
		if err != nil {
			return err
		}
		made, err := e.Store.ReadCall(ctx, owner.ID, callID)
		if fault.Is(err, fault.NotFound) {
			return fmt.Errorf("the account %q has no call %s", owner.Name, callID)
		}
		if err != nil {
			return err
		}
		person, err := personOf(ctx, e, made)
		if err != nil {
			return err
		}
		text, unheard, err := rehearsal.FromCall(made, person)
		if err != nil {
			return fmt.Errorf("write call %s: %w", callID, err)
		}
		if unheard > 0 {
			fmt.Fprintf(s.Err, "nacre: %d utterances were not understood in the call and are left out\n", unheard)
		}
		_, err = s.Out.Write(text)
		return err
	})
}

// calledPage is how many calls of one Pearl are looked at for a name.
const calledPage = 100

// callNamed returns the id of a call of an account that is named by its id or, as far as only one is, by the number or the name of who was
// called.
func callNamed(ctx context.Context, e *engine.Engine, owner account.Account, named string) (id.ID, error) {
	if callID, ok := id.Parse(named); ok {
		return callID, nil
	}
	pearls, err := e.Store.Pearls(ctx, owner.ID)
	if err != nil {
		return "", err
	}
	var found []id.ID
	for _, p := range pearls {
		filter := engine.CallFilter{To: time.Now().Add(time.Minute), Search: named}
		_, calls, err := e.Store.SearchCalls(ctx, owner.ID, p.ID, filter, engine.Page{Sort: "startTime", Limit: calledPage})
		if err != nil {
			return "", fmt.Errorf("search calls: %w", err)
		}
		for _, one := range calls {
			if one.To == named || strings.EqualFold(one.Name, named) {
				found = append(found, one.ID)
			}
		}
	}
	if len(found) == 0 {
		return "", fmt.Errorf("--from-call: the account %q has no call with the id %q, and none to somebody of that number or name", owner.Name, named)
	}
	return onlyOne("calls went to", named, found)
}

// personOf is who was called: with the variables of the call, in the zone of the lead where there still is one, else the
// campaign's.
func personOf(ctx context.Context, e *engine.Engine, made call.Call) (scenario.Person, error) {
	person := scenario.Person{Variables: map[string]any{}}
	if len(made.CallData) > 0 {
		if err := json.Unmarshal(made.CallData, &person.Variables); err != nil {
			return person, fmt.Errorf("read callData: %w", err)
		}
	}
	person.Variables["phoneNumber"] = made.To
	pearl, err := e.Store.ReadPearl(ctx, made.Account, made.Pearl)
	if err != nil {
		return person, fmt.Errorf("read Pearl: %w", err)
	}
	person.Zone = pearl.LeadZone()
	if !made.Lead.Zero() {
		l, err := e.Store.ReadLead(ctx, made.Account, made.Pearl, made.Lead)
		switch {
		case err == nil && l.ZoneKey != "":
			person.Zone = l.ZoneKey
		case err != nil && !fault.Is(err, fault.NotFound):
			return person, fmt.Errorf("read lead: %w", err)
		}
	}
	if known, ok := zone.Parse(person.Zone); ok {
		person.At = made.Answered.In(known.Location()).Format("2006-01-02T15:04:05")
	}
	return person, nil
}

// writeJUnit replaces the file.
func writeJUnit(name string, suites []rehearsal.Suite) error {
	file, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("write JUnit: %w", err)
	}
	if err := errors.Join(rehearsal.WriteJUnit(file, suites), file.Close()); err != nil {
		return fmt.Errorf("write JUnit: %w", err)
	}
	return nil
}
