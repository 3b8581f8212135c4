// Package body decides how the JSON of a request becomes Go values (contract 0.2): which names, numbers, texts and
// date-times are accepted, and what is said about those that are not. All faults of a body are found in one pass, each
// under its member path in PascalCase. It refuses to know HTTP, routes and what the members mean.
//
// A request type is a struct with json names and, where they say more than the type does, api tags:
//
//	type LeadToAdd struct {
//		PhoneNumber string                `json:"phoneNumber" api:"required,maxlen=64" doc:"the number to call"`
//		ExternalID  body.Optional[string] `json:"externalId"`
//		CallData    body.Object           `json:"callData"`
//	}
//
// Tags of api: required (absent, null and empty text are faults), maxlen=N (characters), maxitems=N, min=N, max=N,
// enum=1|2|3, secret (the value is never repeated in a fault).
//
// Null and absence are the same except for Optional, which tells them apart. Members that are not in the struct are
// ignored; of a name that comes twice the last value counts.
package body

import (
	"reflect"
	"unicode/utf8"

	"nacre/internal/fault"
)

// maxFaults is how many faults an answer lists at most (contract 0.5).
const maxFaults = 100

// Schema is a request type made ready for decoding. It is immutable and safe for concurrent use.
type Schema struct{ shape *shape }

// Compile prepares a struct type. It panics on types the decoder does not know: routes are built at start.
func Compile(t reflect.Type) *Schema {
	return &Schema{shape: (&compiler{known: map[reflect.Type]*shape{}}).compile(t)}
}

// Decode reads data into the struct that into points to. The faults found are nil when data is good; on faults the
// members that were good are set nevertheless, so that rules about them can be judged as well.
func (s *Schema) Decode(data []byte, into any) []fault.Field {
	d := decoder{data: data}
	if !utf8.Valid(data) {
		return []fault.Field{{Path: "$", Text: "The body is not valid UTF-8."}}
	}
	d.space()
	if d.pos == len(d.data) {
		return []fault.Field{{Path: "$", Text: "A JSON object is required; the body is empty."}}
	}
	if d.data[d.pos] != '{' {
		if !d.skip(0) || !d.end() {
			return []fault.Field{{Path: "$", Text: d.problem}}
		}
		return []fault.Field{{Path: "$", Text: "A JSON object is required; the body is something else."}}
	}
	if !d.value(s.shape, &Rules{}, reflect.ValueOf(into).Elem()) || !d.end() {
		return []fault.Field{{Path: "$", Text: d.problem}}
	}
	return d.faults
}

// Optional is a member that tells absence, null and a value apart.
type Optional[T any] struct {
	Value T
	State Presence
}

// Presence says how a member came.
type Presence uint8

const (
	Absent Presence = iota
	Null
	Given
)

// Set reports whether a value was given.
func (o Optional[T]) Set() bool { return o.State == Given }

// Pointer is nil unless a value was given.
func (o Optional[T]) Pointer() *T {
	if o.State != Given {
		return nil
	}
	return &o.Value
}

// Or is the value given, else the fallback.
func (o Optional[T]) Or(fallback T) T {
	if o.State != Given {
		return fallback
	}
	return o.Value
}

func (Optional[T]) optional() {}

// Object is a JSON object kept as data: white space outside texts is dropped, of a key that comes twice the last value
// stays, everything else is as it came. nil when absent or null.
type Object []byte

// MarshalJSON writes the object as it is.
func (o Object) MarshalJSON() ([]byte, error) {
	if o == nil {
		return []byte("{}"), nil
	}
	return o, nil
}

// Raw is any JSON value kept as it came; nil when absent.
type Raw []byte

// MarshalJSON writes the value as it is.
func (r Raw) MarshalJSON() ([]byte, error) {
	if r == nil {
		return []byte("null"), nil
	}
	return r, nil
}
