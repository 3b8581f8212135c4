package openapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// exampleOf is a body of a type, or an answer, as it may look.
func (s *schemas) exampleOf(t reflect.Type, request bool) json.RawMessage {
	schema := s.of(t, request)
	if name, refers := schema["$ref"].(string); refers && request {
		if text := requestExamples()[strings.TrimPrefix(name, componentSchemas)]; text != "" {
			return json.RawMessage(text)
		}
	}
	var b bytes.Buffer
	s.sample(&b, "", schema, 0)
	return b.Bytes()
}

// deepest bounds how far schemas are followed into one another.
const deepest = 12

// sample writes a value of a schema: its own example, else what a member of the name often is, else one of its type.
func (s *schemas) sample(b *bytes.Buffer, name string, schema object, depth int) {
	for depth <= deepest {
		reference, refers := schema["$ref"].(string)
		if !refers {
			break
		}
		schema = s.named[strings.TrimPrefix(reference, componentSchemas)]
	}
	if depth > deepest {
		b.WriteString("null")
		return
	}
	if constant, fixed := schema["const"]; fixed {
		fmt.Fprint(b, constant)
		return
	}
	for _, forms := range []string{"anyOf", "oneOf"} {
		if list, several := schema[forms].([]any); several && schema["type"] == nil {
			s.sample(b, name, list[0].(object), depth+1)
			return
		}
	}
	kind, _ := schema["type"].(string)
	if kinds, several := schema["type"].([]any); several {
		kind = kinds[0].(string)
	}
	if text, usual := usualValue(name, kind); usual && allows(schema, text) {
		b.WriteString(text)
		return
	}
	if examples, given := schema["examples"].([]any); given {
		write(b, examples[0])
		return
	}
	if enum, limited := schema["enum"].([]any); limited {
		write(b, enum[0])
		return
	}
	switch kind {
	case "object":
		s.sampleObject(b, schema, depth)
	case "array":
		b.WriteByte('[')
		s.sample(b, "", schema["items"].(object), depth+1)
		b.WriteByte(']')
	case "integer", "number":
		b.WriteString("0")
	case "boolean":
		b.WriteString("true")
	case "string":
		b.WriteString(`"…"`)
	default:
		b.WriteString("null")
	}
}

func (s *schemas) sampleObject(b *bytes.Buffer, schema object, depth int) {
	properties, _ := schema["properties"].(object)
	required, _ := schema["required"].([]string)
	var rest []string
	for name := range properties {
		if !slices.Contains(required, name) {
			rest = append(rest, name)
		}
	}
	slices.Sort(rest)
	b.WriteByte('{')
	for n, name := range slices.Concat(required, rest) {
		if n > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(b, "%q:", name)
		s.sample(b, name, properties[name].(object), depth+1)
	}
	b.WriteByte('}')
}

// allows reports whether the values that a schema lists, if it does, hold the one that is usual, and no pattern speaks
// against it: what has one has an example of its own.
func allows(schema object, text string) bool {
	if schema["properties"] != nil { // of an object with members of its own the name says nothing
		return false
	}
	if pattern, given := schema["pattern"].(string); given && !regexp.MustCompile(pattern).MatchString(strings.Trim(text, `"`)) {
		return false
	}
	enum, limited := schema["enum"].([]any)
	if !limited {
		return true
	}
	return slices.ContainsFunc(enum, func(one any) bool {
		encoded, err := json.Marshal(one)
		return err == nil && string(encoded) == text
	})
}

func write(b *bytes.Buffer, value any) {
	text, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("openapi: %v", err))
	}
	b.Write(text)
}

// requestExamples are bodies by the name of their schema. A test holds them to the schemas.
func requestExamples() map[string]string {
	const (
		period  = `"2026-11-01T00:00:00Z","toDate":"2026-11-30T23:59:59Z"`
		between = `{"from":"2026-11-01T00:00:00Z","to":"2026-11-30T23:59:59Z"}`
		define  = `"companyDescription":"A chain of gyms.","timeZone":"Eastern Standard Time",`
		success = `"successDescription":"The person renews."`
		renews  = `"variables":[{"id":"renews","name":"renewal","group":2,"type":"boolean","description":"Would you like to renew your plan?"}]`
	)
	return map[string]string{
		"ActiveRequest":           `{"isActive":true}`,
		"ArchiveRequest":          `{"isArchived":true}`,
		"CloneRequest":            `{"name":"Renewals of spring"}`,
		"AccountChangeRequest":    `{"countryCodes":["1","39"],"retentionDays":365}`,
		"AuditQueryRequest":       between,
		"BlacklistEntriesRequest": `{"phoneNumbers":["+41","+14155550101"]}`,
		"BlacklistSearchRequest":  `{"search":"+1415","skip":0,"limit":100}`,
		"BulkRequest":             `{"fromDate":` + period + `,"fields":["Transcript","Summary"],"skip":0,"limit":100}`,
		"CallIDsRequest":          `{"callIds":["665f1f77bcf86cd799439099"]}`,
		"DeliverySearchRequest":   `{"state":"dead","skip":0,"limit":100}`,
		"FormInputRequest": `{"name":"Renewals","pearl":{` + define + `"openingSentence":"Hello {firstName}, this is Pearl Fitness.",` + success + `},` + renews +
			`,"outbound":{"phoneNumberId":"665f1f77bcf86cd799439077","totalAgents":5,"voiceMail":"Please call us back."}}`,
		"InboundInputRequest":    `{"waitingSentence":"One moment, please.","totalAgents":2}`,
		"LeadExternalIDsRequest": `{"leadExternalIds":["crm-4711"]}`,
		"LeadsExportRequest":     `{"statuses":[10],"attempts":[1,2],"searchInput":"crm-"}`,
		"LeadsChangeRequest":     `{"statuses":[10],"attempts":[1,2],"searchInput":"crm-","action":"status","status":130}`,
		"LeadIDsRequest":         `{"leadIds":["665f1f77bcf86cd799439011"]}`,
		"LeadPatchRequest":       `{"callData":{"plan":"B","oldPlan":null},"status":10}`,
		"LeadSearchRequest":      `{"statuses":[10,150],"searchInput":"crm-","skip":0,"limit":100}`,
		"LeadFilterRequest":      `{"statuses":[10,150],"searchInput":"crm-","skip":0,"limit":100}`,
		"LeadToAddRequest":       `{"phoneNumber":"+14155550101","externalId":"crm-4711","timeZoneId":"Pacific Standard Time","callData":{"firstName":"Joe"}}`,
		"LeadsToAddRequest":      `{"leads":[{"phoneNumber":"+14155550101","externalId":"crm-1"},{"phoneNumber":"+14155550102","externalId":"crm-2"}]}`,
		"LeadUpdateRequest":      `{"externalId":"crm-4711","timeZoneId":"Pacific Standard Time","callData":{"email":"joe@example.com"},"status":130}`,
		"MadeRequest":            `{"to":"+14155550101","callData":{"firstName":"Joe"}}`,
		"NewKeyRequest":          `{"name":"crm","scope":"leads","expiresAt":"2027-11-23T00:00:00Z"}`,
		"NewNumberRequest":       `{"number":"+12025550100","direction":3,"trunkId":"665f1f77bcf86cd799439066"}`,
		"OutboundInputRequest":   `{"totalAgents":5,"maximumCallAttempts":4,"minimumRetryIntervalHours":2,"callingHours":[{"day":1,"start":"09:00","end":"18:00"}]}`,
		"PearlInputRequest":      `{"name":"Renewals, December","pearl":{"openingSentence":"Hello {firstName}, this is Pearl Fitness."}}`,
		"DraftInputRequest":      `{"pearl":{"openingSentence":"Hello {firstName}, this is Pearl Fitness."}}`,
		"PublishDraftRequest":    `{"version":3}`,
		"RangeRequest":           between,
		"ReplayRangeRequest":     between,
		"RequestSearchRequest":   `{"fromDate":` + period + `,"skip":0,"limit":100}`,
		"ResetMemoryRequest":     `{"phoneNumber":"+14155550101"}`,
		"SearchRequest":          `{"fromDate":` + period + `,"statuses":[100,110],"skip":0,"limit":100}`,
		"NumberInputRequest":     `{"direction":3}`,
		"TrunkInputRequest":      `{"maxCalls":20,"callsPerSecond":2}`,
		"NewTrunkRequest":        `{"name":"carrier","host":"sip.carrier.example","username":"pearl","password":"a long secret","registers":true}`,
		"WebhookChangeRequest":   `{"callWebhookUrl":"https://crm.example/nacre/calls","leadWebhookUrl":"https://crm.example/nacre/leads","webhookVersion":2}`,
		"WebhookTestRequest":     `{"kind":"lead"}`,
		"NodesInputRequest": `{"name":"Renewals","pearl":{` + define + success + `,"nodes":[` +
			`{"nodeId":"open","name":"Opening","nodeType":2,"script":"Hello {firstName}, this is Pearl Fitness.","transitions":[{"name":"heard","toNodeId":"end"}]},` +
			`{"nodeId":"end","name":"Goodbye","nodeType":100,"script":"Goodbye."}]},` + renews + `,"outbound":{"totalAgents":5}}`,
	}
}

// webhookExamples are bodies of deliveries.
func webhookExamples() map[string]string {
	return map[string]string{
		"call": `{"id":"665f1f77bcf86cd799439099","pearlId":"6650a1f2c3d4e5f60718293a","relatedId":"6650a1f2c3d4e5f60718293a","leadId":"665f1f77bcf86cd799439011",` +
			`"startTime":"2026-11-23T09:15:04.250Z","conversationStatus":100,"status":4,"from":"+12025550100","to":"+14155550101","name":"Joe","duration":43,` +
			`"recording":"https://nacre.example/recordings/665f1f77bcf86cd799439099?expires=…&signature=…",` +
			`"transcript":[{"role":2,"content":"Hello Joe, …","startTime":0.42,"endTime":2.5},{"role":3,"content":"Yes.","startTime":3,"endTime":3.4}],` +
			`"summary":"Joe agreed.","collectedInfo":[{"id":"renews","name":"renewal","value":true}],"tags":["hot"],"isCallTransferred":false,"overallSentiment":4}`,
		"lead": `{"id":"665f1f77bcf86cd799439011","pearlId":"6650a1f2c3d4e5f60718293a","externalId":"crm-4711","phoneNumber":"+14155550101","timeZone":"-8.0",` +
			`"status":100,"created":"2026-11-20T08:00:00.000Z","callsId":["665f1f77bcf86cd799439099"],"callData":{"firstName":"Joe"},"collectedData":{"renews":true}}`,
	}
}

// usualValue is what a member of an answer often is, as JSON; false where its type says enough.
func usualValue(name, kind string) (text string, known bool) {
	values := map[string]map[string]string{
		"string": {
			"pearlId": `"6650a1f2c3d4e5f60718293a"`, "relatedId": `"6650a1f2c3d4e5f60718293a"`, "outboundId": `"6650a1f2c3d4e5f60718293a"`,
			"leadId": `"665f1f77bcf86cd799439011"`, "callId": `"665f1f77bcf86cd799439099"`, "externalId": `"crm-4711"`, "phoneNumber": `"+14155550101"`,
			"number": `"+12025550100"`, "from": `"+12025550100"`, "to": `"+14155550101"`, "timeZone": `"Eastern Standard Time"`, "timeZoneId": `"Pacific Standard Time"`,
			"name": `"Joe"`, "summary": `"Joe agreed."`, "content": `"Hello Joe."`, "direction": `"1"`, "language": `"en-US"`, "source": `"api"`,
			"recording": `"https://nacre.example/recordings/665f1f77bcf86cd799439099?expires=…&signature=…"`, "email": `"ada@example.com"`, "roleName": `"Owner"`,
			"key": `"6650a1f2c3d4e5f607182900:xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"`, "scope": `"leads"`, "host": `"sip.carrier.example"`, "transport": `"udp"`, "mediaTo": `"source"`,
			"password": `"********"`, "state": `"ok"`, "reason": `"hours"`, "callWebhookUrl": `"https://crm.example/nacre/calls"`,
			"leadWebhookUrl": `"https://crm.example/nacre/leads"`, "secret": `"whsec_…"`, "date": `"2026-11-23T00:00:00Z"`,
		},
		"integer": {
			"status": `200`, "duration": `43`, "count": `1`, "totalAgents": `5`, "port": `5060`, "maxCalls": `100`, "attempts": `1`, "latencyMs": `84`,
			"maximumCallAttempts": `3`, "ringDuration": `30`, "callTimeout": `15`, "callRequestMaxWaitMinutes": `60`,
		},
		"number": {"startTime": `0.42`, "endTime": `2.5`, "callsPerSecond": `5`},
		"object": {"callData": `{"firstName":"Joe"}`, "collectedData": `{"renews":true}`},
		"array":  {"tags": `["hot"]`, "callsId": `["665f1f77bcf86cd799439099"]`, "codecs": `["PCMU","PCMA"]`, "errors": `[]`},
	}
	text, known = values[kind][name]
	return text, known
}
