package store_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"nacre/internal/account"
	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/lead"
	"nacre/internal/store"
	"nacre/internal/store/storetest"
)

// writerFolder names the data folder to the process that TestKilledProcess starts and kills.
const writerFolder = "NACRE_TEST_WRITER_FOLDER"

const (
	writerAccount = id.ID("aaaaaaaaaaaaaaaaaaaaaaaa")
	writerPearl   = id.ID("bbbbbbbbbbbbbbbbbbbbbbbb")
)

// TestWriterProcess is no test of its own: it is the process that is killed. It says every lead whose Update returned.
func TestWriterProcess(t *testing.T) {
	folder := os.Getenv(writerFolder)
	if folder == "" {
		t.Skip("runs as a child of TestKilledProcess")
	}
	s, err := store.Open(t.Context(), folder, "", store.Options{Node: true})
	if err != nil {
		t.Fatal(err)
	}
	for caller := range 8 {
		go func() {
			ids, err := id.NewSource(bytes.NewReader(fmt.Appendf(nil, "%02dcaller", caller)))
			if err != nil {
				panic(err)
			}
			for {
				l := lead.Lead{ID: ids.New(storetest.Noon), Account: writerAccount, Campaign: writerPearl, Phone: "+14155550101", Status: lead.New, Created: storetest.Noon, Version: 1}
				err := s.Update(context.Background(), func(tx engine.Tx) error {
					if err := tx.InsertLeads([]lead.Lead{l}); err != nil {
						return err
					}
					return tx.AddHistory(engine.History{Lead: l.ID, At: storetest.Noon, Kind: "added"})
				})
				if err != nil {
					panic(err)
				}
				fmt.Println("stored", l.ID)
			}
		}()
	}
	select {} // until killed
}

// TestKilledProcess: what was acknowledged is there after a kill -9, whole, and a lock ends with its process.
func TestKilledProcess(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	s, err := store.Open(t.Context(), folder, "", store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Update(t.Context(), func(tx engine.Tx) error {
		return tx.InsertAccount(account.Account{ID: writerAccount, Created: storetest.Noon})
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestWriterProcess$", "-test.timeout=60s")
	child.Env = append(os.Environ(), writerFolder+"="+folder)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var stored []id.ID
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), "stored "); ok {
			stored = append(stored, id.ID(rest))
		}
		if len(stored) == 300 {
			if other, err := store.Open(t.Context(), folder, "", store.Options{}); err != nil {
				t.Errorf("open beside a running process: %v", err)
			} else {
				if _, err := store.Open(t.Context(), folder, "", store.Options{Node: true}); err == nil || !strings.Contains(err.Error(), "in use by another process") {
					t.Errorf("second node on a folder: %v", err)
				}
				// A short command beside the server may write.
				err := other.Update(t.Context(), func(tx engine.Tx) error {
					return tx.InsertKey(account.Key{ID: "cccccccccccccccccccccccc", Account: writerAccount, Hash: []byte{1}, Created: storetest.Noon})
				})
				if err != nil {
					t.Errorf("write beside a running process: %v", err)
				}
				if err := other.Close(); err != nil {
					t.Errorf("close beside a running process: %v", err)
				}
			}
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := child.Wait(); err == nil {
		t.Error("the child ended by itself")
	}
	if len(stored) < 300 {
		t.Fatalf("the child stored %d leads", len(stored))
	}

	s, err = store.Open(t.Context(), folder, "", store.Options{Node: true})
	if err != nil {
		t.Fatalf("open as the node after the process was killed: %v", err)
	}
	t.Cleanup(func() { _ = s.Close() })
	for _, leadID := range stored {
		if _, err := s.ReadLead(t.Context(), writerAccount, writerPearl, leadID); err != nil {
			t.Fatalf("lead %s was acknowledged: %v", leadID, err)
		}
		if history, err := s.LeadHistory(t.Context(), leadID); err != nil || len(history) != 1 {
			t.Fatalf("history of lead %s: %v, %v", leadID, history, err)
		}
	}
	counts, err := s.PearlCounts(t.Context(), writerPearl, time.Time{})
	if err != nil || counts.Leads < len(stored) {
		t.Errorf("counted %d leads, %d were acknowledged, %v", counts.Leads, len(stored), err)
	}
	if _, err := s.Key(t.Context(), writerAccount, []byte{1}); err != nil {
		t.Errorf("key made beside the process: %v", err)
	}
}

// fullFolder names the data folder to the process of TestFullDisk.
const fullFolder = "NACRE_TEST_FULL_FOLDER"

// TestFullDiskProcess is no test of its own: it writes where a file may not grow, and says what became of it.
func TestFullDiskProcess(t *testing.T) {
	folder := os.Getenv(fullFolder)
	if folder == "" {
		t.Skip("runs as a child of TestFullDisk")
	}
	signal.Ignore(syscall.SIGXFSZ) // a write beyond the limit fails instead
	s, err := store.Open(t.Context(), folder, "", store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ids, err := id.NewSource(strings.NewReader("full disk"))
	if err != nil {
		t.Fatal(err)
	}
	insert := func(l lead.Lead) error {
		return s.Update(t.Context(), func(tx engine.Tx) error { return tx.InsertLeads([]lead.Lead{l}) })
	}
	next := func() lead.Lead {
		data := fmt.Appendf(nil, `{"note":%q}`, strings.Repeat("x", 3000))
		return lead.Lead{ID: ids.New(storetest.Noon), Account: writerAccount, Campaign: writerPearl, Phone: "+14155550101", CallData: data, Status: lead.New, Created: storetest.Noon, Version: 1}
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	small := limit
	small.Cur = 2 << 20
	for range 3 {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &small); err != nil {
			t.Fatal(err)
		}
		var refused atomic.Int64
		var callers sync.WaitGroup
		for range 8 {
			callers.Go(func() {
				for refused.Load() < 20 {
					l := next()
					switch err := insert(l); {
					case err == nil:
						fmt.Println("stored", l.ID)
					case fault.Of(err) == fault.Unavailable:
						fmt.Println("refused", l.ID)
						refused.Add(1)
					default:
						t.Errorf("a full disk: %v", err)
						return
					}
				}
			})
		}
		callers.Wait()
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			t.Fatal(err)
		}
		l := next()
		if err := insert(l); err != nil {
			t.Fatalf("with room again: %v", err)
		}
		fmt.Println("stored", l.ID)
		small.Cur += 2 << 20
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestFullDisk: what cannot be written is refused as a whole, what was acknowledged stays, and writing goes on when there is room.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFullDiskProcess$", "-test.timeout=60s")
	child.Env = append(os.Environ(), fullFolder+"="+folder)
	said, err := child.CombinedOutput()
	if err != nil {
		t.Fatalf("the child: %v\n%s", err, said)
	}
	s, err := store.Open(t.Context(), folder, "", store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	count := map[string]int{}
	for line := range strings.Lines(string(said)) {
		verdict, leadID, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok || verdict != "stored" && verdict != "refused" {
			continue
		}
		count[verdict]++
		_, err := s.ReadLead(t.Context(), writerAccount, writerPearl, id.ID(leadID))
		if there := err == nil; there != (verdict == "stored") {
			t.Errorf("lead %s was %s: %v", leadID, verdict, err)
		}
	}
	if count["stored"] < 100 || count["refused"] < 60 {
		t.Errorf("the child met too little: %v", count)
	}
}

// TestReopen: closing folds the log into the file, keeps the last use of keys, and what was closed answers so.
func TestReopen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a b?#%.db") // whatever the folder is called
	s, err := store.OpenSQLite(path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	key := account.Key{ID: "cccccccccccccccccccccccc", Account: writerAccount, Hash: []byte{1}, Created: storetest.Noon}
	err = s.Update(t.Context(), func(tx engine.Tx) error { return tx.InsertKey(key) })
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []time.Time{storetest.Noon.Add(time.Minute), storetest.Noon} {
		if err := s.TouchKey(t.Context(), key.ID, at); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
	if err := s.Update(t.Context(), func(engine.Tx) error { return nil }); err == nil {
		t.Error("a closed store takes transactions")
	}
	if err := s.Ping(t.Context()); err == nil {
		t.Error("a closed store answers")
	}
	if log, err := os.Stat(path + "-wal"); err == nil && log.Size() > 0 {
		t.Errorf("the log has %d bytes after Close", log.Size())
	}
	s, err = store.OpenSQLite(path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	key.LastUsed = storetest.Noon.Add(time.Minute)
	if found, err := s.Key(t.Context(), writerAccount, key.Hash); err != nil || !found.LastUsed.Equal(key.LastUsed) {
		t.Errorf("key after reopening: %+v, %v", found, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	if _, err := store.Open(t.Context(), t.TempDir(), "mysql://localhost/x", store.Options{}); err == nil || !strings.Contains(err.Error(), "postgres://") {
		t.Errorf("another database: %v", err)
	}
	if _, err := store.OpenSQLite(filepath.Join(t.TempDir(), "none", "x.db"), store.Options{}); err == nil {
		t.Error("a folder that does not exist")
	}
}
