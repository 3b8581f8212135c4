package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/id"
)

// inputs are leads with numbers of their own, numbered from first.
func inputs(first, count int) []engine.NewLead {
	made := make([]engine.NewLead, count)
	for n := range made {
		at := first + n
		made[n] = engine.NewLead{Phone: fmt.Sprintf("+1%03d55501%02d", 201+at/100%700, at%100), ExternalID: fmt.Sprintf("crm-%d", at)}
	}
	return made
}

func testDuplicatePolicyOverParts(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	policy := func(policy string) {
		w.settings(w.pearl, func(o *campaign.OutboundSettings) { o.DuplicatePolicy = policy })
	}
	bulk := inputs(0, 1300)
	first := w.addLead(w.pearl, bulk[7])
	bulk[600].Phone, bulk[1200].ExternalID = bulk[3].Phone, bulk[550].ExternalID // in other parts than their like

	policy("reject")
	_, err := w.e.AddLeads(w.ctx, w.actor, w.pearl, bulk, nil)
	same(t, "reject", strings.Join(fields(err), " "), "Leads[7].PhoneNumber Leads[600].PhoneNumber Leads[1200].ExternalId")
	same(t, "leads after a refusal", fmt.Sprint(w.counts().Leads), "1")
	bulk[7], bulk[600], bulk[1200] = inputs(2000, 1)[0], inputs(2001, 1)[0], inputs(2002, 1)[0]
	bulk[1299].Phone = bulk[0].Phone
	_, err = w.e.AddLeads(w.ctx, w.actor, w.pearl, bulk, nil)
	same(t, "reject by the last part alone", strings.Join(fields(err), " "), "Leads[1299].PhoneNumber")
	same(t, "leads after a refusal", fmt.Sprint(w.counts().Leads), "1")
	if works := w.claim(); len(works) != 1 || works[0].Lead != first {
		t.Errorf("claimed %v, want the lead that was there", works)
	}

	policy("skip")
	bulk = inputs(0, 1300)
	bulk[600].Phone = bulk[3].Phone
	ids, err := w.e.AddLeads(w.ctx, w.actor, w.pearl, bulk, nil)
	if err != nil {
		t.Fatal(err)
	}
	if ids[7] != first || ids[600] != ids[3] {
		t.Errorf("skip: %s %s, want %s %s", ids[7], ids[600], first, ids[3])
	}
	same(t, "leads after skip", fmt.Sprint(w.counts().Leads), "1299")
}

// testWalkWhileOthersAdd: who walks over the pages in the order of created meets what was there when it began once, and
// what is added meanwhile at the end.
func testWalkWhileOthersAdd(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	if _, err := w.e.AddLeads(w.ctx, w.actor, w.pearl, inputs(0, 300), nil); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var adders sync.WaitGroup
	for n := range 3 {
		adders.Go(func() {
			for round := 0; round < 40; round++ {
				select {
				case <-stop:
					return
				default:
				}
				count := 1
				if n == 0 {
					count = 1100
				}
				if _, err := w.e.AddLeads(w.ctx, w.actor, w.pearl, inputs(1000, count), nil); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 3 {
		var walked []id.ID
		met := map[id.ID]bool{}
		for skip := 0; ; skip += 50 {
			_, rows, err := s.SearchLeads(w.ctx, w.account, w.pearl, engine.LeadFilter{}, engine.Page{Skip: skip, Limit: 50, Ascending: true})
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range rows {
				if met[l.ID] {
					t.Errorf("lead %s came twice", l.ID)
				}
				met[l.ID] = true
				walked = append(walked, l.ID)
			}
			if len(rows) < 50 || len(walked) > 4000 {
				break
			}
		}
		_, rows, err := s.SearchLeads(w.ctx, w.account, w.pearl, engine.LeadFilter{}, engine.Page{Limit: len(walked), Ascending: true})
		if err != nil {
			t.Fatal(err)
		}
		for n, l := range rows {
			if l.ID != walked[n] {
				t.Fatalf("row %d was %s, is %s: something was added before it", n, walked[n], l.ID)
			}
		}
	}
	close(stop)
	adders.Wait()
}

// dying is a store that dies after some transactions; the last one may be committed all the same.
type dying struct {
	engine.Store
	left      int
	committed bool // what it dies at
}

var errDied = errors.New("the process died")

func (d *dying) Update(ctx context.Context, fn func(engine.Tx) error) error {
	d.left--
	switch {
	case d.left > 0:
		return d.Store.Update(ctx, fn)
	case d.left == 0 && d.committed:
		if err := d.Store.Update(ctx, fn); err != nil {
			return err
		}
	}
	return errDied
}

// testAddsAreWholeAcrossACrash: wherever a process dies in a large add, after the next start all leads are there or none,
// none was called before, and the repeated request finds its answer or makes them.
func testAddsAreWholeAcrossACrash(t *testing.T, s engine.Store) {
	const transactions = 5 // note, three parts, end
	for dies := 1; dies <= transactions; dies++ {
		for _, committed := range []bool{false, true} {
			w := newWorld(t, s)
			older := w.add(phoneA)
			w.clock.Add(1000 * 1000 * 1000)
			keyed := engine.KeyedRequest{Account: w.account, Route: "POST", Key: "k", BodyHash: []byte{1}}
			remember := &engine.Remember[[]id.ID]{KeyedRequest: keyed, Answer: func([]id.ID) (int, string, []byte, error) { return 200, "application/json", []byte("true"), nil }}
			bulk := inputs(0, 1300)
			config := w.e.Config
			config.Store = &dying{Store: s, left: dies, committed: committed}
			dead := engine.New(config)
			if _, err := dead.AddLeads(w.ctx, w.actor, w.pearl, bulk, remember); !errors.Is(err, errDied) {
				t.Fatalf("dies at %d: %v", dies, err)
			}
			name := fmt.Sprintf("died at %d, committed %v: ", dies, committed)
			whole := dies == transactions && committed
			if !whole {
				if works := w.claimOf(w.pearl, 10); len(works) != 1 || works[0].Lead != older {
					t.Errorf("%sclaimed %v, want the older lead alone", name, works)
				}
			}
			if _, _, err := w.e.Rescue(w.ctx, ""); err != nil {
				t.Fatal(err)
			}
			want := "1"
			if whole {
				want = "1301"
			}
			same(t, name+"leads", fmt.Sprint(w.counts().Leads), want)
			if bulks, err := s.Bulks(w.ctx); err != nil || len(bulks) > 0 {
				t.Errorf("%sbulks %v, %v", name, bulks, err)
			}
			_, found, err := w.e.Remembered(w.ctx, keyed)
			if err != nil || found != whole {
				t.Errorf("%sthe answer is remembered: %v, %v", name, found, err)
			}
			if !found {
				if _, err := w.e.AddLeads(w.ctx, w.actor, w.pearl, bulk, remember); err != nil {
					t.Errorf("%sthe repeated request: %v", name, err)
				}
			}
			same(t, name+"leads after the repeated request", fmt.Sprint(w.counts().Leads), "1301")
		}
	}
}
