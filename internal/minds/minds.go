// Package minds has the brains of one conversation think beside it: each in a goroutine of its own, while what they have to say
// is polled. It knows no audio and no provider.
package minds

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"nacre/internal/turn"
)

// Minds are the brains of one conversation. They are used by one goroutine.
type Minds struct {
	ctx    context.Context
	brains []turn.Brain
	log    *slog.Logger
	events chan turn.Event
	free   []chan struct{} // of each brain: has a token while it thinks of nothing
	stop   context.CancelFunc
	said   func(part string)

	mu      sync.Mutex
	lastUse int
	uses    map[int]chan turn.Action // tools in use
}

// errUnwanted is returned to a brain whose reply is not wanted any more.
var errUnwanted = errors.New("the reply is not wanted any more")

// New returns the Minds of a conversation; ctx ends what they think. said, where it is not nil, is told each part of a reply
// as it comes, before it is polled and in another goroutine: so what has to be made of it is begun by then.
func New(ctx context.Context, brains []turn.Brain, said func(part string), log *slog.Logger) *Minds {
	m := &Minds{ctx: ctx, brains: brains, log: log, said: said, events: make(chan turn.Event, 16), stop: func() {}, uses: make(map[int]chan turn.Action)}
	for range brains {
		free := make(chan struct{}, 1)
		free <- struct{}{}
		m.free = append(m.free, free)
	}
	return m
}

// Poll returns the next event of the brains, if there is one.
func (m *Minds) Poll() (event turn.Event, ok bool) {
	select {
	case event = <-m.events:
		return event, true
	default:
		return turn.Event{}, false
	}
}

// Wait returns the next event of the brains, or none after a while.
func (m *Minds) Wait(limit time.Duration) (event turn.Event, ok bool) {
	late := time.NewTimer(limit)
	defer late.Stop()
	select {
	case event = <-m.events:
		return event, true
	case <-late.C:
		return turn.Event{}, false
	}
}

// Ask has a brain reply (turn.Ask).
func (m *Minds) Ask(action turn.Action) {
	m.stop()
	var ctx context.Context
	ctx, m.stop = context.WithCancel(m.ctx)
	go m.think(ctx, action)
}

// Cancel ends the reply that is being made (turn.CancelAsk).
func (m *Minds) Cancel() { m.stop() }

func (m *Minds) think(ctx context.Context, action turn.Action) {
	// What cannot be sent is not wanted any more.
	failed := func(err error) {
		if ctx.Err() != nil {
			return
		}
		m.log.Error("ask brain", "brain", action.Brain, "error", err)
		_ = m.send(ctx, turn.Event{Kind: turn.AskFailed, Ask: action.Ask, Text: err.Error()})
	}
	defer func() {
		if reason := recover(); reason != nil {
			failed(fmt.Errorf("panic: %v\n%s", reason, debug.Stack()))
		}
	}()
	free := m.free[action.Brain]
	select {
	case <-free: // one turn after another: what was cancelled may take a moment to end
		defer func() { free <- struct{}{} }()
	case <-ctx.Done():
		return
	}
	reply, err := m.brains[action.Brain].Answer(ctx, action.Input, mindsTurn{m, ctx, action.Ask})
	if err != nil {
		failed(err)
		return
	}
	_ = m.send(ctx, turn.Event{Kind: turn.ReplyEnd, Ask: action.Ask, Reply: reply})
}

func (m *Minds) send(ctx context.Context, event turn.Event) error {
	if ctx.Err() != nil {
		return errUnwanted
	}
	select {
	case m.events <- event:
		return nil
	case <-ctx.Done():
		return errUnwanted
	}
}

// Answer brings what came of a tool to the brain that uses it (turn.ToolResult).
func (m *Minds) Answer(action turn.Action) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if use, ok := m.uses[action.Use]; ok {
		use <- action
		delete(m.uses, action.Use)
	}
}

// mindsTurn implements turn.Turn for one ask.
type mindsTurn struct {
	minds *Minds
	ctx   context.Context
	ask   int
}

// Say has one part spoken (turn.Turn).
func (t mindsTurn) Say(part string) error {
	if text := strings.TrimSpace(part); t.minds.said != nil && text != "" && t.ctx.Err() == nil {
		t.minds.said(text)
	}
	return t.minds.send(t.ctx, turn.Event{Kind: turn.ReplyPart, Ask: t.ask, Text: part})
}

// Cite tells what the next part is taken from (turn.Turn).
func (t mindsTurn) Cite(source string) error {
	return t.minds.send(t.ctx, turn.Event{Kind: turn.ReplySource, Ask: t.ask, Text: source})
}

// Use uses a tool (turn.Turn).
func (t mindsTurn) Use(tool turn.Tool) (result string, failed bool, err error) {
	done := make(chan turn.Action, 1)
	t.minds.mu.Lock()
	t.minds.lastUse++
	use := t.minds.lastUse
	t.minds.uses[use] = done
	t.minds.mu.Unlock()
	if err := t.minds.send(t.ctx, turn.Event{Kind: turn.ToolUsed, Ask: t.ask, Use: use, Tool: tool}); err != nil {
		return "", false, err
	}
	select {
	case action := <-done:
		return action.Text, action.Failed, nil
	case <-t.ctx.Done():
		return "", false, errUnwanted
	}
}
