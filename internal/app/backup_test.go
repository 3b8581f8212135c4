package app

import (
	"archive/tar"
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nacre/internal/campaign"
	"nacre/internal/config"
	"nacre/internal/engine"
	"nacre/internal/id"
)

// TestBackupAndRestore: a backup taken beside a running server holds database and recordings of one instant; what is
// restored answers the same, with its campaigns paused.
func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	data := filepath.Join(folder, "data")
	s := testServer(t, config.Database{Data: data})
	_, out, _ := command(t, "key", "create", "--data", data, "--name", "crm")
	key := strings.TrimSpace(out)
	status, pearl := request(t, s, key, "POST", "/v2/Pearl", `{"name":"Renewals","pearl":{"companyDescription":"Gyms.","timeZone":"Eastern Standard Time","openingSentence":"Hello."},"variables":[],"outbound":{}}`)
	if status != 200 {
		t.Fatalf("create: %d %s", status, pearl)
	}
	status, lead := request(t, s, key, "POST", "/v2/Outbound/"+pearl+"/Lead", `{"phoneNumber":"+14155550101","externalId":"before"}`)
	if status != 200 {
		t.Fatalf("add: %d %s", status, lead)
	}
	if err := os.WriteFile(filepath.Join(data, "recordings", "x.wav"), []byte("sound"), 0o600); err != nil {
		t.Fatal(err)
	}
	owner, _, _ := strings.Cut(key, ":")
	err := s.store.Update(t.Context(), func(tx engine.Tx) error { // the API runs nothing without a voice
		running, err := tx.Pearl(id.ID(owner), id.ID(pearl), engine.Exclusive)
		if err != nil {
			return err
		}
		running.Activity = campaign.Running
		running.Version++
		return tx.SavePearl(running)
	})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, "backup.tar")
	if code, _, errs := command(t, "backup", "--data", data, file); code != 0 {
		t.Fatalf("backup: %d %s", code, errs)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("a backup is private: %v, %v", info, err)
	}
	if left, _ := filepath.Glob(filepath.Join(folder, "*.part")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if code, _, errs := command(t, "backup", "--data", data, file); code != 1 || !strings.Contains(errs, "exists already") {
		t.Errorf("a second backup over the first: %d %s", code, errs)
	}
	request(t, s, key, "POST", "/v2/Outbound/"+pearl+"/Lead", `{"phoneNumber":"+14155550102","externalId":"after"}`)

	restored := filepath.Join(folder, "restored")
	if code, _, errs := command(t, "restore", "--data", restored, file); code != 0 {
		t.Fatalf("restore: %d %s", code, errs)
	}
	if code, _, errs := command(t, "restore", "--data", restored, file); code != 1 || !strings.Contains(errs, "not empty") {
		t.Errorf("a restore over data: %d %s", code, errs)
	}
	if sound, err := os.ReadFile(filepath.Join(restored, "recordings", "x.wav")); err != nil || string(sound) != "sound" {
		t.Errorf("recording: %q, %v", sound, err)
	}
	again := testServer(t, config.Database{Data: restored})
	if status, answer := request(t, again, key, "GET", "/v2/Outbound/"+pearl+"/Lead/External/before", ""); status != 200 {
		t.Errorf("the lead from before the backup: %d %s", status, answer)
	}
	if status, answer := request(t, again, key, "GET", "/v2/Pearl/"+pearl, ""); status != 200 || !strings.Contains(answer, `"status":2`) {
		t.Errorf("a campaign that ran is paused: %d %s", status, answer)
	}
	if status, answer := request(t, again, key, "GET", "/v2/Outbound/"+pearl+"/Lead/External/after", ""); status != 400 {
		t.Errorf("the lead from after it: %d %s", status, answer)
	}
}

// TestBackupFollowsLinks: data folder and recordings may be links to another disk, as operators move them; what they lead to is
// in the backup, and no other link's target is.
func TestBackupFollowsLinks(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	disk, sounds, data := filepath.Join(folder, "disk"), filepath.Join(folder, "sounds"), filepath.Join(folder, "data")
	if code, _, errs := command(t, "key", "create", "--data", disk, "--name", "crm", "--init"); code != 0 {
		t.Fatalf("make data: %d %s", code, errs)
	}
	err := errors.Join(os.RemoveAll(filepath.Join(disk, "recordings")), os.Mkdir(sounds, 0o700), os.WriteFile(filepath.Join(sounds, "x.wav"), []byte("sound"), 0o600),
		os.Symlink(sounds, filepath.Join(disk, "recordings")), os.Symlink("/etc/hostname", filepath.Join(disk, "nacre.link")), os.Symlink(disk, data))
	if err != nil {
		t.Fatal(err)
	}
	file, restored := filepath.Join(folder, "backup.tar"), filepath.Join(folder, "restored")
	for _, args := range [][]string{{"backup", "--data", data, file}, {"restore", "--data", restored, file}} {
		if code, _, errs := command(t, args...); code != 0 {
			t.Fatalf("%s: %d %s", args[0], code, errs)
		}
	}
	if sound, err := os.ReadFile(filepath.Join(restored, "recordings", "x.wav")); err != nil || string(sound) != "sound" {
		t.Errorf("recording behind two links: %q, %v", sound, err)
	}
	for name, there := range map[string]bool{"nacre.db": true, "nacre.link": false} {
		if _, err := os.Lstat(filepath.Join(restored, name)); (err == nil) != there {
			t.Errorf("%s: %v, want it there: %t", name, err, there)
		}
	}
}

// TestRestoreRefusesWhatIsNoBackup: nothing is written outside the folder, and nothing is left in it.
func TestRestoreRefusesWhatIsNoBackup(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for name, entries := range map[string][]tar.Header{
		"no database": {{Name: "recordings/x.wav", Mode: 0o600, Typeflag: tar.TypeReg}},
		"a path out":  {{Name: "../x", Mode: 0o600, Typeflag: tar.TypeReg}},
		"a link":      {{Name: "nacre.db", Linkname: "/etc/passwd", Typeflag: tar.TypeSymlink}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var content bytes.Buffer
			archive := tar.NewWriter(&content)
			for _, header := range entries {
				if err := archive.WriteHeader(&header); err != nil {
					t.Fatal(err)
				}
			}
			if err := archive.Close(); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(folder, strings.ReplaceAll(name, " ", "-")+".tar")
			if err := os.WriteFile(file, content.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			data := filepath.Join(t.TempDir(), "data")
			if code, _, errs := command(t, "restore", "--data", data, file); code != 1 || !strings.Contains(errs, "no backup") {
				t.Errorf("got %d %q", code, errs)
			}
			if left, _ := os.ReadDir(data); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}
