// Package kokoro speaks with the neural voice of the speech process: text becomes clauses, clauses become sounds (package
// pronounce), sounds become speech (package speech), which is kept on disk, so that a sentence that comes in every call is made
// once and a lead costs only the clause that names it. docs/adr has when a call is spoken by it.
package kokoro

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"nacre/internal/call"
	"nacre/internal/speech"
	"nacre/internal/speech/folder"
	"nacre/internal/voice"
	"nacre/internal/voice/level"
	"nacre/internal/voice/pronounce"
	"nacre/internal/voice/resample"
)

var (
	// ErrUnknownVoice is returned by Speak for a voice that is not among Voices.
	ErrUnknownVoice = errors.New("unknown voice")
	// ErrUnspeakable is returned by Speak for text that has letters, but none that an English voice can read.
	ErrUnspeakable = errors.New("text in a script that the neural voice cannot read")
)

// catalogue are the voices that are offered, the default one first: those that their maker grades best, and whose letters
// are those of package pronounce, American English.
var catalogue = []voice.Info{
	{ID: "af_heart", Name: "Heart", Tags: []string{"neural", "female"}},
	{ID: "am_michael", Name: "Michael", Tags: []string{"neural", "male"}},
	{ID: "af_bella", Name: "Bella", Tags: []string{"neural", "female"}},
	{ID: "am_fenrir", Name: "Fenrir", Tags: []string{"neural", "male"}},
	{ID: "af_sarah", Name: "Sarah", Tags: []string{"neural", "female"}},
	{ID: "am_puck", Name: "Puck", Tags: []string{"neural", "male"}},
	{ID: "af_kore", Name: "Kore", Tags: []string{"neural", "female"}},
	{ID: "af_aoede", Name: "Aoede", Tags: []string{"neural", "female"}},
}

const language = "en-US"

// Sayer makes the speech of a clause (speech.Client).
type Sayer interface {
	Say(ctx context.Context, say speech.Say, urgency speech.Urgency) (speech.Said, error)
	Ready() error
	Figures() speech.Figures
}

// Config configures Open.
type Config struct {
	Sayer  Sayer
	Folder string // the speech folder
	Cache  string // folder of the clauses that were spoken
	Limit  int64  // its size in bytes
	// Unhurried means that nobody talks: how quick this machine is does not matter, and is not measured.
	Unhurried bool
	Log       *slog.Logger
}

// Voice speaks (voice.Voices). It is safe for concurrent use.
type Voice struct {
	unhurried bool // Config.Unhurried
	sayer     Sayer
	log       *slog.Logger
	lexicon   *pronounce.Lexicon
	ids       map[rune]int64    // of letters
	hashes    map[string]string // of model and voice, by voice
	voices    []voice.Info
	cache     *cache
	making    making
	pace      pace
	hits      atomic.Uint64
	misses    atomic.Uint64
	mu        sync.Mutex
	texts     map[string][]clause // clauses of texts that were asked for, by voice and text
	closing   context.Context
	close     context.CancelFunc
	all       sync.WaitGroup
}

var _ voice.Voices = (*Voice)(nil)

// Open reads dictionary and alphabet, and opens the cache. It measures how quick this machine is when the speech process is
// ready.
func Open(config Config) (*Voice, error) {
	v := &Voice{sayer: config.Sayer, log: config.Log, unhurried: config.Unhurried, ids: map[rune]int64{}, hashes: map[string]string{}, texts: map[string][]clause{}}
	if err := v.read(config.Folder); err != nil {
		return nil, fmt.Errorf("open neural voice: %w", err)
	}
	var err error
	if v.cache, err = openCache(config.Cache, config.Limit); err != nil {
		return nil, fmt.Errorf("open neural voice: %w", err)
	}
	v.making = making{make: v.synthesise, flights: map[string]*flight{}}
	v.closing, v.close = context.WithCancel(context.Background())
	if !config.Unhurried {
		v.all.Go(v.measure)
	}
	return v, nil
}

// read reads what the speech folder has for the voice.
func (v *Voice) read(dir string) error {
	at := func(path string) string { return filepath.Join(dir, filepath.FromSlash(path)) }
	manifest, err := folder.Read(dir)
	if err != nil {
		return err
	}
	sums := map[string]string{}
	for _, entry := range manifest.Files {
		sums[entry.Path] = entry.SHA256
	}
	dictionary, err := os.Open(at(folder.Dictionary))
	if err != nil {
		return err
	}
	defer dictionary.Close() //nolint:errcheck // only read
	if v.lexicon, err = pronounce.New(dictionary); err != nil {
		return err
	}
	raw, err := os.ReadFile(at(folder.KokoroTokenizer))
	if err != nil {
		return err
	}
	var tokenizer struct {
		Model struct{ Vocab map[string]int64 }
	}
	if err := json.Unmarshal(raw, &tokenizer); err != nil {
		return fmt.Errorf("read alphabet: %w", err)
	}
	for letter, id := range tokenizer.Model.Vocab {
		if letters := []rune(letter); len(letters) == 1 {
			v.ids[letters[0]] = id
		}
	}
	if _, err := os.Stat(at(folder.KokoroModel)); err != nil {
		return err
	}
	for _, info := range catalogue {
		path := folder.KokoroVoices + "/" + info.ID + ".bin"
		if _, err := os.Stat(at(path)); err != nil {
			continue
		}
		info.Language = language
		v.voices = append(v.voices, info)
		v.hashes[info.ID] = sums[folder.KokoroModel] + " " + sums[path]
	}
	if len(v.voices) == 0 {
		return fmt.Errorf("no voices in %s", at(folder.KokoroVoices))
	}
	return nil
}

// Close gives up what is being spoken.
func (v *Voice) Close() error {
	v.close()
	v.all.Wait()
	return nil
}

// Voices lists the voices, the default one first.
func (v *Voice) Voices() []voice.Info { return v.voices }

// clause is a part of a text that is made and kept as one.
type clause struct {
	key   string // of its speech
	voice string
	ids   []int64
	pause int // samples after it
}

// maxTexts bounds the texts whose clauses are remembered: those of some hundred calls.
const maxTexts = 4096

// clauses returns the clauses of a text in a voice; "" is the default one. They must not be modified.
func (v *Voice) clauses(voiceID, text string) ([]clause, error) {
	key := voiceID + "\x00" + text
	v.mu.Lock()
	known, ok := v.texts[key]
	v.mu.Unlock()
	if ok {
		return known, nil
	}
	found, err := v.find(voiceID, text)
	if err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.texts) >= maxTexts {
		clear(v.texts)
	}
	v.texts[key] = found
	return found, nil
}

func (v *Voice) find(voiceID, text string) ([]clause, error) {
	if voiceID == "" {
		voiceID = v.voices[0].ID
	}
	if !slices.ContainsFunc(v.voices, func(known voice.Info) bool { return known.ID == voiceID }) {
		return nil, fmt.Errorf("%w: %q", ErrUnknownVoice, voiceID)
	}
	var out []clause
	anyLost := false
	for _, part := range v.lexicon.Clauses(text) {
		letters, lost := v.lexicon.Letters(part.Text)
		anyLost = anyLost || lost
		pause := int(part.Pause * call.SampleRate / time.Second)
		for _, piece := range pieces(letters) {
			if c := v.clause(voiceID, piece); len(c.ids) > 0 {
				out = append(out, c)
			}
		}
		if len(out) > 0 {
			out[len(out)-1].pause = pause
		}
	}
	if len(out) == 0 && anyLost {
		return nil, ErrUnspeakable
	}
	return out, nil
}

func (v *Voice) clause(voiceID, letters string) clause {
	c := clause{voice: voiceID}
	spoken := false
	for _, letter := range letters {
		if id, ok := v.ids[letter]; ok {
			c.ids = append(c.ids, id)
			spoken = spoken || !strings.ContainsRune(" ,.;:!?—ˈˌ", letter)
		}
	}
	if !spoken {
		return clause{}
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{v.hashes[voiceID], voiceID, letters}, "\x00")))
	c.key = hex.EncodeToString(sum[:16])
	return c
}

// maxLetters bounds the letters of one clause: the model takes 510, and its speech is best well below.
const maxLetters = 400

// pieces splits letters that are too many at spaces.
func pieces(letters string) []string {
	runes := []rune(letters)
	var out []string
	for len(runes) > maxLetters {
		end := maxLetters
		for end > maxLetters/2 && runes[end] != ' ' {
			end--
		}
		out, runes = append(out, string(runes[:end])), runes[end:]
	}
	return append(out, string(runes))
}

// Speak returns the speech of a text, at −20 dBFS and without silence at either end, ahead of its need. Text with nothing to
// say has no samples.
func (v *Voice) Speak(ctx context.Context, voiceID, text string) ([]int16, error) {
	clauses, err := v.clauses(voiceID, text)
	if err != nil {
		return nil, fmt.Errorf("speak: %w", err)
	}
	var samples []int16
	for _, c := range clauses {
		spoken, err := v.speech(ctx, speech.Ahead, c)
		if err != nil {
			return nil, fmt.Errorf("speak: %w", err)
		}
		samples = append(append(samples, spoken...), make([]int16, c.pause)...)
	}
	return samples, nil
}

// Stream yields the speech of a text, clause by clause as they are made, before anything that is spoken ahead. Where this
// machine makes speech more slowly than it is heard, as much is made before the first is yielded as keeps whoever listens
// from waiting later.
func (v *Voice) Stream(ctx context.Context, voiceID, text string) iter.Seq2[[]int16, error] {
	return func(yield func([]int16, error) bool) {
		clauses, err := v.clauses(voiceID, text)
		if err != nil {
			yield(nil, fmt.Errorf("speak: %w", err))
			return
		}
		var ready []int16
		for i, c := range clauses {
			spoken, err := v.speech(ctx, speech.Waited, c)
			if err != nil {
				yield(nil, fmt.Errorf("speak: %w", err))
				return
			}
			ready = append(append(ready, spoken...), make([]int16, c.pause)...)
			if i < len(clauses)-1 && !v.ahead(len(ready), clauses[i+1:]) {
				continue
			}
			if !yield(ready, nil) {
				return
			}
			ready = nil
		}
	}
}

// ahead reports whether the clauses that are left are made before those samples have been heard, the first of them at
// least.
func (v *Voice) ahead(samples int, left []clause) bool {
	if _, kept := v.cache.length(left[0].key); kept {
		return true
	}
	return time.Duration(samples)*time.Second/call.SampleRate >= v.pace.expect(len(left[0].ids))
}

// Length returns how long the speech of a text is, where all of it was made.
func (v *Voice) Length(voiceID, text string) (time.Duration, bool) {
	clauses, err := v.clauses(voiceID, text)
	if err != nil {
		return 0, false
	}
	total := 0
	for _, c := range clauses {
		samples, ok := v.cache.length(c.key)
		if !ok {
			return 0, false
		}
		total += samples + c.pause
	}
	return time.Duration(total) * time.Second / call.SampleRate, true
}

// crowded is how many clauses may be waited for where a call has all that it is known to say: now and then it says something
// else.
const crowded = 2

// Ready reports whether a call that says all of the texts, and others where open is set, can be spoken in time: they are
// kept, and few wait for speech now; or this machine makes speech quickly enough, and nobody does. Where nobody is in a hurry
// it can.
func (v *Voice) Ready(voiceID string, texts []string, open bool) bool {
	if v.unhurried {
		return v.sayer.Ready() == nil
	}
	missing := open
	for _, text := range texts {
		if _, ok := v.Length(voiceID, text); !ok {
			missing = true
			break
		}
	}
	waiting := v.sayer.Figures().Waiting[speech.Waited]
	if !missing {
		return waiting <= crowded
	}
	return waiting == 0 && v.sayer.Ready() == nil && v.pace.quick()
}

// Figures tells of what is kept on disk.
type Figures struct {
	Hits, Misses uint64 // clauses that were asked for since Open, and were kept, or not
	Clauses      int    // that are kept
	Bytes        int64  // that they take
}

// Figures returns them as they are now.
func (v *Voice) Figures() Figures {
	f := Figures{Hits: v.hits.Load(), Misses: v.misses.Load()}
	f.Clauses, f.Bytes = v.cache.room()
	return f
}

// speech returns the speech of a clause, from the cache or made now. It must not be modified.
func (v *Voice) speech(ctx context.Context, urgency speech.Urgency, c clause) ([]int16, error) {
	samples, err := v.cache.get(c.key)
	if samples != nil {
		v.hits.Add(1)
	} else {
		v.misses.Add(1)
	}
	if err != nil {
		v.log.Warn("kept speech cannot be used and is made anew", "error", err)
	}
	if samples != nil {
		return samples, nil
	}
	return v.making.get(ctx, urgency, c)
}

// synthesise makes a clause and keeps it.
func (v *Voice) synthesise(ctx context.Context, urgency speech.Urgency, c clause) ([]int16, error) {
	said, err := v.sayer.Say(ctx, speech.Say{Voice: c.voice, IDs: c.ids, Speed: 1}, urgency)
	if err != nil {
		return nil, err
	}
	samples, err := resample.All(speech.Samples(said.Samples), said.Rate, call.SampleRate)
	if err != nil {
		return nil, err
	}
	samples = level.Trim(samples)
	level.Normalise(samples)
	if len(samples) == 0 {
		return nil, errors.New("the neural voice was silent")
	}
	if err := v.cache.put(c.key, samples); err != nil {
		v.log.Warn("speech is not kept and will be made again", "error", err)
	}
	return samples, nil
}
