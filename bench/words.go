package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"nacre/internal/call"
	"nacre/internal/hearing"
	"nacre/internal/media"
	"nacre/internal/onnx"
	"nacre/internal/speech"
	files "nacre/internal/speech/folder"
	"nacre/internal/speech/moonshine"
	"nacre/internal/voice"
	"nacre/internal/voice/pronounce"
	"nacre/internal/voice/utterance"
)

// corpusVariable names a folder of recordings of people: WAV files, and beside each the text that is said in it, of the same
// name with .txt; where there is none the text is the name up to its last hyphen ("four-2.wav" says "four").
const corpusVariable = "NACRE_BENCH_SPEECH"

// saying is speech, at 8 kHz, and its text.
type saying struct {
	samples []int16
	text    string
}

// trouble is what a line does to speech.
type trouble struct {
	name  string
	noise float64 // dB of the speech over white noise; 0 = none
	loss  float64 // share of packets
}

// words counts word errors of speech over G.711: through the ears of calls, and by the recogniser alone, which is given the
// same sound as a whole.
func (b *bench) words(ctx context.Context) error {
	dir := filepath.Join(filepath.Dir(b.nacre), "speech")
	library, err := onnx.Open(filepath.Join(dir, files.Library()))
	if err != nil {
		return err
	}
	alone, err := moonshine.Open(library, dir)
	if err != nil {
		return err
	}
	raw, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(files.SileroWeights)))
	if err != nil {
		return err
	}
	voiced, err := hearing.NewSpeechModel(raw)
	if err != nil {
		return err
	}
	dictionary, err := os.Open(filepath.Join(dir, files.Dictionary))
	if err != nil {
		return err
	}
	defer dictionary.Close() //nolint:errcheck // only read
	lexicon, err := pronounce.New(dictionary)
	if err != nil {
		return err
	}
	client := speech.Open(speech.Config{Folder: dir, Task: speech.Hearing})
	defer client.Close() //nolint:errcheck // nothing is under way
	if err := client.Wait(ctx); err != nil {
		return err
	}
	ears := utterance.New(utterance.Config{
		Recognize: func(ctx context.Context, u utterance.Utterance) (string, error) {
			heard, err := client.Hear(ctx, u.Samples, u.Language, speech.Final)
			return heard.Text, err
		},
		Deadline: time.Minute, FirstPartial: -1, // nobody waits
	})
	made, err := b.made(ctx)
	if err != nil {
		return err
	}
	corpora := map[string][]saying{"made": made}
	if folder := os.Getenv(corpusVariable); folder != "" {
		if corpora["people"], err = readCorpus(folder); err != nil {
			return err
		}
	}
	for _, name := range []string{"made", "people"} {
		if len(corpora[name]) == 0 {
			continue
		}
		for _, line := range []trouble{{name: "clean"}, {name: "noise at 10 dB", noise: 10}, {name: "3% lost", loss: 0.03}} {
			wrong, wrongAlone, all := 0, 0, 0
			random := rand.New(rand.NewPCG(1, 1))
			for _, said := range corpora[name] {
				sound := line.over(said.samples, random)
				heard, err := hearCall(ctx, ears, hearing.NewVAD(hearing.VADConfig{Model: voiced}), sound)
				if err != nil {
					return err
				}
				text, err := alone.Recognize(ctx, sound)
				if err != nil {
					return err
				}
				want := onlyWords(lexicon.Words(said.text))
				all += len(want)
				wrong += distance(want, onlyWords(lexicon.Words(heard)))
				wrongAlone += distance(want, onlyWords(lexicon.Words(text)))
			}
			b.add(result{
				name:   fmt.Sprintf("word errors, %s, %s", name, line.name),
				figure: fmt.Sprintf("%.1f%% of %d words", 100*float64(wrong)/float64(all), all),
				raw:    fmt.Sprintf("recogniser alone %.1f%%", 100*float64(wrongAlone)/float64(all)),
			})
		}
	}
	return nil
}

// over returns sound as it comes over the line, with a second of it before and after the speech.
func (t trouble) over(samples []int16, random *rand.Rand) []int16 {
	quiet := make([]int16, call.SampleRate)
	sound := slices.Concat(quiet, samples, quiet)
	if t.noise > 0 {
		power := 0.0
		for _, s := range samples {
			power += float64(s) * float64(s)
		}
		level := math.Sqrt(power/float64(len(samples))) / math.Pow(10, t.noise/20)
		for n, s := range sound {
			sound[n] = int16(max(-32768, min(32767, float64(s)+random.NormFloat64()*level)))
		}
	}
	code := make([]byte, len(sound))
	media.EncodeULaw(code, sound)
	media.DecodeULaw(sound, code)
	for at := call.FrameSamples; at+call.FrameSamples <= len(sound); at += call.FrameSamples {
		if random.Float64() < t.loss { // what came before, weaker, as receivers conceal it
			for n := range call.FrameSamples {
				sound[at+n] = sound[at+n-call.FrameSamples] / 2
			}
		}
	}
	return sound
}

// hearCall has an ear hear sound as in a call, and returns all its words.
func hearCall(ctx context.Context, ears voice.Recognizer, vad *hearing.VAD, sound []int16) (string, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ear, err := ears.Listen(ctx, "")
	if err != nil {
		return "", err
	}
	defer ear.Close()
	var words []string
	var frame call.Frame
	for rest := sound; len(rest) >= len(frame); rest = rest[len(frame):] {
		copy(frame[:], rest)
		ear.Write(&frame)
		event := vad.Push(&frame)
		if event == hearing.None {
			continue
		}
		ear.Speech(event == hearing.Started)
		for final := event == hearing.Started; !final; {
			heard, open := <-ear.Results()
			if !open {
				return "", errors.New("the ear has ended")
			}
			if heard.Err != nil {
				return "", heard.Err
			}
			if final = heard.Final; final {
				words = append(words, heard.Text)
			}
		}
	}
	return strings.Join(words, " "), nil
}

// made is a corpus of the embedded voices.
func (b *bench) made(ctx context.Context) ([]saying, error) {
	texts := []string{
		"Yes, please.", "No, thank you.", "I am sorry, I do not have time at the moment.", "Please never call me again.", "Can you call me back tomorrow at five?",
		"Take me off your list.", "Who is this, and why are you calling?", "I would like to speak to a person.", "My number is four one five, five five five, zero one three two.",
		"You have the wrong number.", "Next Monday at half past four would be fine.", "Twenty dollars a month is too much.", "My name is John Smith.", "Are you a robot?",
		"I think there are three of us.", "Let me think about it until the end of the week.",
	}
	voices := []string{"rms", "slt", "awb"}
	if b.quick {
		texts, voices = texts[:6], voices[:1]
	}
	var all []saying
	for _, name := range voices {
		for _, text := range texts {
			samples, err := b.spoken(ctx, text, name)
			if err != nil {
				return nil, err
			}
			all = append(all, saying{samples, text})
		}
	}
	return all, nil
}

// readCorpus reads a folder of recordings (corpusVariable).
func readCorpus(folder string) ([]saying, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*.wav"))
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("%s: there is no .wav in %s", corpusVariable, folder)
	}
	var all []saying
	for _, path := range paths {
		name := strings.TrimSuffix(path, ".wav")
		raw, err := os.ReadFile(name + ".txt")
		if errors.Is(err, fs.ErrNotExist) {
			base := filepath.Base(name)
			raw, err = []byte(base[:max(strings.LastIndexByte(base, '-'), 0)]), nil
		}
		if err != nil {
			return nil, err
		}
		samples, err := readWAV(path)
		if err != nil {
			return nil, err
		}
		all = append(all, saying{samples, string(raw)})
	}
	return all, nil
}

// onlyWords returns words without pauses, in small letters.
func onlyWords(words string) []string {
	return strings.FieldsFunc(strings.ToLower(words), func(r rune) bool { return !(r >= 'a' && r <= 'z' || r == '\'') })
}

// distance counts the words that are wrong, missing or too many (Levenshtein).
func distance(want, got []string) int {
	row := make([]int, len(got)+1)
	for j := range row {
		row[j] = j
	}
	for i, w := range want {
		diagonal := row[0]
		row[0] = i + 1
		for j, g := range got {
			cost := diagonal
			if w != g {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(got)]
}
