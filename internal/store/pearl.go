package store

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/id"
	"nacre/internal/phone"
)

// settings are what is stored of a Pearl as JSON.
type settings struct {
	Definition campaign.Definition
	Variables  []campaign.Variable
	Inbound    *campaign.InboundSettings
	Outbound   *campaign.OutboundSettings
}

// parsed caches settings by their revision, which is new at every change: they may be large, every update of a
// lead needs them, and they rarely change.
type parsed struct {
	mu    sync.Mutex
	byID  map[id.ID]parsedPearl
	bytes int
}

type parsedPearl struct {
	revision string
	settings settings
	webhooks campaign.Webhooks
	bytes    int
}

// parsedLimit bounds the text behind the settings that are cached.
const parsedLimit = 16 << 20

func (p *parsed) get(pearlID id.ID, revision string) (parsedPearl, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	known, ok := p.byID[pearlID]
	return known, ok && known.revision == revision
}

func (p *parsed) put(pearlID id.ID, made parsedPearl) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bytes += made.bytes - p.byID[pearlID].bytes
	if p.byID == nil || p.bytes > parsedLimit {
		p.byID, p.bytes = map[id.ID]parsedPearl{}, made.bytes
	}
	p.byID[pearlID] = made
}

// pearlRow is a Pearl without its settings.
type pearlRow struct {
	pearl    campaign.Pearl
	revision string
}

const (
	// pearlColumns are read by all; what is stored besides is read once a revision (complete).
	pearlColumns = "id, account_id, type, name, activity, archived, created, version, revision, spent, published"
	// pearlHome is selected after pearlColumns: what a Pearl has of its account and its number.
	pearlHome = `, COALESCE((SELECT default_region FROM account WHERE account.id = pearl.account_id), ''),
		COALESCE((SELECT number FROM number WHERE number.id = pearl.phone_number_id AND number.account_id = pearl.account_id), '')`
)

var (
	pearlTable  = newTable("pearl", pearlColumns+", phone_number_id, settings, webhooks")
	insertPearl = pearlTable.insertion(1)
)

func (p *pearlRow) into(created *int64) []any {
	return []any{(*string)(&p.pearl.ID), (*string)(&p.pearl.Account), (*int)(&p.pearl.Type), &p.pearl.Name, (*int)(&p.pearl.Activity),
		&p.pearl.Archived, created, &p.pearl.Version, &p.revision, &p.pearl.Spent, &p.pearl.Published, &p.pearl.AccountRegion, &p.pearl.Caller}
}

func scanPearlRow(r row) (pearlRow, error) {
	var p pearlRow
	var created int64
	err := r.Scan(p.into(&created)...)
	p.pearl.Created = instant(created)
	return p, err
}

// complete adds the settings. What it returns shares lists with other readers: change a Clone.
func (t *tx) complete(p pearlRow) (campaign.Pearl, error) {
	known, ok := t.parsed.get(p.pearl.ID, p.revision)
	if !ok {
		var err error
		known, err = one(t, func(r row) (parsedPearl, error) {
			var made parsedPearl
			var settingsText, webhooksText string
			if err := r.Scan(&made.revision, &settingsText, &webhooksText); err != nil {
				return made, err
			}
			made.bytes = len(settingsText) + len(webhooksText)
			if err := decode(settingsText, &made.settings); err != nil {
				return made, err
			}
			if err := decode(webhooksText, &made.webhooks); err != nil {
				return made, err
			}
			opened := campaign.Pearl{Definition: made.settings.Definition, Webhooks: made.webhooks}
			err := openAll(t.keys, pearlPlace(p.pearl.ID), opened.Secrets())
			made.settings.Definition, made.webhooks = opened.Definition, opened.Webhooks
			return made, err
		}, "SELECT revision, settings, webhooks FROM pearl WHERE id = ?1", p.pearl.ID)
		if err != nil {
			return p.pearl, err
		}
		t.parsed.put(p.pearl.ID, known)
	}
	p.pearl.Definition, p.pearl.Variables, p.pearl.Webhooks = known.settings.Definition, known.settings.Variables, known.webhooks
	if known.settings.Inbound != nil {
		inbound := *known.settings.Inbound
		p.pearl.Inbound = &inbound
	}
	if known.settings.Outbound != nil {
		outbound := *known.settings.Outbound
		p.pearl.Outbound = &outbound
	}
	return p.pearl, nil
}

func (t *tx) Pearl(accountID, pearlID id.ID, lock engine.Lock) (campaign.Pearl, error) {
	cache, caches := t.session.(pearlCache)
	if caches {
		if cached, ok := cache.cachedPearl(accountID, pearlID); ok {
			return t.complete(cached)
		}
	}
	const text = "SELECT " + pearlColumns + pearlHome + " FROM pearl WHERE id = ?1 AND account_id = ?2 "
	found, err := one(t, scanPearlRow, lockText(text, lock), pearlID, accountID)
	if err != nil {
		return campaign.Pearl{}, missing(err, "PearlId")
	}
	if caches {
		cache.cachePearl(found)
	}
	return t.complete(found)
}

// pearlCache is a session that caches rows of Pearls as long as nobody else can change them. Who changes one himself has
// all forgotten.
type pearlCache interface {
	cachedPearl(accountID, pearlID id.ID) (pearlRow, bool)
	cachePearl(pearlRow)
	forgetPearls()
}

func (t *tx) forgetPearls() {
	if cache, caches := t.session.(pearlCache); caches {
		cache.forgetPearls()
	}
}

// pearlPlace is what the secrets of a Pearl are sealed to.
func pearlPlace(pearlID id.ID) string { return "pearl " + string(pearlID) }

func (t *tx) pearlValues(p campaign.Pearl) ([]any, error) {
	p = sealPearl(t.keys, pearlPlace(p.ID), p)
	settingsText, err := encode(settings{p.Definition, p.Variables, p.Inbound, p.Outbound})
	if err != nil {
		return nil, err
	}
	webhooksText, err := encode(p.Webhooks)
	if err != nil {
		return nil, err
	}
	var number id.ID
	switch {
	case p.Outbound != nil:
		number = p.Outbound.PhoneNumberID
	case p.Inbound != nil:
		number = p.Inbound.PhoneNumberID
	}
	return []any{p.ID, p.Account, int(p.Type), p.Name, int(p.Activity), p.Archived, millis(p.Created), p.Version,
		rand.Text(), p.Spent, p.Published, number, settingsText, webhooksText}, nil
}

func (t *tx) InsertPearl(p campaign.Pearl) error {
	t.forgetPearls()
	values, err := t.pearlValues(p)
	if err != nil {
		return err
	}
	return t.queue(nil, insertPearl, values...)
}

// SavePearl implements engine.Tx. It leaves out spent, which AddSpent adds to without a new version.
func (t *tx) SavePearl(p campaign.Pearl) error {
	t.forgetPearls()
	values, err := t.pearlValues(p)
	if err != nil {
		return err
	}
	c := pearlTable.set(values, func(column string) bool { return column != "id" && column != "account_id" && column != "spent" })
	text, args := c.update("pearl", "id = ?1 AND account_id = ?2 AND version = ?3", p.ID, p.Account, p.Version-1)
	return t.queue(engine.ErrStale, text, args...)
}

func (t *tx) AddSpent(pearlID id.ID, hundredths int64) error {
	t.forgetPearls()
	return t.queue(nil, "UPDATE pearl SET spent = spent + ?2 WHERE id = ?1", pearlID, hundredths)
}

func (t *tx) ForgetMemory(pearlID id.ID, number *phone.Number) error {
	if number == nil {
		return t.queue(nil, "DELETE FROM memory WHERE pearl_id = ?1", pearlID)
	}
	return t.queue(nil, "DELETE FROM memory WHERE pearl_id = ?1 AND number = ?2", pearlID, *number)
}

func (s *Store) ReadPearl(ctx context.Context, accountID, pearlID id.ID) (found campaign.Pearl, err error) {
	err = s.backend.read(ctx, func(q session) error {
		found, err = s.newTx(q).Pearl(accountID, pearlID, engine.Unlocked)
		return err
	})
	return found, wrap("read pearl", err)
}

func (s *Store) Pearls(ctx context.Context, accountID id.ID) ([]campaign.Pearl, error) {
	return s.pearls(ctx, "account_id = ?1 AND NOT archived", accountID)
}

func (s *Store) RunningPearls(ctx context.Context) ([]campaign.Pearl, error) {
	return s.pearls(ctx, "activity = 1 AND type = 2 AND NOT archived")
}

func (t *tx) RunningOn(accountID, numberID id.ID) ([]campaign.Pearl, error) {
	return t.pearls("account_id = ?1 AND phone_number_id = ?2 AND activity = 1 AND NOT archived", accountID, numberID)
}

func (s *Store) pearls(ctx context.Context, where string, args ...any) (found []campaign.Pearl, err error) {
	err = s.backend.snapshot(ctx, func(q session) error {
		found, err = s.newTx(q).pearls(where, args...)
		return err
	})
	return found, wrap("list pearls", err)
}

func (t *tx) pearls(where string, args ...any) ([]campaign.Pearl, error) {
	rows, err := list(t, scanPearlRow, "SELECT "+pearlColumns+pearlHome+" FROM pearl WHERE "+where+" ORDER BY created, id", args...)
	if err != nil {
		return nil, err
	}
	var found []campaign.Pearl
	for _, r := range rows {
		pearl, err := t.complete(r)
		if err != nil {
			return nil, err
		}
		found = append(found, pearl)
	}
	return found, nil
}

// PearlCounts implements engine.Queries. Its cost does not depend on how many leads there are.
func (s *Store) PearlCounts(ctx context.Context, pearlID id.ID, midnight time.Time) (counts engine.PearlCounts, err error) {
	err = s.backend.snapshot(ctx, func(q session) error {
		counts, err = pearlCounts(q, pearlID, midnight)
		return err
	})
	return counts, wrap("count leads of pearl", err)
}
