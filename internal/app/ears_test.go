package app

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nacre/internal/config"
	"nacre/internal/speech"
	"nacre/internal/speech/folder"
	"nacre/internal/speech/folder/foldertest"
	"nacre/internal/voice"
)

// moonshineFiles are the names of a recogniser that does not say which languages it hears.
func moonshineFiles(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"encoder_model.ort", "decoder_model_merged.ort", "tokens.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// What --ears names is judged before anything is started, and what is missing is named.
func TestEarsAreJudgedByTheirFiles(t *testing.T) {
	t.Parallel()
	bare, models, ears, empty := emptyFolder(t), emptyFolder(t), moonshineFiles(t), t.TempDir()
	if err := os.WriteFile(filepath.Join(models, folder.SherpaLibrary()), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		args []string
		says string
	}{
		"no recogniser":           {[]string{"--speech", models, "--ears", empty}, "--ears: " + empty + " has no recogniser"},
		"no folder":               {[]string{"--speech", models, "--ears", filepath.Join(empty, "none")}, "--ears: "},
		"no languages":            {[]string{"--speech", models, "--ears", ears}, "name them, as --ears-languages en,de"},
		"no language":             {[]string{"--speech", models, "--ears", ears, "--ears-languages", "de,en-US"}, `"en-US" is no language`},
		"languages of nothing":    {[]string{"--speech", models, "--ears-languages", "de"}, "--ears-languages"},
		"no library":              {[]string{"--speech", bare, "--ears", ears, "--ears-languages", "de"}, "make sherpa"},
		"nothing to hear with it": {[]string{"--speech", "none", "--ears", ears, "--ears-languages", "de"}, "none"},
	} {
		if code, out, errs := command(t, append([]string{"speech", "list"}, test.args...)...); code == 0 || !strings.Contains(errs, test.says) {
			t.Errorf("%s: %d\n%s%s", name, code, out, errs)
		}
		settings := config.Serve{Database: config.Database{Data: t.TempDir()}, Listen: "127.0.0.1:0", SIPListen: "127.0.0.1:0", RateLimit: 500}
		for n := 0; n < len(test.args); n += 2 {
			switch value := test.args[n+1]; test.args[n] {
			case "--speech":
				settings.Speech.Folder = value
			case "--ears":
				settings.Ears = value
			case "--ears-languages":
				settings.EarsLanguages = strings.Split(value, ",")
			}
		}
		s, err := startWith(context.Background(), settings, slog.New(slog.DiscardHandler), parts{openVoice: func(string, *slog.Logger) (voice.Voices, error) { return &plainVoice{}, nil }})
		s.Close()
		if err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("serve, %s: %v", name, err)
		}
	}
	code, out, errs := command(t, "speech", "list", "--speech", models, "--ears", ears, "--ears-languages", "de,nl")
	if code != 0 || strings.Count(out, "Moonshine recogniser") != 3 || strings.Count(out, "yours") != 3 || strings.Count(out, "hears de,nl") != 3 || !strings.Contains(out, filepath.Join(ears, "tokens.txt")) {
		t.Errorf("%d\n%s%s", code, out, errs)
	}
	known := folder.Recognizer{Languages: []string{"de", "en"}}
	for asked, want := range map[string]string{"": "de,en", "en": "en", "fr": `hears no "fr"; it hears de,en`} {
		var languages []string
		if asked != "" {
			languages = []string{asked}
		}
		heard, err := languagesOf(known, languages)
		if got := strings.Join(heard, ","); got != want && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q of a recogniser that knows two: %s, %v", asked, got, err)
		}
	}
}

// Of a recogniser of the operator's that is killed all holds that holds of this machine's own.
func TestRecognizerOfYourOwnKilledInMidSentence(t *testing.T) {
	t.Parallel()
	dir := foldertest.Sherpa(t)
	ears, err := folder.ReadRecognizer(foldertest.Recognizer(t))
	if err != nil {
		t.Fatal(err)
	}
	ears.Languages = []string{"en"}
	killInMidSentence(t, speech.Config{Folder: dir, Ears: &ears})
}

// Calls in languages that it does not hear are not given to it.
func TestEarsOfYourOwnHearTheirLanguages(t *testing.T) {
	t.Parallel()
	client := speech.Open(speech.Config{Folder: t.TempDir(), Ears: &folder.Recognizer{Languages: []string{"de"}}})
	defer client.Close()
	ears := localEars(client, slog.New(slog.DiscardHandler), nil, 0)
	for language, known := range map[string]bool{"de-AT": true, "de": true, "en-US": false, "nl": false} {
		ear, err := ears.Listen(t.Context(), language)
		if errors.Is(err, voice.ErrLanguage) == known {
			t.Errorf("%s: %v", language, err)
		}
		if err == nil {
			ear.Close()
		}
	}
	if client.Workers() != 1 { // it spreads over the processors itself
		t.Errorf("%d utterances at a time", client.Workers())
	}
}

// hearsWithARecognizerOfYourOwn: a recogniser of the operator's hears in place of this machine's own, in the languages that it is
// said to hear.
func hearsWithARecognizerOfYourOwn(t *testing.T, dir, file, want string) {
	t.Helper()
	ears := foldertest.Recognizer(t)
	hear := func(args ...string) (int, string, string) {
		return command(t, append([]string{"speech", "hear", file, "--speech", dir, "--ears", ears, "--ears-languages", "en,nl"}, args...)...)
	}
	if code, out, errs := hear("--language", "nl-BE"); code != 0 || !strings.HasSuffix(strings.TrimSpace(out), want) {
		t.Errorf("%d %q %q", code, out, errs)
	}
	if code, out, errs := hear("--language", "de"); code == 0 || !strings.Contains(errs, "does not know the language de") {
		t.Errorf("another language: %d %q %q", code, out, errs)
	}
	// The library ends the process over what it cannot read, and its reason is told.
	if err := os.WriteFile(filepath.Join(ears, "tokens.txt"), []byte("no tokens"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, errs := hear(); code == 0 || !strings.Contains(errs, "could not be started") || !strings.Contains(errs, "Error: no tokens") {
		t.Errorf("broken tokens: %d %q %q", code, out, errs)
	}
}
