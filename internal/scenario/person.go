package scenario

import (
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Person is who is called, and when.
type Person struct {
	Variables map[string]any `yaml:"person,omitempty"` // as the callData of a lead; phoneNumber is the number called
	Zone      string         `yaml:"zone,omitempty"`   // Windows or IANA name; "" = the campaign's
	At        string         `yaml:"at,omitempty"`     // local time of the answer, such as 2026-11-26T10:15; "" = now
}

// with returns the person with what is missing taken from another one.
func (p Person) with(other Person) Person {
	all := map[string]any{}
	for _, variables := range []map[string]any{other.Variables, p.Variables} {
		for name, value := range variables {
			all[name] = value
		}
	}
	p.Variables = all
	if p.Zone == "" {
		p.Zone = other.Zone
	}
	if p.At == "" {
		p.At = other.At
	}
	return p
}

// Sound is how a person sounds, where there is audio.
type Sound struct {
	Voice Choice `yaml:"voice,omitempty"` // Woman, Man, Scot, Machine, or the name of a voice; none = any but the agent's
	// Noise is what is heard behind them, in units of a sample (RMS): 60 is a room with people in it, 36 dB below speech.
	Noise Choice `yaml:"noise,omitempty"`
}

// Voices that a person may have wherever they are simulated.
const (
	Woman   = "woman"
	Man     = "man"
	Scot    = "scot"
	Machine = "machine" // of answering machines and assistants
)

// loudest is the noise beyond which nobody is understood.
const loudest = 3000

func (s Sound) check() error {
	for _, text := range s.Noise {
		if level, err := strconv.Atoi(text); err != nil || level < 0 || level > loudest {
			return fmt.Errorf("noise: %q is no level from 0 to %d", text, loudest)
		}
	}
	return nil
}

// NoiseLevel returns the noise of a scenario of which a variant was chosen.
func (s Sound) NoiseLevel() int {
	level, _ := strconv.Atoi(s.Noise.Of(0)) // checked, or ""
	return level
}

// Numbers are last two digits of numbers on the sandbox carrier, at which a person is reached.
type Numbers []int

// UnmarshalYAML reads "00-06, 08".
func (n *Numbers) UnmarshalYAML(node *yaml.Node) error {
	for part := range strings.SplitSeq(node.Value, ",") {
		first, last, isRange := strings.Cut(strings.TrimSpace(part), "-")
		if !isRange {
			last = first
		}
		from, err := strconv.Atoi(first)
		to, err2 := strconv.Atoi(last)
		if err != nil || err2 != nil || len(first) != 2 || len(last) != 2 || from > to {
			return fmt.Errorf("line %d: numbers: %q are no last two digits, such as 00-06, 08", node.Line, part)
		}
		for digits := from; digits <= to; digits++ {
			*n = append(*n, digits)
		}
	}
	return nil
}
