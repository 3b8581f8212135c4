package app

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nacre/internal/config"
	"nacre/internal/speech/folder"
	"nacre/internal/speech/folder/foldertest"
	"nacre/internal/voice"
)

// processLog sends the process ids of a log by the name of the process.
type processLog struct {
	slog.Handler
	ready map[string]chan int
}

func (l *processLog) Enabled(context.Context, slog.Level) bool { return true }

func (l *processLog) Handle(_ context.Context, r slog.Record) error {
	name, pid := "", 0
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "process":
			name = a.Value.String()
		case "pid":
			pid = int(a.Value.Int64())
		}
		return true
	})
	if pid > 0 {
		l.ready[name] <- pid
	}
	return nil
}

// serveSpeech starts a server over a speech folder.
func serveSpeech(t *testing.T, dir string) (*server, *processLog) {
	t.Helper()
	log := &processLog{slog.DiscardHandler, map[string]chan int{"ears": make(chan int, 50), "voice": make(chan int, 50)}}
	settings := config.Serve{Database: config.Database{Data: t.TempDir()}, Listen: "127.0.0.1:0", SIPListen: "127.0.0.1:0", RateLimit: 500}
	settings.VoiceCache = 10
	settings.Speech.Folder = dir
	s, err := startWith(context.Background(), settings, slog.New(log), parts{openVoice: func(string, *slog.Logger) (voice.Voices, error) { return &plainVoice{}, nil }})
	t.Cleanup(s.Close)
	if err != nil {
		t.Fatal(err)
	}
	return s, log
}

// readyPID waits for a speech process to be ready.
func readyPID(t *testing.T, log *processLog, process string) int {
	t.Helper()
	select {
	case pid := <-log.ready[process]:
		return pid
	case <-time.After(3 * time.Minute):
		t.Fatalf("the process of the %s is not ready", process)
		return 0
	}
}

// waitForMetric asks the metrics until one of their lines is there.
func waitForMetric(t *testing.T, s *server, line string) string {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		_, text := request(t, s, "", "GET", "/metrics", "")
		if strings.Contains(text, line+"\n") {
			return text
		}
		if time.Now().After(deadline) {
			t.Fatalf("no %q in the metrics", line)
		}
	}
}

// What happens to the neural voice is nothing to the ears: they are ready without it, and its end is not theirs.
func TestEarsAndVoiceAreTwoProcesses(t *testing.T) {
	t.Parallel()
	dir := foldertest.WithProgram(t)
	s, log := serveSpeech(t, dir)
	if status, answer := request(t, s, "", "GET", "/readyz", ""); status != 200 { // nobody is called before they hear
		t.Errorf("readyz at once: %d %s", status, answer)
	}
	ears, spoken := readyPID(t, log, "ears"), readyPID(t, log, "voice")
	process, err := os.FindProcess(spoken)
	if err != nil || ears == spoken {
		t.Fatal(err, ears, spoken)
	}
	if err := process.Kill(); err != nil {
		t.Fatal(err)
	}
	text := waitForMetric(t, s, `nacre_speech_restarts_total{process="voice"} 1`)
	for _, line := range []string{`nacre_speech_up{process="ears"} 1`, `nacre_speech_restarts_total{process="ears"} 0`, `nacre_voice_cache_total{result="hit"} 0`, `nacre_voice_cache_bytes 0`} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("no %q in the metrics", line)
		}
	}
	if status, answer := request(t, s, "", "GET", "/readyz", ""); status != 200 {
		t.Errorf("readyz: %d %s", status, answer)
	}
	readyPID(t, log, "voice")
	s.Close()

	model := filepath.Join(dir, "kokoro")
	if err := os.Remove(model); err != nil { // a link
		t.Fatal(err)
	}
	if err := os.CopyFS(model, os.DirFS(filepath.Join(foldertest.Folder(t), "kokoro"))); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, filepath.FromSlash(folder.KokoroModel)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(folder.KokoroModel)), []byte("no model"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, log = serveSpeech(t, dir)
	readyPID(t, log, "ears")
	if text := waitForMetric(t, s, `nacre_speech_up{process="ears"} 1`); !strings.Contains(text, `nacre_speech_up{process="voice"} 0`+"\n") {
		t.Error("a voice without a model is up")
	}
	if status, answer := request(t, s, "", "GET", "/readyz", ""); status != 200 {
		t.Errorf("readyz: %d %s", status, answer)
	}
}
