package app

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"nacre/internal/call"
	"nacre/internal/config"
	"nacre/internal/engine"
	"nacre/internal/lead"
	"nacre/internal/voice"
)

// smallDisk takes three seconds of a recording of both sides.
const smallDisk = "size=96k,mode=0700"

// The disk of the recordings fills up in the middle of a talk: the person is heard and answered to the end, the call has its outcome
// and no recording, and nothing of one is left on the disk.
func TestRecordingsFillTheDiskInTheTalk(t *testing.T) {
	if testing.Short() {
		t.Skip("needs real time")
	}
	// Not parallel: real audio wants the clock.
	ctx := context.Background()
	var log syncBuffer
	data := t.TempDir()
	settings := config.Serve{Database: config.Database{Data: data}, Listen: "127.0.0.1:0", SIPListen: "127.0.0.1:0", Grace: time.Second}
	settings.Speech.Folder = config.NoSpeech
	children := childrenOf(t)
	running, err := startWith(ctx, settings, newLog(&log, config.Log{LogLevel: "warn"}), parts{openVoice: func(string, *slog.Logger) (voice.Voices, error) { return &hummer{}, nil }})
	if err != nil {
		t.Fatal(err)
	}
	defer running.Close()
	err = unix.Mount("tmpfs", running.recordings, "tmpfs", 0, smallDisk)
	if errors.Is(err, unix.EPERM) {
		t.Skip("nothing may be mounted here; voice.TestRecordingEndsInTheMiddle is the same without a disk")
	}
	if err != nil {
		t.Fatalf("mount a small disk: %v", err)
	}
	defer func() {
		if err := unix.Unmount(running.recordings, unix.MNT_DETACH); err != nil {
			t.Errorf("unmount the small disk: %v", err)
		}
	}()
	e := running.engine
	owner, err := e.CreateAccount(ctx, "test")
	if err != nil {
		t.Fatal(err)
	}
	actor := engine.Actor{Account: owner.ID, By: "test"}
	of := failingLead(t, e, actor, 1)
	if _, err := e.SetActive(ctx, actor, of[0], true, false); err != nil {
		t.Fatal(err)
	}
	last := finalCall(ctx, t, running, of[1])
	if said := saidBy(last, call.Pearl); !strings.Contains(said, "Do you agree?") || !strings.HasSuffix(said, "Goodbye.") {
		t.Errorf("said %q", said)
	}
	if last.Outcome != call.Success || last.Recording != "" {
		t.Errorf("%s, recorded as %q", last.Outcome, last.Recording)
	}
	if l, err := e.Store.ReadLead(ctx, owner.ID, of[0], of[1]); err != nil || l.Status != lead.Success {
		t.Errorf("the lead ended at %d, %v", l.Status, err)
	}
	if !strings.Contains(log.String(), "no space left on device") {
		t.Errorf("the log does not tell of the disk: %s", log.String())
	}
	left, err := os.ReadDir(running.recordings)
	if err != nil || len(left) > 0 {
		t.Errorf("left on the disk: %v, %v", left, err)
	}
	running.Close()
	nothingLeft(t, data, children)
}
