package openapi

import (
	"encoding/json"
	"reflect"
	"strings"

	"nacre/internal/api/calls"
	"nacre/internal/api/wire"
	"nacre/internal/id"
	"nacre/internal/lead"
	"nacre/internal/phone"
)

// callWebhook is the body of a call delivery, version 2. A test holds it to what is sent.
type callWebhook struct {
	calls.Told
	ExternalID          *string         `json:"externalId,omitempty" doc:"where webhookExtras is true"`
	CallData            json.RawMessage `json:"callData,omitempty" doc:"where webhookExtras is true"`
	Analysis            bool            `json:"analysis,omitempty" doc:"true where it tells what a language model made of the call, after its end"`
	Answerer            *string         `json:"answerer,omitempty" schema:"values=unknown|human|machine|screening|menu|announcement" doc:"where webhookExtras is true: who picked up; null where nobody did"`
	TranscriptTruncated bool            `json:"transcriptTruncated,omitempty" doc:"true where the middle was left out to keep the body below 1,000,000 characters"`
}

// leadWebhook is the body of a lead delivery, version 2.
type leadWebhook struct {
	ID            id.ID           `json:"id"`
	PearlID       id.ID           `json:"pearlId"`
	ExternalID    *string         `json:"externalId"`
	PhoneNumber   phone.Number    `json:"phoneNumber"`
	TimeZone      string          `json:"timeZone" schema:"offset" doc:"current UTC offset in hours"`
	Status        lead.Status     `json:"status"`
	Created       wire.Time       `json:"created"`
	CallsID       []id.ID         `json:"callsId" doc:"oldest first"`
	CallData      json.RawMessage `json:"callData"`
	CollectedData json.RawMessage `json:"collectedData"`
}

// webhooks describe what nacre sends.
func (s *schemas) webhooks() object {
	return object{
		"call": s.webhook("call", "A call began or ended",
			"Sent to callWebhookUrl at the start (status 3, conversationStatus 40) and at the end of every call, made calls included; once more, where webhookAnalysis is true, when a language model has analysed it.", reflect.TypeFor[callWebhook]()),
		"lead": s.webhook("lead", "A lead's status changed",
			"Sent to leadWebhookUrl on every change of a lead's status, once a change and in order.", reflect.TypeFor[leadWebhook]()),
	}
}

func (s *schemas) webhook(kind, summary, text string, t reflect.Type) object {
	second := s.of(t, false)
	name := strings.TrimPrefix(second["$ref"].(string), componentSchemas)
	s.named[name] = s.spoken(s.named[name])
	s.named[name]["description"] = "webhookVersion 2"
	first := s.pascal(s.named[name]).(object)
	first["description"] = "webhookVersion 1: the same in PascalCase; keys inside CallData and CollectedData stay as they are"
	s.named[name+"V1"] = first
	header := func(name, text string, required bool) object {
		return object{"name": name, "in": "header", "required": required, "description": text, "schema": object{"type": "string"}}
	}
	return object{"post": object{
		"operationId": kind + "Webhook", "tags": []any{"Webhooks"}, "summary": summary, "security": []any{}, "description": text +
			" Delivered is any 2xx within 15 seconds; otherwise it is sent again, 12 times over 3 days, with the same webhook-id and the same bytes.",
		"parameters": []any{
			header("Authorization", "Bearer and the webhookCredential, where one is set; it stands as it is in webhookCredentialHeader where that is named", false),
			header("webhook-id", "id of the delivery, the same on every try", true),
			header("webhook-timestamp", "Unix seconds of this try", true),
			header("webhook-signature", "v1, and the base64 of HMAC-SHA256 over id.timestamp.body with the Pearl's secret (Standard Webhooks); two, separated by a space, while a secret is rotated", true),
			header("nacre-sequence", "grows with every delivery made for the lead, call and lead deliveries alike; of a made call: per call", true),
			header("traceparent", "W3C trace context of the request or call that is announced", false),
		},
		"requestBody": object{"required": true, "content": object{"application/json": object{
			"schema":  object{"oneOf": []any{second, object{"$ref": componentSchemas + name + "V1"}}},
			"example": json.RawMessage(webhookExamples()[kind]),
		}}},
		"responses": object{
			"2XX":     object{"description": "delivered"},
			"3XX":     object{"description": "followed at most once, by GET without a body; a 2xx there counts"},
			"410":     object{"description": "the URL is disabled at once, and what waits for it becomes a dead letter"},
			"429":     object{"description": "tried again after Retry-After"},
			"503":     object{"description": "tried again after Retry-After"},
			"default": object{"description": "tried again"},
		},
	}}
}

// spoken lets the enums of a body also be names, as webhookEnums "names" writes them.
func (s *schemas) spoken(schema object) object {
	out := clone(schema)
	properties := clone(out["properties"].(object))
	for name, property := range properties {
		reference, refers := property.(object)["$ref"].(string)
		table := strings.TrimPrefix(reference, componentSchemas)
		entries, isTable := tables()[table]
		if name == "transcript" {
			list := clone(property.(object))
			list["items"] = s.spoken(s.named[strings.TrimPrefix(list["items"].(object)["$ref"].(string), componentSchemas)])
			properties[name] = list
		}
		if !refers || !isTable {
			continue
		}
		var names []any
		for _, e := range entries {
			if table == "LeadStatus" && e.number == 110 {
				e.name = "NotSuccessful" // the spelling of deliveries
			}
			names = append(names, e.name)
		}
		properties[name] = object{"anyOf": []any{property, object{"type": "string", "enum": names}}, "description": "a name where webhookEnums is names"}
	}
	out["properties"] = properties
	return out
}

// pascal is a schema whose members are in PascalCase.
func (s *schemas) pascal(value any) any {
	switch v := value.(type) {
	case object:
		if name, refers := v["$ref"].(string); refers {
			name = strings.TrimPrefix(name, componentSchemas)
			if _, isTable := tables()[name]; isTable {
				return v
			}
			return s.pascal(s.named[name])
		}
		out := object{}
		for name, member := range v {
			switch name {
			case "properties":
				renamed := object{}
				for name, property := range member.(object) {
					renamed[upper(name)] = s.pascal(property)
				}
				member = renamed
			case "required":
				var renamed []string
				for _, name := range member.([]string) {
					renamed = append(renamed, upper(name))
				}
				member = renamed
			case "items", "anyOf", "oneOf":
				member = s.pascal(member)
			}
			out[name] = member
		}
		return out
	case []any:
		out := make([]any, len(v))
		for n, one := range v {
			out[n] = s.pascal(one)
		}
		return out
	}
	return value
}
