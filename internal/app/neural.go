package app

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"nacre/internal/speech"
	"nacre/internal/speech/folder"
	"nacre/internal/voice"
	"nacre/internal/voice/kokoro"
	"nacre/internal/voice/local"
)

// prepareFor is how long the neural voice may delay an INVITE: some clauses that name a person. What takes longer is made
// while the telephone rings, or the embedded voice speaks.
const prepareFor = 5 * time.Second

// neuralCache returns the folder of what the neural voice has spoken.
func neuralCache(cache string) string { return filepath.Join(cache, "neural") }

// neural is the neural voice and its process, which is closed after it.
type neural struct {
	voice   *kokoro.Voice
	process *speech.Client
}

// localVoices puts the neural voices of a speech folder before the embedded ones (nil = none), which they need when they are
// not ready in time, and starts their process. Without a model (models nil), or room to keep speech, the embedded ones are
// returned as they are, and no neural voice.
//
// unhurried is for commands: nobody talks.
func localVoices(models *models, cache string, mebibytes int, unhurried bool, embedded voice.Voices, log *slog.Logger) (voices voice.Voices, n *neural) {
	if models == nil || mebibytes <= 0 {
		return embedded, nil
	}
	const without = "there is no neural voice on this machine: the embedded one speaks"
	if err := models.speaks(); err != nil {
		log.Warn(without, "reason", err)
		return embedded, nil
	}
	n = &neural{process: models.open(speech.Saying, log)}
	var err error
	n.voice, err = kokoro.Open(kokoro.Config{Sayer: n.process, Folder: models.folder, Cache: neuralCache(cache), Limit: int64(mebibytes) << 20, Unhurried: unhurried, Log: log})
	if err != nil {
		_ = n.process.Close()
		log.Warn(without, "reason", err)
		return embedded, nil
	}
	return local.New(n.voice, embedded), n
}

// errNoModels is why there is no neural voice where there is no speech folder.
var errNoModels = errors.New("there are no models on this machine")

// speaks returns nil if there is a model of a neural voice.
func (m *models) speaks() error {
	if m == nil {
		return errNoModels
	}
	_, err := os.Stat(filepath.Join(m.folder, filepath.FromSlash(folder.KokoroModel)))
	return err
}

// watchVoice adds the metrics of the neural voice: its process, and what it keeps on disk.
func (m *metrics) watchVoice(n *neural) {
	m.watchSpeech(speech.Saying, n.process)
	clauses := func(result string, value func(kokoro.Figures) uint64) {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "nacre_voice_cache_total", ConstLabels: prometheus.Labels{"result": result},
			Help: "Clauses that the neural voice was asked for, by result: hit (it was kept on disk), miss (it had to be made).",
		}, func() float64 { return float64(value(n.voice.Figures())) }))
	}
	clauses("hit", func(f kokoro.Figures) uint64 { return f.Hits })
	clauses("miss", func(f kokoro.Figures) uint64 { return f.Misses })
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "nacre_voice_cache_bytes", Help: "Size of what the neural voice keeps on disk.",
	}, func() float64 { return float64(n.voice.Figures().Bytes) }))
}
