package webhook

import (
	"nacre/internal/call"
	"nacre/internal/lead"
)

// The names that webhookEnums "names" writes (contract 8); "" for a number outside its table, which then stays a number.

// leadStatusName also names conversation statuses: the two share their numbers (contract 8.1, 8.2).
func leadStatusName(n int) string {
	if name := lead.Status(n).String(); name != "Unknown" {
		return name
	}
	return ""
}

func callStatusName(n int) string {
	switch call.Status(n) {
	case call.InProgress:
		return "InProgress"
	case call.Completed:
		return "Completed"
	case call.Busy:
		return "Busy"
	case call.Failed:
		return "Failed"
	case call.NoAnswer:
		return "NoAnswer"
	case call.Canceled:
		return "Canceled"
	}
	return ""
}

func roleName(n int) string {
	switch call.Role(n) {
	case call.Pearl:
		return "Pearl"
	case call.Client:
		return "Client"
	case call.PlatformUser:
		return "PlatformUser"
	}
	return ""
}

func sentimentName(n int) string {
	switch n {
	case 0:
		return "NotJudged"
	case 1:
		return "Negative"
	case 2:
		return "SlightlyNegative"
	case 3:
		return "Neutral"
	case 4:
		return "SlightlyPositive"
	case 5:
		return "Positive"
	}
	return ""
}
