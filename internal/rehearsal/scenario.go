package rehearsal

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
	Name   string `yaml:"name"`
	Person `yaml:",inline"`
	ByKeys bool   `yaml:"keysOnly,omitempty"` // the agent does not understand words
	Turns  []Act  `yaml:"turns"`              // after them the person does nothing until the agent hangs up
	Expect Expect `yaml:"expect"`
}

// Expect is what must come of a conversation. What is not named is not judged.
type Expect struct {
	Collected map[string]yaml.Node `yaml:"collected,omitempty"` // by the id of the variable; null = not known
	Said      []string             `yaml:"said,omitempty"`      // by the agent and heard, in any case of letters, in any order
	NeverSaid []string             `yaml:"neverSaid,omitempty"`
	Outcome   call.Outcome         `yaml:"outcome,omitempty"`
	Answerer  call.Answerer        `yaml:"answerer,omitempty"`
	EndedBy   By                   `yaml:"endedBy,omitempty"`
	Tags      *[]string            `yaml:"tags,omitempty"`     // all of them, in any order
	CallBack  *string              `yaml:"callBack,omitempty"` // local time of the person (2026-11-27T17:00, 5 minutes more or less), any, none
	OptOut    *bool                `yaml:"optOut,omitempty"`
}

const (
	anyCallBack = "any"
	noCallBack  = "none"
	localTime   = "2006-01-02T15:04"
)

// outcomes are those of answered calls.
var outcomes = []call.Outcome{call.Success, call.NotSuccess, call.Answered, call.Voicemail, call.Machine, call.Broke}

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
		for _, err := range s.Expect.check() {
			faults = append(faults, fmt.Errorf("%s: expect: %w", s.Name, err))
		}
	}
	return f, errors.Join(faults...)
}

// check returns what is wrong with what is expected.
func (e Expect) check() (faults []error) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if len(e.Collected)+len(e.Said)+len(e.NeverSaid) == 0 && e.Outcome == "" && e.Answerer == "" && e.EndedBy == "" && e.Tags == nil && e.CallBack == nil && e.OptOut == nil {
		fault("nothing is")
	}
	for _, text := range slices.Concat(e.Said, e.NeverSaid) {
		if folded(text) == "" {
			fault("said: an empty text")
		}
	}
	if e.Outcome != "" && !slices.Contains(outcomes, e.Outcome) {
		fault("outcome: %q is none of an answered call: %v", e.Outcome, outcomes)
	}
	if by := []By{"", ByAgent, ByPerson, ByTimeout}; !slices.Contains(by, e.EndedBy) {
		fault("endedBy: %q is none of %v", e.EndedBy, by[1:])
	}
	if who := []call.Answerer{"", call.UnknownAnswerer, call.Human, call.MachineAnswerer, call.Screening}; !slices.Contains(who, e.Answerer) {
		fault("answerer: %q is none of %v", e.Answerer, who[1:])
	}
	if e.CallBack != nil && *e.CallBack != anyCallBack && *e.CallBack != noCallBack {
		if _, err := time.Parse(localTime, *e.CallBack); err != nil {
			fault("callBack: %q is no local time such as 2026-11-27T17:00, nor any or none", *e.CallBack)
		}
	}
	return faults
}

// folded is a text without differences of letters' case and of space.
func folded(text string) string { return strings.Join(strings.Fields(strings.ToLower(text)), " ") }
