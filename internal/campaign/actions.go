package campaign

import (
	"fmt"
	"maps"
	"regexp"
	"strconv"
	"strings"

	"nacre/internal/call"
	"nacre/internal/phone"
)

// actions are what the Pearl has done in its calls besides talking (contract 2.4, 2.5), and which of them, by number from 1, is
// that of a node.
func (p Pearl) actions() (all []call.Action, ofNode map[string]int) {
	ofNode = map[string]int{}
	name := names{}.give
	d := p.Definition
	for n, t := range d.TransferCallSettings {
		number, err := phone.Parse(t.PhoneNumber, p.Home())
		if err != nil {
			continue // of a Pearl from before such were refused
		}
		all = append(all, call.Action{Kind: call.ActTransfer, Name: name("", "transfer", n), When: t.TriggerDescription, Number: string(number)})
	}
	for n, a := range d.APISettings {
		when := strings.TrimSpace(a.TriggerDescription + " " + a.Description)
		all = append(all, call.Action{Kind: call.ActRequest, Name: name(a.Name, "api", n), When: when, Request: p.request(&a)})
	}
	for n, node := range d.Nodes {
		if node.NodeType == NodeAPI && node.APISettings != nil {
			all = append(all, call.Action{Kind: call.ActRequest, Name: name(node.Name, "node", n), When: node.when(), Request: p.request(node.APISettings)})
			ofNode[node.NodeID] = len(all)
		}
	}
	for n, s := range d.SMSSettings {
		all = append(all, call.Action{Kind: call.ActSMS, Name: name("", "sms", n), When: s.TriggerDescription, Message: &call.Message{Body: s.Body}})
	}
	for n, e := range d.EmailSettings {
		if server := d.mailServer(e.SMTPSettings); server != nil {
			all = append(all, call.Action{Kind: call.ActEmail, Name: name("", "email", n), When: e.TriggerDescription, Message: &call.Message{Subject: e.Subject, Body: e.Body, SMTP: server}})
		}
	}
	return all, ofNode
}

// names are those that were given.
type names map[string]bool

// give returns the wanted name, or, where it cannot be had, one by the kind and the number.
func (given names) give(wanted, kind string, n int) string {
	wanted = strings.Join(strings.Fields(wanted), " ")
	if wanted == "" || len(wanted) > 64 || given[wanted] {
		wanted = fmt.Sprintf("%s_%d", kind, n+1)
	}
	given[wanted] = true
	return wanted
}

// after are what the Pearl has done after its calls (contract 2.4, 2.5), each where its When applies. PostCallActions nodes follow
// each other as their transitions say; of a circle the first one begins.
func (p Pearl) after() (all []call.After) {
	d, name := p.Definition, names{}.give
	add := func(a call.Action) { all = append(all, call.After{Action: a}) }
	for n, to := range d.Notifications {
		if a := to.APISettings; a != nil {
			add(call.Action{Kind: call.ActRequest, Name: name(a.Name, "notification", n), When: strings.TrimSpace(a.TriggerDescription), Request: p.request(a)})
		}
		e := to.EmailTemplate
		if e == nil {
			continue
		}
		if server := d.mailServer(e.SMTPSettings); server != nil {
			add(call.Action{
				Kind: call.ActEmail, Name: name("", "email", n), When: strings.TrimSpace(e.TriggerDescription),
				Message: &call.Message{Subject: e.Subject, Body: e.Body, To: e.To, CC: e.CC, SMTP: server},
			})
		}
	}
	number := map[string]int{}
	for n, node := range d.Nodes {
		if node.NodeType != NodePostCallActions || node.APISettings == nil {
			continue
		}
		number[node.NodeID] = len(all)
		when := strings.TrimSpace(node.APISettings.TriggerDescription)
		if when == "" {
			when = strings.TrimSpace(node.Instructions)
		}
		add(call.Action{Kind: call.ActRequest, Name: name(node.Name, "node", n), When: when, Request: p.request(node.APISettings)})
	}
	for _, node := range d.Nodes {
		from, ok := number[node.NodeID]
		if !ok {
			continue
		}
		for _, t := range node.Transitions {
			if to, ok := number[t.ToNodeID]; ok && to != from {
				all[from].Next = append(all[from].Next, call.Next{Number: to, After: resultOf(t.APIResult)})
				all[to].Led = true
			}
		}
	}
	breakCircles(all)
	return all
}

// breakCircles has everything be reached from what nothing leads to.
func breakCircles(all []call.After) {
	reached := make([]bool, len(all))
	var reach func(n int)
	reach = func(n int) {
		if reached[n] {
			return
		}
		reached[n] = true
		for _, next := range all[n].Next {
			reach(next.Number)
		}
	}
	for n := range all {
		if !all[n].Led {
			reach(n)
		}
	}
	for n := range all {
		if !reached[n] {
			all[n].Led = false
			reach(n)
		}
	}
}

// resultOf is after which result of a request a transition is taken.
func resultOf(apiResult *int) call.Result {
	if apiResult == nil {
		return call.AnyResult
	}
	return map[int]call.Result{apiSuccess: call.ActionDone, apiFailure: call.ActionFailed}[*apiResult]
}

// when says when a node of a dialogue is reached.
func (n Node) when() string {
	text := fmt.Sprintf("At the step %q.", n.Name)
	if n.APISettings.Description != "" {
		text += " " + n.APISettings.Description
	}
	return text
}

// before are the requests of a node Pearl that are made before the dial (contract 2.5), the first one first: it is the one that
// nothing leads to.
func (p Pearl) before() []call.Step {
	nodes := p.Definition.Nodes
	number, led := map[string]int{}, map[string]bool{}
	var first, others []Node
	for _, n := range nodes {
		for _, t := range n.Transitions {
			led[t.ToNodeID] = true
		}
	}
	for _, n := range nodes {
		switch {
		case n.NodeType != NodePreCallAPI || n.APISettings == nil:
		case !led[n.NodeID]:
			first = append(first, n)
		default:
			others = append(others, n)
		}
	}
	order := append(first, others...)
	for at, n := range order {
		number[n.NodeID] = at
	}
	ends := map[string]bool{}
	for _, n := range nodes {
		ends[n.NodeID] = n.NodeType == NodeEndCall
	}
	var steps []call.Step
	for _, n := range order {
		step := call.Step{
			Action:    call.Action{Kind: call.ActRequest, Name: n.Name, Request: p.request(n.APISettings)},
			OnSuccess: call.Dial, OnFailure: call.Dial,
		}
		for _, t := range n.Transitions {
			to := call.Dial
			if ends[t.ToNodeID] {
				to = call.DoNotDial
			} else if at, ok := number[t.ToNodeID]; ok {
				to = at
			}
			switch {
			case t.APIResult == nil:
			case *t.APIResult == apiSuccess:
				step.OnSuccess = to
			case *t.APIResult == apiFailure:
				step.OnFailure = to
			}
		}
		steps = append(steps, step)
	}
	return steps
}

// Results of requests, as transitions name them (contract 8.10).
const (
	apiSuccess = 1
	apiFailure = 2
)

var methods = map[int]string{1: "GET", 2: "POST", 3: "PUT", 4: "PATCH", 5: "DELETE"}

// request is an outgoing HTTP call as it is made.
func (p Pearl) request(a *API) *call.Request {
	r := &call.Request{Method: methods[a.Method], URL: a.EndpointURL, Headers: a.Headers}
	for _, f := range a.Body {
		r.Fields = append(r.Fields, call.Field{Key: f.Key, Variable: f.VariableID, Value: f.Value, Required: f.Required})
	}
	for _, o := range a.OutputBody {
		r.Outputs = append(r.Outputs, call.Output{Key: o.Key, Variable: o.VariableID, Type: p.typeOf(o.VariableID)})
	}
	return r
}

// requests are the lists of the members that hold requests.
var requests = regexp.MustCompile(`^Pearl\.(ApiSettings|Nodes|Notifications)\[(\d{1,5})\]$`)

// RequestOf returns the request of a member as errors name it: Pearl.ApiSettings[0], Pearl.Nodes[2], Pearl.Notifications[1]; nil where
// there is none.
func (p Pearl) RequestOf(member string) *call.Request {
	found := requests.FindStringSubmatch(member)
	if found == nil {
		return nil
	}
	n, _ := strconv.Atoi(found[2]) // digits
	d := p.Definition
	var a *API
	switch list := found[1]; {
	case list == "ApiSettings" && n < len(d.APISettings):
		a = &d.APISettings[n]
	case list == "Nodes" && n < len(d.Nodes):
		a = d.Nodes[n].APISettings
	case list == "Notifications" && n < len(d.Notifications):
		a = d.Notifications[n].APISettings
	}
	if a == nil {
		return nil
	}
	return p.request(a)
}

// KnownWith are all variables of a call in which these have a value.
func (p Pearl) KnownWith(values map[string]any) map[string]any {
	known := p.known(call.Call{})
	delete(known, "phoneNumber")
	delete(known, "callId")
	maps.Copy(known, values)
	return known
}

func (p Pearl) typeOf(variableID string) call.VariableType {
	for _, v := range p.Variables {
		if v.ID == variableID && v.Type != "" {
			return v.Type
		}
	}
	return call.String
}

// mailServer is where an e-mail is handed in: at its own server, else at that of the Pearl; nil where neither is known.
func (d Definition) mailServer(own *SMTP) *call.SMTP {
	for _, s := range []*SMTP{own, d.SMTPSettings} {
		if s != nil && s.SMTPServer != "" && s.SenderEmail != "" {
			port := s.Port
			if port == 0 {
				port = 587
			}
			return &call.SMTP{Host: s.SMTPServer, Port: port, TLS: s.EnableSSL, Sender: s.SenderEmail, Name: s.DisplayName, Password: s.SenderPassword}
		}
	}
	return nil
}

// checkTransfers judges the numbers that people are put through to.
func (p Pearl) checkTransfers(faultAt func(path, format string, args ...any)) {
	for n, t := range p.Definition.TransferCallSettings {
		path := fmt.Sprintf("Pearl.TransferCallSettings[%d].TransferCallPhoneNumber", n)
		if t.PhoneNumber == "" {
			faultAt(path, "The TransferCallPhoneNumber field is required.")
		} else if _, err := phone.Parse(t.PhoneNumber, p.Home()); err != nil {
			faultAt(path, "The value '%.64s' is no phone number that can be dialled: %s", t.PhoneNumber, err)
		}
	}
}

// hostOf is the part of a URL before its path, which says where a request goes.
func hostOf(url string) string {
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok {
		return url
	}
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	return scheme + "://" + rest
}
