package live

import (
	"context"
	"errors"
	"fmt"
	"time"

	"nacre/internal/id"
)

// ErrSlow ends a stream whose reader does not keep up.
var ErrSlow = errors.New("the reader of a stream does not keep up")

// Now is the place of a stream that begins with what comes.
const Now int64 = -1

// Watch tells what happens to an account from a place in its feed on (Now: from now on), until ctx or the hub ends, write or beat
// fails, or the reader does not keep up. write is given whole messages. beat is called every Config.Beat.
func (h *Hub) Watch(ctx context.Context, accountID id.ID, after int64, write func([]byte) error, beat func() error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(h.ctx, cancel)()
	w, leave, err := h.enter(ctx, accountID)
	if err != nil {
		return fmt.Errorf("watch account: %w", err)
	}
	defer leave()
	number, place := w.next() // what comes from here on is kept for this stream
	if after == Now {
		after = place
	}
	if after, err = h.catchUp(ctx, accountID, after, place, write); err != nil {
		return err
	}
	calls, err := h.Queries.LiveCalls(ctx, accountID)
	if err != nil {
		return fmt.Errorf("list live calls: %w", err)
	}
	whole := h.Texts.Presence(calls, true)
	lines, told := h.spokenIn(accountID, calls)
	for _, line := range lines {
		whole = append(whole, h.Texts.Line(line.Line)...)
	}
	if err := write(whole); err != nil {
		return err
	}
	beats := time.NewTicker(h.Beat)
	defer beats.Stop()
	for {
		select { // also while there is always something to tell
		case <-beats.C:
			if err := beat(); err != nil {
				return err
			}
		default:
		}
		messages, grown, lost := w.from(number)
		if lost {
			return ErrSlow
		}
		number += int64(len(messages))
		if text := joined(messages, after, told); len(text) > 0 {
			if err := write(text); err != nil {
				return err
			}
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-grown:
		case <-beats.C:
			if err := beat(); err != nil {
				return err
			}
		}
	}
}

// catchUp writes the feed behind a place up to another, and returns the place that was told last.
func (h *Hub) catchUp(ctx context.Context, accountID id.ID, after, to int64, write func([]byte) error) (int64, error) {
	for after < to {
		entries, _, err := h.Queries.Feed(ctx, accountID, after, pageSize)
		if err != nil {
			return after, fmt.Errorf("read feed: %w", err)
		}
		if len(entries) == 0 {
			break
		}
		var text []byte
		for _, e := range entries {
			text = append(text, h.Texts.Entry(e)...)
			after = e.Place
		}
		if err := write(text); err != nil {
			return after, err
		}
	}
	return after, nil
}

// joined is the texts of messages, without entries of the feed up to a place, and lines up to a number, that were told.
func joined(messages []message, after, told int64) (text []byte) {
	for _, m := range messages {
		if m.place > after || m.line > told || m.place == 0 && m.line == 0 {
			text = append(text, m.text...)
		}
	}
	return text
}
