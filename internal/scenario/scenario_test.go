package scenario

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"":                         "there is none",
		"scenarios: []":            "there is none",
		"scenario: []":             "field scenario not found",
		"scenarios: [{turns: []}]": "a name of its own",
		"scenarios: [{name: a}]":   "a: expect: nothing is",
		"scenarios: [{name: a, expect: {outcome: success}}, {name: a, expect: {outcome: success}}]": "scenarios[1]: a name of its own",
		"scenarios: [{name: a, expect: {outcome: busy}}]":                                           `outcome: "busy"`,
		"scenarios: [{name: a, expect: {outcomes: success}}]":                                       "field outcomes not found",
		"scenarios: [{name: a, expect: {endedBy: me}}]":                                             "endedBy",
		"scenarios: [{name: a, expect: {answerer: dog}}]":                                           "answerer",
		"scenarios: [{name: a, expect: {callBack: tomorrow}}]":                                      "callBack",
		"scenarios: [{name: a, expect: {said: [' ']}}]":                                             "empty",
		"scenarios: [{name: a, turns: [shout]}]":                                                    `"shout" is nothing`,
		"scenarios: [{name: a, turns: [{shout: x}]}]":                                               `"shout" is nothing`,
		"scenarios: [{name: a, turns: [{say: ''}]}]":                                                "nothing is said",
		"scenarios: [{name: a, turns: [{say: x, wait: 1}]}]":                                        "one thing",
		"scenarios: [{name: a, turns: [{keys: 1, beep: 1}]}]":                                       "keys does not go with beep",
		"scenarios: [{name: a, turns: [{say: x, keys: one}]}]":                                      "no keys",
		"scenarios: [{name: a, turns: [{say: x, keypad: true}]}]":                                   "keypad goes with keys",
		"scenarios: [{name: a, turns: [{say: [x, '']}]}]":                                           "nothing is said",
		"scenarios: [{name: a, turns: [{say: []}]}]":                                                "the list is empty",
		"scenarios: [{name: a, turns: [{say: {a: b}}]}]":                                            "a text is expected",
		"scenarios: [{name: a, turns: [{wait: 1, voice: man}]}]":                                    "voice does not go with wait",
		"scenarios: [{name: a, turns: [{beep: 1, hertz: 9000}]}]":                                   "no frequency",
		"scenarios: [{name: a, turns: [{hello: x, hertz: 900}]}]":                                   "hertz does not go with hello",
		"scenarios: [{name: a, turns: [[]]}]":                                                       "one thing",
		"scenarios: [{name: a, then: [{hello: x}]}]":                                                "then: hello: x is not done in turn",
		"scenarios: [{name: a, persona: x, turns: [{say: x}]}]":                                     "there are no turns",
		"scenarios: [{name: a, noise: loud}]":                                                       "noise",
		"scenarios: [{name: a, numbers: 5}]":                                                        "last two digits",
		"scenarios: [{name: a, numbers: 09-05}]":                                                    "last two digits",
		"scenarios: [{name: a, turns: [{keys: one}]}]":                                              "no keys",
		"scenarios: [{name: a, turns: [{wait: -1}]}]":                                               "no number of seconds",
		"scenarios: [{name: a, turns: [{wait: NaN}]}]":                                              "no number of seconds",
		"scenarios: [{name: a, turns: [{beep: 1e9}]}]":                                              "no number of seconds",
		"scenarios: {": "line 1",
	} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q", text, err, says)
		}
	}
}

func TestPersonOfTheFile(t *testing.T) {
	t.Parallel()
	f, err := Parse([]byte(`
person: {firstName: Ada, city: Rome}
zone: Europe/Rome
at: 2026-11-26T10:15
scenarios:
  - {name: a, person: {firstName: Bob}, at: 2026-01-02T03:04, expect: {outcome: success}}
`))
	if err != nil {
		t.Fatal(err)
	}
	got := f.Scenarios[0].Person
	if got.Variables["firstName"] != "Bob" || got.Variables["city"] != "Rome" || got.Zone != "Europe/Rome" || got.At != "2026-01-02T03:04" {
		t.Errorf("%+v", got)
	}
}

// Of a list of wordings each variant has another one, and of a shorter list the same ones anew.
func TestVariants(t *testing.T) {
	t.Parallel()
	f, err := Parse([]byte(`
scenarios:
  - name: agrees
    numbers: 00-02, 07
    voice: [woman, man]
    noise: [0, 60, 120]
    turns: [{hello: ["Hello?", "Yes?"]}, {say: [a, b, c], keys: 1}, {beep: 0.5, hertz: [900, 800]}]
    then: [{say: "Yes."}, {say: [d, e], keys: 12#, keypad: true}]
    expect: {outcome: success}
`))
	if err != nil {
		t.Fatal(err)
	}
	s := f.Scenarios[0]
	if s.Variants() != 3 || !slices.Equal(s.Numbers, Numbers{0, 1, 2, 7}) {
		t.Errorf("%d variants, numbers %v", s.Variants(), s.Numbers)
	}
	for n, want := range []string{"hello: Hello? say: a beep: 0.5 900 say: Yes. say: d woman 0", "hello: Yes? say: b beep: 0.5 800 say: Yes. say: e man 60", "hello: Hello? say: c beep: 0.5 900 say: Yes. say: d woman 120"} {
		v := s.Variant(n)
		got := fmt.Sprint(v.Turns[0], " ", v.Turns[1], " ", v.Turns[2], " ", v.Turns[2].Tone(), " ", v.Then[0], " ", v.Then[1], " ", v.Voice.Of(0), " ", v.NoiseLevel())
		if got != want || v.Variants() != 1 || v.Turns[1].Keys != "1" || !v.Then[1].Keypad {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}
