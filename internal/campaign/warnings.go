package campaign

import (
	"fmt"
	"slices"
	"strings"

	"nacre/internal/call"
	"nacre/internal/hours"
	"nacre/internal/spelling"
)

// Warning is something that a Pearl holds and that will probably not do what was meant. It refuses nothing.
type Warning struct {
	Member string // as errors name it: "Pearl.OpeningSentence", "Outbound.VoiceMail"
	Text   string
}

// Abilities are what the server brings to conversations besides the rules of forms and the keys of telephones.
type Abilities struct {
	Hears  bool // words are understood
	Thinks bool // language models are configured; they converse where the server hears
	Texts  bool // there is a gateway for text messages
}

// Effects of members on calls, where they have none.
const (
	effectless = "This is stored and returned, and has no effect on calls yet."
	mindless   = "This has no effect on calls of this server: it is for a language model, and none is configured (models of --providers)."
	earless    = "This has no effect on calls of this server: it is for a language model, which converses only where something hears, and nothing does."
	textless   = "This has no effect on calls of this server: it has no gateway for text messages (sms of --providers)."
	mailless   = "This has no effect: neither the e-mail nor the Pearl has smtpSettings with smtpServer and senderEmail."
	unjudged   = "This is never done: whether it is to be done is for a language model to judge, and none is configured (models of --providers). Without a trigger it is done after every answered call."
	wordless   = "This has no effect on calls of this server: people ask for a person in words, and nothing hears them."
)

// hole is said of a variable that the Pearl itself gives, and does not.
const hole = "{%s} is spoken as nothing, because %s: people hear \"this is\" and no name."

// ownValue is the value of a variable that the Pearl itself gives, whatever the lead.
func (p Pearl) ownValue(name string) (value string, own bool) {
	switch name {
	case "agentName":
		if agents := p.Definition.Agents; len(agents) > 0 {
			value = agents[0].Name
		}
		return strings.TrimSpace(value), true
	case "companyName":
		return strings.TrimSpace(p.Definition.CompanyName), true
	}
	return "", false
}

// Warnings names the variables in texts that nothing declares or the Pearl leaves without a value, and the members that have no effect on calls of a server of the
// abilities.
func (p Pearl) Warnings(server Abilities) []Warning {
	var found []Warning
	p.eachText(func(member, text string) {
		for _, name := range call.Variables(text) {
			if own, isOwn := p.ownValue(name); isOwn && own == "" {
				found = append(found, Warning{Member: member, Text: fmt.Sprintf(hole, name, map[string]string{"agentName": "agents names nobody", "companyName": "companyName is empty"}[name])})
			}
			if warning, unknown := p.unknownVariable(name); unknown {
				found = append(found, Warning{Member: member, Text: warning})
			}
		}
	})
	for n, to := range p.Definition.Notifications {
		if e := to.EmailTemplate; e != nil && p.Definition.mailServer(e.SMTPSettings) == nil {
			found = append(found, Warning{Member: fmt.Sprintf("Pearl.Notifications[%d].EmailTemplate", n), Text: mailless})
		}
	}
	if !server.Thinks {
		for _, member := range p.triggers() {
			found = append(found, Warning{Member: member, Text: unjudged})
		}
	}
	for _, member := range p.withoutEffect() {
		found = append(found, Warning{Member: member, Text: effectless})
	}
	if !server.Texts && len(p.Definition.SMSSettings) > 0 {
		found = append(found, Warning{Member: "Pearl.SmsSettings", Text: textless})
	}
	for n, e := range p.Definition.EmailSettings {
		if p.Definition.mailServer(e.SMTPSettings) == nil {
			found = append(found, Warning{Member: fmt.Sprintf("Pearl.EmailSettings[%d]", n), Text: mailless})
		}
	}
	if !server.Hears && len(p.Definition.TransferCallSettings) > 0 {
		found = append(found, Warning{Member: "Pearl.TransferCallSettings", Text: wordless})
	}
	if server.Hears && server.Thinks {
		return found
	}
	text := mindless
	if server.Thinks {
		text = earless
	}
	for _, member := range p.forModels() {
		found = append(found, Warning{Member: member, Text: text})
	}
	return found
}

// NightHours warns of a campaign that calls real people at night.
func (p Pearl) NightHours() (Warning, bool) {
	if p.Outbound == nil {
		return Warning{}, false
	}
	week, err := hours.ParseWeek(p.Outbound.CallingHours, "")
	if err != nil || !week.OpenAtNight() {
		return Warning{}, false
	}
	return Warning{Member: "Outbound.CallingHours", Text: "The campaign calls over a trunk before 08:00 or after 21:00 of the person's own time. Few countries allow that (the United States do not: 47 CFR 64.1200)."}, true
}

// unknownVariable: keys of callData need no declaration, so that a name that nobody declared is doubtful, not wrong.
func (p Pearl) unknownVariable(name string) (warning string, unknown bool) {
	if !variableID(name) || builtIn(name) {
		return "", false
	}
	known := []string{"agentName", "firstName", "lastName", "emailAddress", "phoneNumber", "callId", "companyName"}
	for _, v := range p.Variables {
		if v.ID == name {
			return "", false
		}
		known = append(known, v.ID)
	}
	warning = fmt.Sprintf("{%s} is neither declared nor built in: a lead whose callData has no key of this name hears nothing in its place.", name)
	if meant := spelling.Nearest(name, known, 2); meant != "" { // more edits make another word
		warning += fmt.Sprintf(" Did you mean {%s}?", meant)
	}
	return warning, true
}

// LeadVariables are the ids of the variables that the texts name and a lead's callData can give a value, in the order in which
// they are named first.
func (p Pearl) LeadVariables() []string {
	var named []string
	p.eachText(func(_, text string) {
		for _, name := range call.Variables(text) {
			switch name {
			case "agentName", "companyName", "phoneNumber", "callId":
				continue // never of callData
			}
			declared := slices.IndexFunc(p.Variables, func(v Variable) bool { return v.ID == name })
			if declared >= 0 && p.Variables[declared].Group == InCall || !variableID(name) || slices.Contains(named, name) {
				continue
			}
			named = append(named, name)
		}
	})
	return named
}

// eachText visits every text that may hold variables (contract 7).
func (p Pearl) eachText(visit func(member, text string)) {
	d := p.Definition
	visit("Pearl.OpeningSentence", d.OpeningSentence)
	visit("Pearl.FlowScript", d.FlowScript)
	for n, node := range d.Nodes {
		visit(fmt.Sprintf("Pearl.Nodes[%d].Script", n), node.Script)
		if node.APISettings != nil {
			visit(fmt.Sprintf("Pearl.Nodes[%d].ApiSettings.EndpointUrl", n), node.APISettings.EndpointURL)
		}
	}
	for n, sms := range d.SMSSettings {
		visit(fmt.Sprintf("Pearl.SmsSettings[%d].Body", n), sms.Body)
	}
	for n, email := range d.EmailSettings {
		visit(fmt.Sprintf("Pearl.EmailSettings[%d].Subject", n), email.Subject)
		visit(fmt.Sprintf("Pearl.EmailSettings[%d].Body", n), email.Body)
	}
	for n, to := range d.Notifications {
		if to.APISettings != nil {
			visit(fmt.Sprintf("Pearl.Notifications[%d].ApiSettings.EndpointUrl", n), to.APISettings.EndpointURL)
		}
		if e := to.EmailTemplate; e != nil {
			visit(fmt.Sprintf("Pearl.Notifications[%d].EmailTemplate.Subject", n), e.Subject)
			visit(fmt.Sprintf("Pearl.Notifications[%d].EmailTemplate.Body", n), e.Body)
		}
	}
	for n, action := range d.APISettings {
		visit(fmt.Sprintf("Pearl.ApiSettings[%d].EndpointUrl", n), action.EndpointURL)
	}
	for n, v := range p.Variables {
		if v.Group == InCall && strings.HasSuffix(strings.TrimSpace(v.Description), "?") {
			visit(fmt.Sprintf("Variables[%d].Description", n), v.Description)
		}
	}
	if p.Outbound != nil {
		visit("Outbound.VoiceMail", p.Outbound.VoiceMail)
		visit("Outbound.ScreeningAnswer", p.Outbound.ScreeningAnswer)
	}
}

// given are the names of members that a Pearl gives.
type given []string

func (g *given) add(is bool, member string) {
	if is {
		*g = append(*g, member)
	}
}

// forModels are the members given that a language model is told, and that nothing else acts on (brief).
func (p Pearl) forModels() []string {
	var members given
	d := p.Definition
	members.add(d.AgentPersonality != "", "Pearl.AgentPersonality")
	members.add(d.KnowledgeBase != "", "Pearl.KnowledgeBase")
	members.add(d.ModelType != 0, "Pearl.ModelType")
	members.add(d.FlowScript != "", "Pearl.FlowScript")
	for n, node := range d.Nodes {
		members.add(node.NodeType != NodePostCallActions && node.Instructions != "" && len(call.Variables(node.Instructions)) == 0, fmt.Sprintf("Pearl.Nodes[%d].Instructions", n))
	}
	for n := range d.TransferCallSettings {
		members.add(n > 0, fmt.Sprintf("Pearl.TransferCallSettings[%d]", n)) // the first one is for who asks for a person
	}
	members.add(len(d.APISettings) > 0, "Pearl.ApiSettings")
	members.add(len(d.SMSSettings) > 0, "Pearl.SmsSettings")
	members.add(len(d.EmailSettings) > 0, "Pearl.EmailSettings")
	members.add(len(d.IndicatorTags) > 0, "Pearl.IndicatorTags")
	return members
}

// triggers are those of what is done after calls.
func (p Pearl) triggers() []string {
	var members given
	for n, to := range p.Definition.Notifications {
		members.add(to.APISettings != nil && to.APISettings.TriggerDescription != "", fmt.Sprintf("Pearl.Notifications[%d].ApiSettings.TriggerDescription", n))
		members.add(to.EmailTemplate != nil && to.EmailTemplate.TriggerDescription != "", fmt.Sprintf("Pearl.Notifications[%d].EmailTemplate.TriggerDescription", n))
	}
	for n, node := range p.Definition.Nodes {
		members.add(node.NodeType == NodePostCallActions && node.APISettings != nil && node.APISettings.TriggerDescription+node.Instructions != "", fmt.Sprintf("Pearl.Nodes[%d]", n))
	}
	return members
}

// withoutEffect are the members given that no call acts on.
func (p Pearl) withoutEffect() []string {
	var members given
	d := p.Definition
	members.add(d.Memory, "Pearl.Memory")
	members.add(len(d.SpeechRecognitionKeywords) > 0, "Pearl.SpeechRecognitionKeywords")
	for n, node := range d.Nodes {
		members.add(node.NodeType == NodePostCallActions && node.APISettings == nil, fmt.Sprintf("Pearl.Nodes[%d]", n))
	}
	for n, t := range d.TransferCallSettings {
		members.add(t.WarmTransferMessage != "", fmt.Sprintf("Pearl.TransferCallSettings[%d].WarmTransferMessage", n))
	}
	members.add(d.AskAllQuestions && !p.decidedByQuestion(), "Pearl.AskAllQuestions")
	members.add(p.Inbound != nil, "Inbound")
	return members
}

// decidedByQuestion: success is defined, and a boolean question decides it.
func (p Pearl) decidedByQuestion() bool {
	if strings.TrimSpace(p.Definition.SuccessDescription) == "" {
		return false
	}
	for _, v := range p.Variables {
		if v.Group == InCall && v.Type == call.Boolean {
			return true
		}
	}
	return false
}
