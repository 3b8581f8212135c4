package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"nacre/internal/account"
	"nacre/internal/campaign"
	"nacre/internal/fault"
	"nacre/internal/id"
)

// Severity says how much something that needs attention keeps from being done.
type Severity string

const (
	SeverityError   Severity = "error"   // nothing gets done before somebody mends it
	SeverityWarning Severity = "warning" // it soon may
	SeverityInfo    Severity = "info"    // goes on by itself, at Until
)

// Matter is something that needs attention (contract 12).
type Matter struct {
	Kind     string // account, trunk, number, budget, webhook, hours, held; of the server: disk, voice, ears, model
	Severity Severity
	Pearl    id.ID // zero: none in particular
	Trunk    id.ID
	Text     string
	Since    time.Time // zero: not known
	Until    time.Time // zero: for as long as nobody does something about it
}

const (
	// attentionHolds is how long an answer holds: every open page asks for it.
	attentionHolds = 5 * time.Second
	// nearEnd is the part of a budget from which on it is told, in percent.
	nearEnd = 90
	// deadFor is how long dead letters are told.
	deadFor = 24 * time.Hour
)

// attentions are the last answers, by account.
type attentions struct {
	mu   sync.Mutex
	last map[id.ID]*attention
}

type attention struct {
	mu      sync.Mutex // held while it is found out: others wait for the same answer
	until   time.Time
	matters []Matter
}

func (a *attentions) of(accountID id.ID) *attention {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.last == nil {
		a.last = map[id.ID]*attention{}
	}
	found := a.last[accountID]
	if found == nil {
		found = &attention{}
		a.last[accountID] = found
	}
	return found
}

// Attention is what needs attention of an account, what matters most first. It may be five seconds old.
func (e *Engine) Attention(ctx context.Context, accountID id.ID) ([]Matter, error) {
	known := e.attentions.of(accountID)
	known.mu.Lock()
	defer known.mu.Unlock()
	now := e.clock()
	if now.Before(known.until) && known.until.Sub(now) <= attentionHolds { // more is a clock that was set back
		return known.matters, nil
	}
	matters, err := e.attention(ctx, accountID, now)
	if err != nil {
		return nil, err
	}
	known.matters, known.until = matters, now.Add(attentionHolds)
	return matters, nil
}

func (e *Engine) attention(ctx context.Context, accountID id.ID, now time.Time) ([]Matter, error) {
	owner, err := e.Store.ReadAccount(ctx, accountID)
	if err != nil {
		return nil, fmt.Errorf("read account: %w", err)
	}
	trunks, err := e.Store.Trunks(ctx, accountID)
	if err != nil {
		return nil, fmt.Errorf("list trunks: %w", err)
	}
	pearls, err := e.Store.Pearls(ctx, accountID)
	if err != nil {
		return nil, fmt.Errorf("list pearls: %w", err)
	}
	matters := e.serverMatters()
	for _, trunk := range trunks {
		if trunk.Active && (trunk.State == account.TrunkUnreachable || trunk.State == account.TrunkUnauthorized) {
			matters = append(matters, Matter{Kind: "trunk", Severity: SeverityError, Trunk: trunk.ID, Text: fmt.Sprintf("The trunk %s is %s: %s", trunk.Name, trunk.State, cmp.Or(trunk.Detail, "no more is known."))})
		}
	}
	for _, pearl := range pearls {
		found, err := e.pearlMatters(ctx, owner, pearl, now)
		if err != nil {
			return nil, fmt.Errorf("look at pearl %s: %w", pearl.ID, err)
		}
		for _, m := range found {
			// What is wrong with the account, a trunk or the server is told once, not with every campaign that it keeps.
			if !slices.ContainsFunc(matters, func(other Matter) bool {
				return other.Kind == m.Kind && other.Pearl == m.Pearl && other.Trunk == m.Trunk && (m.Pearl.Zero() || other.Text == m.Text)
			}) {
				matters = append(matters, m)
			}
		}
	}
	order := map[Severity]int{SeverityError: 0, SeverityWarning: 1, SeverityInfo: 2}
	slices.SortStableFunc(matters, func(a, b Matter) int { return order[a.Severity] - order[b.Severity] })
	return matters, nil
}

// serverMatters are those of the whole server: disk, voice, and what else it was told to look at.
func (e *Engine) serverMatters() []Matter {
	var matters []Matter
	if err := e.room(); err != nil {
		matters = append(matters, Matter{Kind: "disk", Severity: SeverityError, Text: detailOf(err)})
	}
	if e.CanSpeak != nil {
		if err := e.CanSpeak(); err != nil {
			matters = append(matters, Matter{Kind: "voice", Severity: SeverityError, Text: "This server cannot speak, so that no campaign runs: " + err.Error()})
		}
	}
	if e.Senses != nil {
		matters = append(matters, e.Senses()...)
	}
	return matters
}

// detailOf is what a fault says to clients.
func detailOf(err error) string {
	var told *fault.Error
	if errors.As(err, &told) && told.Detail != "" {
		return told.Detail
	}
	return err.Error()
}

// pearlMatters are those of one Pearl.
func (e *Engine) pearlMatters(ctx context.Context, owner account.Account, pearl campaign.Pearl, now time.Time) (matters []Matter, err error) {
	tell := func(kind string, severity Severity, format string, args ...any) *Matter {
		matters = append(matters, Matter{Kind: kind, Severity: severity, Pearl: pearl.ID, Text: fmt.Sprintf(format, args...)})
		return &matters[len(matters)-1]
	}
	for _, hook := range []struct {
		disabled bool
		name     string
	}{{pearl.Webhooks.CallDisabled, "callWebhookUrl"}, {pearl.Webhooks.LeadDisabled, "leadWebhookUrl"}} {
		if hook.disabled {
			tell("webhook", SeverityError, "%s answered 410 and gets nothing any more; setting it again enables it.", hook.name)
		}
	}
	hooks := len(matters)
	err = e.Store.Update(ctx, func(tx Tx) error {
		matters = matters[:hooks:hooks] // it may run again
		dead, err := tx.DeadDeliveries(pearl.ID, DeliveryPlace{At: now.Add(-deadFor)}, time.Time{}, 1)
		if err != nil {
			return fmt.Errorf("list dead letters: %w", err)
		}
		if len(dead) > 0 {
			tell("webhook", SeverityWarning, "Webhook deliveries were given up within a day; they can be sent again.").Since = dead[0].Created
		}
		switch {
		case pearl.Activity != campaign.Running && pearl.Activity != campaign.Paused:
			tell("held", SeverityError, "The campaign is on hold (status %d); who runs the server can end that.", pearl.Activity)
			return nil
		case pearl.Activity != campaign.Running || pearl.Outbound == nil:
			return nil
		}
		g, err := e.openGate(tx, owner, pearl, now)
		if err != nil {
			return fmt.Errorf("judge the gate: %w", err)
		}
		switch g.why.reason {
		case "account":
			if e.room() == nil { // a full disk is told of the server
				tell("account", SeverityError, "%s", g.why.detail).Pearl = ""
			}
		case "trunk":
			switch {
			case g.number.ID.Zero() || g.trunk.ID.Zero() && !g.number.Trunk.Zero() || !g.number.Active || !g.number.Direction.DialsOut():
				tell("number", SeverityError, "%s", g.why.detail)
			default:
				m := tell("trunk", SeverityError, "%s", g.why.detail)
				m.Pearl, m.Trunk = "", g.trunk.ID
			}
		case "budget":
			tell("budget", SeverityError, "%s", g.why.detail)
		}
		if budget := pearl.Outbound.BudgetTotal; budget != nil && g.why.reason == "" && (pearl.Spent+g.load.Cost)*100 >= int64(*budget)*100*nearEnd {
			tell("budget", SeverityWarning, "budgetConsumed is %.2f of budgetTotal %d; at its end no call begins.", float64(pearl.Spent)/100, *budget)
		}
		return nil
	})
	if err != nil || pearl.Activity != campaign.Running || pearl.Outbound == nil {
		return matters, err
	}
	until, shut, err := e.shutUntil(ctx, pearl, now)
	if err != nil {
		return nil, err
	}
	if shut {
		tell("hours", SeverityInfo, "Everybody who is due is outside of callingHours.").Until = until
	}
	return matters, nil
}

// shutUntil reports whether leads of the campaign are due and none of them may be called for the hour, and when the first of them
// may; zero where none ever may.
func (e *Engine) shutUntil(ctx context.Context, pearl campaign.Pearl, now time.Time) (until time.Time, shut bool, err error) {
	queues, err := e.Store.DueQueues(ctx, pearl.ID)
	if err != nil {
		return until, false, fmt.Errorf("list due queues: %w", err)
	}
	p, err := e.plans.of(pearl)
	if err != nil {
		return until, false, err
	}
	rules := pearl.Outbound.Rules()
	for _, q := range queues {
		if q.Since.Add(rules.Length(q.Rest)).After(now) {
			continue
		}
		if p.open(q.ZoneKey, now) {
			return time.Time{}, false, nil
		}
		shut = true
		if at, ok := p.nextOpen(q.ZoneKey, now); ok && (until.IsZero() || at.Before(until)) {
			until = at
		}
	}
	return until, shut, nil
}
