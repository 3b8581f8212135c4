package dialer_test

import (
	"errors"
	"testing"
	"time"

	"nacre/internal/engine"
)

// TestStopWithoutTheDatabase: a process that ends because its database is gone, or was taken over, lets nobody's telephone ring,
// whether the database takes the cancel, refuses it, or says nothing.
func TestStopWithoutTheDatabase(t *testing.T) {
	t.Parallel()
	for name, cancel := range map[string]func() error{
		"refuses": func() error { return errors.New("away") },
		"silent":  func() error { time.Sleep(30 * time.Second); return errors.New("away") }, // in the bubble's time
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, &faulty{cancel: cancel, finish: func() error { return engine.ErrNotNode }}, false, func(t *testing.T, w *world) {
				w.carrier.set(number(0), plan{rings: time.Minute})
				w.add(number(0))
				w.d.Start()
				w.after(time.Second)
				stopped := time.Now()
				w.stop(10 * time.Second)
				all := w.carrier.all()
				if len(all) != 1 || all[0].by != "cancel" || all[0].ended.Sub(stopped) > 3*time.Second {
					t.Errorf("INVITEs at the carrier: %+v", all)
				}
				w.after(time.Minute) // the cancel that was not answered ends too
			})
		})
	}
}
