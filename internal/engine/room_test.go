package engine_test

import (
	"errors"
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

// testImportPausesOnAFullDisk: an import asks for room before each part. What was added before the disk was full stays, and the same
// import goes on from there once there is room.
func testImportPausesOnAFullDisk(t *testing.T, s engine.Store) {
	r := &roomy{Store: s, free: 1 << 40}
	w := newWorld(t, s, func(c *engine.Config) { c.Store = r })
	leads := inputs(0, 1200)
	asked := 0
	full := &fault.Error{Kind: fault.Unavailable, Detail: "The disk is nearly full."}
	w.e.Room = func() error {
		if asked++; asked > 1 {
			return full
		}
		return nil
	}
	paused, err := w.imports(leads, false, 0)
	if !errors.Is(err, full) {
		t.Fatalf("beyond the operator's limit: %v", err)
	}
	same(t, "parts before it", paused.String(), "500/500; ")
	w.e.Room = nil
	r.free = 1 << 20 // less than 500 leads take
	paused, err = w.imports(leads, false, 0)
	if !fault.Is(err, fault.Unavailable) || r.asked <= r.free {
		t.Fatalf("without room for a part: %v, asked for %d", err, r.asked)
	}
	same(t, "parts before it", paused.String(), "500/500 again; ")
	same(t, "leads", fmt.Sprint(w.counts().Leads), "500")
	r.free = r.asked
	whole, err := w.imports(leads, false, 0)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "parts with room again", whole.String(), "500/500 again; 500/500; 200/200; ")
	same(t, "leads", fmt.Sprint(w.counts().Leads), "1200")
}
