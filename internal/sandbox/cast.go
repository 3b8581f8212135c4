package sandbox

import (
	_ "embed"
	"fmt"
	"slices"
	"sync"
	"time"

	"nacre/internal/scenario"
)

// peopleFile has the scenarios of those who answer.
//
//go:embed people.yaml
var peopleFile []byte

var people = sync.OnceValue(func() []scenario.Scenario {
	file, err := scenario.Parse(peopleFile)
	if err != nil {
		panic(fmt.Sprintf("people.yaml: %v", err)) // embedded
	}
	return file.Scenarios
})

// People returns the scenarios of the people who answer.
func People() []scenario.Scenario { return slices.Clone(people()) }

// voices are the people's, as the embedded voice names them. A machine's is fast to synthesise; it speaks the long lines.
var voices = map[string]string{scenario.Woman: "slt", scenario.Man: "rms", scenario.Scot: "awb", scenario.Machine: "kal16"}

// VoiceOf returns a voice of people by its name in scenarios, as the embedded voice names it.
func VoiceOf(name string) (voiceID string, ok bool) {
	voiceID, ok = voices[name]
	return voiceID, ok
}

func voiceOf(name string) string {
	if voice, ok := voices[name]; ok {
		return voice
	}
	return voices[scenario.Woman]
}

type rejection struct {
	code   int
	reason string
}

// role is how the carrier puts calls through to a range of last digits. Whoever answers is in people.yaml.
type role struct {
	from, to  int
	name      string // of those who do not answer
	silent    bool   // there is no 180
	ringsOut  bool
	rejects   *rejection
	firstOnly bool // the first attempt goes so, the others are answered
}

var (
	busy    = &rejection{486, "Busy Here"}
	unknown = &rejection{404, "Not Found"}
)

var roles = []role{
	{from: 20, to: 24, name: "busy", silent: true, rejects: busy},
	{from: 25, to: 29, name: "rings out", ringsOut: true},
	{from: 40, to: 44, name: "not allocated", silent: true, rejects: unknown},
	{from: 45, to: 49, name: "carrier failure", silent: true, rejects: &rejection{503, "Service Unavailable"}},
	{from: 60, to: 64, name: "busy at first", silent: true, rejects: busy, firstOnly: true},
	{from: 75, to: 79, name: "rejects", rejects: &rejection{603, "Decline"}},
}

// callee is how a call to one number goes.
type callee struct {
	name     string
	rings    bool
	lingers  time.Duration // ring time besides Options.Ring
	ringsOut bool
	rejects  *rejection
	answers  bool
	variant  int // so that not all sound the same
	scenario scenario.Scenario
}

// calleeOf returns the callee of a number at its attempt-th call, counted from 1. A number without two digits at its end
// gets 404.
func calleeOf(number string, attempt int) callee {
	nobody := callee{name: "no number", rejects: unknown}
	digits, ok := lastTwo(number)
	if !ok {
		return nobody
	}
	for _, r := range roles {
		if digits >= r.from && digits <= r.to && (!r.firstOnly || attempt == 1) {
			return callee{name: r.name, rings: !r.silent, ringsOut: r.ringsOut, rejects: r.rejects}
		}
	}
	for _, s := range people() {
		if slices.Contains(s.Numbers, digits) {
			variant := digits - s.Numbers[0]
			return callee{
				name: s.Name, rings: true, lingers: time.Duration(variant%4) * 250 * time.Millisecond,
				answers: true, variant: variant, scenario: s.Variant(variant),
			}
		}
	}
	return nobody
}

func lastTwo(number string) (int, bool) {
	if len(number) < 2 {
		return 0, false
	}
	tens, ones := number[len(number)-2], number[len(number)-1]
	if tens < '0' || tens > '9' || ones < '0' || ones > '9' {
		return 0, false
	}
	return int(tens-'0')*10 + int(ones-'0'), true
}
