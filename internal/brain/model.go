package brain

import (
	"context"
	"encoding/json"
)

// Model answers messages. It is safe for concurrent use.
type Model interface {
	// Stream returns the answer to messages. said is called with pieces of its text as they come. Where it fails, what came
	// before is returned with the error. ctx ends it.
	Stream(ctx context.Context, messages []Message, tools []Tool, said func(text string)) (Answer, error)
}

// Role is who wrote a Message.
type Role string

const (
	System    Role = "system"
	User      Role = "user"
	Assistant Role = "assistant"
	Result    Role = "tool" // what a tool brought
)

// Message is one of a conversation.
type Message struct {
	Role    Role
	Content string
	Calls   []Call // of Assistant
	Call    string // of Result: the id of the call that it answers
}

// Call is a call of a tool. Arguments are JSON as the model wrote it, which may be none.
type Call struct {
	ID, Name, Arguments string
}

// Tool is what a model may call. Parameters is a JSON schema of type object.
type Tool struct {
	Name, Description string
	Parameters        json.RawMessage
}

// Usage is what a provider counted, in tokens. Cached is the part of Prompt that it had kept.
type Usage struct {
	Prompt, Cached, Completion int
}

// Answer is what the model said and wants. Cut: it ended by its length, or was filtered.
type Answer struct {
	Text  string
	Calls []Call
	Usage Usage
	Cut   bool
}
