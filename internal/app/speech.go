package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"nacre/internal/config"
	"nacre/internal/fault"
	"nacre/internal/hearing"
	"nacre/internal/speech"
	"nacre/internal/speech/folder"
	"nacre/internal/voice"
	"nacre/internal/voice/utterance"
)

// models are what hears and speaks on this machine.
type models struct {
	folder  string
	brought *folder.Recognizer   // the operator's, that hears in place of the folder's own; nil: none
	voiced  *hearing.SpeechModel // nil: speech is told from other sounds by its level
}

// findSpeech finds the models of this machine; nil is none, for the reason. A folder that is named must be one.
func findSpeech(settings config.Speech, log *slog.Logger) (m *models, reason string, err error) {
	if settings.Folder == config.NoSpeech {
		if settings.Ears != "" {
			return nil, "", errors.New("--ears hears by what is in the speech folder, and --speech is none")
		}
		return nil, "they are turned off", nil
	}
	dir, err := folder.Find(settings.Folder)
	if errors.Is(err, folder.ErrNone) && settings.Folder == "" && settings.Ears == "" {
		return nil, err.Error(), nil
	}
	if err != nil {
		return nil, "", fmt.Errorf("--speech: %w", err)
	}
	m = &models{folder: dir}
	if m.brought, err = findEars(settings, dir); err != nil {
		return nil, "", err
	}
	if m.voiced, err = readSpeechModel(dir); err != nil {
		log.Warn("speech is told from other sounds by its level alone", "error", err)
	}
	return m, "", nil
}

// findEars finds the recogniser that --ears names; nil is none. The speech folder must have what it is run by.
func findEars(settings config.Speech, dir string) (*folder.Recognizer, error) {
	if err := settings.CheckEars(); err != nil || settings.Ears == "" {
		return nil, err
	}
	ears, err := folder.ReadRecognizer(settings.Ears)
	if err != nil {
		return nil, fmt.Errorf("--ears: %w", err)
	}
	if ears.Languages, err = languagesOf(ears, settings.EarsLanguages); err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(dir, folder.SherpaLibrary())); err != nil {
		return nil, fmt.Errorf("--ears: %s has no %s, which runs it: \"make sherpa\" fetches it (its licence is the GPL's, for espeak-ng in it)", dir, folder.SherpaLibrary())
	}
	return &ears, nil
}

// languagesOf returns what a recogniser hears: what it is said to, which must be among what it says itself, where it does.
func languagesOf(ears folder.Recognizer, said []string) ([]string, error) {
	if len(said) == 0 {
		if len(ears.Languages) == 0 {
			return nil, fmt.Errorf("--ears: the %s recogniser of %s does not say which languages it hears: name them, as --ears-languages en,de", ears.Kind, ears.Dir)
		}
		return ears.Languages, nil
	}
	for _, language := range said {
		if ears.Languages != nil && !slices.Contains(ears.Languages, language) {
			return nil, fmt.Errorf("--ears-languages: the %s recogniser of %s hears no %q; it hears %s", ears.Kind, ears.Dir, language, strings.Join(ears.Languages, ","))
		}
	}
	return said, nil
}

// readSpeechModel reads the weights of the voice activity detector.
func readSpeechModel(dir string) (*hearing.SpeechModel, error) {
	raw, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(folder.SileroWeights)))
	if err != nil {
		return nil, fmt.Errorf("read speech model: %w", err)
	}
	return hearing.NewSpeechModel(raw)
}

// open starts the process of a task.
func (m *models) open(task speech.Task, log *slog.Logger) *speech.Client {
	config := speech.Config{Folder: m.folder, Task: task, Log: log}
	if task == speech.Hearing {
		config.Ears = m.brought
	}
	return speech.Open(config)
}

// earsWait is how long a server waits for its ears when it starts: whoever were called before they hear would be told to press
// keys for all of the call. They take a second; a busy machine, more.
const earsWait = 30 * time.Second

// ears starts what hears on this machine, and waits until it does; its process is closed last.
func (m *models) ears(ctx context.Context, log *slog.Logger, metrics *metrics) (voice.Recognizer, *speech.Client) {
	process := m.open(speech.Hearing, log)
	metrics.watchSpeech(speech.Hearing, process)
	hears := m.folder
	if m.brought != nil {
		hears = m.brought.Dir
	}
	log.Info("the ears get ready; what is said in calls is understood once they hear", "models", hears, "languages", strings.Join(process.Languages(), ","))
	began := time.Now()
	waiting, cancel := context.WithTimeout(ctx, earsWait)
	defer cancel()
	switch err := process.Wait(waiting); {
	case err == nil:
		log.Info("the ears hear", "after", time.Since(began).Round(time.Millisecond))
	case ctx.Err() == nil: // /readyz says so too, for as long as it is so
		log.Warn("the ears do not hear yet: until they do, people are asked to press keys", "waited", time.Since(began).Round(time.Millisecond), "error", err)
	}
	return localEars(process, log, metrics, 0), process
}

// localEars returns the recogniser of this machine's models, shared by all calls; metrics nil = nothing is counted, deadline 0 =
// that of calls.
func localEars(client *speech.Client, log *slog.Logger, metrics *metrics, deadline time.Duration) *utterance.Recognizer {
	config := utterance.Config{
		Recognize: func(ctx context.Context, u utterance.Utterance) (string, error) {
			urgency := speech.Partial
			if u.Final {
				urgency = speech.Final
			}
			heard, err := client.Hear(ctx, u.Samples, u.Language, urgency)
			return heard.Text, err
		},
		Languages: client.Languages(), Ready: client.Ready, AtOnce: client.Workers(), Deadline: deadline, Log: log,
	}
	if metrics != nil {
		config.Observe = metrics.heard(prometheus.Labels{"ears": localName})
	}
	return utterance.New(config)
}

// deaf returns why the server is not ready if its recogniser hears nothing or cannot keep up; nil without a recogniser.
func deaf(ears voice.Recognizer) error {
	if ears == nil {
		return nil
	}
	err := ears.Ready("")
	if err == nil {
		return nil
	}
	return &fault.Error{Kind: fault.Unavailable, Detail: "spoken words are not understood, keys are: " + strings.TrimSuffix(err.Error(), ".") + ".", Err: err}
}

// heard adds the metrics of a recogniser that takes utterances, and returns what counts them.
func (m *metrics) heard(labels prometheus.Labels) func(utterance.Report) {
	utterances := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "nacre_utterances_total", ConstLabels: labels, Help: "Utterances given to a recogniser, final and partial, by result: heard, late (given up), failed.",
	}, []string{"kind", "result"})
	audio := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "nacre_utterances_audio_seconds_total", ConstLabels: labels, Help: "Length of the utterances given to a recogniser.",
	})
	took := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "nacre_utterance_seconds", ConstLabels: labels, Help: "From asking for the words of an utterance that is over to having them.",
		Buckets: []float64{.025, .05, .1, .2, .4, .8, 1.5, 3},
	})
	m.registry.MustRegister(utterances, audio, took)
	return func(r utterance.Report) {
		kind, result := "partial", "heard"
		switch {
		case errors.Is(r.Err, utterance.ErrLate):
			result = "late"
		case r.Err != nil:
			result = "failed"
		}
		audio.Add(r.Audio.Seconds())
		if r.Final {
			kind = "final"
			took.Observe((r.Waited + r.Took).Seconds())
		}
		utterances.WithLabelValues(kind, result).Inc()
	}
}

// watchSpeech adds the metrics of a speech process.
func (m *metrics) watchSpeech(task speech.Task, client *speech.Client) {
	process := prometheus.Labels{"process": task.String()}
	gauge := func(name, help string, value func(speech.Figures) float64) {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: process}, func() float64 { return value(client.Figures()) }))
	}
	counter := func(name, help string, value func(speech.Figures) float64) {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help, ConstLabels: process}, func() float64 { return value(client.Figures()) }))
	}
	gauge("nacre_speech_up", "1 while the speech process runs: ears recognises, voice is the neural voice.", func(f speech.Figures) float64 {
		if f.Up {
			return 1
		}
		return 0
	})
	gauge("nacre_speech_waiting", "Utterances, or clauses, that wait for the speech process.", func(f speech.Figures) float64 {
		waiting := 0
		for _, n := range f.Waiting {
			waiting += n
		}
		return float64(waiting)
	})
	counter("nacre_speech_restarts_total", "Ends of the speech process while the server ran.", func(f speech.Figures) float64 { return float64(f.Restarts) })
	counter("nacre_speech_work_total", "Utterances recognised, or clauses spoken, by the speech process.", func(f speech.Figures) float64 { return float64(f.Done) })
	counter("nacre_speech_work_seconds_total", "Time of the workers of the speech process.", func(f speech.Figures) float64 { return f.Worked.Seconds() })
}
