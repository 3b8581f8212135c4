package brain

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"nacre/internal/call"
	"nacre/internal/turn"
	"nacre/internal/understanding"
)

// The names of the tools, as models know them.
const (
	toolCollect     = "collect"
	toolGoal        = "goal"
	toolEnd         = "end_call"
	toolNever       = "never_call_again"
	toolCallBack    = "call_back"
	toolMessage     = "leave_message"
	toolTransfer    = "transfer"
	toolKeys        = "press_keys"
	toolAPI         = "call_api"
	toolSMS         = "send_sms"
	toolEmail       = "send_email"
	toolTag         = "tag"
	longestCallBack = 30 * 24 * time.Hour
)

// toolbox is the tools of one conversation: those that its Pearl has, and no other.
type toolbox struct {
	script call.Script
	tools  []Tool
}

func newToolbox(script call.Script) toolbox {
	t := toolbox{script: script}
	add := func(name, description string, properties map[string]any, required ...string) {
		if required == nil {
			required = []string{}
		}
		raw, err := json.Marshal(map[string]any{"type": "object", "properties": properties, "required": required})
		if err != nil {
			panic("write the schema of a tool: " + err.Error()) // of texts and numbers alone
		}
		t.tools = append(t.tools, Tool{Name: name, Description: description, Parameters: raw})
	}
	text := func(description string) map[string]any {
		return map[string]any{"type": "string", "description": description}
	}
	if len(script.Questions) > 0 {
		ids := make([]string, len(script.Questions))
		for n, q := range script.Questions {
			ids[n] = q.ID
		}
		add(toolCollect, "Note the value of a variable that they have told you.", map[string]any{
			"id":    map[string]any{"type": "string", "enum": ids},
			"value": map[string]any{"type": []string{"string", "number", "boolean", "null"}, "description": "of the variable's type; null where they do not know or do not want to say"},
		}, "id", "value")
	}
	if script.SuccessDefined {
		add(toolGoal, "Tell whether the goal of the call is reached.", map[string]any{"reached": map[string]any{"type": "boolean"}}, "reached")
	}
	add(toolEnd, "End the call after the words of this answer.", map[string]any{})
	add(toolNever, "They asked never to be called again: put them on the list of those who are not called, and end the call.", map[string]any{})
	add(toolCallBack, "They asked to be called later: call them again then.", map[string]any{
		"at":         text("the local time where they are, as 2026-03-09T17:00"),
		"in_minutes": map[string]any{"type": "integer", "description": "instead of at: how many minutes from now"},
	})
	add(toolMessage, "Take a message for the company.", map[string]any{"text": text("the message in one sentence")}, "text")
	if to := t.named(call.ActTransfer); len(to) > 0 {
		add(toolTransfer, "Put them through to a person, after the words of this answer; you hear nothing of it unless it fails."+t.when(call.ActTransfer),
			map[string]any{"to": map[string]any{"type": "string", "enum": to}}, "to")
	}
	for _, do := range []struct {
		kind              call.ActionKind
		name, description string
	}{
		{call.ActRequest, toolAPI, "Have a system of the company do or tell something. Values that it needs are those that you have collected: collect them first."},
		{call.ActSMS, toolSMS, "Send them a text message, to the number that was called."},
		{call.ActEmail, toolEmail, "Send them an e-mail, to their address; collect it first where it is not known."},
	} {
		if names := t.named(do.kind); len(names) > 0 {
			add(do.name, do.description+t.when(do.kind), map[string]any{"name": map[string]any{"type": "string", "enum": names}}, "name")
		}
	}
	add(toolKeys, "Press keys, where a telephone menu asks for them; never with a person.", map[string]any{"keys": text("digits, * and #")}, "keys")
	if len(script.Brief.Tags) > 0 {
		names := make([]string, len(script.Brief.Tags))
		meanings := "Mark the call with a tag that applies:"
		for n, tag := range script.Brief.Tags {
			names[n] = tag.Name
			meanings += fmt.Sprintf(" %q", tag.Name)
			if meaning := line(tag.Text); meaning != "" {
				meanings += " – " + meaning
			}
			meanings += ";"
		}
		add(toolTag, strings.TrimSuffix(meanings, ";")+".", map[string]any{"name": map[string]any{"type": "string", "enum": names}}, "name")
	}
	return t
}

// named are the names of the actions of a kind.
func (t toolbox) named(kind call.ActionKind) (names []string) {
	for _, action := range t.script.Actions {
		if action.Kind == kind {
			names = append(names, action.Name)
		}
	}
	return names
}

// when tells when the actions of a kind are to be done.
func (t toolbox) when(kind call.ActionKind) string {
	text := ""
	for _, action := range t.script.Actions {
		if when := line(action.When); action.Kind == kind && when != "" {
			text += fmt.Sprintf(" %s: %s.", action.Name, strings.TrimSuffix(when, "."))
		}
	}
	return text
}

// action returns the number of an action of a kind by its name.
func (t toolbox) action(kind call.ActionKind, name string) (turn.Tool, error) {
	n := slices.IndexFunc(t.script.Actions, func(a call.Action) bool { return a.Kind == kind && a.Name == name })
	if n < 0 {
		return turn.Tool{}, fmt.Errorf("there is no %s of this name", kind)
	}
	return turn.Tool{Kind: turn.ToolAct, Number: n}, nil
}

// effect is what came of a call of a tool.
type effect struct {
	result string // for the model
	failed bool
	leaves bool // they are put through after the words of this answer
	end    bool // the call ends after the words of this answer
	optOut bool
}

// use validates the arguments of a call and has it done. now is the time of the talk. The error ends the turn.
func (t toolbox) use(c Call, now time.Time, in turn.Turn) (effect, error) {
	if !slices.ContainsFunc(t.tools, func(tool Tool) bool { return tool.Name == c.Name }) {
		return effect{result: "there is no such tool", failed: true}, nil
	}
	var a arguments
	if text := strings.TrimSpace(c.Arguments); text != "" && text != "null" {
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.UseNumber()
		if err := decoder.Decode(&a); err != nil {
			return effect{result: "the arguments are no JSON object of the tool's parameters", failed: true}, nil
		}
	}
	if c.Name == toolEnd {
		return effect{result: "the call ends", end: true}, nil
	}
	tool, confirmed, err := t.tool(c.Name, a, now)
	if err != nil {
		return effect{result: err.Error(), failed: true}, nil
	}
	result, failed, err := in.Use(tool)
	if err != nil {
		return effect{}, err
	}
	if confirmed != "" && !failed {
		result = confirmed
	}
	never := tool.Kind == turn.ToolOptOut
	return effect{result: result, failed: failed, end: never, optOut: never, leaves: c.Name == toolTransfer && !failed}, nil
}

// arguments are those of all tools.
type arguments struct {
	ID        string       `json:"id"`
	Value     any          `json:"value"`
	Reached   *bool        `json:"reached"`
	At        string       `json:"at"`
	InMinutes *json.Number `json:"in_minutes"`
	Text      string       `json:"text"`
	Name      string       `json:"name"`
	To        string       `json:"to"`
	Keys      string       `json:"keys"`
}

// tool returns what a call asks for. confirmed is what the model is told where it is done; "" = what the conversation says. The
// error is for the model.
func (t toolbox) tool(name string, a arguments, now time.Time) (tool turn.Tool, confirmed string, err error) {
	switch name {
	case toolCollect:
		n := slices.IndexFunc(t.script.Questions, func(q call.Question) bool { return q.ID == a.ID })
		if n < 0 {
			return tool, "", errors.New("there is no such variable")
		}
		value, err := typed(t.script.Questions[n].Type, a.Value)
		if err == nil {
			value, err = t.checked(t.script.Questions[n], value, now)
		}
		if err != nil {
			return tool, "", err
		}
		return turn.Tool{Kind: turn.ToolCollect, Value: call.Value{ID: a.ID, Value: value}}, "", nil
	case toolGoal:
		if a.Reached == nil {
			return tool, "", errors.New("reached is missing")
		}
		return turn.Tool{Kind: turn.ToolGoal, Reached: *a.Reached}, "", nil
	case toolNever:
		return turn.Tool{Kind: turn.ToolOptOut}, "", nil
	case toolCallBack:
		after, err := t.after(a, now)
		if err != nil {
			return tool, "", err
		}
		at, moved := t.script.CallbackAt(now.Add(after))
		confirmed = "they will be called back on " + at.In(zoneOf(t.script)).Format("Monday, 2 January, at 15:04") + ": tell them so"
		if moved {
			after, confirmed = at.Sub(now), "that is outside the calling hours: "+confirmed+", and ask whether it suits them"
		}
		return turn.Tool{Kind: turn.ToolCallBack, After: after}, confirmed, nil
	case toolTransfer:
		tool, err = t.action(call.ActTransfer, a.To)
		return tool, "", err
	case toolAPI:
		tool, err = t.action(call.ActRequest, a.Name)
		return tool, "", err
	case toolSMS:
		tool, err = t.action(call.ActSMS, a.Name)
		return tool, "", err
	case toolEmail:
		tool, err = t.action(call.ActEmail, a.Name)
		return tool, "", err
	case toolKeys:
		return turn.Tool{Kind: turn.ToolKeys, Text: a.Keys}, "", nil
	case toolMessage:
		text := line(a.Text)
		if text == "" {
			return tool, "", errors.New("the message is empty")
		}
		return turn.Tool{Kind: turn.ToolNote, Text: "They left a message: " + text}, "", nil
	case toolTag:
		if !slices.ContainsFunc(t.script.Brief.Tags, func(tag call.Fact) bool { return tag.Name == a.Name }) {
			return tool, "", errors.New("there is no such tag")
		}
		return turn.Tool{Kind: turn.ToolTag, Text: a.Name}, "", nil
	}
	return tool, "", errors.New("there is no such tool")
}

// after returns the time to a call-back.
func (t toolbox) after(a arguments, now time.Time) (time.Duration, error) {
	var after time.Duration
	switch {
	case a.At != "":
		at, err := localTime(a.At, zoneOf(t.script))
		if err != nil {
			return 0, err
		}
		after = at.Sub(now)
	case a.InMinutes != nil:
		minutes, err := strconv.ParseFloat(a.InMinutes.String(), 64)
		if err != nil || !(minutes >= 0 && minutes < 1e6) {
			return 0, errors.New("in_minutes is no number of minutes")
		}
		after = time.Duration(minutes * float64(time.Minute))
	default:
		return 0, errors.New("at or in_minutes is needed: ask them when")
	}
	if after < time.Minute {
		return 0, errors.New("that time is over: ask them when")
	}
	if after > longestCallBack {
		return 0, errors.New("that is more than 30 days from now, which cannot be promised")
	}
	return after, nil
}

// localTime reads a time as models write it: local, or with an offset.
func localTime(text string, zone *time.Location) (time.Time, error) {
	text = strings.TrimSpace(text)
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00"} {
		if at, err := time.Parse(layout, text); err == nil && !strings.HasSuffix(text, "Z") {
			return at, nil
		}
	}
	text = strings.TrimSuffix(text, "Z") // they mean the local time that they were told of
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02 15:04:05"} {
		if at, err := time.ParseInLocation(layout, text, zone); err == nil {
			return at, nil
		}
	}
	return time.Time{}, errors.New("at is no time such as 2026-03-09T17:00")
}

// shapes are what is written of an instant, and an example for the model.
var shapes = map[understanding.Sort]struct{ layout, example string }{
	understanding.Date:     {time.DateOnly, "a date such as 2026-03-09"},
	understanding.Time:     {"15:04", "a time such as 17:00"},
	understanding.DateTime: {"2006-01-02T15:04", "a date and time such as 2026-03-09T17:00"},
}

// checked returns a text that a question asks for as it is kept where a person says it (package understanding): an e-mail address, a
// telephone number, a date or a time. The error tells the model what it should be.
func (t toolbox) checked(q call.Question, value any, now time.Time) (any, error) {
	text, ok := value.(string)
	if !ok {
		return value, nil
	}
	tables := understanding.For(t.script.Language)
	wants := tables.Question(q)
	shape, instant := shapes[wants.Sort]
	if instant {
		if at, err := time.Parse(shape.layout, text); err == nil {
			return at.Format(shape.layout), nil
		}
	}
	if !instant && wants.Sort != understanding.Email && wants.Sort != understanding.Phone {
		return value, nil
	}
	answer := tables.Answer(wants, text, now.In(zoneOf(t.script)))
	read, ok := answer.Value.(string)
	switch {
	case instant && (!ok || answer.Confidence != understanding.Sure):
		return nil, errors.New("the value is " + shape.example + ", or null: ask them again where it is not clear")
	case ok && strings.EqualFold(read, text):
		return text, nil
	case ok:
		return read, nil
	case wants.Sort == understanding.Email:
		return nil, errors.New("the value is an e-mail address such as ada@example.com, or null: ask them to spell it")
	default:
		return nil, errors.New("the value is a telephone number in digits, or null: ask them to say it digit by digit")
	}
}

// longestValue is the longest text that is collected, in bytes.
const longestValue = 2000

// typed returns a value of a variable's type, also where the model wrote it as a text.
func typed(kind call.VariableType, value any) (any, error) {
	if value == nil {
		return nil, nil
	}
	text := ""
	switch v := value.(type) {
	case string:
		text = strings.TrimSpace(printable(v))
	case json.Number:
		text = v.String()
	case bool:
		if kind == call.Boolean {
			return v, nil
		}
		text = strconv.FormatBool(v)
	default:
		return nil, errors.New("the value is a text, a number, true, false or null")
	}
	switch kind {
	case call.Boolean:
		switch strings.ToLower(text) {
		case "true", "yes":
			return true, nil
		case "false", "no":
			return false, nil
		}
		return nil, errors.New("the value is true or false")
	case call.Int:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n, nil
		}
		if f, err := strconv.ParseFloat(text, 64); err == nil && f == float64(int64(f)) && f > -1e15 && f < 1e15 {
			return int64(f), nil
		}
		return nil, errors.New("the value is a whole number in digits")
	case call.Float:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || f-f != 0 {
			return nil, errors.New("the value is a number in digits")
		}
		return f, nil
	}
	if text == "" || len(text) > longestValue {
		return nil, errors.New("the value is a text of up to 2000 characters, or null")
	}
	return text, nil
}
