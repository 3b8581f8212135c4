package call

import "encoding/json"

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

// What follows a Step besides another one.
const (
	Dial      = -1
	DoNotDial = -2
)
