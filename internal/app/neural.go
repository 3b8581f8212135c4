package app

import (
	"log/slog"
	"path/filepath"
	"time"

	"nacre/internal/voice"
	"nacre/internal/voice/kokoro"
	"nacre/internal/voice/local"
)

// prepareFor is how long the neural voice may delay an INVITE: some clauses that name a person. What takes longer is made
// while the telephone rings, or the embedded voice speaks.
const prepareFor = 5 * time.Second

// neuralCache returns the folder of what the neural voice has spoken.
func neuralCache(cache string) string { return filepath.Join(cache, "neural") }

// localVoices puts the neural voices of a speech folder before the embedded ones (nil = none), which they need when they are
// not ready in time. Without a model (models nil), or room to keep speech, the embedded ones are returned as they are.
//
// unhurried is for commands: nobody talks.
func localVoices(models *models, cache string, mebibytes int, unhurried bool, embedded voice.Voices, log *slog.Logger) (voices voice.Voices, neural bool) {
	if models == nil || mebibytes <= 0 {
		return embedded, false
	}
	opened, err := kokoro.Open(kokoro.Config{Sayer: models.client, Folder: models.client.Folder(), Cache: neuralCache(cache), Limit: int64(mebibytes) << 20, Unhurried: unhurried, Log: log})
	if err != nil {
		log.Warn("there is no neural voice on this machine: the embedded one speaks", "reason", err)
		return embedded, false
	}
	return local.New(opened, embedded), true
}
