// Package fault decides what kinds of failure the product tells apart. It knows nothing of HTTP, SQL or SIP:
// the api package maps kinds to statuses in one file, and everything else wraps with %w.
package fault

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kind says what a caller can do about an error.
type Kind int

const (
	Internal        Kind = iota // a fault inside; retry may help, blame may not
	Invalid                     // the request is wrong; Fields says where
	NotFound                    // What names the thing: Pearl, LeadId, ExternalId, …
	Conflict                    // somebody else changed it first
	Stale                       // If-Match named another version
	Denied                      // the key's scope does not allow it
	Unauthenticated             // no key, or a wrong one
	TooMany                     // a limit; RetryAfter says when
	Unavailable                 // not ready, or a dependency does not answer
	Unfinished                  // it depends on what another request has begun; RetryAfter says when to ask again
)

var kindNames = [...]string{"internal", "invalid", "not found", "conflict", "stale", "denied", "unauthenticated", "too many", "unavailable", "unfinished"}

func (k Kind) String() string { return kindNames[k] }

// Field is one fault of one member. Path is the member path in PascalCase (PhoneNumber, Leads[3].PhoneNumber),
// "$" for a body that is no object, "validation" for the request as a whole.
type Field struct {
	Path string
	Text string
}

// Error is a failure with a kind. The zero value is an internal fault.
type Error struct {
	Kind       Kind
	What       string        // for NotFound: what was looked for, in the words of the contract ("LeadId")
	Detail     string        // a sentence for people
	Fields     []Field       // for Invalid: every fault found
	RetryAfter time.Duration // for TooMany and Unavailable
	Err        error         // the cause, if any
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Kind.String())
	if e.What != "" {
		b.WriteString(": wrong " + e.What)
	}
	if e.Detail != "" {
		b.WriteString(": " + e.Detail)
	}
	for _, f := range e.Fields {
		b.WriteString("; " + f.Path + ": " + f.Text)
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// Missing is the error for an id, number or external id that names nothing the caller may see.
func Missing(what string) *Error { return &Error{Kind: NotFound, What: what} }

// Bad is an Invalid error about one member.
func Bad(path, format string, args ...any) *Error {
	return &Error{Kind: Invalid, Fields: []Field{{Path: path, Text: fmt.Sprintf(format, args...)}}}
}

// Refused is an Invalid error about the request as a whole (a business rule says no).
func Refused(format string, args ...any) *Error { return Bad("validation", format, args...) }

// Of answers the kind of an error; errors without a kind are Internal.
func Of(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// Is reports whether err is of the kind.
func Is(err error, kind Kind) bool { return err != nil && Of(err) == kind }

// List collects faults of several members. The zero value is ready to use.
type List struct{ Fields []Field }

// Add records one fault.
func (l *List) Add(path, format string, args ...any) {
	l.Fields = append(l.Fields, Field{Path: path, Text: fmt.Sprintf(format, args...)})
}

// Join takes over the fields of an Invalid error under a path prefix; other errors are not taken (false).
func (l *List) Join(prefix string, err error) bool {
	var e *Error
	if !errors.As(err, &e) || e.Kind != Invalid {
		return false
	}
	for _, f := range e.Fields {
		l.Fields = append(l.Fields, Field{Path: prefix + f.Path, Text: f.Text})
	}
	return true
}

// Err is nil while nothing was added.
func (l *List) Err() error {
	if len(l.Fields) == 0 {
		return nil
	}
	return &Error{Kind: Invalid, Fields: l.Fields}
}
