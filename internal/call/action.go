package call

import (
	"encoding/json"
	"time"
)

// ActionKind is what an Action does.
type ActionKind string

const (
	ActTransfer ActionKind = "transfer" // connects the person to Number in place of us, blind
	ActRequest  ActionKind = "request"  // makes Request
	ActSMS      ActionKind = "sms"      // sends Message to the number that was called
	ActEmail    ActionKind = "email"    // sends Message to the person's e-mail address
)

// Action is something that a Pearl has done in its calls besides talking (contract 2.4, 2.5). {variables} in texts are filled in
// when it is done.
type Action struct {
	Kind    ActionKind
	Name    string // within the script there is one of this name
	When    string // in words, for a model; "" = whenever that makes sense
	Number  string // E.164
	Request *Request
	Message *Message
}

// Request is one to an API of the Pearl's owner. Headers hold secrets.
type Request struct {
	Method  string
	URL     string
	Headers map[string]string
	Fields  []Field // of the body, a JSON object; of the query where the method has no body
	Outputs []Output
}

// Needs are the variables without which the request is not made as it is meant: those of its address, and of members that are
// required.
func (r Request) Needs() []string {
	ids := Variables(r.URL)
	for _, f := range r.Fields {
		if f.Required && f.Variable != "" {
			ids = append(ids, f.Variable)
		}
	}
	return ids
}

// Field is one member of a body. The value is that of Variable; without one it is Value, whose texts are filled in.
type Field struct {
	Key      string
	Variable string
	Value    json.RawMessage
	Required bool // nothing is sent without a value
}

// Output has a member of the answer, Key, stored as a variable. Key is a path of names and indices with dots: data.items.0.id.
type Output struct {
	Key      string
	Variable string
	Type     VariableType
}

// MostTested is how much of an answer a test tells, in bytes.
const MostTested = 1 << 10

// Tested is what came of a request that was made to see that.
type Tested struct {
	Status  int           // of the answer, 0 without one
	Took    time.Duration // to the end of the answer
	Body    string        // of the answer, MostTested of it
	Brought []Value       // what its Outputs read
	Failure string        // why a call would go on without it; "" = it would not
}

// Message is a text message, or an e-mail.
type Message struct {
	Subject string
	Body    string
	SMTP    *SMTP
	To, CC  []string // of an e-mail; none = the person's address
}

// SMTP is a server that takes e-mail for delivery.
type SMTP struct {
	Host     string
	Port     int
	TLS      bool // no mail goes without encryption
	Sender   string
	Name     string // shown with the sender
	Password string
}

// Step is a request that is made before the dial. OnSuccess and OnFailure are what follows: the number of another Step, Dial or
// DoNotDial.
type Step struct {
	Action               Action
	OnSuccess, OnFailure int
}

// MakeBefore makes the steps of a script, the first one first, each with what those before it have brought, and returns what they
// brought together. dial: the call is to be dialled.
func MakeBefore(steps []Step, do func(Action, []Value) (Done, error)) (brought []Value, dial bool) {
	at, made := 0, map[int]bool{}
	for at >= 0 && at < len(steps) && !made[at] { // a circle is left where it closes
		made[at] = true
		done, err := do(steps[at].Action, brought)
		if err != nil {
			at = steps[at].OnFailure
			continue
		}
		brought = append(brought, done.Values...)
		at = steps[at].OnSuccess
	}
	return brought, at != DoNotDial
}

// What follows a Step besides another one.
const (
	Dial      = -1
	DoNotDial = -2
)
