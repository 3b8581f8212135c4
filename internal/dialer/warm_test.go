package dialer_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/engine"
)

// prepared notes what an agent is asked to prepare.
type prepared struct {
	mu     sync.Mutex
	common []string // openings of campaigns
	calls  int
	live   int
	most   int // calls prepared at once
	takes  func(script call.Script) time.Duration
}

func (p *prepared) prepare(ctx context.Context, script call.Script) {
	p.mu.Lock()
	if script.Call.Zero() {
		p.common = append(p.common, script.Opening)
	} else {
		p.calls++
	}
	p.live++
	p.most = max(p.most, p.live)
	p.mu.Unlock()
	select {
	case <-time.After(p.takes(script)):
	case <-ctx.Done():
	}
	p.mu.Lock()
	p.live--
	p.mu.Unlock()
}

// An INVITE waits for what the call will say, but not without end, and none leaves for a call that was stopped meanwhile.
func TestInviteWaitsForItsPhrases(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name        string
		takes, want time.Duration
		stop        bool
		invites     int
	}{
		{"quick", time.Second, time.Second, false, 1},
		{"endless", time.Hour, 5 * time.Second, false, 1},
		{"stopped meanwhile", time.Hour, 0, true, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, nil, false, func(t *testing.T, w *world) {
				p := &prepared{takes: func(script call.Script) time.Duration {
					if script.Call.Zero() {
						return 0
					}
					return test.takes
				}}
				w.agent.prepare, w.d.PrepareFor = p.prepare, 5*time.Second
				w.carrier.set(number(0), plan{talks: time.Second})
				lead := w.add(number(0))
				began := time.Now()
				w.d.Start()
				w.after(500 * time.Millisecond)
				if test.stop {
					w.update(lead, engine.LeadUpdate{Status: ptr(130)})
				}
				w.after(10 * time.Second)
				invites := w.carrier.all()
				same(t, "invites", fmt.Sprint(len(invites)), fmt.Sprint(test.invites))
				if len(invites) == 1 {
					same(t, "waited", invites[0].at.Sub(began).Round(100*time.Millisecond).String(), test.want.String())
				}
			})
		})
	}
}

// What the calls of a campaign have in common is prepared when it runs, and again when it has changed; one campaign at a time.
func TestCampaignsArePreparedOnce(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, false, func(t *testing.T, w *world) {
		p := &prepared{takes: func(call.Script) time.Duration { return time.Second }}
		w.agent.prepare = p.prepare
		for range 3 {
			w.addPearl(func(*campaign.OutboundSettings) {})
		}
		w.d.Start()
		w.after(2 * time.Minute)
		count := func() string {
			p.mu.Lock()
			defer p.mu.Unlock()
			return fmt.Sprint(len(p.common), " ", p.most)
		}
		same(t, "prepared, and at once", count(), "4 1")
		w.settings(func(o *campaign.OutboundSettings) { o.VoiceMail = "Another text." })
		w.after(2 * time.Minute)
		same(t, "after a change", count(), "5 1")
	})
}
