package openapi

import (
	"fmt"
	"reflect"
	"strings"

	"nacre/internal/account"
	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/lead"
)

// entry is one number of a table of the API (contract 8), with its name.
type entry struct {
	number int64
	name   string
	text   string
}

// tables are the numbers that members may be, by the name of their schema.
func tables() map[string][]entry {
	conversation := []entry{}
	leadStatus := []entry{
		{1, "New", "added, not called yet"}, {10, "NeedRetry", "an attempt did not reach the person, or a call-back was promised"}, {20, "InCallQueue", "about to be dialled"},
		{30, "WrongCountryCode", "calling code unknown or not enabled"}, {40, "OnCall", "call in the air"}, {70, "VoiceMailLeft", "message left on an answering machine"},
		{100, "Success", "success definition met, or set by hand"}, {110, "NotSuccessfull", "answered, definition not met, or set by hand"},
		{130, "Completed", "answered, no definition; or set by hand to stop calling"}, {150, "Unreachable", "attempts used up, or number not allocated"},
		{220, "Blacklisted", "number on the blacklist"}, {300, "QueueAbandon", "caller left the queue (inbound)"}, {500, "Error", "the conversation broke for a reason of nacre's own"},
	}
	for _, e := range leadStatus {
		switch e.number {
		case 1, 30: // of leads alone
			continue
		case 110:
			e.name = "NotSuccessful"
		case 20:
			e.text = "waiting (inbound)"
		}
		conversation = append(conversation, e)
	}
	return map[string][]entry{
		"LeadStatus":         leadStatus,
		"ConversationStatus": conversation,
		"CallStatus": {
			{3, "InProgress", "ringing, talking, or its results are being put together"}, {4, "Completed", "answered"}, {5, "Busy", "busy or rejected"},
			{6, "Failed", "could not be set up, or lost"}, {7, "NoAnswer", "rang out"}, {8, "Canceled", "cancelled before the answer; final"},
		},
		"ActivityStatus":    {{1, "Running", ""}, {2, "Paused", ""}, {3, "Suspended", "set by the operator only"}, {10, "TemporaryMaintenance", "set by the operator only"}},
		"CallRequestStatus": {{1, "InCallQueue", ""}, {2, "OnCall", ""}, {10, "Completed", "the call has ended, however it ended"}, {20, "BlackListed", ""}, {100, "Error", "errors says why"}},
		"AccountStatus":     {{1, "FullAccess", ""}, {2, "LimitedAccess", ""}, {3, "NoCredits", ""}, {4, "SuspendedAccount", ""}, {5, "DebtReached", ""}},
		"Sentiment":         {{0, "NotJudged", ""}, {1, "Negative", ""}, {2, "SlightlyNegative", ""}, {3, "Neutral", ""}, {4, "SlightlyPositive", ""}, {5, "Positive", ""}},
		"TranscriptRole":    {{2, "Pearl", ""}, {3, "Client", ""}, {4, "PlatformUser", "a person of the account who joined"}},
		"NodeType":          {{2, "OpeningSentence", ""}, {3, "PreCallAPI", ""}, {10, "Dialogue", ""}, {40, "API", ""}, {100, "EndCall", ""}, {200, "PostCallActions", ""}},
		"ApiResult":         {{1, "Success", ""}, {2, "Failure", ""}},
		"ApiMethod":         {{1, "GET", ""}, {2, "POST", ""}, {3, "PUT", ""}, {4, "PATCH", ""}, {5, "DELETE", ""}},
		"PearlType":         {{1, "Inbound", ""}, {2, "Outbound", "a campaign"}},
		"PhoneDirection":    {{1, "InboundOutbound", ""}, {2, "Inbound", ""}, {3, "Outbound", ""}, {10, "NotSet", ""}},
		"RecordingTrack":    {{1, "Outbound", "the agent"}, {2, "Inbound", "the lead"}, {3, "Both", "stereo, agent left, lead right"}, {4, "None", ""}},
		"TranscriptOptions": {{1, "FullTranscript", ""}, {2, "SensitiveInfoRemoved", ""}, {3, "NoTranscript", ""}},
		"RetryInterval":     {{1, "Every6Hours", ""}, {2, "OnceADay", "24 hours"}, {3, "OnceEvery3Days", "72 hours"}, {4, "OnceAWeek", "168 hours"}, {5, "OnceAMonth", "720 hours"}, {6, "Every3Hours", ""}},
		"VariableGroup":     {{1, "PreCall", "known before the call"}, {2, "InCall", "collected in the conversation"}},
		"WebhookVersion":    {{1, "V1", "members in PascalCase"}, {2, "V2", "members in camelCase"}},
		"UserRole":          {{1, "Owner", ""}, {2, "Admin", ""}, {3, "Operator", ""}, {4, "Viewer", ""}},
		"AuditEvent": {
			{1, "LoginAttempt", ""}, {2, "LoginSuccessful", ""}, {10, "PublishPearl", ""}, {11, "PearlStatus", ""}, {18, "TransferPearl", ""}, {19, "DeletePearl", ""},
			{30, "CreateAPIKey", ""}, {31, "DeleteAPIKey", ""}, {40, "PurchaseAgents", ""}, {41, "DeleteAgent", ""}, {50, "SetBillingDetails", ""}, {51, "SetPaymentMethod", ""},
			{52, "SetSubscription", ""}, {59, "CancelSubscription", ""}, {60, "PurchaseCredits", ""}, {61, "SetAutoRecharge", ""}, {70, "InviteUser", ""}, {71, "UserJoin", ""},
			{72, "InvitationCanceled", ""}, {73, "UpdateUserRole", ""}, {74, "UpdateAccountInformations", ""}, {75, "RemoveUserFromTheAccount", ""}, {76, "UserLeftAccount", ""},
			{80, "UpdateSessionTTL", ""}, {81, "Set2FA", ""}, {1001, "PearlSettings", "extension"}, {1002, "Blacklist", "extension"}, {1003, "PhoneNumber", "extension"},
			{1004, "Trunk", "extension"}, {1005, "DeleteLeads", "extension"}, {1006, "DeleteCalls", "extension"}, {1007, "Password", "extension"},
			{1008, "ListenIn", "extension"}, {1009, "TestAction", "extension"},
		},
	}
}

// tableOf is the table of a type whose values are all in one; "" for others.
func tableOf(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[lead.Status]():
		return "LeadStatus"
	case reflect.TypeFor[call.Status]():
		return "CallStatus"
	case reflect.TypeFor[call.Role]():
		return "TranscriptRole"
	case reflect.TypeFor[call.Track]():
		return "RecordingTrack"
	case reflect.TypeFor[campaign.Type]():
		return "PearlType"
	case reflect.TypeFor[campaign.Activity]():
		return "ActivityStatus"
	case reflect.TypeFor[account.Standing]():
		return "AccountStatus"
	case reflect.TypeFor[account.Role]():
		return "UserRole"
	case reflect.TypeFor[account.Direction]():
		return "PhoneDirection"
	case reflect.TypeFor[engine.RequestStatus]():
		return "CallRequestStatus"
	}
	return ""
}

// wordsOf are the values of a type of words; nil for others.
func wordsOf(t reflect.Type) []string {
	switch t {
	case reflect.TypeFor[account.Scope]():
		return []string{string(account.ScopeRead), string(account.ScopeLeads), string(account.ScopeFull)}
	case reflect.TypeFor[account.TrunkState]():
		return []string{string(account.TrunkOK), string(account.TrunkUnreachable), string(account.TrunkUnauthorized), string(account.TrunkUnknown)}
	case reflect.TypeFor[engine.DeliveryKind]():
		return []string{string(engine.CallDelivery), string(engine.LeadDelivery), string(engine.AnalysisDelivery)}
	case reflect.TypeFor[engine.DeliveryState]():
		return []string{string(engine.DeliveryPending), string(engine.DeliveryDelivered), string(engine.DeliveryDead), string(engine.DeliveryDropped)}
	case reflect.TypeFor[call.VariableType]():
		return []string{string(call.Boolean), string(call.Float), string(call.Int), string(call.String)}
	}
	return nil
}

// table refers to the schema of a table, which it adds to the document.
func (s *schemas) table(name string) object {
	if s.named[name] == nil {
		entries, known := tables()[name]
		if !known {
			panic(fmt.Sprintf("openapi: there is no table %s", name))
		}
		s.named[name] = tableSchema(entries)
		s.named[name]["examples"] = []any{usualNumber(name)}
	}
	return object{"$ref": componentSchemas + name}
}

// tableSchema lists the numbers with their names, for people and, as generators of clients read them, for programs.
func tableSchema(entries []entry) object {
	var numbers []any
	var names, texts, lines []string
	for _, e := range entries {
		numbers, names, texts = append(numbers, e.number), append(names, e.name), append(texts, e.text)
		lines = append(lines, fmt.Sprintf("%d %s", e.number, e.name))
	}
	out := object{"type": "integer", "enum": numbers, "x-enum-varnames": names, "description": strings.Join(lines, ", ")}
	if strings.Join(texts, "") != "" {
		out["x-enum-descriptions"] = texts
	}
	return out
}

// usualNumber is one that examples show.
func usualNumber(table string) int64 {
	switch table {
	case "LeadStatus", "ConversationStatus":
		return 100
	case "CallStatus", "Sentiment":
		return 4
	case "CallRequestStatus":
		return 10
	case "AuditEvent":
		return 11
	case "PhoneDirection", "RecordingTrack":
		return 3
	case "TranscriptRole", "PearlType", "RetryInterval", "VariableGroup", "WebhookVersion", "NodeType":
		return 2
	}
	return 1
}

// partOf is a table of which only some numbers are allowed.
func partOf(name string, numbers []int64) object {
	var some []entry
	for _, n := range numbers {
		for _, e := range tables()[name] {
			if e.number == n {
				some = append(some, e)
			}
		}
	}
	return tableSchema(some)
}
