package v2

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	"nacre/internal/account"
	"nacre/internal/api/body"
	"nacre/internal/api/calls"
	"nacre/internal/api/route"
	"nacre/internal/api/wire"
	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/fault"
	"nacre/internal/rehearsal"
	"nacre/internal/scenario"
	"nacre/internal/trial"
)

type trialHandlers struct{ pearlHandlers }

func trialRoutes(services route.Services) []route.Route {
	h := trialHandlers{pearlHandlers{services}}
	r := func(path, summary, description string) route.Route {
		return route.Route{
			Method: "POST", Pattern: "/v2/Pearl/{pearlId}" + path, Tag: "Trying out", Extension: true, Scope: account.ScopeFull, Role: account.Operator,
			Pearl: route.OutboundPearl, Summary: summary, Description: description, Query: []route.Query{ofDraft}, Timeout: time.Minute,
		}
	}
	begin := r("/Try", "Talk to a Pearl by text", "Nothing is dialled, stored or sent: actions are noted in place of being done, requests before the dial are not made. The time of the talk is counted, not waited for. A talk ends after half an hour, or ten minutes in which nothing is said.")
	begin.BodyOptional = true
	say := r("/Try/{tryId}", "Say or do something in a talk", "Answers when it is the person's turn again.")
	say.Query = nil
	hear := r("/Try/{tryId}/Audio", "Say something in a talk by ear", "The sound goes on where that of the request before ended; what is not sent is silence, and of what comes late half a second is kept. Answers how far the talk is.")
	hear.Query = nil
	listen := r("/Try/{tryId}/Audio", "Listen to a talk by ear", "As GET /v2/Call/{callId}/Audio: WAV without an end, the agent left.")
	listen.Method, listen.Query = "GET", nil
	rehearse := r("/Rehearse", "Rehearse scenarios", "Answered line by line as application/x-ndjson: {total}, a line for each scenario, last {\"done\":true} or {\"error\": problem}.")
	rehearse.Timeout, rehearse.Example = 10*time.Minute, rehearseExample
	return []route.Route{route.Handle(begin, h.begin), route.Handle(say, h.say), route.Handle(hear, h.hear), route.Handle(listen, h.listen), route.Handle(rehearse, h.rehearse)}
}

// campaignAsked is the campaign to be tried, which is without faults.
func (h trialHandlers) campaignAsked(r *route.Request) (campaign.Pearl, error) {
	pearl, err := h.asked(r)
	if err != nil {
		return pearl, err
	}
	pearl.Complete()
	return pearl, pearl.Check(h.Judges)
}

// tryPerson is the body of a new talk: who is called.
type tryPerson struct {
	CallData body.Object           `json:"callData" doc:"variables of the person, phoneNumber among them"`
	Zone     body.Optional[string] `json:"timeZoneId" doc:"of the person; absent = the campaign's"`
	At       body.Optional[string] `json:"at" doc:"local time of the answer, such as 2026-11-26T10:15; absent = now"`
	KeysOnly bool                  `json:"keysOnly" doc:"the agent does not understand words"`
	ByEar    bool                  `json:"byEar" doc:"the talk is held in sound and in real time, as a call is; refused where nothing hears, but for keysOnly"`
}

// talkView is how far a talk is.
type talkView struct {
	ID            string        `json:"id"`
	IsOver        bool          `json:"isOver"`
	Transcript    []call.Line   `json:"transcript"`
	CollectedInfo []call.Value  `json:"collectedInfo"`
	Actions       []notedAction `json:"actions" doc:"what a call would have done"`
	Outcome       *talkOutcome  `json:"outcome" doc:"null until the talk is over"`
}

type notedAction struct {
	Name string `json:"name"`
	Kind string `json:"kind" schema:"values=request|sms|email|transfer"`
}

// talkOutcome is what came of a talk, as a call's.
type talkOutcome struct {
	Outcome      string     `json:"outcome" doc:"success, notSuccess, answered, …"`
	IsSuccessful bool       `json:"isSuccessful"`
	EndedBy      string     `json:"endedBy" schema:"values=agent|person|timeout"`
	Summary      string     `json:"summary"`
	Tags         []string   `json:"tags"`
	CallBackAt   *wire.Time `json:"callBackAt" doc:"promised; null = none"`
	IsOptOut     bool       `json:"isOptOut"`
	IsTransfer   bool       `json:"isCallTransferred"`
	Answerer     string     `json:"answerer"`
	Error        *string    `json:"error" doc:"why the agent broke"`
	Seconds      float64    `json:"seconds"`
}

func outcomeOf(r rehearsal.Result) *talkOutcome {
	out := &talkOutcome{
		Outcome: string(r.Outcome), IsSuccessful: r.Success, EndedBy: string(r.EndedBy), Summary: r.Summary, Tags: wire.List(r.Tags), IsOptOut: r.OptOut,
		IsTransfer: r.Transferred, Answerer: string(r.Answerer), Error: wire.Text(r.Broke), Seconds: r.Seconds,
	}
	if r.CallBack != nil {
		out.CallBackAt = wire.At(*r.CallBack)
	}
	return out
}

func viewOf(v trial.View) talkView {
	view := talkView{ID: string(v.ID), IsOver: v.Over, Transcript: wire.List(v.Result.Transcript), CollectedInfo: wire.List(v.Result.Collected), Actions: []notedAction{}}
	for _, a := range v.Actions {
		view.Actions = append(view.Actions, notedAction{a.Name, string(a.Kind)})
	}
	if v.Over {
		view.Outcome = outcomeOf(v.Result)
	}
	return view
}

func (h trialHandlers) begin(r *route.Request, in tryPerson) (talkView, error) {
	pearl, err := h.campaignAsked(r)
	if err != nil {
		return talkView{}, err
	}
	person := trial.Person{Person: scenario.Person{Variables: map[string]any{}, Zone: in.Zone.Value, At: in.At.Value}, KeysOnly: in.KeysOnly, ByEar: in.ByEar}
	if len(in.CallData) > 0 {
		if err := json.Unmarshal(in.CallData, &person.Variables); err != nil {
			return talkView{}, fmt.Errorf("read callData: %w", err)
		}
	}
	v, err := h.Trials.Begin(pearl, person)
	return viewOf(v), err
}

// tryAct is the body of a turn: what the person does.
type tryAct struct {
	Do   string `json:"do" api:"required" schema:"values=say|interrupt|keys|silence|hangUp" doc:"interrupt speaks into the agent's words; silence waits until the agent speaks again"`
	Text string `json:"text" api:"maxlen=2000" doc:"what is said, or the keys"`
}

// doings are the acts by their names.
var doings = map[string]scenario.Doing{
	"say": scenario.DoSay, "interrupt": scenario.DoInterrupt, "keys": scenario.DoKeys, "silence": scenario.DoSilence, "hangUp": scenario.DoHangUp,
}

// Check judges the act.
func (in *tryAct) Check(faults *fault.List) {
	do, known := doings[in.Do]
	switch {
	case in.Do == "":
	case !known:
		faults.Add("Do", "The value '%.20s' is not valid; it must be say, interrupt, keys, silence or hangUp.", in.Do)
	case do == scenario.DoKeys && !scenario.ValidKeys(in.Text):
		faults.Add("Text", "These are no keys: 0–9, * and #.")
	case (do == scenario.DoSay || do == scenario.DoInterrupt) && scenario.Folded(in.Text) == "":
		faults.Add("Text", "The Text field is required.")
	}
}

func (h trialHandlers) say(r *route.Request, in tryAct) (talkView, error) {
	tryID, err := r.ID("tryId")
	if err != nil {
		return talkView{}, err
	}
	v, err := h.Trials.Do(r.Actor.Account, r.Pearl.ID, tryID, scenario.Act{Do: doings[in.Do], Words: scenario.Choice{in.Text}})
	if err != nil {
		return talkView{}, err
	}
	return viewOf(v), nil
}

// trySound is what the person of a talk by ear says.
type trySound struct {
	Sound string `json:"sound" api:"maxlen=65536" doc:"base64 of samples of 16 bits, little-endian, mono, 8 kHz; empty = nothing"`
}

func (h trialHandlers) hear(r *route.Request, in trySound) (talkView, error) {
	tryID, err := r.ID("tryId")
	if err != nil {
		return talkView{}, err
	}
	sound, err := base64.StdEncoding.DecodeString(in.Sound)
	if err != nil || len(sound)%2 != 0 {
		return talkView{}, fault.Bad("Sound", "The value is not base64 of samples of 16 bits.")
	}
	samples := make([]int16, len(sound)/2)
	for n := range samples {
		samples[n] = int16(binary.LittleEndian.Uint16(sound[2*n:]))
	}
	v, err := h.Trials.Hear(r.Actor.Account, r.Pearl.ID, tryID, samples)
	if err != nil {
		return talkView{}, err
	}
	return viewOf(v), nil
}

func (h trialHandlers) listen(r *route.Request, _ route.None) (route.Audio, error) {
	tryID, err := r.ID("tryId")
	if err != nil {
		return nil, err
	}
	if err := h.Trials.ByEar(r.Actor.Account, r.Pearl.ID, tryID); err != nil {
		return nil, err
	}
	if h.Listen != nil {
		if frames, leave, ok := h.Listen(tryID); ok {
			return calls.Overhear(r, frames, leave, nil), nil
		}
	}
	return nil, fault.Refused("The talk is over.")
}

// rehearseInput is the body of a rehearsal.
type rehearseInput struct {
	Scenarios string `json:"scenarios" api:"required,maxlen=262144" doc:"a file of nacre rehearse, YAML or JSON; the Pearl that it may name is not looked at"`
}

const rehearseExample = `{"total":1}
{"name":"a person agrees","hasPassed":true,"faults":[],"transcript":[{"role":2,"content":"Is it a good time?","startTime":0.3,"endTime":1.9},{"role":3,"content":"Yes.","startTime":2.4,"endTime":2.8}],"collectedInfo":[],"outcome":{"outcome":"success","isSuccessful":true,"endedBy":"agent","summary":"They agreed.","tags":[],"callBackAt":null,"isOptOut":false,"isCallTransferred":false,"answerer":"human","error":null,"seconds":6.2}}
{"done":true}
`

// verdict is a line of the answer: what came of one scenario.
type verdict struct {
	Name          string       `json:"name"`
	HasPassed     bool         `json:"hasPassed"`
	Faults        []string     `json:"faults"`
	Transcript    []call.Line  `json:"transcript"`
	CollectedInfo []call.Value `json:"collectedInfo"`
	Outcome       *talkOutcome `json:"outcome"`
}

func (h trialHandlers) rehearse(r *route.Request, in rehearseInput) (route.Lines, error) {
	pearl, err := h.campaignAsked(r)
	if err != nil {
		return nil, err
	}
	rehearsed, err := h.Trials.Rehearse(pearl, []byte(in.Scenarios))
	if err != nil {
		return nil, err
	}
	return func(line func(any) error) error {
		told := line(map[string]int{"total": rehearsed.Count()})
		err := rehearsed.Run(r.Context(), func(v rehearsal.Verdict) error {
			if told != nil {
				return told
			}
			return line(verdict{
				Name: v.Scenario, HasPassed: len(v.Faults) == 0, Faults: wire.List(v.Faults), Transcript: wire.List(v.Result.Transcript),
				CollectedInfo: wire.List(v.Result.Collected), Outcome: outcomeOf(v.Result),
			})
		})
		if err != nil {
			return err
		}
		return line(map[string]bool{"done": true})
	}, nil
}
