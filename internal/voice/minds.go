package voice

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"nacre/internal/turn"
)

// minds are the brains of one conversation. They think in goroutines of their own, and what they have to say is polled once
// a frame.
type minds struct {
	ctx    context.Context
	brains []turn.Brain
	log    *slog.Logger
	events chan turn.Event
	free   []chan struct{} // of each brain: has a token while it thinks of nothing
	stop   context.CancelFunc

	mu      sync.Mutex
	lastUse int
	uses    map[int]chan turn.Action // tools in use
}

// errUnwanted is returned to a brain whose reply is not wanted any more.
var errUnwanted = errors.New("the reply is not wanted any more")

func newMinds(ctx context.Context, brains []turn.Brain, log *slog.Logger) *minds {
	m := &minds{ctx: ctx, brains: brains, log: log, events: make(chan turn.Event, 16), stop: func() {}, uses: make(map[int]chan turn.Action)}
	for range brains {
		free := make(chan struct{}, 1)
		free <- struct{}{}
		m.free = append(m.free, free)
	}
	return m
}

// poll returns the next event of the brains, if there is one.
func (m *minds) poll() (event turn.Event, ok bool) {
	select {
	case event = <-m.events:
		return event, true
	default:
		return turn.Event{}, false
	}
}

// ask has a brain reply.
func (m *minds) ask(action turn.Action) {
	m.stop()
	var ctx context.Context
	ctx, m.stop = context.WithCancel(m.ctx)
	go m.think(ctx, action)
}

// cancel ends the reply that is being made.
func (m *minds) cancel() { m.stop() }

func (m *minds) think(ctx context.Context, action turn.Action) {
	// What cannot be sent is not wanted any more.
	failed := func(err error) {
		if ctx.Err() != nil {
			return
		}
		m.log.Error("ask brain", "brain", action.Brain, "error", err)
		_ = m.send(ctx, turn.Event{Kind: turn.AskFailed, Ask: action.Ask, Text: err.Error()})
	}
	defer survive(failed)
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

func (m *minds) send(ctx context.Context, event turn.Event) error {
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

// answer brings what came of a tool to the brain that uses it.
func (m *minds) answer(action turn.Action) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if use, ok := m.uses[action.Use]; ok {
		use <- action
		delete(m.uses, action.Use)
	}
}

// mindsTurn implements turn.Turn for one ask.
type mindsTurn struct {
	minds *minds
	ctx   context.Context
	ask   int
}

// Say has one part spoken (turn.Turn).
func (t mindsTurn) Say(part string) error {
	return t.minds.send(t.ctx, turn.Event{Kind: turn.ReplyPart, Ask: t.ask, Text: part})
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
