package rehearsal

import (
	"fmt"
	"strconv"
	"strings"
	"time"

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

// Act is one thing that a person does.
type Act struct {
	Do   Doing
	Text string        // said, or keys
	For  time.Duration // DoWait, DoBeep
}

// Doing is the kind of an Act.
type Doing string

const (
	DoHello     Doing = "hello"     // said before the agent begins
	DoSay       Doing = "say"       //
	DoInterrupt Doing = "interrupt" // said while the agent speaks
	DoKeys      Doing = "keys"      //
	DoSilence   Doing = "silence"   // until the agent speaks again
	DoWait      Doing = "wait"      // seconds, whoever speaks
	DoBeep      Doing = "beep"      // seconds of an answering machine's tone
	DoHangUp    Doing = "hang up"
)

// String is the act as it stands in a file.
func (a Act) String() string {
	switch a.Do {
	case DoSilence, DoHangUp:
		return string(a.Do)
	case DoWait, DoBeep:
		return fmt.Sprintf("%s: %g", a.Do, a.For.Seconds())
	default:
		return fmt.Sprintf("%s: %s", a.Do, a.Text)
	}
}

const longestWait = 10 * time.Minute

// UnmarshalYAML reads "silence", "hang up", or a member that is the kind and what goes with it.
func (a *Act) UnmarshalYAML(node *yaml.Node) error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("line %d: "+format, append([]any{node.Line}, args...)...)
	}
	if node.Kind == yaml.ScalarNode {
		a.Do = Doing(node.Value)
		if a.Do != DoSilence && a.Do != DoHangUp {
			return bad("%q is nothing that a person does: say, interrupt, hello, keys, wait or beep with what goes with it, silence, hang up", node.Value)
		}
		return nil
	}
	if node.Kind != yaml.MappingNode || len(node.Content) != 2 || node.Content[1].Kind != yaml.ScalarNode {
		return bad("a turn is one thing, such as say: yes")
	}
	text := strings.TrimSpace(node.Content[1].Value)
	a.Do = Doing(node.Content[0].Value)
	switch a.Do {
	case DoHello, DoSay, DoInterrupt:
		if a.Text = text; text == "" {
			return bad("%s: nothing is said", a.Do)
		}
	case DoKeys:
		if a.Text = text; !ValidKeys(text) {
			return bad("keys: %q are no keys: 0–9, * and #", text)
		}
	case DoWait, DoBeep:
		seconds, err := strconv.ParseFloat(text, 64)
		if a.For = time.Duration(seconds * float64(time.Second)); err != nil || !(a.For > 0 && a.For <= longestWait) {
			return bad("%s: %q is no number of seconds up to %g", a.Do, text, longestWait.Seconds())
		}
	default:
		return bad("%q is nothing that a person does: say, interrupt, hello, keys, wait, beep, silence, hang up", a.Do)
	}
	return nil
}

// in has the person do it, and reports whether the call was not over before.
func (a Act) in(c *Conversation) bool {
	switch a.Do {
	case DoHello:
		return c.Hello(a.Text)
	case DoSay:
		return c.Say(a.Text)
	case DoInterrupt:
		return c.Interrupt(a.Text)
	case DoKeys:
		return c.Keys(a.Text)
	case DoSilence:
		return c.Silence()
	case DoWait:
		return c.Wait(a.For)
	case DoBeep:
		return c.Beep(a.For)
	default:
		return c.HangUp()
	}
}
