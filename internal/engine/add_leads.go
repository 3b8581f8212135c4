package engine

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"nacre/internal/campaign"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/lead"
)

// partLeads and partBytes bound what one transaction of a large add inserts, so that nobody waits for the writer for long:
// a call that is answered meanwhile must be written down before anybody speaks.
const (
	partLeads = 500
	partBytes = 256 << 10 // of call data
	// smallAdd is how many leads are added without waiting for the turn of such a transaction.
	smallAdd = 25
)

// Bulk is a large add under way. While it is stored, its leads are not called; whoever finds it after a crash takes them
// back, so that an add is all or nothing.
type Bulk struct {
	First, Last id.ID // of its leads; no id between them is anybody else's
	Account     id.ID
	Pearl       id.ID
	Created     time.Time // not after that of its leads, nor after their first due instants
	Node        string    // of the process that adds
}

// holds reports whether a lead is one of the add's.
func (b Bulk) holds(leadID id.ID) bool { return b.First <= leadID && leadID <= b.Last }

// among reports whether a lead belongs to one of the adds.
func among(bulks []Bulk, leadID id.ID) bool {
	return slices.ContainsFunc(bulks, func(b Bulk) bool { return b.holds(leadID) })
}

// adding are the adds in parts that requests to this process are at, by their first id.
type adding struct {
	mu    sync.Mutex
	first map[id.ID]bool
}

func (a *adding) begin(first id.ID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.first == nil {
		a.first = map[id.ID]bool{}
	}
	a.first[first] = true
}

func (a *adding) end(first id.ID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.first, first)
}

func (a *adding) has(first id.ID) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.first[first]
}

// AddLead adds one lead (contract 1.5) and returns its id, or that of the lead that duplicatePolicy keeps in its place.
func (e *Engine) AddLead(ctx context.Context, actor Actor, pearlID id.ID, input NewLead, remember *Remember[id.ID]) (id.ID, error) {
	ids, err := e.addLeads(ctx, actor, pearlID, []NewLead{input}, func(int) string { return "" }, func(tx Tx, s *Signals, ids []id.ID) error {
		return rememberAnswer(e, tx, s, remember, ids[0])
	})
	if err != nil {
		return "", err
	}
	return ids[0], nil
}

// AddLeads adds many, all or none, and returns their ids in the order given.
func (e *Engine) AddLeads(ctx context.Context, actor Actor, pearlID id.ID, inputs []NewLead, remember *Remember[[]id.ID]) ([]id.ID, error) {
	if len(inputs) > MaxLeads {
		return nil, fault.Bad("Leads", "The list holds %d leads; at most %d are allowed in one request.", len(inputs), MaxLeads)
	}
	return e.addLeads(ctx, actor, pearlID, inputs, func(n int) string { return fmt.Sprintf("Leads[%d].", n) }, func(tx Tx, s *Signals, ids []id.ID) error {
		return rememberAnswer(e, tx, s, remember, ids)
	})
}

func (e *Engine) addLeads(ctx context.Context, actor Actor, pearlID id.ID, inputs []NewLead, prefix func(int) string, last func(tx Tx, s *Signals, ids []id.ID) error) (ids []id.ID, err error) {
	// Everything that needs no lock is done before the transaction: others wait for the writer, not for our parsing.
	pearl, err := e.Store.ReadPearl(ctx, actor.Account, pearlID)
	if err != nil {
		return nil, err
	}
	if pearl.Type != campaign.OutboundPearl {
		return nil, fault.Missing("PearlId")
	}
	a := &addition{e: e, actor: actor, pearlID: pearlID, leads: make([]lead.Lead, len(inputs)), ids: make([]id.ID, len(inputs)), prefix: prefix, last: last}
	var faults fault.List
	for n, input := range inputs {
		a.leads[n] = input.lead(&faults, prefix(n), pearl.Home())
		a.leads[n].Account, a.leads[n].Campaign, a.leads[n].Key = actor.Account, pearlID, actor.key()
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	over, err := e.admitLeads(ctx, actor.Account, len(inputs))
	if err != nil {
		return nil, err
	}
	defer func() { over(err == nil) }()
	if parts := a.parts(); len(parts) > 1 {
		// A disk that is full half way keeps what is there from being taken back.
		if err = e.Store.Room(space(a.leads)); err == nil {
			err = a.inParts(ctx, parts)
		}
	} else {
		err = a.atOnce(ctx)
	}
	if err != nil {
		return nil, err
	}
	return a.ids, nil
}

// addition is the leads of one request on their way into a campaign.
type addition struct {
	e       *Engine
	actor   Actor
	pearlID id.ID
	leads   []lead.Lead
	ids     []id.ID // to return: of the leads, or of those that are kept in their place
	prefix  func(int) string
	last    func(tx Tx, s *Signals, ids []id.ID) error // statement of the last transaction
	bulk    Bulk                                       // of an add in parts, else zero

	byPhone, byExternal map[string]id.ID // what this request inserts, where the policy asks
	faults              fault.List       // of the policy
}

// number gives the leads their ids, which nobody else's come between.
func (a *addition) number() {
	for n, leadID := range a.e.IDs.Block(a.e.clock(), len(a.leads)) {
		a.leads[n].ID = leadID
	}
	a.byPhone, a.byExternal, a.faults = map[string]id.ID{}, map[string]id.ID{}, fault.List{}
}

// A lead takes so many bytes of the disk with its indexes, and its call data so many times its own: in its row, as a text to search
// for, and both once more in a log.
const (
	leadSpace  = 4 << 10
	dataCopies = 4
)

// space is how many bytes of the disk leads take at most.
func space(leads []lead.Lead) int64 {
	data := 0
	for _, l := range leads {
		data += len(l.CallData)
	}
	return spaceOf(len(leads), data)
}

// spaceOf is space of so many leads with so many bytes of call data in all.
func spaceOf(leads, data int) int64 { return leadSpace*int64(leads) + dataCopies*int64(data) }

// parts are the ends of the parts that the leads are inserted in.
func (a *addition) parts() []int {
	var ends []int
	count, size := 0, 0
	for n, l := range a.leads {
		if count == partLeads || count > 0 && size+len(l.CallData) > partBytes {
			ends = append(ends, n)
			count, size = 0, 0
		}
		count, size = count+1, size+len(l.CallData)
	}
	return append(ends, len(a.leads))
}

// isSmall reports whether the leads are too few for others to notice: they wait for no turn.
func (a *addition) isSmall() bool {
	if len(a.leads) > smallAdd {
		return false
	}
	size := 0
	for _, l := range a.leads {
		size += len(l.CallData)
	}
	return size <= partBytes/partLeads*smallAdd
}

// atOnce inserts all in one transaction.
func (a *addition) atOnce(ctx context.Context) error {
	return a.e.updatePart(ctx, a.isSmall(), func(tx Tx, s *Signals) error {
		pearl, err := a.insert(tx, 0, len(a.leads))
		if err != nil {
			return err
		}
		if err := a.faults.Err(); err != nil {
			return err
		}
		s.Callable = pearl.Activity == campaign.Running
		s.changed(pearl.Account, pearl.ID, ChangedLeads)
		return a.last(tx, s, a.ids)
	})
}

// inParts inserts part by part, between a first transaction that says so and a last one that makes them whole.
func (a *addition) inParts(ctx context.Context, ends []int) error {
	a.number()
	a.bulk = Bulk{First: a.leads[0].ID, Last: a.leads[len(a.leads)-1].ID, Account: a.actor.Account, Pearl: a.pearlID, Created: a.e.clock(), Node: a.e.Node}
	a.e.adding.begin(a.bulk.First)
	defer a.e.adding.end(a.bulk.First)
	err := a.insertParts(ctx, ends)
	if err == nil {
		return nil
	}
	// Also where it is not known whether the last transaction was committed: then there is nothing to take back.
	if undone := a.e.takeBack(context.WithoutCancel(ctx), a.bulk); undone != nil {
		a.e.Log.Error("leads of an add that failed could not be taken back yet", "pearl", a.pearlID, "error", undone) // Settle will
	}
	return err
}

func (a *addition) insertParts(ctx context.Context, ends []int) error {
	err := a.e.asNode(ctx, func(tx Tx, _ *Signals) error {
		pearl, err := outbound(tx, a.actor.Account, a.pearlID, Exclusive)
		if err != nil {
			return err
		}
		if err := a.alone(tx, pearl); err != nil {
			return err
		}
		return tx.InsertBulk(a.bulk)
	})
	if err != nil {
		return fmt.Errorf("begin to add leads: %w", err)
	}
	from := 0
	for _, to := range ends {
		// Others may fill the disk meanwhile: what is there must be taken back while it can be.
		if err := a.e.Store.Room(space(a.leads[from:to])); err != nil {
			return err
		}
		before := len(a.faults.Fields)
		err := a.e.asNodePart(ctx, func(tx Tx, _ *Signals) error {
			a.faults.Fields = a.faults.Fields[:before]
			// What is taken back waits for us here, and we find that nothing is to be added any more.
			if stands, err := tx.Bulk(a.bulk.First); err != nil {
				return fmt.Errorf("look whether the add stands: %w", err)
			} else if !stands {
				return &fault.Error{Kind: fault.Unavailable, Detail: "the add was taken back", RetryAfter: time.Second}
			}
			_, err := a.insert(tx, from, to)
			return err
		})
		if err != nil {
			return fmt.Errorf("add leads: %w", err)
		}
		from = to
	}
	if err := a.faults.Err(); err != nil {
		return err
	}
	return a.e.asNode(ctx, func(tx Tx, s *Signals) error {
		if err := tx.DeleteBulk(a.bulk.First); err != nil {
			return fmt.Errorf("end of adding leads: %w", err)
		}
		s.Callable = true
		s.changed(a.bulk.Account, a.bulk.Pearl, ChangedLeads)
		return a.last(tx, s, a.ids)
	})
}

// insert inserts the leads from from to to. The campaign is held: adds to it are committed one after another, so that
// created, and the ids where it is the same, grow in the order in which leads become visible, and two adds at the same time
// see each other's leads.
func (a *addition) insert(tx Tx, from, to int) (campaign.Pearl, error) {
	pearl, err := outbound(tx, a.actor.Account, a.pearlID, Exclusive)
	if err != nil {
		return pearl, err
	}
	part := !a.bulk.First.Zero()
	if !part {
		a.number()
	}
	if err := a.alone(tx, pearl); err != nil {
		return pearl, err
	}
	now := a.e.clock()
	if now.Before(a.bulk.Created) {
		now = a.bulk.Created // the clock was set back: nothing of the add is due before the add
	}
	created := a.e.added.stamp(now, part)
	policy := pearl.Outbound.DuplicatePolicy
	fresh := make([]lead.Lead, 0, to-from)
	for n := from; n < to; n++ {
		l := lead.Add(a.leads[n], now)
		l.Created = created
		a.ids[n] = l.ID
		if policy == "skip" || policy == "reject" {
			existing, member, err := a.duplicate(tx, l)
			if err != nil {
				return pearl, fmt.Errorf("look for duplicates: %w", err)
			}
			if !existing.Zero() && policy == "reject" {
				a.faults.Add(a.prefix(n)+member, "A lead with this value exists already, and the campaign's duplicatePolicy is reject.")
				continue
			}
			if !existing.Zero() {
				a.ids[n] = existing
				continue
			}
		}
		fresh = append(fresh, l)
	}
	if len(a.faults.Fields) > 0 {
		return pearl, nil // nothing will stay: only the rest of the faults is wanted
	}
	if err := tx.InsertLeads(fresh); err != nil {
		return pearl, fmt.Errorf("insert leads: %w", err)
	}
	return pearl, nil
}

// alone refuses, where duplicatePolicy asks for duplicates, while another add to the campaign is not whole (contract 1.5): what is
// answered must exist, and its leads may be taken back.
func (a *addition) alone(tx Tx, pearl campaign.Pearl) error {
	if policy := pearl.Outbound.DuplicatePolicy; policy != "skip" && policy != "reject" {
		return nil
	}
	bulks, err := tx.PearlBulks(a.pearlID)
	if err != nil {
		return fmt.Errorf("look for adds under way: %w", err)
	}
	if slices.ContainsFunc(bulks, func(b Bulk) bool { return b.First != a.bulk.First }) {
		return &fault.Error{
			Kind: fault.Unfinished, RetryAfter: time.Second,
			Detail: "Another request is adding leads to this campaign, and duplicatePolicy cannot be judged before it ends. Repeat the request.",
		}
	}
	return nil
}

// duplicate finds the lead that duplicatePolicy takes for the same as l, in this request or among those stored, and the
// member that says so. l is noted where there is none.
func (a *addition) duplicate(tx Tx, l lead.Lead) (existing id.ID, member string, err error) {
	newest := func(found []lead.Lead, err error) (id.ID, error) {
		if len(found) == 0 || found[0].ID == l.ID { // a transaction that is run again
			return "", err
		}
		return found[0].ID, err
	}
	existing, noted := a.byPhone[string(l.Phone)]
	if !noted {
		if existing, err = newest(tx.LeadsByPhone(l.Account, l.Campaign, l.Phone, 1)); err != nil {
			return "", "", err
		}
	}
	if !existing.Zero() && existing != l.ID {
		return existing, "PhoneNumber", nil
	}
	if l.ExternalID != "" {
		if existing, noted = a.byExternal[l.ExternalID]; !noted {
			if existing, err = newest(tx.LeadsByExternalID(l.Account, l.Campaign, l.ExternalID, 1)); err != nil {
				return "", "", err
			}
		}
		if !existing.Zero() && existing != l.ID {
			return existing, "ExternalId", nil
		}
		a.byExternal[l.ExternalID] = l.ID
	}
	a.byPhone[string(l.Phone)] = l.ID
	return "", "", nil
}

// takeBack removes the leads of an add that did not become whole, part by part, and then the note of it.
func (e *Engine) takeBack(ctx context.Context, bulk Bulk) error {
	for done := false; !done; {
		err := e.asNodePart(ctx, func(tx Tx, s *Signals) error {
			done = false
			unfinished, err := tx.Bulk(bulk.First)
			if err != nil {
				return err
			}
			if !unfinished {
				done = true
				return nil
			}
			leads, err := tx.BulkLeads(bulk, partLeads)
			if err != nil {
				return err
			}
			if len(leads) == 0 {
				done, s.Callable = true, true // those that were due meanwhile may be called
				return tx.DeleteBulk(bulk.First)
			}
			pearl, err := outbound(tx, bulk.Account, bulk.Pearl, Unlocked)
			if err != nil {
				return err
			}
			for _, l := range leads {
				if err := e.removeLead(tx, pearl, l, Actor{Account: bulk.Account, By: "rescue"}, e.clock(), s); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("take leads back: %w", err)
		}
	}
	return nil
}

// stamps gives leads the instant they were added.
type stamps struct {
	mu   sync.Mutex
	last time.Time
}

// clockMayStep is how far back the clock may be set before it is followed.
const clockMayStep = 10 * time.Second

// stamp is now, but never before what was given out earlier, so that whoever walks over the pages in the order of created
// meets what is added meanwhile at the end. later: after all that was given out. The parts of a large add need that, since
// their ids are older than they are.
func (s *stamps) stamp(now time.Time, later bool) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !now.After(s.last) && s.last.Sub(now) < clockMayStep {
		if now = s.last; later {
			now = now.Add(time.Millisecond)
		}
	}
	s.last = now
	return now
}
