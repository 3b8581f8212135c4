package scenario

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Act is one thing that a person does.
type Act struct {
	Do    Doing
	Words Choice        // what is said, or keys (DoKeys, DoPressed); of several each is another variant
	For   time.Duration // DoWait, DoBeep
	// Keys are pressed instead of speaking where the agent does not understand words, or by ear while speaking; "" = none.
	Keys string
	// Keypad: the keys are pressed although words are understood.
	Keypad bool
	Voice  string // speaks the words, where it is not the person's: an assistant's, before it puts one through
	Hertz  Choice // of DoBeep; none = 1000
}

// Doing is the kind of an Act.
type Doing string

const (
	DoHello     Doing = "hello"       // said before the agent begins
	DoSay       Doing = "say"         //
	DoAnd       Doing = "and"         // said after a breath, whoever speaks: they go on
	DoInterrupt Doing = "interrupt"   // said while the agent speaks
	DoKeys      Doing = "keys"        //
	DoSilence   Doing = "silence"     // until the agent speaks again
	DoWait      Doing = "wait"        // seconds, whoever speaks
	DoBeep      Doing = "beep"        // seconds of an answering machine's tone
	DoPressed   Doing = "pressed"     // a menu: nothing is said until the agent has pressed these keys
	DoHangUp    Doing = "hang up"     // once the agent has spoken
	DoLeave     Doing = "hang up now" //
)

const everyAct = "hello, say, and, interrupt, keys, pressed, wait or beep with what goes with it, silence, hang up, hang up now"

// Choice is a text, or several of which a person uses one: the first variant of a scenario the first, and so on, anew after
// the last.
type Choice []string

// Of returns the text of a variant, "" where there is none.
func (c Choice) Of(variant int) string {
	if len(c) == 0 {
		return ""
	}
	return c[variant%len(c)]
}

// UnmarshalYAML reads a text or a list of texts.
func (c *Choice) UnmarshalYAML(node *yaml.Node) error {
	texts := []*yaml.Node{node}
	if node.Kind == yaml.SequenceNode {
		texts = node.Content
	}
	*c = nil
	for _, text := range texts {
		if text.Kind != yaml.ScalarNode {
			return fmt.Errorf("line %d: a text is expected, or a list of texts", text.Line)
		}
		*c = append(*c, strings.TrimSpace(text.Value))
	}
	if len(*c) == 0 {
		return fmt.Errorf("line %d: the list is empty", node.Line)
	}
	return nil
}

// MarshalYAML writes one text as a text.
func (c Choice) MarshalYAML() (any, error) {
	if len(c) == 1 {
		return c[0], nil
	}
	return []string(c), nil
}

// Text is what is said, or the keys, of an act of which a variant was chosen.
func (a Act) Text() string { return a.Words.Of(0) }

// Speaks reports whether the act is one of speech.
func (a Act) Speaks() bool {
	return a.Do == DoHello || a.Do == DoSay || a.Do == DoAnd || a.Do == DoInterrupt
}

// pressesKeys reports whether the act is one of keys, whoever presses them.
func (a Act) pressesKeys() bool { return a.Do == DoKeys || a.Do == DoPressed }

// Tone returns the frequency of a beep in Hz.
func (a Act) Tone() float64 {
	if hertz, err := strconv.ParseFloat(a.Hertz.Of(0), 64); err == nil {
		return hertz
	}
	return 1000
}

// String is the act as it stands in a file.
func (a Act) String() string {
	switch a.Do {
	case DoSilence, DoHangUp, DoLeave:
		return string(a.Do)
	case DoWait, DoBeep:
		return fmt.Sprintf("%s: %g", a.Do, a.For.Seconds())
	default:
		return fmt.Sprintf("%s: %s", a.Do, a.Text())
	}
}

// variants is how many of them there are.
func (a Act) variants() int { return max(1, len(a.Words), len(a.Hertz)) }

// variant returns one of them.
func (a Act) variant(n int) Act {
	for _, choice := range []*Choice{&a.Words, &a.Hertz} {
		if len(*choice) > 0 {
			*choice = Choice{choice.Of(n)}
		}
	}
	return a
}

const longestWait = 10 * time.Minute

// UnmarshalYAML reads "silence", "hang up", or members: the kind with what goes with it, and details.
func (a *Act) UnmarshalYAML(node *yaml.Node) error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("line %d: "+format, append([]any{node.Line}, args...)...)
	}
	if node.Kind == yaml.ScalarNode {
		a.Do = Doing(node.Value)
		if a.Do != DoSilence && a.Do != DoHangUp && a.Do != DoLeave {
			return bad("%q is nothing that a person does: %s", node.Value, everyAct)
		}
		return nil
	}
	if node.Kind != yaml.MappingNode || len(node.Content) == 0 {
		return bad("a turn is one thing, such as say: yes")
	}
	members := map[string]*yaml.Node{}
	for n := 0; n+1 < len(node.Content); n += 2 {
		members[node.Content[n].Value] = node.Content[n+1]
	}
	var kinds []Doing
	for _, kind := range []Doing{DoHello, DoSay, DoAnd, DoInterrupt, DoPressed, DoWait, DoBeep} {
		if members[string(kind)] != nil {
			kinds = append(kinds, kind)
		}
	}
	if len(kinds) == 0 && members["keys"] != nil {
		kinds = []Doing{DoKeys}
	}
	switch len(kinds) {
	case 0:
		return bad("%q is nothing that a person does: %s", node.Content[0].Value, everyAct)
	case 1:
		a.Do = kinds[0]
	default:
		return bad("a turn is one thing, not %s and %s", kinds[0], kinds[1])
	}
	for name, value := range members {
		if err := a.member(name, value); err != nil {
			return bad("%w", err)
		}
	}
	return nil
}

// member reads one member of an act whose kind is known.
func (a *Act) member(name string, value *yaml.Node) error {
	switch {
	case name == string(a.Do) && (a.Speaks() || a.pressesKeys()):
		if err := value.Decode(&a.Words); err != nil {
			return err
		}
		for _, text := range a.Words {
			switch {
			case a.pressesKeys() && !ValidKeys(text):
				return fmt.Errorf("%s: %q are no keys: 0–9, * and #", a.Do, text)
			case text == "":
				return fmt.Errorf("%s: nothing is said", a.Do)
			}
		}
	case name == string(a.Do):
		seconds, err := strconv.ParseFloat(value.Value, 64)
		if a.For = time.Duration(seconds * float64(time.Second)); err != nil || !(a.For > 0 && a.For <= longestWait) {
			return fmt.Errorf("%s: %q is no number of seconds up to %g", a.Do, value.Value, longestWait.Seconds())
		}
	case name == "keys" && a.Speaks():
		if a.Keys = value.Value; !ValidKeys(a.Keys) {
			return fmt.Errorf("keys: %q are no keys: 0–9, * and #", a.Keys)
		}
	case name == "keypad" && a.Speaks():
		return value.Decode(&a.Keypad)
	case name == "voice" && a.Speaks():
		return value.Decode(&a.Voice)
	case name == "hertz" && a.Do == DoBeep:
		if err := value.Decode(&a.Hertz); err != nil {
			return err
		}
		for _, text := range a.Hertz {
			if hertz, err := strconv.ParseFloat(text, 64); err != nil || !(hertz >= 200 && hertz <= 3400) {
				return fmt.Errorf("hertz: %q is no frequency from 200 to 3400", text)
			}
		}
	default:
		return fmt.Errorf("%s does not go with %s: a turn is one thing, such as say: yes", name, a.Do)
	}
	return nil
}

// MarshalYAML writes the act as UnmarshalYAML reads it.
func (a Act) MarshalYAML() (any, error) {
	switch a.Do {
	case DoSilence, DoHangUp, DoLeave:
		return string(a.Do), nil
	case DoWait, DoBeep:
		return map[string]float64{string(a.Do): a.For.Seconds()}, nil
	default:
		return map[string]Choice{string(a.Do): a.Words}, nil
	}
}

// ValidKeys reports whether a text is keys of a telephone.
func ValidKeys(text string) bool {
	return text != "" && strings.Trim(text, "0123456789*#") == ""
}
