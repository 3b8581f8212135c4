package site

import (
	"bytes"
	"encoding/json"
)

// requestExample is the body that a command line shows for a schema; "" where one is made of the schema itself.
func requestExample(name string) string {
	text := requestExamples()[name]
	var out bytes.Buffer
	if text == "" || json.Indent(&out, []byte(text), "  ", "  ") != nil {
		return ""
	}
	return out.String()
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
		"LeadIDsRequest":         `{"leadIds":["665f1f77bcf86cd799439011"]}`,
		"LeadPatchRequest":       `{"callData":{"plan":"B","oldPlan":null},"status":10}`,
		"LeadSearchRequest":      `{"statuses":[10,150],"searchInput":"crm-","skip":0,"limit":100}`,
		"LeadsSearchRequest":     `{"statuses":[10,150],"searchInput":"crm-","skip":0,"limit":100}`,
		"LeadToAddRequest":       `{"phoneNumber":"+14155550101","externalId":"crm-4711","timeZoneId":"Pacific Standard Time","callData":{"firstName":"Joe"}}`,
		"LeadsToAddRequest":      `{"leads":[{"phoneNumber":"+14155550101","externalId":"crm-1"},{"phoneNumber":"+14155550102","externalId":"crm-2"}]}`,
		"LeadUpdateRequest":      `{"externalId":"crm-4711","timeZoneId":"Pacific Standard Time","callData":{"email":"joe@example.com"},"status":130}`,
		"MadeRequest":            `{"to":"+14155550101","callData":{"firstName":"Joe"}}`,
		"NewKeyRequest":          `{"name":"crm","scope":"leads","expiresAt":"2027-11-23T00:00:00Z"}`,
		"NumberInputRequest":     `{"number":"+12025550100","direction":3,"trunkId":"665f1f77bcf86cd799439066"}`,
		"OutboundInputRequest":   `{"totalAgents":5,"maximumCallAttempts":4,"minimumRetryIntervalHours":2,"callingHours":[{"day":1,"start":"09:00","end":"18:00"}]}`,
		"PearlInputRequest":      `{"name":"Renewals, December","pearl":{"openingSentence":"Hello {firstName}, this is Pearl Fitness."}}`,
		"RangeRequest":           between,
		"ReplayRangeRequest":     between,
		"RequestSearchRequest":   `{"fromDate":` + period + `,"skip":0,"limit":100}`,
		"ResetMemoryRequest":     `{"phoneNumber":"+14155550101"}`,
		"SearchRequest":          `{"fromDate":` + period + `,"statuses":[100,110],"skip":0,"limit":100}`,
		"TrunkInputRequest":      `{"name":"carrier","host":"sip.carrier.example","username":"pearl","password":"a long secret","registers":true}`,
		"WebhookChangeRequest":   `{"callWebhookUrl":"https://crm.example/nacre/calls","leadWebhookUrl":"https://crm.example/nacre/leads","webhookVersion":2}`,
		"WebhookTestRequest":     `{"kind":"lead"}`,
		"NodesInputRequest": `{"name":"Renewals","pearl":{` + define + success + `,"nodes":[` +
			`{"nodeId":"open","name":"Opening","nodeType":2,"script":"Hello {firstName}, this is Pearl Fitness.","transitions":[{"name":"heard","toNodeId":"end"}]},` +
			`{"nodeId":"end","name":"Goodbye","nodeType":100,"script":"Goodbye."}]},` + renews + `,"outbound":{"totalAgents":5}}`,
	}
}

// usualValue is what a member of an answer often is, as JSON; false where its type says enough.
func usualValue(name, kind string) (text string, known bool) {
	values := map[string]map[string]string{
		"string": {
			"pearlId": `"6650a1f2c3d4e5f60718293a"`, "relatedId": `"6650a1f2c3d4e5f60718293a"`, "outboundId": `"6650a1f2c3d4e5f60718293a"`,
			"leadId": `"665f1f77bcf86cd799439011"`, "callId": `"665f1f77bcf86cd799439099"`, "externalId": `"crm-4711"`, "phoneNumber": `"+14155550101"`,
			"number": `"+12025550100"`, "from": `"+12025550100"`, "to": `"+14155550101"`, "timeZone": `"-8.0"`, "timeZoneId": `"Pacific Standard Time"`,
			"name": `"Joe"`, "summary": `"Joe agreed."`, "content": `"Hello Joe."`, "direction": `"1"`, "language": `"en-US"`, "source": `"api"`,
			"recording": `"https://nacre.example/recordings/665f1f77bcf86cd799439099?expires=…&signature=…"`, "email": `"ada@example.com"`,
			"key": `"6650a1f2c3d4e5f607182900:xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"`, "scope": `"leads"`, "host": `"sip.carrier.example"`, "transport": `"udp"`,
			"password": `"********"`, "state": `"ok"`, "reason": `"hours"`, "callWebhookUrl": `"https://crm.example/nacre/calls"`,
			"leadWebhookUrl": `"https://crm.example/nacre/leads"`, "secret": `"whsec_…"`, "date": `"2026-11-23T00:00:00Z"`,
		},
		"integer": {
			"conversationStatus": `100`, "status": `4`, "duration": `43`, "overallSentiment": `4`, "role": `2`, "count": `1`, "type": `2`, "totalAgents": `5`,
			"port": `5060`, "maxCalls": `100`, "direction": `3`, "webhookVersion": `2`, "attempts": `1`, "latencyMs": `84`,
		},
		"number": {"startTime": `0.42`, "endTime": `2.5`, "callsPerSecond": `5`},
		"object": {"callData": `{"firstName":"Joe"}`, "collectedData": `{"renews":true}`},
		"array":  {"tags": `["hot"]`, "callsId": `["665f1f77bcf86cd799439099"]`, "codecs": `["PCMU","PCMA"]`, "errors": `[]`},
	}
	text, known = values[kind][name]
	return text, known
}
