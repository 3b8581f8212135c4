// Package scenario reads scenarios: who is called, what they say and do, and what must come of it. It knows no conversation:
// rehearsal has them talked through as text, sandbox and studio play them by ear.
package scenario

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"nacre/internal/call"
)

// File is a file of scenarios, YAML or JSON. Its person, zone and at are those of scenarios that name none.
type File struct {
	Pearl     yaml.Node  `yaml:"pearl"` // an id, the path of a file beside this one, or the Pearl itself
	Person    Person     `yaml:",inline"`
	Scenarios []Scenario `yaml:"scenarios"`
}

// Scenario is one conversation, and what must come of it.
type Scenario struct {
	Name    string `yaml:"name"`
	Person  `yaml:",inline"`
	Sound   `yaml:",inline"`
	ByKeys  bool    `yaml:"keysOnly,omitempty"` // the agent does not understand words
	Numbers Numbers `yaml:"numbers,omitempty"`  // on the sandbox carrier; rehearsals do not care
	// Persona is who a model plays, in place of Turns: "You are in a hurry and deaf in one ear …".
	Persona string `yaml:"persona,omitempty"`
	Turns   []Act  `yaml:"turns"`
	// Actions says what comes of actions of the Pearl by their names; of others nothing, and they do not fail.
	Actions map[string]Mocks `yaml:"actions,omitempty"`
	// Then is done one after another whenever it is the person's turn after Turns, the last one again and again; without it the
	// person does nothing more until the agent hangs up.
	Then   []Act  `yaml:"then,omitempty"`
	Expect Expect `yaml:"expect"`
}

// Variants is how many variants a scenario has: by the longest Choice of words.
func (s Scenario) Variants() int {
	n := 1
	for _, act := range slices.Concat(s.Turns, s.Then) {
		n = max(n, act.variants())
	}
	return n
}

// Variant returns the n-th variant, from 0. There is one for every n.
func (s Scenario) Variant(n int) Scenario {
	acts := func(of []Act) (out []Act) {
		for _, act := range of {
			out = append(out, act.variant(n))
		}
		return out
	}
	s.Turns, s.Then = acts(s.Turns), acts(s.Then)
	for _, choice := range []*Choice{&s.Voice, &s.Noise} {
		if len(*choice) > 0 {
			*choice = Choice{choice.Of(n)}
		}
	}
	return s
}

// Expect is what must come of a conversation. What is not named is not judged.
type Expect struct {
	Collected   map[string]yaml.Node `yaml:"collected,omitempty"` // by the id of the variable; null = not known
	Said        []string             `yaml:"said,omitempty"`      // by the agent and heard, in any case of letters, in any order
	NeverSaid   []string             `yaml:"neverSaid,omitempty"`
	Outcome     call.Outcome         `yaml:"outcome,omitempty"`
	Answerer    call.Answerer        `yaml:"answerer,omitempty"`
	EndedBy     By                   `yaml:"endedBy,omitempty"`
	Tags        *[]string            `yaml:"tags,omitempty"`     // all of them, in any order
	CallBack    *string              `yaml:"callBack,omitempty"` // local time of the person (2026-11-27T17:00, 5 minutes more or less), any, none
	OptOut      *bool                `yaml:"optOut,omitempty"`
	Transferred *bool                `yaml:"transferred,omitempty"`
}

// By is who ended a conversation.
type By string

const (
	ByAgent   By = "agent"
	ByPerson  By = "person"
	ByTimeout By = "timeout" // callTimeout of the Pearl
)

// What is expected of a call-back besides an instant, and how that is written.
const (
	AnyCallBack = "any"
	NoCallBack  = "none"
	LocalTime   = "2006-01-02T15:04"
)

// Outcomes are those of answered calls.
var Outcomes = []call.Outcome{call.Success, call.NotSuccess, call.Answered, call.Voicemail, call.Machine, call.NotAllocated, call.Broke}

// Parse reads a file of scenarios. Its errors name the scenario or the line.
func Parse(raw []byte) (File, error) {
	var f File
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	decoder.KnownFields(true)
	if err := decoder.Decode(&f); err != nil && !errors.Is(err, io.EOF) {
		return File{}, err
	}
	var faults []error
	if len(f.Scenarios) == 0 {
		faults = append(faults, errors.New("scenarios: there is none"))
	}
	names := map[string]bool{}
	for n := range f.Scenarios {
		s := &f.Scenarios[n]
		if s.Name == "" || names[s.Name] {
			faults = append(faults, fmt.Errorf("scenarios[%d]: a name of its own is required", n))
		}
		names[s.Name] = true
		s.Person = s.Person.with(f.Person)
		if err := s.check(); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", s.Name, err))
		}
		for _, err := range s.Expect.check() {
			faults = append(faults, fmt.Errorf("%s: expect: %w", s.Name, err))
		}
	}
	return f, errors.Join(faults...)
}

func (s Scenario) check() error {
	for _, act := range s.Then {
		switch act.Do {
		case DoSay, DoKeys, DoSilence, DoHangUp, DoInterrupt:
		default:
			return fmt.Errorf("then: %s is not done in turn", act)
		}
	}
	for _, act := range slices.Concat(s.Turns, s.Then) {
		if act.Keypad && act.Keys == "" {
			return fmt.Errorf("%s: keypad goes with keys", act)
		}
	}
	if s.Persona != "" && len(s.Turns)+len(s.Then) > 0 {
		return errors.New("a persona says what comes to its mind: there are no turns")
	}
	return s.Sound.check()
}

// check returns what is wrong with what is expected.
func (e Expect) check() (faults []error) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if len(e.Collected)+len(e.Said)+len(e.NeverSaid) == 0 && e.Outcome == "" && e.Answerer == "" && e.EndedBy == "" && e.Tags == nil && e.CallBack == nil && e.OptOut == nil && e.Transferred == nil {
		fault("nothing is")
	}
	for _, text := range slices.Concat(e.Said, e.NeverSaid) {
		if Folded(text) == "" {
			fault("said: an empty text")
		}
	}
	if e.Outcome != "" && !slices.Contains(Outcomes, e.Outcome) {
		fault("outcome: %q is none of an answered call: %v", e.Outcome, Outcomes)
	}
	if by := []By{"", ByAgent, ByPerson, ByTimeout}; !slices.Contains(by, e.EndedBy) {
		fault("endedBy: %q is none of %v", e.EndedBy, by[1:])
	}
	if e.Answerer != "" && !slices.Contains(call.Answerers(), e.Answerer) {
		fault("answerer: %q is none of %v", e.Answerer, call.Answerers())
	}
	if e.CallBack != nil && *e.CallBack != AnyCallBack && *e.CallBack != NoCallBack {
		if _, err := time.Parse(LocalTime, *e.CallBack); err != nil {
			fault("callBack: %q is no local time such as 2026-11-27T17:00, nor any or none", *e.CallBack)
		}
	}
	return faults
}

// Folded is a text without differences of letters' case and of space.
func Folded(text string) string { return strings.Join(strings.Fields(strings.ToLower(text)), " ") }
