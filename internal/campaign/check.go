package campaign

import (
	"errors"
	"fmt"
	"net/mail"
	"net/netip"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"nacre/internal/call"
	"nacre/internal/fault"
	"nacre/internal/zone"
)

// Limits of contract 0.6 and 7.
const (
	maxVoiceMail        = 500
	maxScreeningAnswer  = 300 // one sentence
	maxMenuKeys         = 8
	maxWaitingSentence  = 300
	maxNodeID           = 20
	maxNodeInstructions = 2000
	maxVariableID       = 64
)

// Judges are verdicts that do not follow from the Pearl itself. A nil one refuses nothing.
type Judges struct {
	KnownVoice func(voiceID string) bool
	// URL judges webhook URLs and the targets of API calls (contract 6.6). The text of its error is "Invalid Webhook URL …"
	// with the value and the reason; what it wraps is the reason alone.
	URL    func(url string) error
	Host   func(host string) error // of mail servers, as a user wrote it; its error's text continues "the host …"
	Header func(name string) error // name of the header that carries the webhook credential
}

func (j Judges) url(text string) error {
	if j.URL == nil {
		return nil
	}
	return j.URL(text)
}

// Check judges a complete Pearl by the rules of contract 2.4 to 2.7 and 7. The error is fault.Invalid with every fault
// found, under the member paths of creation ("Pearl.Nodes[2].Transitions[0].ToNodeId", "Outbound.RingDuration"). Whether
// the phone number exists is the engine's to say.
func (p Pearl) Check(judges Judges) error {
	var faults fault.List
	if strings.TrimSpace(p.Name) == "" {
		faults.Add("Name", "The Name field is required.")
	}
	p.checkDefinition(judges, &faults)
	p.checkVariables(&faults)
	p.checkSettings(judges, &faults)
	return faults.Err()
}

// CheckSettings judges the settings alone; paths begin with "Outbound." or "Inbound.".
func (p Pearl) CheckSettings(judges Judges) error {
	var faults fault.List
	p.checkSettings(judges, &faults)
	return faults.Err()
}

func (p Pearl) checkSettings(judges Judges, faults *fault.List) {
	if p.Outbound != nil {
		p.checkOutbound(judges, faults)
	}
	if p.Inbound != nil {
		p.checkInbound(judges, faults)
	}
}

func (p Pearl) checkDefinition(judges Judges, faults *fault.List) {
	d := p.Definition
	if strings.TrimSpace(d.CompanyDescription) == "" {
		faults.Add("Pearl.CompanyDescription", "The CompanyDescription field is required.")
	}
	if d.TimeZone == "" {
		faults.Add("Pearl.TimeZone", "The TimeZone field is required.")
	} else {
		checkZone("Pearl.TimeZone", d.TimeZone, faults)
	}
	for n, agent := range d.Agents {
		if agent.VoiceID != "" && judges.KnownVoice != nil && !judges.KnownVoice(agent.VoiceID) {
			faults.Add(fmt.Sprintf("Pearl.Agents[%d].VoiceId", n), "There is no voice with the id '%.64s'; GET /v2/Account/Voices lists those there are.", agent.VoiceID)
		}
	}
	p.checkTransfers(faults.Add)
	for n := range d.APISettings {
		checkAPI(fmt.Sprintf("Pearl.ApiSettings[%d]", n), &d.APISettings[n], judges, faults)
	}
	for n, notification := range d.Notifications {
		checkAPI(fmt.Sprintf("Pearl.Notifications[%d].ApiSettings", n), notification.APISettings, judges, faults)
	}
	checkMail("Pearl.SmtpSettings", d.SMTPSettings, judges, faults)
	for n, email := range d.EmailSettings {
		checkMail(fmt.Sprintf("Pearl.EmailSettings[%d].SmtpSettings", n), email.SMTPSettings, judges, faults)
	}
	for n, notification := range d.Notifications {
		if notification.EmailTemplate != nil {
			checkMail(fmt.Sprintf("Pearl.Notifications[%d].EmailTemplate.SmtpSettings", n), notification.EmailTemplate.SMTPSettings, judges, faults)
		}
	}
	for n, tag := range d.IndicatorTags {
		path := fmt.Sprintf("Pearl.IndicatorTags[%d].Name", n)
		switch {
		case strings.TrimSpace(tag.Name) == "":
			faults.Add(path, "The Name field is required.")
		case strings.ContainsFunc(tag.Name, unicode.IsControl):
			faults.Add(path, "The name of a tag is one line of text.")
		}
	}
	if d.Nodes != nil {
		p.checkNodes(judges, faults)
		for _, text := range []struct{ member, text string }{{"OpeningSentence", d.OpeningSentence}, {"FlowScript", d.FlowScript}} {
			if text.text != "" {
				faults.Add("Pearl."+text.member, "The Pearl is made of nodes; what it says first is the script of its node of type 2.")
			}
		}
		return
	}
	if strings.TrimSpace(d.OpeningSentence) == "" {
		faults.Add("Pearl.OpeningSentence", "The OpeningSentence field is required.")
	}
	p.preCallOnly("Pearl.OpeningSentence", d.OpeningSentence, faults)
}

func checkZone(path, name string, faults *fault.List) {
	if _, ok := zone.Parse(name); !ok {
		faults.Add(path, "The value '%.64s' is no time zone: use a Windows time zone id or an IANA name.", name)
	}
}

// mailPorts are those that mail is handed in at; 0 is the default.
var mailPorts = []int{0, 25, 465, 587, 2525}

// checkMail refuses the settings of a mail server over which no mail can ever be sent; nil is none.
func checkMail(path string, s *SMTP, judges Judges, faults *fault.List) {
	if s == nil {
		return
	}
	_, err := netip.ParseAddr(s.SMTPServer)
	switch {
	case s.SMTPServer == "":
	case err != nil && strings.ContainsFunc(s.SMTPServer, func(r rune) bool {
		return unicode.IsControl(r) || unicode.IsSpace(r) || strings.ContainsRune(`/\:@<>[]()"'%?#,;`, r)
	}):
		faults.Add(path+".SmtpServer", "The value is no host name.")
	case judges.Host != nil:
		if err := judges.Host(s.SMTPServer); err != nil {
			faults.Add(path+".SmtpServer", "The mail server cannot be reached: the host %s.", err)
		}
	}
	if s.Port < 0 || s.Port > 65535 || judges.Host != nil && !slices.Contains(mailPorts, s.Port) {
		faults.Add(path+".Port", "The value %d is not valid; it must be 25, 465, 587 or 2525.", s.Port)
	}
	if s.SenderEmail != "" {
		if _, err := mail.ParseAddress(s.SenderEmail); err != nil || strings.ContainsFunc(s.SenderEmail, unicode.IsControl) {
			faults.Add(path+".SenderEmail", "The value is no e-mail address.")
		}
	}
}

// checkAPI judges an outgoing API call; nil is none.
func checkAPI(path string, a *API, judges Judges, faults *fault.List) {
	if a == nil {
		return
	}
	if a.Method < 1 || a.Method > 5 {
		faults.Add(path+".Method", "The value %d is not valid; it must be 1 GET, 2 POST, 3 PUT, 4 PATCH or 5 DELETE.", a.Method)
	}
	if a.EndpointURL == "" {
		faults.Add(path+".EndpointUrl", "The EndpointUrl field is required.")
	} else if err := judges.url(a.EndpointURL); err != nil {
		reason := errors.Unwrap(err)
		if reason == nil {
			reason = err
		}
		faults.Add(path+".EndpointUrl", "The URL '%.200s' is not allowed: %s.", a.EndpointURL, reason)
	} else if len(call.Variables(hostOf(a.EndpointURL))) > 0 {
		faults.Add(path+".EndpointUrl", "Variables may stand in the path and the query of a URL, not in its host.")
	}
	for name, value := range a.Headers {
		switch {
		case name == "" || strings.ContainsFunc(name, notOfToken):
			faults.Add(path+".Headers", "'%.64s' is no header name.", name)
		case strings.ContainsFunc(value, unicode.IsControl):
			faults.Add(path+".Headers."+name, "The value contains control characters.")
		}
	}
}

// notOfToken reports characters that a header name cannot hold (RFC 9110, 5.6.2).
func notOfToken(r rune) bool {
	return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
}

// builtIn are the variables that are known before every call (contract 7); email is taken as well.
func builtIn(variableID string) bool {
	switch variableID {
	case "agentName", "firstName", "lastName", "emailAddress", "phoneNumber", "callId", "companyName", "email":
		return true
	}
	return false
}

func (p Pearl) checkVariables(faults *fault.List) {
	if p.Definition.Nodes != nil && len(p.Variables) == 0 {
		faults.Add("Variables", "A Pearl made of nodes declares at least one variable.")
	}
	seen := map[string]int{}
	for n, v := range p.Variables {
		path := fmt.Sprintf("Variables[%d].", n)
		first, twice := seen[v.ID]
		switch {
		case v.ID == "":
			faults.Add(path+"Id", "The Id field is required.")
		case !variableID(v.ID):
			faults.Add(path+"Id", "The id '%.80s' is not valid; it must be 1 to %d letters, digits and underscores.", v.ID, maxVariableID)
		case builtIn(v.ID):
			faults.Add(path+"Id", "The variable '%s' is built in and cannot be declared.", v.ID)
		case twice:
			faults.Add(path+"Id", "The id '%s' is declared already (Variables[%d]).", v.ID, first)
		default:
			seen[v.ID] = n
		}
		if strings.TrimSpace(v.Name) == "" {
			faults.Add(path+"Name", "The Name field is required.")
		}
		if v.Group != PreCall && v.Group != InCall {
			faults.Add(path+"Group", "The value %d is not valid; it must be 1 (PreCall) or 2 (InCall).", v.Group)
		}
		switch v.Type {
		case "", call.Boolean, call.Float, call.Int, call.String:
		default:
			faults.Add(path+"Type", "The value '%.64s' is not valid; it must be boolean, float, int or string.", v.Type)
		}
	}
}

// variableID reports whether a text can be the id of a declared variable.
func variableID(text string) bool {
	return text != "" && len(text) <= maxVariableID && !strings.ContainsFunc(text, notOfVariable)
}

func notOfVariable(r rune) bool {
	return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
}

// preCallOnly refuses variables that are collected during the call in a text that is spoken before it (contract 7).
func (p Pearl) preCallOnly(path, text string, faults *fault.List) {
	for _, name := range call.Variables(text) {
		for _, v := range p.Variables {
			if v.ID == name && v.Group == InCall {
				faults.Add(path, "The variable {%s} is collected during the call (group 2); only variables of group 1 are known here.", v.ID)
				return
			}
		}
	}
}

func tooLong(path, text string, most int, faults *fault.List) {
	if n := utf8.RuneCountInString(text); n > most {
		faults.Add(path, "The text has %d characters; at most %d are allowed.", n, most)
	}
}
