package engine

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"nacre/internal/campaign"
	"nacre/internal/fault"
	"nacre/internal/id"
)

// PearlVersion is the settings of a Pearl as they are, or were, in force (contract 12.4).
type PearlVersion struct {
	Pearl, Account id.ID
	Number         int64
	At             time.Time      // published
	By, ByName     string         // as in history and audit; "" = before versions were kept
	Bytes          int64          // of its content as it is stored
	Content        campaign.Pearl // campaign.Pearl.Content, secrets as asterisks
}

// PearlDraft is settings beside the version in force; no call is made with them.
type PearlDraft struct {
	Pearl, Account id.ID
	BasedOn        int64 // the version that was in force when it was begun
	At             time.Time
	By, ByName     string
	Content        campaign.Pearl // campaign.Pearl.Content
}

// What is kept of earlier versions of one Pearl; the one in force always is.
const (
	mostVersions     = 100
	mostVersionBytes = 16 << 20
)

// addVersion keeps the settings of a Pearl under the number that it has.
func addVersion(tx Tx, actor Actor, pearl campaign.Pearl, now time.Time) error {
	err := tx.AddPearlVersion(PearlVersion{
		Pearl: pearl.ID, Account: pearl.Account, Number: pearl.Published, At: now, By: actor.By, ByName: actor.Name, Content: pearl.Content().Redacted(),
	})
	if err != nil {
		return fmt.Errorf("add version of pearl: %w", err)
	}
	return nil
}

// keepVersion numbers and keeps the settings of a changed Pearl where they differ, and drops the oldest beyond what is kept.
func keepVersion(tx Tx, actor Actor, before campaign.Pearl, after *campaign.Pearl, now time.Time) error {
	if before.SameContent(*after) {
		return nil
	}
	if before.Published == 0 { // of a database from before versions were kept
		before.Published = 1
		if err := addVersion(tx, Actor{}, before, before.Created); err != nil {
			return err
		}
	}
	after.Published = before.Published + 1
	if err := addVersion(tx, actor, *after, now); err != nil {
		return err
	}
	kept, err := tx.PearlVersions(before.ID)
	if err != nil {
		return fmt.Errorf("list versions of pearl: %w", err)
	}
	sum := int64(0)
	for n, v := range kept {
		if sum += v.Bytes; n > 0 && (n >= mostVersions || sum > mostVersionBytes) {
			if err := tx.DropPearlVersions(before.ID, kept[n-1].Number); err != nil {
				return fmt.Errorf("drop versions of pearl: %w", err)
			}
			break
		}
	}
	return nil
}

// RollBackPearl publishes an earlier version of a Pearl's settings as a new one. Secrets are those of today; the paths of those
// that the version needs and that are missing are returned. judge is asked whether the settings may be in force.
func (e *Engine) RollBackPearl(ctx context.Context, actor Actor, pearlID id.ID, number int64, judge func(campaign.Pearl) error) (published int64, missing []string, err error) {
	stored, missing, err := e.changePearl(ctx, actor, pearlID, auditPublishPearl, "Outbound.", func(tx Tx, before campaign.Pearl, data map[string]any) (campaign.Pearl, []string, error) {
		data["rolledBackTo"] = number
		v, err := tx.PearlVersion(actor.Account, pearlID, number)
		if err != nil {
			return before, nil, err
		}
		after := before.Clone()
		after.SetContent(v.Content)
		return after, after.RestoreSecrets(before), judge(after)
	})
	return stored.Published, missing, err
}

// DraftOf is the draft of a Pearl; where there is none, a new one with the settings in force, whose At is zero.
func (e *Engine) DraftOf(ctx context.Context, pearl campaign.Pearl) (PearlDraft, error) {
	d, err := e.Store.ReadPearlDraft(ctx, pearl.Account, pearl.ID)
	if fault.Is(err, fault.NotFound) {
		return newDraft(pearl), nil
	}
	if err != nil {
		return d, fmt.Errorf("read draft: %w", err)
	}
	return d, nil
}

func newDraft(pearl campaign.Pearl) PearlDraft {
	return PearlDraft{Pearl: pearl.ID, Account: pearl.Account, BasedOn: pearl.Published, Content: pearl.Content()}
}

// Of is the Pearl as it would be were the draft in force.
func (d PearlDraft) Of(pearl campaign.Pearl) campaign.Pearl {
	pearl = pearl.Clone()
	pearl.SetContent(d.Content)
	return pearl
}

// SavePearlDraft edits the draft of a Pearl, or begins one. Secrets are treated as UpdatePearl treats them. What the settings are at
// fault for is not judged: they are in force nowhere.
func (e *Engine) SavePearlDraft(ctx context.Context, actor Actor, pearlID id.ID, edit func(*campaign.Pearl) error) (draft PearlDraft, cleared []string, err error) {
	err = e.update(ctx, func(tx Tx, _ *Signals) error {
		pearl, err := tx.Pearl(actor.Account, pearlID, Exclusive) // one edit after another
		if err != nil {
			return err
		}
		draft, err = tx.PearlDraft(actor.Account, pearlID)
		if fault.Is(err, fault.NotFound) {
			draft, err = newDraft(pearl), nil
		}
		if err != nil {
			return fmt.Errorf("read draft: %w", err)
		}
		if draft.Content, cleared, err = edited(draft.Content, edit); err != nil {
			return err
		}
		draft.At, draft.By, draft.ByName = e.clock(), actor.By, actor.Name
		if err := tx.SavePearlDraft(draft); err != nil {
			return fmt.Errorf("save draft: %w", err)
		}
		return nil
	})
	return draft, cleared, err
}

// DiscardPearlDraft removes the draft of a Pearl, if there is one.
func (e *Engine) DiscardPearlDraft(ctx context.Context, actor Actor, pearlID id.ID) error {
	return e.update(ctx, func(tx Tx, _ *Signals) error {
		if _, err := tx.Pearl(actor.Account, pearlID, Shared); err != nil {
			return err
		}
		return tx.DeletePearlDraft(pearlID)
	})
}

// PublishPearlDraft puts the draft of a Pearl in force and ends it. over is the version that it is to follow, 0 = that on which it
// is based: where another one is in force the change of somebody else would be lost, and it is refused.
func (e *Engine) PublishPearlDraft(ctx context.Context, actor Actor, pearlID id.ID, over int64, judge func(campaign.Pearl) error) (published int64, err error) {
	stored, _, err := e.changePearl(ctx, actor, pearlID, auditPublishPearl, "Outbound.", func(tx Tx, before campaign.Pearl, _ map[string]any) (campaign.Pearl, []string, error) {
		draft, err := tx.PearlDraft(actor.Account, pearlID)
		if fault.Is(err, fault.NotFound) {
			return before, nil, fault.Refused("The Pearl has no draft.")
		}
		if err != nil {
			return before, nil, fmt.Errorf("read draft: %w", err)
		}
		if cmp.Or(over, draft.BasedOn) != before.Published {
			return before, nil, fault.Bad("Version", "Version %d is in force by now: look at what it changed, then publish over it.", before.Published)
		}
		after := draft.Of(before)
		if err := judge(after); err != nil {
			return before, nil, err
		}
		return after, nil, tx.DeletePearlDraft(pearlID)
	})
	return stored.Published, err
}
