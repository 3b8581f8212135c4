package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/config"
	"nacre/internal/speech"
	"nacre/internal/speech/folder"
	"nacre/internal/speech/folder/foldertest"
	"nacre/internal/speech/speechtest"
	"nacre/internal/voice"
	"nacre/internal/voice/flite"
	"nacre/internal/voice/utterance"
)

// emptyFolder is a speech folder of one file.
func emptyFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	manifest := folder.Manifest{Files: []folder.Entry{{
		Path: "model.onnx", Package: "models@1.0.0", Origin: "model.onnx", Project: "A model", License: "MIT",
		Size: 5, SHA256: "9372c470eeadd5ecd9c3c74c2b3cb633f8e2f2fad799250a0f70d652b6b825e4", // of "model"
	}}}
	raw, err := json.Marshal(manifest)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{folder.ManifestName: raw, "model.onnx": []byte("model")} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, folder.Program), []byte("#!/bin/sh\nexit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestSpeechListChecksTheFiles(t *testing.T) {
	t.Parallel()
	dir := emptyFolder(t)
	code, out, errs := command(t, "speech", "--speech", dir)
	if code != 0 || !strings.Contains(out, "model.onnx") || !strings.Contains(out, "models@1.0.0") || !strings.Contains(out, "MIT") || strings.Count(out, "ok\n") != 2 {
		t.Errorf("%d\n%s%s", code, out, errs)
	}
	if err := os.WriteFile(filepath.Join(dir, "model.onnx"), []byte("moral"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, _ := command(t, "speech", "list", "--speech", dir); code != 1 || !strings.Contains(out, "its checksum differs") {
		t.Errorf("another file: %d\n%s", code, out)
	}
	for _, name := range []string{"model.onnx", folder.Program} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if code, out, errs := command(t, "speech", "list", "--speech", dir); code != 1 || strings.Count(out, "missing") != 2 || !strings.Contains(errs, "2 of 2") {
		t.Errorf("nothing there: %d\n%s%s", code, out, errs)
	}
	for _, none := range []string{t.TempDir(), "none"} {
		if code, _, errs := command(t, "speech", "list", "--speech", none); code == 0 || errs == "" {
			t.Errorf("%s: %d %s", none, code, errs)
		}
	}
}

func TestSpeechCommands(t *testing.T) {
	t.Parallel()
	foldertest.Sherpa(t)
	dir := foldertest.WithProgram(t)
	file := filepath.Join(t.TempDir(), "said.wav")
	code, out, errs := command(t, "speech", "say", "Please never call me again.", "--voice", "rms", "--out", file)
	if code != 0 || strings.TrimSpace(out) != file || !strings.Contains(errs, "s of speech") {
		t.Fatalf("say: %d %q %q", code, out, errs)
	}
	code, out, errs = command(t, "speech", "hear", file, "--speech", dir)
	if code != 0 || !strings.HasSuffix(strings.TrimSpace(out), "Please never call me again.") || !strings.Contains(errs, "s of audio") {
		t.Errorf("hear: %d %q %q", code, out, errs)
	}
	hearsWithARecognizerOfYourOwn(t, dir, file, "Please never call me again.")
	for name, args := range map[string][]string{
		"a voice that there is not": {"say", "x", "--voice", "nobody"},
		"a channel too many":        {"hear", file, "--channel", "2", "--speech", dir},
		"no file":                   {"hear", file + ".none", "--speech", dir},
		"no models":                 {"hear", file, "--speech", "none"},
		"no sound":                  {"hear", filepath.Join(dir, folder.ManifestName), "--speech", dir},
	} {
		if code, out, errs := command(t, append([]string{"speech"}, args...)...); code == 0 || errs == "" {
			t.Errorf("%s: %d %q %q", name, code, out, errs)
		}
	}
}

// A server with a folder whose process does not work says so where an operator looks, and serves.
func TestServeTellsOfDeafModels(t *testing.T) {
	t.Parallel()
	var logged bytes.Buffer
	settings := config.Serve{Database: config.Database{Data: t.TempDir()}, Listen: "127.0.0.1:0", SIPListen: "127.0.0.1:0", RateLimit: 500}
	silent := parts{openVoice: func(string, *slog.Logger) (voice.Voices, error) { return &plainVoice{}, nil }}
	start := func() *server {
		t.Helper()
		s, err := startWith(context.Background(), settings, slog.New(slog.NewTextHandler(&logged, nil)), silent)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		return s
	}
	settings.Speech.Folder = emptyFolder(t)
	s := start()
	if status, answer := request(t, s, "", "GET", "/readyz", ""); status != 503 || !strings.Contains(answer, "spoken words are not understood") {
		t.Errorf("readyz: %d %s", status, answer)
	}
	if _, answer := request(t, s, "", "GET", "/metrics", ""); !strings.Contains(answer, `nacre_speech_up{process="ears"} 0`) {
		t.Error("the metrics do not tell")
	}
	s.Close()
	if text := logged.String(); !strings.Contains(text, "a speech process could not be started") {
		t.Errorf("the log: %s", text)
	}

	logged.Reset()
	settings.Data, settings.Speech.Folder = t.TempDir(), config.NoSpeech
	s = start()
	if status, answer := request(t, s, "", "GET", "/readyz", ""); status != 200 {
		t.Errorf("readyz without models: %d %s", status, answer)
	}
	s.Close()
	if text := logged.String(); strings.Count(text, "spoken words are not understood") != 1 {
		t.Errorf("the log: %s", text)
	}

	settings.Speech.Folder = t.TempDir()
	if s, err := startWith(context.Background(), settings, slog.New(slog.DiscardHandler), silent); !errors.Is(err, folder.ErrNone) || !strings.Contains(err.Error(), "--speech") {
		s.Close()
		t.Errorf("a folder without models: %v", err)
	}
}

// say writes a sentence into an ear, as a voice activity detector reports it, and runs in the middle of it.
func say(ear voice.Ear, samples []int16, middle func()) {
	var frame call.Frame
	quiet := make([]int16, 25*call.FrameSamples)
	all := slices.Concat(quiet, samples, quiet)
	for at := 0; at+call.FrameSamples <= len(all); at += call.FrameSamples {
		copy(frame[:], all[at:])
		ear.Write(&frame)
		switch at {
		case len(quiet) + 3*call.FrameSamples:
			ear.Speech(true)
		case (len(quiet) + len(samples)/2) / call.FrameSamples * call.FrameSamples:
			middle()
		}
	}
	ear.Speech(false)
}

func final(t *testing.T, ear voice.Ear) voice.Heard {
	t.Helper()
	for limit := time.After(time.Minute); ; {
		select {
		case heard, open := <-ear.Results():
			if !open {
				t.Fatal("the ear has ended")
			}
			if heard.Final {
				return heard
			}
		case <-limit:
			t.Fatal("nothing was heard")
		}
	}
}

// The speech process is killed in the middle of a sentence: that costs this sentence at most, and the call hears on.
func TestSpeechProcessKilledInMidSentence(t *testing.T) {
	t.Parallel()
	killInMidSentence(t, speech.Config{Folder: foldertest.Folder(t)})
}

func killInMidSentence(t *testing.T, config speech.Config) {
	t.Helper()
	spoken, err := flite.Open(t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer spoken.Close()
	samples, err := spoken.Speak(t.Context(), "rms", "Please never call me again.")
	if err != nil {
		t.Fatal(err)
	}
	pids := make(chan int, 10)
	config.Command, config.Log = speechtest.Command, slog.New(&pidLog{pids: pids, Handler: slog.DiscardHandler})
	client := speech.Open(config)
	defer client.Close()
	if err := client.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	ears := localEars(client, slog.New(slog.DiscardHandler), newMetrics(), 0)
	ear, err := ears.Listen(t.Context(), "en-US")
	if err != nil {
		t.Fatal(err)
	}
	defer ear.Close()
	say(ear, samples, func() {
		process, err := os.FindProcess(<-pids)
		if err == nil {
			err = process.Kill()
		}
		if err != nil {
			t.Error(err)
		}
	})
	const want = "Please never call me again."
	if heard := final(t, ear); heard.Text != want && heard.Err == nil {
		t.Errorf("the sentence: %+v", heard)
	}
	<-pids // another process is ready
	for try := 1; ; try++ {
		say(ear, samples, func() {})
		heard := final(t, ear)
		if heard.Text == want && heard.Err == nil {
			break
		}
		if !errors.Is(heard.Err, utterance.ErrLate) || try == 5 { // other programs may have the processors
			t.Fatalf("the next sentence: %+v", heard)
		}
	}
	if f := client.Figures(); f.Restarts != 1 {
		t.Errorf("%d restarts", f.Restarts)
	}
}

// pidLog tells the process ids of a log.
type pidLog struct {
	slog.Handler
	pids chan<- int
}

func (l *pidLog) Enabled(context.Context, slog.Level) bool { return true }

func (l *pidLog) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "pid" {
			l.pids <- int(a.Value.Int64())
		}
		return true
	})
	return nil
}
