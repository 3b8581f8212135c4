package engine

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"slices"
	"time"

	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/lead"
	"nacre/internal/phone"
)

// CreatePearl stores a new Pearl, paused, with a webhook secret of its own. Its settings were judged by campaign.Check;
// here only what needs the database is: the phone number.
func (e *Engine) CreatePearl(ctx context.Context, actor Actor, pearl campaign.Pearl, remember *Remember[id.ID]) (id.ID, error) {
	now := e.clock()
	secret, err := NewWebhookSecret()
	if err != nil {
		return "", err
	}
	pearl.ID, pearl.Account, pearl.Created, pearl.Version, pearl.Published, pearl.Activity = e.IDs.New(now), actor.Account, now, 1, 1, campaign.Paused
	pearl.Webhooks.Secret = secret
	err = e.update(ctx, func(tx Tx, s *Signals) error {
		if err := checkNumber(tx, pearl, "Outbound."); err != nil {
			return err
		}
		if err := normalizeTransfers(tx, &pearl); err != nil {
			return err
		}
		if err := within(tx, actor.Account, OwnedPearls, e.Limits.Pearls); err != nil {
			return err
		}
		if err := tx.InsertPearl(pearl); err != nil {
			return fmt.Errorf("insert pearl: %w", err)
		}
		s.changed(actor.Account, pearl.ID, ChangedPearl)
		if err := addVersion(tx, actor, pearl, now); err != nil {
			return err
		}
		if err := e.audit(tx, actor, auditPublishPearl, now, map[string]any{"pearlId": pearl.ID, "after": auditPearlOf(pearl)}); err != nil {
			return err
		}
		return rememberAnswer(e, tx, s, remember, pearl.ID)
	})
	if err != nil {
		return "", err
	}
	return pearl.ID, nil
}

// NewWebhookSecret makes a signing secret in the form of Standard Webhooks: whsec_ and 24 random bytes in base64.
func NewWebhookSecret() (string, error) {
	var raw [24]byte
	if _, err := rand.Read(raw[:]); err != nil {
		return "", fmt.Errorf("make webhook secret: %w", err)
	}
	return "whsec_" + base64.StdEncoding.EncodeToString(raw[:]), nil
}

// secretOverlap is how long deliveries are signed with the old secret besides the new one.
const secretOverlap = 24 * time.Hour

// RotateSecret gives a Pearl's webhooks a new signing secret, made beforehand by NewWebhookSecret so that a repeated
// transaction makes the same change.
func RotateSecret(p *campaign.Pearl, secret string, now time.Time) {
	p.Webhooks.OldSecret, p.Webhooks.OldSecretUntil = p.Webhooks.Secret, now.Add(secretOverlap)
	p.Webhooks.Secret = secret
}

// UpdatePearl reads, changes and stores a Pearl; edit must be pure and may run more than once. prefix is that of the
// error keys about the phone number ("" or "Outbound."). Secrets that edit does not write stay as they are, but for those
// whose destination changes: they are cleared, and their paths returned. Changed settings are a new version.
func (e *Engine) UpdatePearl(ctx context.Context, actor Actor, pearlID id.ID, auditEvent int, prefix string, edit func(*campaign.Pearl) error) (stored campaign.Pearl, cleared []string, err error) {
	return e.changePearl(ctx, actor, pearlID, auditEvent, prefix, func(_ Tx, before campaign.Pearl, _ map[string]any) (campaign.Pearl, []string, error) {
		return edited(before, edit)
	})
}

// edited is a Pearl, or the content of one, as an edit leaves it.
func edited(before campaign.Pearl, edit func(*campaign.Pearl) error) (after campaign.Pearl, cleared []string, err error) {
	after = before.Clone()
	after.WithholdSecrets()
	var faults fault.List
	if err := edit(&after); err != nil && !faults.Join("", err) {
		return after, nil, err
	}
	cleared = after.SettleSecrets(before, &faults)
	return after, cleared, faults.Err()
}

// changePearl stores what change makes of a Pearl, and a version of its settings where they differ; change may add to what is audited.
func (e *Engine) changePearl(ctx context.Context, actor Actor, pearlID id.ID, auditEvent int, prefix string, change func(tx Tx, before campaign.Pearl, data map[string]any) (after campaign.Pearl, cleared []string, err error)) (stored campaign.Pearl, cleared []string, err error) {
	var removed []DeliveryKind
	err = e.update(ctx, func(tx Tx, s *Signals) error {
		s.changed(actor.Account, pearlID, ChangedPearl)
		if _, err := tx.Account(actor.Account, Exclusive); err != nil { // for the phone number, as when it is run
			return err
		}
		before, err := tx.Pearl(actor.Account, pearlID, Exclusive)
		if err != nil {
			return err
		}
		data := map[string]any{"pearlId": pearlID}
		var after campaign.Pearl
		if after, cleared, err = change(tx, before, data); err != nil {
			return err
		}
		if numberOf(after) != numberOf(before) { // another change must not fail over what became of the number since
			if err := checkNumber(tx, after, prefix); err != nil {
				return err
			}
		}
		if !slices.Equal(after.Definition.TransferCallSettings, before.Definition.TransferCallSettings) {
			if err := normalizeTransfers(tx, &after); err != nil {
				return err
			}
		}
		now := e.clock()
		if err := keepVersion(tx, actor, before, &after, now); err != nil {
			return err
		}
		after.Version = before.Version + 1
		if err := tx.SavePearl(after); err != nil {
			return fmt.Errorf("save pearl: %w", err)
		}
		removed = urlsChanged(before.Webhooks, after.Webhooks, s)
		stored, s.Callable = after, true
		data["before"], data["after"] = auditPearlOf(before), auditPearlOf(after)
		return e.audit(tx, actor, auditEvent, now, withCleared(data, cleared))
	})
	if err != nil {
		return stored, cleared, err
	}
	if err := e.retire(ctx, actor.Account, pearlID, removed...); err != nil {
		e.Log.Warn("deliveries to a removed URL are dropped later, each when it is due", "pearl", pearlID, "error", err)
	}
	return stored, cleared, nil
}

// normalizeTransfers reads the numbers that calls may be transferred to as those of leads are read (contract 1.3).
func normalizeTransfers(tx Tx, pearl *campaign.Pearl) error {
	transfers := slices.Clone(pearl.Definition.TransferCallSettings)
	if len(transfers) == 0 {
		return nil
	}
	owner, err := tx.Account(pearl.Account, Unlocked)
	if err != nil {
		return err
	}
	pearl.AccountRegion, pearl.Caller = owner.DefaultRegion, ""
	if numberID := numberOf(*pearl); !numberID.Zero() {
		number, err := tx.Number(pearl.Account, numberID, Unlocked)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return fmt.Errorf("read number: %w", err)
		}
		pearl.Caller = number.Number
	}
	var faults fault.List
	for n, transfer := range transfers {
		if transfer.PhoneNumber == "" {
			continue
		}
		number, err := phone.Parse(transfer.PhoneNumber, pearl.Home())
		if err != nil {
			faults.Add(fmt.Sprintf("Pearl.TransferCallSettings[%d].TransferCallPhoneNumber", n), "%s", err)
			continue
		}
		transfers[n].PhoneNumber = string(number)
	}
	pearl.Definition.TransferCallSettings = transfers
	return faults.Err()
}

// urlsChanged returns the kinds of deliveries whose URL was removed: what waits for it is to be dropped. A new URL takes them
// with it at once.
func urlsChanged(before, after campaign.Webhooks, s *Signals) (removed []DeliveryKind) {
	for _, url := range []struct {
		kind        DeliveryKind
		before, now string
	}{{CallDelivery, before.CallURL, after.CallURL}, {LeadDelivery, before.LeadURL, after.LeadURL}} {
		if url.before != "" && url.now == "" {
			removed = append(removed, url.kind)
		}
		s.Deliveries = s.Deliveries || url.before != url.now
	}
	return removed
}

// SetActive runs or pauses a Pearl (contract 2.3) and returns the activity in force.
func (e *Engine) SetActive(ctx context.Context, actor Actor, pearlID id.ID, active, hangUp bool) (campaign.Activity, error) {
	var activity campaign.Activity
	err := e.update(ctx, func(tx Tx, s *Signals) error {
		s.changed(actor.Account, pearlID, ChangedPearl)
		if _, err := tx.Account(actor.Account, Exclusive); err != nil { // who runs on which number is decided one after another
			return err
		}
		pearl, err := tx.Pearl(actor.Account, pearlID, Exclusive)
		if err != nil {
			return err
		}
		before := pearl.Activity
		if active {
			if err := e.mayRun(tx, pearl); err != nil {
				return err
			}
			pearl.Activity = campaign.Running
			if err := numberFree(tx, pearl, ""); err != nil {
				return err
			}
		} else if pearl.Activity == campaign.Running {
			pearl.Activity = campaign.Paused
		}
		activity = pearl.Activity
		s.Callable = active
		if !active {
			if err := e.pause(tx, s, actor, pearl, hangUp); err != nil {
				return err
			}
		}
		if before == pearl.Activity {
			return nil
		}
		pearl.Version++
		if err := tx.SavePearl(pearl); err != nil {
			return fmt.Errorf("save pearl: %w", err)
		}
		return e.audit(tx, actor, auditPearlStatus, e.clock(), map[string]any{"pearlId": pearlID, "name": pearl.Name, "before": before, "after": activity})
	})
	if err == nil && hangUp && !active {
		err = e.hangUpOrphans(ctx, actor, pearlID)
	}
	return activity, err
}

// SetStatus puts a Pearl on hold for the operator of the installation (Suspended, Maintenance), or ends that (Paused): only
// then can the account run it again. It pauses as SetActive does.
func (e *Engine) SetStatus(ctx context.Context, actor Actor, pearlID id.ID, status campaign.Activity) error {
	if status != campaign.Paused && status != campaign.Suspended && status != campaign.Maintenance {
		return fault.Bad("Status", "The status must be 2, 3 or 10, not %d.", status)
	}
	return e.update(ctx, func(tx Tx, s *Signals) error {
		if _, err := tx.Account(actor.Account, Exclusive); err != nil {
			return err
		}
		pearl, err := tx.Pearl(actor.Account, pearlID, Exclusive)
		if err != nil {
			return err
		}
		before := pearl.Activity
		if before == status {
			return nil
		}
		pearl.Activity = status
		if err := e.pause(tx, s, actor, pearl, false); err != nil {
			return err
		}
		pearl.Version++
		if err := tx.SavePearl(pearl); err != nil {
			return fmt.Errorf("save pearl: %w", err)
		}
		return e.audit(tx, actor, auditPearlStatus, e.clock(), map[string]any{"pearlId": pearlID, "name": pearl.Name, "before": before, "after": status})
	})
}

// hangUpOrphans ends the calls in the air of a paused campaign whose leads were deleted: pause finds calls by their leads.
func (e *Engine) hangUpOrphans(ctx context.Context, actor Actor, pearlID id.ID) error {
	unfinished, err := e.Store.UnfinishedCalls(ctx, "")
	if err != nil {
		return fmt.Errorf("list calls in the air: %w", err)
	}
	for _, c := range unfinished {
		if c.Pearl != pearlID || c.Account != actor.Account || c.Lead.Zero() || c.HangUp || c.Cancel != call.NotCancelled {
			continue
		}
		err := e.update(ctx, func(tx Tx, s *Signals) error {
			if l, err := leadOf(tx, c.Account, c.Pearl, c.Lead); err != nil || l != nil {
				return err // not an orphan: the pause has seen it, or somebody resumed the campaign since
			}
			return e.stopInAir(tx, s, actor, c, call.ByPerson, e.clock())
		})
		if err != nil && !fault.Is(err, fault.Conflict) && !fault.Is(err, fault.NotFound) {
			return fmt.Errorf("hang up call %s: %w", c.ID, err)
		}
	}
	return nil
}

// mayRun judges whether a Pearl has what it needs to run.
func (e *Engine) mayRun(tx Tx, pearl campaign.Pearl) error {
	if pearl.Activity == campaign.Suspended || pearl.Activity == campaign.Maintenance {
		return fault.Refused("The Pearl's status %d is set by the operator of this installation only.", pearl.Activity)
	}
	if pearl.Archived {
		return fault.Refused("The Pearl is archived.")
	}
	if pearl.Type != campaign.OutboundPearl {
		return nil
	}
	if pearl.Outbound.PhoneNumberID.Zero() {
		return fault.Bad("PhoneNumberId", "The campaign has no phone number: set outbound.phoneNumberId first.")
	}
	number, err := tx.Number(pearl.Account, pearl.Outbound.PhoneNumberID, Shared)
	if fault.Is(err, fault.NotFound) {
		return fault.Bad("PhoneNumberId", "The campaign's phone number does not exist any more.")
	}
	if err != nil {
		return fmt.Errorf("read number: %w", err)
	}
	if !number.Direction.DialsOut() {
		return fault.Refused("The phone number %s is not authorized for outbound calls.", number.Number)
	}
	if e.CanSpeak != nil {
		if err := e.CanSpeak(); err != nil {
			return fault.Refused("This installation cannot speak, so no campaign can run: %s", err)
		}
	}
	return nil
}

// pause gives queued leads back; hangUp ends everything in the air besides.
func (e *Engine) pause(tx Tx, s *Signals, actor Actor, pearl campaign.Pearl, hangUp bool) error {
	if pearl.Type != campaign.OutboundPearl {
		return nil
	}
	now := e.clock()
	held, err := tx.HeldLeads(pearl.Account, pearl.ID)
	if err != nil {
		return fmt.Errorf("list held leads: %w", err)
	}
	for _, l := range held {
		c := e.change(tx, pearl, l, actor, now, s)
		switch {
		case l.Status == lead.InCallQueue:
			if _, err := c.step(lead.Released{Claim: l.Claim}); err != nil {
				return err
			}
		case hangUp && !l.Call.Zero():
			if _, err := c.step(lead.HungUp{Call: l.Call, Why: call.ByPerson}); err != nil {
				return err
			}
		}
		if err := c.commit(); err != nil {
			return err
		}
	}
	return e.pauseRequests(tx, s, actor, pearl, hangUp, now)
}

func (e *Engine) pauseRequests(tx Tx, s *Signals, actor Actor, pearl campaign.Pearl, hangUp bool, now time.Time) error {
	requests, err := tx.HeldRequests(pearl.Account)
	if err != nil {
		return fmt.Errorf("list held requests: %w", err)
	}
	for _, r := range requests {
		switch {
		case r.Pearl != pearl.ID:
		case r.Status == RequestQueued:
			r.Claim, r.Node = "", ""
			if err := tx.SaveRequest(r); err != nil {
				return fmt.Errorf("save request: %w", err)
			}
		case r.Status == RequestOnCall && hangUp:
			current, err := tx.Call(r.Account, r.Call)
			if err != nil {
				return fmt.Errorf("read call of request: %w", err)
			}
			if err := e.stopInAir(tx, s, actor, current, call.ByPerson, now); err != nil {
				return err
			}
		}
	}
	return nil
}

// ArchivePearl pauses a Pearl and takes it out of the lists, or brings it back.
func (e *Engine) ArchivePearl(ctx context.Context, actor Actor, pearlID id.ID, archived bool) error {
	if archived {
		if _, err := e.SetActive(ctx, actor, pearlID, false, false); err != nil {
			return err
		}
	}
	_, _, err := e.UpdatePearl(ctx, actor, pearlID, auditPearlSettings, "Outbound.", func(p *campaign.Pearl) error {
		p.Archived = archived
		if archived && p.Activity == campaign.Running {
			p.Activity = campaign.Paused
		}
		return nil
	})
	return err
}

// ResetMemory forgets what a Pearl remembers of one number, or of all where number is nil (contract 2.8).
func (e *Engine) ResetMemory(ctx context.Context, actor Actor, pearlID id.ID, number *phone.Number) error {
	return e.update(ctx, func(tx Tx, s *Signals) error {
		if _, err := tx.Pearl(actor.Account, pearlID, Unlocked); err != nil {
			return err
		}
		return tx.ForgetMemory(pearlID, number)
	})
}
