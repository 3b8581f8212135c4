package engine_test

import (
	"fmt"
	"testing"

	"nacre/internal/engine"
	"nacre/internal/fault"
)

// roomy is a store whose disk has room for so many bytes; asked says for how many it was asked last.
type roomy struct {
	engine.Store
	free, asked int64
}

func (r *roomy) Room(bytes int64) error {
	if r.asked = bytes; bytes > r.free {
		return &fault.Error{Kind: fault.Unavailable, Detail: "The disk is full."}
	}
	return nil
}

// testAddNeedsRoom: a large add that the disk has no room for is refused before any of it is there.
func testAddNeedsRoom(t *testing.T, s engine.Store) {
	r := &roomy{Store: s, free: 1 << 20}
	w := newWorld(t, s, func(c *engine.Config) { c.Store = r })
	if _, err := w.e.AddLeads(w.ctx, w.actor, w.pearl, inputs(0, 1300), nil); !fault.Is(err, fault.Unavailable) {
		t.Errorf("without room: %v", err)
	}
	same(t, "leads without room", fmt.Sprint(w.counts().Leads), "0")
	r.free = r.asked
	if _, err := w.e.AddLeads(w.ctx, w.actor, w.pearl, inputs(0, 1300), nil); err != nil {
		t.Errorf("with room: %v", err)
	}
	same(t, "leads", fmt.Sprint(w.counts().Leads), "1300")
}
