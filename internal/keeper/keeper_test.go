package keeper_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"nacre/internal/account"
	"nacre/internal/call"
	"nacre/internal/campaign"
	"nacre/internal/engine"
	"nacre/internal/id"
	"nacre/internal/keeper"
	"nacre/internal/recording"
	"nacre/internal/store"
)

// world is a keeper over an engine and a database, in a bubble of testing/synctest: its hours cost nothing.
type world struct {
	t       *testing.T
	store   *store.Store
	e       *engine.Engine
	keeper  *keeper.Keeper
	folder  string
	log     bytes.Buffer
	account id.ID
	pearl   id.ID
	calls   int
}

func inBubble(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	data := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s, err := store.OpenSQLite(filepath.Join(data, store.FileName), store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := s.Close(); err != nil {
				t.Errorf("close the database: %v", err)
			}
		}()
		ids, err := id.NewSource(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		w := &world{t: t, store: s, folder: filepath.Join(data, "recordings")}
		if err := os.Mkdir(w.folder, 0o700); err != nil {
			t.Fatal(err)
		}
		log := slog.New(slog.NewTextHandler(&w.log, nil))
		w.e = engine.New(engine.Config{Store: s, IDs: ids, Now: time.Now, Log: log, Node: "node"})
		owner, err := w.e.CreateAccount(t.Context(), "Example")
		if err != nil {
			t.Fatal(err)
		}
		w.account = owner.ID
		outbound := campaign.DefaultOutbound()
		pearl := campaign.Pearl{ID: ids.New(time.Now()), Account: owner.ID, Type: campaign.OutboundPearl, Outbound: &outbound, Created: time.Now(), Version: 1}
		w.pearl = pearl.ID
		if err := s.Update(t.Context(), func(tx engine.Tx) error { return tx.InsertPearl(pearl) }); err != nil {
			t.Fatal(err)
		}
		w.keeper = keeper.New(keeper.Config{Engine: w.e, Queries: s, Recordings: recording.Folder(w.folder), Now: time.Now, Log: log})
		w.e.Listen(w.keeper)
		test(t, w)
	})
}

// addCall stores a call that began at an instant, with its recording; change may be nil.
func (w *world) addCall(at time.Time, change func(*call.Call)) id.ID {
	w.t.Helper()
	w.calls++
	c := call.Call{ID: id.ID(fmt.Sprintf("%024x", w.calls)), Account: w.account, Pearl: w.pearl, To: "+14155550101", Start: at, Status: call.Completed, Ended: at, Finished: at}
	c.Recording = recording.FileName(c.ID)
	if change != nil {
		change(&c)
	}
	if err := w.store.Update(w.t.Context(), func(tx engine.Tx) error { return tx.InsertCall(c) }); err != nil {
		w.t.Fatal(err)
	}
	w.write(recording.FileName(c.ID), at)
	return c.ID
}

// write makes a file that was last changed at an instant.
func (w *world) write(name string, at time.Time) {
	w.t.Helper()
	path := filepath.Join(w.folder, name)
	if err := os.WriteFile(path, []byte("RIFF"), 0o600); err != nil {
		w.t.Fatal(err)
	}
	if err := os.Chtimes(path, at, at); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) retain(days int) {
	w.t.Helper()
	_, err := w.e.UpdateAccount(w.t.Context(), engine.Actor{Account: w.account, By: "key:test"}, func(a *account.Account) error {
		a.RetentionDays = &days
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// files are those in the recordings' folder, without the mark.
func (w *world) files() string {
	w.t.Helper()
	entries, err := os.ReadDir(w.folder)
	if err != nil {
		w.t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), ".") {
			names = append(names, entry.Name())
		}
	}
	return strings.Join(names, " ")
}

func (w *world) expect(what string, names ...string) {
	w.t.Helper()
	slices.Sort(names)
	if got, want := w.files(), strings.Join(names, " "); got != want {
		w.t.Errorf("%s: files %q, want %q", what, got, want)
	}
}

// settle lets a sweep that was begun come to its end: it rests for less than a second.
func settle() {
	time.Sleep(time.Second)
	synctest.Wait()
}

// TestSweepsAtStartHourlyAndOnAChange: calls go with their recordings.
func TestSweepsAtStartHourlyAndOnAChange(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, w *world) {
		const day = 24 * time.Hour
		began := time.Now()
		w.retain(10)
		w.addCall(began.Add(-11*day), nil)
		soon := recording.FileName(w.addCall(began.Add(-10*day).Add(90*time.Minute), nil))
		later := recording.FileName(w.addCall(began.Add(-5*day), nil))
		w.keeper.Start()
		settle()
		w.expect("at the start", soon, later)
		time.Sleep(time.Hour)
		settle()
		w.expect("after an hour, before its time", soon, later)
		time.Sleep(time.Hour)
		settle()
		w.expect("after two hours", later)
		w.retain(4)
		settle()
		w.expect("after a change of the retention")
		w.keeper.Stop()
		if strings.Contains(w.log.String(), "level=ERROR") {
			t.Error(w.log.String())
		}
	})
}

// TestRecordingsWithoutACall: those that no call names go when they are old enough; those of calls in the air and
// files of others never do.
func TestRecordingsWithoutACall(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, w *world) {
		old := time.Now().Add(-25 * time.Hour)
		named := recording.FileName(w.addCall(old, nil))
		inAir := recording.FileName(w.addCall(old, func(c *call.Call) {
			c.Status, c.Ended, c.Finished, c.Recording = call.InProgress, time.Time{}, time.Time{}, ""
		}))
		w.addCall(old, func(c *call.Call) { c.Status, c.Recording = call.Failed, "" }) // lost in the air: its file has no end
		const orphan, fresh = "ffffffffffffffffffffff01.wav", "ffffffffffffffffffffff02.wav"
		others := []string{"notes.txt", "FFFFFFFFFFFFFFFFFFFFFF03.wav", "ffffffffffffffffffffff04.wav.part", "short.wav"}
		for _, name := range append([]string{orphan}, others...) {
			w.write(name, old)
		}
		w.write(fresh, time.Now().Add(-23*time.Hour))
		w.keeper.Start()
		settle()
		w.expect("at the start", append([]string{named, inAir, fresh}, others...)...)
		time.Sleep(2 * time.Hour)
		settle()
		w.expect("two hours later", append([]string{named, inAir}, others...)...)
		w.keeper.Stop()

		// Another database on the same folder knows none of its calls.
		mark := filepath.Join(w.folder, ".installation")
		if err := os.WriteFile(mark, []byte("another"), 0o600); err != nil {
			t.Fatal(err)
		}
		w.write(orphan, old)
		stranger := keeper.New(w.keeper.Config)
		stranger.Start()
		settle()
		stranger.Stop()
		w.expect("beside another database", append([]string{named, inAir, orphan}, others...)...)
		if !strings.Contains(w.log.String(), "another database's") {
			t.Error("nothing is said of it")
		}
	})
}

// TestStopsWhileSweeping: a stop does not wait for the end of a sweep, and nothing of it is lost.
func TestStopsWhileSweeping(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, w *world) {
		const many = 400
		old := time.Now().Add(-48 * time.Hour)
		for range many {
			w.addCall(old, nil)
		}
		w.retain(1)
		w.keeper.Start()
		time.Sleep(70 * time.Millisecond)
		began := time.Now()
		w.keeper.Stop()
		if took := time.Since(began); took > 100*time.Millisecond {
			t.Errorf("stopped after %v", took)
		}
		entries, err := w.store.AuditLog(t.Context(), w.account, time.Time{}, time.Time{}, 1006, nil, 10)
		if err != nil || len(entries) != 1 {
			t.Fatalf("audit log %v, %v; want one entry", entries, err)
		}
		left := len(strings.Fields(w.files()))
		if want := fmt.Sprintf(`{"count":%d,"retentionDays":1}`, many-left); string(entries[0].Data) != want || left == 0 || left == many {
			t.Errorf("audit log says %s, %d of %d files are left", entries[0].Data, left, many)
		}
	})
}

// TestSignInsAreWrittenSoonAndAtTheEnd: many share a transaction; what waits is not lost by a stop.
func TestSignInsAreWrittenSoonAndAtTheEnd(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, w *world) {
		key := account.Key{ID: "aaaaaaaaaaaaaaaaaaaaaaaa", Account: w.account, Name: "crm"}
		expect := func(what string, signIns, refused int) {
			t.Helper()
			synctest.Wait()
			for event, want := range map[int]int{2: signIns, 1: refused} {
				entries, err := w.store.AuditLog(t.Context(), w.account, time.Time{}, time.Time{}, event, nil, 10)
				if err != nil || len(entries) != want {
					t.Errorf("%s: %d entries of event %d, %v; want %d", what, len(entries), event, err, want)
				}
			}
		}
		w.keeper.Start()
		settle()
		w.e.KeyUsed(key, "192.0.2.1")
		w.e.KeyRefused(w.account, "192.0.2.7")
		time.Sleep(900 * time.Millisecond)
		w.e.KeyUsed(key, "192.0.2.2")
		expect("while they gather", 0, 0)
		time.Sleep(150 * time.Millisecond)
		expect("after a second", 2, 1)
		w.e.KeyRefused(w.account, "192.0.2.7")
		time.Sleep(30 * time.Second)
		expect("within the minute", 2, 1)
		time.Sleep(31 * time.Second)
		expect("after the minute", 2, 2)
		w.e.KeyUsed(key, "192.0.2.3")
		w.e.KeyRefused(w.account, "192.0.2.8")
		w.keeper.Stop()
		expect("after the stop", 3, 3)
	})
}
