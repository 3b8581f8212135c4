package trial

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/rehearsal"
	"nacre/internal/scenario"
	"nacre/internal/zone"
)

// ScriptFor is what the agent needs to talk to a person, as if the person was called now.
func ScriptFor(pearl campaign.Pearl, person scenario.Person, now time.Time) (call.Script, error) {
	zoneKey := ""
	if person.Zone != "" {
		known, ok := zone.Parse(person.Zone)
		if !ok {
			return call.Script{}, fmt.Errorf("zone: %q is no time zone", person.Zone)
		}
		zoneKey = known.IANA()
	}
	data, err := json.Marshal(person.Variables)
	if err != nil {
		return call.Script{}, fmt.Errorf("variables: %w", err)
	}
	number, _ := person.Variables["phoneNumber"].(string)
	script, err := engine.ScriptFor(pearl, call.Call{To: number, CallData: data}, zoneKey)
	if err != nil {
		return call.Script{}, err
	}
	script.Answered = now
	if person.At != "" {
		place := script.Zone
		if place == nil {
			place = time.UTC
		}
		for _, layout := range []string{"2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02T15:04:05"} {
			if script.Answered, err = time.ParseInLocation(layout, strings.TrimSpace(person.At), place); err == nil {
				break
			}
		}
		if err != nil {
			return call.Script{}, fmt.Errorf("at: %q is no local time such as 2026-11-26T10:15", person.At)
		}
	}
	return script, nil
}

// preparedFor is the script of a scenario, with what its requests before the dial bring.
func preparedFor(pearl campaign.Pearl, s scenario.Scenario, now time.Time) (call.Script, error) {
	script, err := ScriptFor(pearl, s.Person, now)
	if err != nil {
		return script, err
	}
	brought, err := rehearsal.NewMocks(s, nil).Before(script.Before)
	if err != nil || len(brought) == 0 {
		return script, err
	}
	variables := maps.Clone(s.Person.Variables)
	if variables == nil {
		variables = map[string]any{}
	}
	for _, v := range brought {
		variables[v.ID] = v.Value
	}
	s.Person.Variables = variables
	return ScriptFor(pearl, s.Person, now)
}

// Cast is a scenario, one variant of it, and all that its rehearsal needs.
type Cast struct {
	Scenario scenario.Scenario
	Config   rehearsal.Config
}

// Casts returns the variants of all scenarios of a file with a Pearl. in is what the conversations have in common; language is
// that of a voice.
func Casts(pearl campaign.Pearl, file scenario.File, in rehearsal.Config, language func(voiceID string) string, now time.Time) ([]Cast, error) {
	var all []Cast
	for _, scenario := range file.Scenarios {
		script, err := preparedFor(pearl, scenario, now)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", scenario.Name, err)
		}
		script.Language = language(script.VoiceID)
		in.Script = script
		variants := scenario.Variants()
		for n := range variants {
			variant := scenario.Variant(n)
			if variants > 1 {
				variant.Name = fmt.Sprintf("%s (%d of %d)", scenario.Name, n+1, variants)
			}
			all = append(all, Cast{variant, in})
		}
	}
	return all, nil
}
