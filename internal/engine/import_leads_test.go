package engine_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"nacre/internal/campaign"
	"nacre/internal/engine"
)

// importing is an import of leads, with the outcomes of its parts.
type importing struct {
	engine.Importing
	parts []engine.ImportPart
}

// imports makes an import of leads on the lines from 2 on; stopAfter parts it is cut off, 0 is never.
func (w *world) imports(leads []engine.NewLead, dryRun bool, stopAfter int) (*importing, error) {
	w.t.Helper()
	i := &importing{Importing: engine.Importing{Pearl: w.pearl, Digest: []byte("file"), DryRun: dryRun}}
	at := 0
	i.Next = func() (engine.ImportRow, bool, error) {
		if at == len(leads) {
			return engine.ImportRow{}, false, nil
		}
		at++
		return engine.ImportRow{Line: at + 1, Lead: leads[at-1]}, true, nil
	}
	i.Report = func(part engine.ImportPart) error {
		i.parts = append(i.parts, part)
		if len(i.parts) == stopAfter {
			return errCutOff
		}
		return nil
	}
	return i, w.e.ImportLeads(w.ctx, w.actor, i.Importing)
}

var errCutOff = errors.New("the client went away")

func (i *importing) String() string {
	var b strings.Builder
	for _, part := range i.parts {
		fmt.Fprintf(&b, "%d/%d", part.Added, part.Rows)
		if part.Again {
			b.WriteString(" again")
		}
		for _, refused := range part.Refused {
			fmt.Fprintf(&b, " %d %s", refused.Line, strings.SplitN(refused.Reasons[0], ":", 2)[0])
		}
		b.WriteString("; ")
	}
	return b.String()
}

func testImportLeads(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	leads := inputs(0, 1200)
	leads[3].Phone = "555"
	leads[700].Zone = "Nowhere"
	leads[1199].CallData = []byte(`{"a":"` + strings.Repeat("x", 33<<10) + `"}`)
	const want = "499/500 5 PhoneNumber; 499/500 702 TimeZoneId; 199/200 1201 CallData; "

	dry, err := w.imports(leads, true, 0)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "dry run", dry.String(), want)
	same(t, "leads after a dry run", fmt.Sprint(w.counts().Leads), "0")

	cut, err := w.imports(leads, false, 1)
	if !errors.Is(err, errCutOff) {
		t.Fatal(err)
	}
	same(t, "parts before the cut", cut.String(), "499/500 5 PhoneNumber; ")
	same(t, "leads after the cut", fmt.Sprint(w.counts().Leads), "499")

	again, err := w.imports(leads, false, 0)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "sent again", again.String(), "499/500 again 5 PhoneNumber; 499/500 702 TimeZoneId; 199/200 1201 CallData; ")
	same(t, "leads after it was sent again", fmt.Sprint(w.counts().Leads), "1197")

	// Another file, or the same into another campaign, is another import.
	w.pearl = w.addPearl(nil)
	other, err := w.imports(leads[:10], false, 0)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "into another campaign", other.String(), "9/10 5 PhoneNumber; ")
}

func testImportKeepsThePolicy(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	w.settings(w.pearl, func(o *campaign.OutboundSettings) { o.DuplicatePolicy = "reject" })
	leads := inputs(0, 600)
	w.addLead(w.pearl, leads[7])
	leads[2].Phone, leads[550].ExternalID = leads[1].Phone, leads[20].ExternalID
	const want = "498/500 4 PhoneNumber 9 PhoneNumber; 99/100 552 ExternalId; "
	first, err := w.imports(leads, false, 0)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "with reject", first.String(), want)
	same(t, "leads", fmt.Sprint(w.counts().Leads), "598")
	again, err := w.imports(leads, false, 0)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "sent again", again.String(), "498/500 again 4 PhoneNumber 9 PhoneNumber; 99/100 again 552 ExternalId; ")
	same(t, "leads after it was sent again", fmt.Sprint(w.counts().Leads), "598")
}

// testImportPartsAreOneTransaction: however large its rows are, each part of an import is one transaction that waits for its turn,
// and never an add in several parts, between two transactions more.
func testImportPartsAreOneTransaction(t *testing.T, s engine.Store) {
	turns := &turner{Store: s}
	w := newWorld(t, turns)
	leads := inputs(0, 60)
	for n := range leads {
		leads[n].CallData = []byte(`{"a":"` + strings.Repeat("x", 20<<10) + `"}`)
	}
	turns.turns = 0
	done, err := w.imports(leads, false, 0)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "parts of 256 KiB at most", done.String(), "12/12; 12/12; 12/12; 12/12; 12/12; ")
	same(t, "turns", fmt.Sprint(turns.turns), "5")
}

// testImportRefusesFaults: what is known of a row before it is a lead is its reason.
func testImportRefusesFaults(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	rows := []engine.ImportRow{{Line: 1, Lead: inputs(0, 1)[0]}, {Line: 2, Fault: "no text"}}
	var told []engine.ImportPart
	err := w.e.ImportLeads(w.ctx, w.actor, engine.Importing{Pearl: w.pearl, Digest: []byte("file"), Next: func() (engine.ImportRow, bool, error) {
		if len(rows) == 0 {
			return engine.ImportRow{}, false, nil
		}
		row := rows[0]
		rows = rows[1:]
		return row, true, nil
	}, Report: func(part engine.ImportPart) error { told = append(told, part); return nil }})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "told", fmt.Sprint(told), "[{2 1 false [{2 [no text]}]}]")
}

func testImportIntoNothing(t *testing.T, s engine.Store) {
	w := newWorld(t, s)
	foreign := newWorld(t, s)
	w.pearl = foreign.pearl
	if i, err := w.imports(inputs(0, 3), false, 0); err == nil || len(i.parts) > 0 {
		t.Errorf("an import into another account's campaign: %v %v", i, err)
	}
}
