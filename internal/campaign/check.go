package campaign

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"nacre/internal/call"
	"nacre/internal/fault"
	"nacre/internal/hours"
	"nacre/internal/lead"
	"nacre/internal/phone"
	"nacre/internal/zone"
)

// Checks are the rules that other rooms know. Nil members are not asked.
type Checks struct {
	WebhookURL       func(raw string) error  // contract 6.6
	CredentialHeader func(name string) error // a header that may carry a credential
	Voice            func(voiceID string) bool
}

// Limits of texts (contract 0.6).
const (
	maxNodeID          = 20
	maxInstructions    = 2000
	maxWaitingSentence = 300
	maxVoiceMail       = 500
	maxVariableID      = 64
)

// Check judges a whole Pearl as it would be stored and names every fault by its place (contract 2.4 to 2.7, 7).
func (p Pearl) Check(checks Checks) error {
	c := checker{checks: checks, pearl: p}
	c.required("Name", p.Name)
	c.definition()
	c.variables()
	switch {
	case p.Outbound != nil && p.Inbound != nil:
		c.Add("validation", "Exactly one of inbound and outbound is allowed.")
	case p.Outbound != nil:
		c.outbound()
	case p.Inbound != nil:
		c.inbound()
	default:
		c.Add("validation", "One of inbound and outbound is required.")
	}
	return c.Err()
}

type checker struct {
	fault.List
	checks Checks
	pearl  Pearl
}

func (c *checker) required(path, value string) {
	if strings.TrimSpace(value) == "" {
		c.Add(path, "The %s field is required.", path[strings.LastIndexByte(path, '.')+1:])
	}
}

func (c *checker) longest(path, value string, limit int) {
	if n := utf8.RuneCountInString(value); n > limit {
		c.Add(path, "The text is %d characters long; at most %d are allowed.", n, limit)
	}
}

func (c *checker) between(path string, value, low, high int) {
	if value < low || value > high {
		c.Add(path, "The value '%d' is not allowed: it must be between %d and %d.", value, low, high)
	}
}

func (c *checker) zone(path, name string) {
	if _, ok := zone.Parse(name); !ok {
		c.Add(path, "The value '%.60s' is no time zone: use a Windows time zone id or an IANA name.", name)
	}
}

func (c *checker) definition() {
	d := c.pearl.Definition
	c.required("Pearl.CompanyDescription", d.CompanyDescription)
	if d.TimeZone == "" {
		c.required("Pearl.TimeZone", "")
	} else {
		c.zone("Pearl.TimeZone", d.TimeZone)
	}
	if len(d.Nodes) > 0 {
		c.nodes(d.Nodes)
	} else {
		c.required("Pearl.OpeningSentence", d.OpeningSentence)
		c.preCallOnly("Pearl.OpeningSentence", d.OpeningSentence)
	}
	for n, agent := range d.Agents {
		if agent.VoiceID != "" && c.checks.Voice != nil && !c.checks.Voice(agent.VoiceID) {
			c.Add(fmt.Sprintf("Pearl.Agents[%d].VoiceId", n), "There is no voice with the id '%.40s'.", agent.VoiceID)
		}
	}
	for n, api := range d.APISettings {
		c.api(fmt.Sprintf("Pearl.ApiSettings[%d]", n), api)
	}
	for n, notification := range d.Notifications {
		if notification.APISettings != nil {
			c.api(fmt.Sprintf("Pearl.Notifications[%d].ApiSettings", n), *notification.APISettings)
		}
	}
	for n, tag := range d.IndicatorTags {
		c.required(fmt.Sprintf("Pearl.IndicatorTags[%d].Name", n), tag.Name)
	}
}

func (c *checker) api(path string, api API) {
	c.between(path+".Method", api.Method, 1, 5)
	if c.checks.WebhookURL == nil || strings.Contains(api.EndpointURL, "{") {
		return // a variable in the address is judged when it is called
	}
	if err := c.checks.WebhookURL(api.EndpointURL); err != nil {
		c.Add(path+".EndpointUrl", "%s", err)
	}
}

// preCallOnly: a text spoken before anything was collected takes variables of group 1 only.
func (c *checker) preCallOnly(path, text string) {
	for _, match := range placeholder.FindAllStringSubmatch(text, -1) {
		for _, v := range c.pearl.Variables {
			if v.ID == match[1] && v.Group != PreCall {
				c.Add(path, "The variable {%s} is collected in the call; this text takes variables of group 1 only.", v.ID)
			}
		}
	}
}

// builtIn variable ids may not be declared (contract 7).
var builtIn = map[string]bool{
	"agentName": true, "firstName": true, "lastName": true, "emailAddress": true, "phoneNumber": true, "callId": true, "companyName": true, "email": true,
}

func (c *checker) variables() {
	seen := map[string]bool{}
	if len(c.pearl.Variables) == 0 && len(c.pearl.Definition.Nodes) > 0 {
		c.Add("Variables", "The Variables field is required and must not be empty.")
	}
	for n, v := range c.pearl.Variables {
		path := fmt.Sprintf("Variables[%d].", n)
		switch {
		case v.ID == "":
			c.required(path+"Id", "")
		case !wellFormedID(v.ID):
			c.Add(path+"Id", "The id '%.80s' is not allowed: letters, digits and _, at most %d.", v.ID, maxVariableID)
		case builtIn[v.ID]:
			c.Add(path+"Id", "The id '%s' is built in and cannot be declared.", v.ID)
		case seen[v.ID]:
			c.Add(path+"Id", "The id '%s' is declared twice.", v.ID)
		}
		seen[v.ID] = true
		c.required(path+"Name", v.Name)
		if v.Group != PreCall && v.Group != InCall {
			c.Add(path+"Group", "The value '%d' is not allowed: 1 (PreCall) or 2 (InCall).", v.Group)
		}
		switch v.Type {
		case "", call.Boolean, call.Float, call.Int, call.String:
		default:
			c.Add(path+"Type", "The value '%.40s' is not allowed: boolean, float, int or string.", v.Type)
		}
	}
}

func wellFormedID(text string) bool {
	if len(text) > maxVariableID {
		return false
	}
	for _, r := range text {
		if r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return false
		}
	}
	return true
}

func (c *checker) nodes(nodes []Node) {
	ids, openings, endings := map[string]bool{}, 0, 0
	for _, node := range nodes {
		ids[node.NodeID] = true
	}
	seen := map[string]bool{}
	for n, node := range nodes {
		path := fmt.Sprintf("Pearl.Nodes[%d].", n)
		c.required(path+"NodeId", node.NodeID)
		c.required(path+"Name", node.Name)
		c.longest(path+"NodeId", node.NodeID, maxNodeID)
		if node.NodeID != "" && seen[node.NodeID] {
			c.Add(path+"NodeId", "The id '%s' is used twice.", node.NodeID)
		}
		seen[node.NodeID] = true
		c.longest(path+"Instructions", node.Instructions, maxInstructions)
		switch node.NodeType {
		case NodeOpeningSentence:
			openings++
			c.preCallOnly(path+"Script", node.Script)
		case NodeEndCall:
			endings++
		case NodePreCallAPI, NodeAPI:
			if node.APISettings == nil {
				c.required(path+"ApiSettings", "")
			} else {
				c.api(path+"ApiSettings", *node.APISettings)
			}
		case NodeDialogue, NodePostCallActions:
		default:
			c.Add(path+"NodeType", "The value '%d' is not allowed: 2, 3, 10, 40, 100 or 200.", node.NodeType)
		}
		c.transitions(path, node, ids)
	}
	if openings != 1 {
		c.Add("Pearl.Nodes", "There must be one node of type 2 (OpeningSentence); there are %d.", openings)
	}
	if endings != 1 {
		c.Add("Pearl.Nodes", "There must be exactly one node of type 100 (EndCall); there are %d.", endings)
	}
}

func (c *checker) transitions(path string, node Node, ids map[string]bool) {
	names := map[string]bool{}
	for n, t := range node.Transitions {
		at := fmt.Sprintf("%sTransitions[%d].", path, n)
		c.required(at+"Name", t.Name)
		if t.Name != "" && names[t.Name] {
			c.Add(at+"Name", "The name '%.60s' is used twice in this node.", t.Name)
		}
		names[t.Name] = true
		if !ids[t.ToNodeID] {
			c.Add(at+"ToNodeId", "There is no node with the id '%.40s'.", t.ToNodeID)
		}
		if t.APIResult != nil {
			c.between(at+"ApiResult", *t.APIResult, 1, 2)
		}
	}
}

func (c *checker) outbound() {
	o := c.pearl.Outbound
	if o.TotalAgents < 1 {
		c.Add("Outbound.TotalAgents", "The value '%d' is not allowed: at least 1.", o.TotalAgents)
	}
	c.between("Outbound.RecordingTrack", int(o.RecordingTrack), 1, 4)
	c.between("Outbound.TranscriptOptions", o.TranscriptOptions, 1, 3)
	c.between("Outbound.MaximumCallAttempts", o.MaximumCallAttempts, 1, 11)
	if _, ok := RetryInterval(o.MinimumRetryIntervalHours); !ok {
		c.Add("Outbound.MinimumRetryIntervalHours", "The value '%d' is not allowed: 1 (6 hours), 2 (a day), 3 (3 days), 4 (a week), 5 (a month) or 6 (3 hours); it is no number of hours.", o.MinimumRetryIntervalHours)
	}
	c.between("Outbound.RingDuration", o.RingDuration, 10, 50)
	c.between("Outbound.CallTimeout", o.CallTimeout, 1, 120)
	c.longest("Outbound.VoiceMail", o.VoiceMail, maxVoiceMail)
	c.preCallOnly("Outbound.VoiceMail", o.VoiceMail)
	if o.TimeZone != "" {
		c.zone("Outbound.TimeZone", o.TimeZone)
	}
	if o.BudgetTotal != nil && *o.BudgetTotal < 0 {
		c.Add("Outbound.BudgetTotal", "The value '%d' is not allowed: it must not be negative.", *o.BudgetTotal)
	}
	_, err := hours.ParseWeek(o.CallingHours, "Outbound.CallingHours")
	c.Join("", err)
	_, err = hours.ParseHolidays(o.Holidays, "Outbound.Holidays")
	c.Join("", err)
	c.retryPolicy(o.RetryPolicy)
	if o.DefaultRegion != "" && !phone.ValidRegion(o.DefaultRegion) {
		c.Add("Outbound.DefaultRegion", "The value '%.20s' is no two-letter country.", o.DefaultRegion)
	}
	switch o.DuplicatePolicy {
	case "allow", "skip", "reject":
	default:
		c.Add("Outbound.DuplicatePolicy", "The value '%.20s' is not allowed: allow, skip or reject.", o.DuplicatePolicy)
	}
	if o.CallRequestMaxWaitMinutes < 1 {
		c.Add("Outbound.CallRequestMaxWaitMinutes", "The value '%d' is not allowed: at least 1.", o.CallRequestMaxWaitMinutes)
	}
	c.webhooks("Outbound.")
}

func (c *checker) retryPolicy(policy lead.RetryPolicy) {
	known := map[call.Outcome]bool{}
	var names []string
	for _, outcome := range lead.RetryOutcomes() {
		known[outcome] = true
		names = append(names, string(outcome))
	}
	for outcome, retry := range policy {
		path := "Outbound.RetryPolicy." + string(outcome)
		if !known[outcome] {
			c.Add(path, "The outcome '%.40s' is not allowed: %s.", outcome, strings.Join(names, ", "))
		}
		for n, delay := range retry.Delays {
			if delay < 0 {
				c.Add(fmt.Sprintf("%s.Delays[%d]", path, n), "The value '%d' is not allowed: it must not be negative.", delay)
			}
		}
		if limit := retry.MaximumAttempts; limit != nil && *limit < 1 {
			c.Add(path+".MaximumAttempts", "The value '%d' is not allowed: at least 1.", *limit)
		}
	}
}

func (c *checker) webhooks(prefix string) {
	w := c.pearl.Webhooks
	for _, url := range []struct{ member, raw string }{{"CallWebhookUrl", w.CallURL}, {"LeadWebhookUrl", w.LeadURL}} {
		if url.raw == "" || c.checks.WebhookURL == nil {
			continue
		}
		if err := c.checks.WebhookURL(url.raw); err != nil {
			c.Add(prefix+url.member, "%s", err)
		}
	}
	c.between(prefix+"WebhookVersion", w.Version, 1, 2)
	if w.CredentialHeader != "" && c.checks.CredentialHeader != nil {
		if err := c.checks.CredentialHeader(w.CredentialHeader); err != nil {
			c.Add(prefix+"WebhookCredentialHeader", "%s", err)
		}
	}
	if w.Enums != "numbers" && w.Enums != "names" {
		c.Add(prefix+"WebhookEnums", "The value '%.20s' is not allowed: numbers or names.", w.Enums)
	}
}

func (c *checker) inbound() {
	i := c.pearl.Inbound
	if i.TotalAgents < 1 {
		c.Add("Inbound.TotalAgents", "The value '%d' is not allowed: at least 1.", i.TotalAgents)
	}
	c.between("Inbound.TranscriptOptions", i.TranscriptOptions, 1, 3)
	c.required("Inbound.WaitingSentence", i.WaitingSentence)
	c.longest("Inbound.WaitingSentence", i.WaitingSentence, maxWaitingSentence)
	c.webhooks("Inbound.")
}

// KeepSecrets gives the secrets of before back where after holds the asterisks that they are shown as: whoever sends back
// what was read changes nothing. Members of lists are matched by their position.
func (p *Pearl) KeepSecrets(before Pearl) {
	keep := func(now *string, was string) {
		if *now == masked {
			*now = was
		}
	}
	smtp := func(now, was *SMTP) {
		if now != nil {
			if was == nil {
				was = &SMTP{}
			}
			keep(&now.SenderPassword, was.SenderPassword)
		}
	}
	api := func(now, was *API) {
		if now == nil {
			return
		}
		for name, value := range now.Headers {
			old := ""
			if was != nil {
				old = was.Headers[name]
			}
			keep(&value, old)
			now.Headers[name] = value
		}
	}
	d, old := &p.Definition, &before.Definition
	smtp(d.SMTPSettings, old.SMTPSettings)
	for n := range d.EmailSettings {
		smtp(d.EmailSettings[n].SMTPSettings, at(old.EmailSettings, n).SMTPSettings)
	}
	for n := range d.APISettings {
		was := at(old.APISettings, n)
		api(&d.APISettings[n], &was)
	}
	for n := range d.Nodes {
		api(d.Nodes[n].APISettings, at(old.Nodes, n).APISettings)
	}
	for n := range d.Notifications {
		was := at(old.Notifications, n)
		api(d.Notifications[n].APISettings, was.APISettings)
		if template := d.Notifications[n].EmailTemplate; template != nil {
			var oldSMTP *SMTP
			if was.EmailTemplate != nil {
				oldSMTP = was.EmailTemplate.SMTPSettings
			}
			smtp(template.SMTPSettings, oldSMTP)
		}
	}
	keep(&p.Webhooks.Credential, before.Webhooks.Credential)
}

// at is a list's member, or the zero value beyond its end.
func at[T any](list []T, n int) T {
	if n < len(list) {
		return list[n]
	}
	var zero T
	return zero
}
