package engine_test

import (
	"slices"
	"strings"
	"testing"

	"nacre/internal/account"
	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/lead"
	"nacre/internal/phone"
)

// doubtful are numbers as they were typed that rang strangers, in a campaign with an American number and no region.
var doubtful = []string{
	"(415) 555-0101", "713 555 0103", "555-0101", "4155550102.0", "+14155550102.0", "+14155550101/02", "+1 555 0103", "+44 020 7946 0107", "0415 555 0101", "+14155550101x5",
}

// What is doubtful is refused wherever a number is read (contract 1.3).
func testDoubtfulNumbers(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	known := w.add(fictional(1))
	entrances := map[string]func(number string) error{
		"add": func(n string) error {
			_, err := w.e.AddLead(w.ctx, w.actor, w.pearl, engine.NewLead{Phone: n}, nil)
			return err
		},
		"add many": func(n string) error {
			_, err := w.e.AddLeads(w.ctx, w.actor, w.pearl, []engine.NewLead{{Phone: n}}, nil)
			return err
		},
		"update": func(n string) error {
			_, err := w.e.UpdateLead(w.ctx, w.actor, w.pearl, known, engine.LeadUpdate{Phone: &n})
			return err
		},
		"make call":   func(n string) error { _, err := w.e.MakeCall(w.ctx, w.actor, w.pearl, n, nil, nil); return err },
		"blacklist":   func(n string) error { return w.e.Suppress(w.ctx, w.actor, []string{n}, "api", nil) },
		"unblacklist": func(n string) error { return w.e.Unsuppress(w.ctx, w.actor, []string{n}) },
		"transfer": func(n string) error {
			_, _, err := w.e.UpdatePearl(w.ctx, w.actor, w.pearl, 0, "", func(p *campaign.Pearl) error {
				p.Definition.TransferCallSettings = []campaign.Transfer{{PhoneNumber: n}}
				return nil
			})
			return err
		},
	}
	for name, enter := range entrances {
		for _, number := range doubtful {
			if strings.HasSuffix(name, "blacklist") && number == "+1 555 0103" {
				continue // the beginning of a number
			}
			if err := enter(number); !fault.Is(err, fault.Invalid) {
				t.Errorf("%s of %q: %v, want a refusal", name, number, err)
			}
		}
	}
	count, entries, err := s.Suppressions(w.ctx, w.account, engine.Page{Limit: 10}, "", "")
	if err != nil || count != 0 {
		t.Errorf("blacklist after refused entries: %v, %v", entries, err)
	}
	same(t, "number of the lead", string(w.lead(known).Phone), fictional(1))
}

// The campaign's region goes before the account's; what belongs to no campaign is read in the account's.
func testRegions(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	w.changeAccount(func(a *account.Account) { a.DefaultRegion = "US" })
	same(t, "in the account's region", string(w.lead(w.add("(415) 555-0101")).Phone), "+14155550101")
	same(t, "international prefix", string(w.lead(w.add("011 44 20 7946 0107")).Phone), "+442079460107")
	if err := w.e.Suppress(w.ctx, w.actor, []string{"(408) 555-0102"}, "api", nil); err != nil {
		t.Fatal(err)
	}
	if covered, err := s.IsSuppressed(w.ctx, w.account, "+14085550102"); err != nil || !covered {
		t.Errorf("an entry in national format covers its number: %v, %v", covered, err)
	}
	w.settings(w.pearl, func(o *campaign.OutboundSettings) { o.DefaultRegion = "HK" })
	same(t, "in the campaign's region", string(w.lead(w.add("001 65 6123 4501")).Phone), "+6561234501")
	_, _, err := w.e.UpdatePearl(w.ctx, w.actor, w.pearl, 0, "", func(p *campaign.Pearl) error {
		p.Definition.TransferCallSettings = []campaign.Transfer{{PhoneNumber: "2123 4567"}, {}}
		return nil
	})
	pearl, readErr := s.ReadPearl(w.ctx, w.account, w.pearl)
	if err != nil || readErr != nil || !slices.Equal(pearl.Definition.TransferCallSettings, []campaign.Transfer{{PhoneNumber: "+85221234567"}, {}}) {
		t.Errorf("transfers %+v, %v, %v", pearl.Definition.TransferCallSettings, err, readErr)
	}
}

// One person, two spellings: one number, so the blacklist holds and there are never two calls to it.
func testSpellingsOfOneNumber(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	w.add("+44 (0)20 7946 0107")
	w.add("+442079460107")
	if works := w.claim(); len(works) != 1 {
		t.Errorf("%d claims of one number", len(works))
	}
	w.suppress("+44 (0)20 7946 0107")
	if covered, err := s.IsSuppressed(w.ctx, w.account, "+442079460107"); err != nil || !covered {
		t.Errorf("covered %v, %v", covered, err)
	}
}

// Numbers that earlier rules stored are found, may be sent back as they were read, and are not dialled.
func testNumbersStoredBefore(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	stored := w.lead(w.add(fictional(1)))
	for _, old := range []phone.Number{"+4402079460107", "+15550103"} {
		l := stored
		l.ID, l.Phone = w.e.IDs.New(w.clock.Now()), old
		if err := s.Update(w.ctx, func(tx engine.Tx) error { return tx.InsertLeads([]lead.Lead{l}) }); err != nil {
			t.Fatal(err)
		}
		if found, err := s.LeadByPhone(w.ctx, w.account, w.pearl, old); err != nil || found.ID != l.ID {
			t.Errorf("%s: found %s, %v", old, found.ID, err)
		}
		text, external := string(old), "crm-1"
		if after := w.update(l.ID, engine.LeadUpdate{Phone: &text, ExternalID: &external}); after.Phone != old || after.ExternalID != external {
			t.Errorf("%s sent back: %+v", old, after)
		}
		defer func(leadID id.ID) { same(t, "status of "+text, w.lead(leadID).Status.String(), "WrongCountryCode") }(l.ID)
	}
	if works := w.claim(); len(works) != 1 || works[0].Lead != stored.ID {
		t.Errorf("claims %+v", works)
	}
}

// A carrier is shown numbers in E.164 and what the operator allows besides (contract 12.1): judged when a number is stored
// and again before a call.
func testCallers(t *testing.T, s engine.Store) {
	w := newWorld(t, s, func(c *engine.Config) { c.ShortCodes = []string{"70070"} })
	trunkID, err := w.e.CreateTrunk(w.ctx, w.actor, account.Trunk{Trunk: call.Trunk{Host: "sip.example", Port: 5060, MaxCalls: 100}, Name: "T", Active: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for number, want := range map[string]string{"+1 (212) 555-0100": "+12125550100", "70070": "70070", "70071": "", "12345678": "", "(212) 555-0100": "", "+1555": ""} {
		numberID, err := w.e.CreateNumber(w.ctx, w.actor, account.Number{Number: number, Direction: account.Outbound, Trunk: trunkID}, nil)
		if (err == nil) != (want != "") || err != nil && !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v, want %q", number, err, want)
		}
		if want == "" {
			continue
		}
		numbers, err := s.Numbers(w.ctx, w.account)
		n := slices.IndexFunc(numbers, func(n account.Number) bool { return n.ID == numberID })
		if err != nil || n < 0 || numbers[n].Number != want {
			t.Errorf("%q is stored as %v, %v", number, numbers, err)
		}
	}
	// One that was stored under earlier rules, or whose permission is gone.
	w.add(fictional(1))
	if err := s.Update(w.ctx, func(tx engine.Tx) error {
		number, err := tx.Number(w.account, w.number, engine.Exclusive)
		if err != nil {
			return err
		}
		number.Number, number.Trunk = "12345678", trunkID
		return tx.SaveNumber(number)
	}); err != nil {
		t.Fatal(err)
	}
	if works := w.claim(); len(works) != 0 {
		t.Errorf("claimed for a caller that cannot be shown: %+v", works)
	}
}
