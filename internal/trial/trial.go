// Package trial has people try a Pearl out beside the server that makes its calls: talks by text, one turn a request, and scenarios
// that are rehearsed. Nothing is dialled, stored or sent: actions are noted in place of being done. What is held is bounded by
// account and in all, and ends by itself.
package trial

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"nacre/internal/brain"
	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/rehearsal"
	"nacre/internal/scenario"
	"nacre/internal/turn"
)

// What is held of talks at once, and begun in a while.
const (
	mostOfAccount = 8 // the one that was used the longest ago ends for another
	mostOfAll     = 64
	mostByEar     = 4  // in all: they take of what calls hear with; of an account one, which ends for another
	mostBegun     = 60 // in beginAgain, of one account
	beginAgain    = 10 * time.Minute
	longestTalk   = 30 * time.Minute
	longestIdle   = 10 * time.Minute
)

// Config configures New.
type Config struct {
	Brains   func(call.Script) []turn.Brain // as calls have them; nil = talks go by the rules of turn.Form
	Model    brain.Model                    // plays personas of scenarios; nil = there is none
	Language func(voiceID string) string    // as engine.Config has it; nil = not known
	Agent    call.Agent                     // holds talks by ear, as calls; what it says is heard under their ids. nil = none are held
	Keypad   call.Agent                     // the same that understands keys only; nil = Agent holds such talks too
	Hears    func(language string) error    // why words of a language are not understood by ear; nil = they are
	IDs      *id.Source
	Now      func() time.Time
	Log      *slog.Logger // nil = none
}

// Trials holds the talks that are going on. It is safe for concurrent use.
type Trials struct {
	config Config
	ctx    context.Context
	end    context.CancelFunc

	mu        sync.Mutex
	talks     map[id.ID]*talk
	begun     map[id.ID][]time.Time // of accounts
	rehearses map[id.ID]bool        // accounts
	running   sync.WaitGroup        // talks by ear
}

// talk is one conversation; its mutex is held by the request that goes on with it.
type talk struct {
	id, account, pearl id.ID
	opened, used       time.Time // of Trials.mu
	end                context.CancelFunc

	mu           sync.Mutex
	conversation *rehearsal.Conversation
	ear          *ear // in its place, of a talk by ear

	noting  sync.Mutex
	actions []Noted
}

// Noted is an action that a call would have done.
type Noted struct {
	Name   string
	Kind   call.ActionKind
	Values []call.Value // that were known
}

// View is how far a talk is.
type View struct {
	ID      id.ID
	Over    bool
	Result  rehearsal.Result // of what was said so far
	Actions []Noted
}

// Person is who is called in a trial.
type Person struct {
	scenario.Person
	KeysOnly bool // the agent does not understand words
	ByEar    bool // they talk in sound, in place of text, and are understood as in calls; with KeysOnly also where nothing hears
}

// New returns Trials without a talk. Close ends them.
func New(config Config) *Trials {
	t := &Trials{config: config, talks: map[id.ID]*talk{}, begun: map[id.ID][]time.Time{}, rehearses: map[id.ID]bool{}}
	t.ctx, t.end = context.WithCancel(context.Background())
	return t
}

// Close ends all talks.
func (t *Trials) Close() {
	t.end()
	t.running.Wait()
}

// rehearsal returns what conversations have in common.
func (t *Trials) rehearsal() rehearsal.Config {
	return rehearsal.Config{Brains: t.config.Brains, Model: t.config.Model, Log: t.config.Log}
}

func (t *Trials) language(voiceID string) string {
	if t.config.Language == nil {
		return ""
	}
	return t.config.Language(voiceID)
}

// Begin begins a talk with a Pearl as it is given, which is a complete campaign; the agent has said what it says first.
func (t *Trials) Begin(pearl campaign.Pearl, person Person) (View, error) {
	now := t.config.Now()
	script, err := ScriptFor(pearl, person.Person, now)
	if err != nil {
		return View{}, fault.Bad("validation", "%s.", err)
	}
	script.Language = t.language(script.VoiceID)
	if err := t.mayHear(person, script); err != nil {
		return View{}, err
	}
	one := &talk{id: t.config.IDs.New(now), account: pearl.Account, pearl: pearl.ID, opened: now, used: now}
	one.mu.Lock()
	defer one.mu.Unlock()
	var ctx context.Context
	ctx, one.end = context.WithTimeout(t.ctx, longestTalk)
	if person.ByEar {
		script.Call, script.Recording, script.Timeout = one.id, call.TrackNone, longestTalk
		one.ear = newEar(script)
	}
	if err := t.admit(one, now); err != nil {
		one.end()
		return View{}, err
	}
	if one.ear != nil {
		agent := t.config.Agent
		if person.KeysOnly && t.config.Keypad != nil {
			agent = t.config.Keypad
		}
		t.running.Go(func() { one.ear.hold(ctx, agent, desk{one}) })
		<-one.ear.begun
		return one.view(), nil
	}
	in := t.rehearsal()
	in.Script, in.Deaf = script, person.KeysOnly
	in.Desk = desk{one}
	one.conversation = rehearsal.Begin(ctx, in)
	one.conversation.Listen()
	return one.view(), nil
}

// mayHear says why a talk by ear cannot be held.
func (t *Trials) mayHear(person Person, script call.Script) error {
	if !person.ByEar {
		return nil
	}
	err := errors.New("nothing speaks here")
	if t.config.Agent != nil {
		err = t.config.Agent.Ready()
	}
	if err == nil && !person.KeysOnly && t.config.Hears != nil {
		err = t.config.Hears(script.Language)
	}
	if err != nil {
		return fault.Bad("ByEar", "This server cannot talk by ear: %s.", err)
	}
	return nil
}

// admit makes room for a talk, or says when there is some.
func (t *Trials) admit(one *talk, now time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sweep(now)
	recent := t.begun[one.account]
	if len(recent) >= mostBegun {
		return &fault.Error{Kind: fault.TooMany, Detail: fmt.Sprintf("%d talks were begun within %.0f minutes.", mostBegun, beginAgain.Minutes()), RetryAfter: recent[0].Add(beginAgain).Sub(now)}
	}
	var own []*talk
	byEar := 0
	for _, other := range t.talks {
		hears := one.ear != nil && other.goesOnByEar()
		switch {
		case hears && other.account == one.account:
			t.drop(other)
		case hears:
			byEar++
		case other.account == one.account:
			own = append(own, other)
		}
	}
	if byEar >= mostByEar {
		return &fault.Error{Kind: fault.Unavailable, Detail: "too many talks by ear are being tried on this server", RetryAfter: time.Minute}
	}
	if len(own) >= mostOfAccount {
		t.drop(slices.MinFunc(own, func(a, b *talk) int { return cmp.Or(a.used.Compare(b.used), cmp.Compare(a.id, b.id)) }))
	}
	if len(t.talks) >= mostOfAll {
		return &fault.Error{Kind: fault.Unavailable, Detail: "too many talks are being tried on this server", RetryAfter: time.Minute}
	}
	t.talks[one.id], t.begun[one.account] = one, append(recent, now)
	return nil
}

// sweep ends what has outlived its time.
func (t *Trials) sweep(now time.Time) {
	for _, one := range t.talks {
		if now.Sub(one.opened) >= longestTalk || now.Sub(one.used) >= longestIdle {
			t.drop(one)
		}
	}
	for accountID, times := range t.begun {
		times = slices.DeleteFunc(times, func(at time.Time) bool { return now.Sub(at) >= beginAgain })
		if t.begun[accountID] = times; len(times) == 0 {
			delete(t.begun, accountID)
		}
	}
}

// drop forgets a talk and ends what brains think of it; a request that goes on with it ends it itself.
func (t *Trials) drop(one *talk) {
	delete(t.talks, one.id)
	one.end()
}

// Do has the person of a talk do something, of DoSay, DoInterrupt, DoKeys, DoSilence and DoHangUp, and waits until it is their turn
// again.
func (t *Trials) Do(accountID, pearlID, talkID id.ID, act scenario.Act) (View, error) {
	one, err := t.find(accountID, pearlID, talkID)
	if err != nil {
		return View{}, err
	}
	if one.ear != nil {
		return one.byEar(act)
	}
	if !one.mu.TryLock() {
		return View{}, &fault.Error{Kind: fault.Unfinished, Detail: "The agent is still answering.", RetryAfter: time.Second}
	}
	defer one.mu.Unlock()
	c := one.conversation
	switch act.Do {
	case scenario.DoSay:
		c.Say(act.Text())
	case scenario.DoInterrupt:
		c.Interrupt(act.Text())
	case scenario.DoKeys:
		c.Keys(act.Text())
	case scenario.DoSilence:
		c.Silence()
	case scenario.DoHangUp:
		c.HangUp()
	default:
		return View{}, fmt.Errorf("%q is not done in a trial", act.Do)
	}
	c.Listen()
	return one.view(), nil
}

func (one *talk) goesOnByEar() bool {
	if one.ear == nil {
		return false
	}
	over, _ := one.ear.view()
	return !over
}

// find returns a talk, which is used now.
func (t *Trials) find(accountID, pearlID, talkID id.ID) (*talk, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.config.Now()
	t.sweep(now)
	one := t.talks[talkID]
	if one == nil || one.account != accountID || one.pearl != pearlID {
		return nil, fault.Missing("TryId")
	}
	one.used = now
	return one, nil
}

// Hear has the person of a talk by ear say something: samples as of calls, which follow those before.
func (t *Trials) Hear(accountID, pearlID, talkID id.ID, samples []int16) (View, error) {
	one, err := t.find(accountID, pearlID, talkID)
	if err == nil && one.ear == nil {
		err = errByText
	}
	if err != nil {
		return View{}, err
	}
	one.ear.hear(samples)
	return one.view(), nil
}

// ByEar is nil where a talk is one by ear, which can be listened to.
func (t *Trials) ByEar(accountID, pearlID, talkID id.ID) error {
	one, err := t.find(accountID, pearlID, talkID)
	if err == nil && one.ear == nil {
		err = errByText
	}
	return err
}

var errByText = fault.Bad("validation", "This talk is by text.")

// byEar has the person of a talk by ear do what is not said.
func (one *talk) byEar(act scenario.Act) (View, error) {
	switch act.Do {
	case scenario.DoKeys:
		one.ear.press(act.Text())
	case scenario.DoHangUp:
		one.ear.leave()
	default:
		return View{}, fault.Refused("This talk is by ear: what is said is heard in it, and only keys and hangUp are done.")
	}
	return one.view(), nil
}

func (one *talk) view() View {
	one.noting.Lock()
	defer one.noting.Unlock()
	if one.ear != nil {
		over, result := one.ear.view()
		return View{ID: one.id, Over: over, Result: result, Actions: slices.Clone(one.actions)}
	}
	return View{ID: one.id, Over: one.conversation.Over(), Result: one.conversation.Result(), Actions: slices.Clone(one.actions)}
}

// desk notes what it is to do (call.Desk).
type desk struct{ talk *talk }

// OptOut writes nothing.
func (desk) OptOut(context.Context) error { return nil }

// MayTransfer allows every transfer; Act connects nobody.
func (desk) MayTransfer(context.Context, string) error { return nil }

// Said is told in the answers.
func (desk) Said(call.Role, string) {}

// Act brings nothing.
func (d desk) Act(_ context.Context, action call.Action, values []call.Value) (call.Done, error) {
	d.talk.noting.Lock()
	defer d.talk.noting.Unlock()
	d.talk.actions = append(d.talk.actions, Noted{action.Name, action.Kind, values})
	return call.Done{Text: "done"}, nil
}
