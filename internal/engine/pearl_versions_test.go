package engine_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/fault"
)

// testPearlVersions: every change of the settings is a version, and nothing else is; calls keep the number that they began with; a
// draft is called with by nobody, and is not published over somebody else's change; an earlier version comes back as a new one.
func testPearlVersions(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	numbers := func() (all []int64) {
		t.Helper()
		found, err := s.ReadPearlVersions(w.ctx, w.account, w.pearl)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range found {
			all = append(all, v.Number)
		}
		return all
	}
	opening := func() string {
		t.Helper()
		pearl, err := s.ReadPearl(w.ctx, w.account, w.pearl)
		if err != nil {
			t.Fatal(err)
		}
		return pearl.Definition.OpeningSentence
	}
	say := func(text string) func(*campaign.Pearl) error {
		return func(p *campaign.Pearl) error { p.Definition.OpeningSentence = text; return nil }
	}
	edit := func(change func(*campaign.Pearl) error) {
		t.Helper()
		if _, _, err := w.e.UpdatePearl(w.ctx, w.actor, w.pearl, engine.AuditPublishPearl, "", change); err != nil {
			t.Fatal(err)
		}
	}
	fine := func(campaign.Pearl) error { return nil }
	before := numbers() // of how the world was made
	last := before[0]
	was := opening()
	w.setActive(w.pearl, false)
	w.setActive(w.pearl, true)
	edit(say(was))
	if _, _, err := w.e.UpdatePearl(w.ctx, w.actor, w.pearl, engine.AuditPearlSettings, "", func(p *campaign.Pearl) error {
		engine.RotateSecret(p, "whsec_new", w.clock.Now())
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if got := numbers(); !slices.Equal(got, before) {
		t.Errorf("versions %v after what changes no settings, want %v", got, before)
	}

	w.add(phoneA)
	first := w.talk()
	edit(say("Hello again."))
	if got := numbers(); got[0] != last+1 {
		t.Errorf("versions %v, want %d first", got, last+1)
	}
	w.finish(first, call.NotSuccess)
	if got := w.call(first.Call.ID); got.Version != last {
		t.Errorf("a call begun at version %d names %d", last, got.Version)
	}

	if _, _, err := w.e.SavePearlDraft(w.ctx, w.actor, w.pearl, say("A draft.")); err != nil {
		t.Fatal(err)
	}
	w.add(phoneB)
	second := w.ring()
	if second.Call.Version != last+1 || second.Script.Opening != "Hello again." {
		t.Errorf("a call beside a draft has version %d and says %q", second.Call.Version, second.Script.Opening)
	}
	edit(say("Somebody else."))
	if _, err := w.e.PublishPearlDraft(w.ctx, w.actor, w.pearl, 0, fine); !fault.Is(err, fault.Invalid) {
		t.Errorf("a draft on version %d was published over %d: %v", last+1, last+2, err)
	}
	refused := fault.Bad("Name", "no")
	if _, err := w.e.PublishPearlDraft(w.ctx, w.actor, w.pearl, last+2, func(campaign.Pearl) error { return refused }); !errors.Is(err, refused) || opening() != "Somebody else." {
		t.Errorf("a draft at fault: %v, %q is in force", err, opening())
	}
	if published, err := w.e.PublishPearlDraft(w.ctx, w.actor, w.pearl, last+2, fine); err != nil || published != last+3 || opening() != "A draft." {
		t.Errorf("published as %d, %v: %q is in force", published, err, opening())
	}
	if _, err := w.e.PublishPearlDraft(w.ctx, w.actor, w.pearl, 0, fine); !fault.Is(err, fault.Invalid) {
		t.Errorf("a draft was published twice: %v", err)
	}
	published, missing, err := w.e.RollBackPearl(w.ctx, w.actor, w.pearl, last+1, fine)
	if err != nil || published != last+4 || len(missing) != 0 || opening() != "Hello again." {
		t.Errorf("rolled back as %d, missing %v, %v: %q is in force", published, missing, err, opening())
	}
	if _, _, err := w.e.RollBackPearl(w.ctx, w.actor, w.pearl, last+99, fine); !fault.Is(err, fault.NotFound) {
		t.Errorf("rolled back to what there is not: %v", err)
	}
}

// testPearlVersionsAreBounded: the oldest go, by their number and by their size; that in force stays.
func testPearlVersionsAreBounded(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	count := func(text string, times int) (kept int, newest int64) {
		for n := range times {
			if _, _, err := w.e.UpdatePearl(w.ctx, w.actor, w.pearl, engine.AuditPublishPearl, "", func(p *campaign.Pearl) error {
				p.Definition.KnowledgeBase = strings.Repeat(string(rune('a'+n%26)), len(text))
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		found, err := s.ReadPearlVersions(w.ctx, w.account, w.pearl)
		if err != nil {
			t.Fatal(err)
		}
		return len(found), found[0].Number
	}
	if kept, newest := count("x", 101); kept != 100 || newest < 101 {
		t.Errorf("%d versions are kept, the newest is %d", kept, newest)
	}
	if kept, _ := count(strings.Repeat("x", 6<<20), 3); kept != 2 {
		t.Errorf("%d versions of 6 MiB are kept", kept)
	}
}
