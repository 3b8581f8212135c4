package campaign

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"nacre/internal/call"
	"nacre/internal/fault"
	"nacre/internal/hours"
	"nacre/internal/lead"
	"nacre/internal/phone"
)

func between(path string, value, least, most int, faults *fault.List) {
	if value < least || value > most {
		faults.Add(path, "The value %d is not valid; it must be between %d and %d.", value, least, most)
	}
}

func atLeast(path string, value, least int, faults *fault.List) {
	if value < least {
		faults.Add(path, "The value %d is not valid; it must be %d or more.", value, least)
	}
}

// checkOutbound judges the settings of a campaign (contract 2.6).
func (p Pearl) checkOutbound(judges Judges, faults *fault.List) {
	const at = "Outbound."
	o := p.Outbound
	atLeast(at+"TotalAgents", o.TotalAgents, 1, faults)
	between(at+"RecordingTrack", int(o.RecordingTrack), int(call.TrackAgent), int(call.TrackNone), faults)
	between(at+"TranscriptOptions", o.TranscriptOptions, 1, 3, faults)
	if o.BudgetTotal != nil {
		atLeast(at+"BudgetTotal", *o.BudgetTotal, 0, faults)
	}
	if o.TimeZone != "" {
		checkZone(at+"TimeZone", o.TimeZone, faults)
	}
	between(at+"MaximumCallAttempts", o.MaximumCallAttempts, 1, 11, faults)
	if _, ok := RetryInterval(o.MinimumRetryIntervalHours); !ok {
		faults.Add(at+"MinimumRetryIntervalHours", "The value %d is not valid; it is no number of hours but one of 1 (six hours), 2 (a day), 3 (three days), 4 (a week), 5 (a month), 6 (three hours).", o.MinimumRetryIntervalHours)
	}
	between(at+"RingDuration", o.RingDuration, 10, 50, faults)
	between(at+"CallTimeout", o.CallTimeout, 1, 120, faults)
	tooLong(at+"VoiceMail", o.VoiceMail, maxVoiceMail, faults)
	p.preCallOnly(at+"VoiceMail", o.VoiceMail, faults)
	tooLong(at+"ScreeningAnswer", o.ScreeningAnswer, maxScreeningAnswer, faults)
	p.preCallOnly(at+"ScreeningAnswer", o.ScreeningAnswer, faults)
	if strings.Trim(o.MenuKeys, "0123456789*#") != "" || len(o.MenuKeys) > maxMenuKeys {
		faults.Add(at+"MenuKeys", "The value '%.32s' is not valid; it must be at most %d keys of 0–9, * and #.", o.MenuKeys, maxMenuKeys)
	}
	tooMany(at+"CallingHours", len(o.CallingHours), maxWindows, faults)
	tooMany(at+"Holidays", len(o.Holidays), maxHolidays, faults)
	if _, err := hours.ParseWeek(o.CallingHours, at+"CallingHours"); err != nil {
		faults.Join("", err)
	}
	if _, err := hours.ParseHolidays(o.Holidays, at+"Holidays"); err != nil {
		faults.Join("", err)
	}
	checkRetryPolicy(at+"RetryPolicy", o.RetryPolicy, faults)
	if o.DefaultRegion != "" && !phone.ValidRegion(o.DefaultRegion) {
		faults.Add(at+"DefaultRegion", "The value '%.16s' is no region; it must be a country of two letters, such as US.", o.DefaultRegion)
	}
	switch o.DuplicatePolicy {
	case "allow", "skip", "reject":
	default:
		faults.Add(at+"DuplicatePolicy", "The value '%.64s' is not valid; it must be allow, skip or reject.", o.DuplicatePolicy)
	}
	atLeast(at+"CallRequestMaxWaitMinutes", o.CallRequestMaxWaitMinutes, 1, faults)
	p.Webhooks.check(at, judges, faults)
}

// Most entries of lists that are read whenever a lead of the campaign is looked at.
const (
	maxWindows  = 500
	maxHolidays = 1000
	maxDelays   = 100
)

func tooMany(path string, length, most int, faults *fault.List) {
	if length > most {
		faults.Add(path, "The list holds %d entries; at most %d are allowed.", length, most)
	}
}

func checkRetryPolicy(path string, policy lead.RetryPolicy, faults *fault.List) {
	allowed := lead.RetryOutcomes()
	for outcome, retry := range policy {
		if !slices.Contains(allowed, outcome) {
			words := make([]string, len(allowed))
			for n, one := range allowed {
				words[n] = string(one)
			}
			faults.Add(path, "'%.64s' is no outcome; allowed are %s.", outcome, strings.Join(words, ", "))
			continue
		}
		at := path + "." + strings.ToUpper(string(outcome[:1])) + string(outcome[1:]) // member paths are PascalCase (contract 0.5)
		tooMany(at+".Delays", len(retry.Delays), maxDelays, faults)
		for n, delay := range retry.Delays {
			atLeast(fmt.Sprintf("%s.Delays[%d]", at, n), delay, 0, faults)
		}
		if retry.MaximumAttempts != nil {
			atLeast(at+".MaximumAttempts", *retry.MaximumAttempts, 0, faults)
		}
	}
}

// Check judges webhook settings by themselves; paths are bare ("CallWebhookUrl").
func (w Webhooks) Check(judges Judges) error {
	var faults fault.List
	w.check("", judges, &faults)
	return faults.Err()
}

// check judges webhook settings (contract 6).
func (w Webhooks) check(at string, judges Judges, faults *fault.List) {
	for _, url := range []struct{ member, text string }{{"CallWebhookUrl", w.CallURL}, {"LeadWebhookUrl", w.LeadURL}} {
		if url.text == "" {
			continue
		}
		if err := judges.url(url.text); err != nil {
			faults.Add(at+url.member, "%s", err)
		}
	}
	between(at+"WebhookVersion", w.Version, 1, 2, faults)
	if w.Enums != "numbers" && w.Enums != "names" {
		faults.Add(at+"WebhookEnums", "The value '%.64s' is not valid; it must be numbers or names.", w.Enums)
	}
	if strings.ContainsFunc(w.Credential, unicode.IsControl) {
		faults.Add(at+"WebhookCredential", "The value contains control characters.")
	}
	if w.CredentialHeader != "" && judges.Header != nil {
		if err := judges.Header(w.CredentialHeader); err != nil {
			faults.Add(at+"WebhookCredentialHeader", "The header cannot carry the credential: %s.", err)
		}
	}
}

// checkInbound judges the settings of an inbound Pearl (contract 2.7).
func (p Pearl) checkInbound(judges Judges, faults *fault.List) {
	const at = "Inbound."
	in := p.Inbound
	atLeast(at+"TotalAgents", in.TotalAgents, 1, faults)
	between(at+"TranscriptOptions", in.TranscriptOptions, 1, 3, faults)
	if strings.TrimSpace(in.WaitingSentence) == "" {
		faults.Add(at+"WaitingSentence", "The WaitingSentence field is required.")
	}
	tooLong(at+"WaitingSentence", in.WaitingSentence, maxWaitingSentence, faults)
	p.Webhooks.check(at, judges, faults)
}

// DefaultInbound are the defaults of contract 2.7.
func DefaultInbound() InboundSettings {
	return InboundSettings{TotalAgents: 1, RecordingOptions: true, StopRecordingAfterTransfer: new(bool), TranscriptOptions: 1}
}
