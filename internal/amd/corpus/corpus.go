// Package corpus makes recordings of people, machines, assistants, menus and announcements that pick up, to measure answering
// machine detection with. Every recording follows from the seed: the same voices make the same corpus.
package corpus

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"nacre/internal/amd"
	"nacre/internal/call"
	"nacre/internal/media"
	"nacre/internal/voice/wav"
)

//go:embed texts
var texts embed.FS

// Config configures Make.
type Config struct {
	Dir string // of the corpus: a folder a label, labels.csv, and "voice" for what was spoken
	// Say speaks a text at 8 kHz without silence around it.
	Say    func(ctx context.Context, voice, text string) ([]int16, error)
	Voices [][]string // groups of voices: each text is spoken by one voice of each group
	Seed   uint64
	// Progress is told how many utterances are spoken, of how many. nil = nobody is told.
	Progress func(done, all int)
}

// variations is how many recordings are made of an utterance.
func variations(label amd.Label) int {
	if label == call.Human || label == call.MachineAnswerer {
		return 2
	}
	return 1
}

// Make makes the corpus where it is not there. What was spoken is kept, so that making it anew takes seconds.
func Make(ctx context.Context, c Config) error {
	m := &maker{Config: c, spoken: map[string][]int16{}}
	plan, err := m.plan()
	if err != nil {
		return err
	}
	if err := m.speakAll(ctx, plan); err != nil {
		return err
	}
	rows := [][]string{{"file", "label", "beep"}}
	for n, one := range plan {
		if err := ctx.Err(); err != nil {
			return err
		}
		random := rand.New(rand.NewPCG(c.Seed, uint64(n)))
		samples, beep := m.render(one, random)
		name := filepath.Join(string(one.label), fmt.Sprintf("%03d-%s.wav", n, one.voice))
		if err := write(filepath.Join(c.Dir, name), samples); err != nil {
			return err
		}
		end := ""
		if beep > 0 {
			end = strconv.FormatFloat(beep, 'f', 2, 64)
		}
		rows = append(rows, []string{name, string(one.label), end})
	}
	return writeLabels(filepath.Join(c.Dir, amd.LabelsFile), rows)
}

type maker struct {
	Config
	spoken map[string][]int16 // by voice and text
}

// planned is one recording.
type planned struct {
	label       amd.Label
	text, voice string
	reaction    string // what a person says later; "" = nothing
}

func linesOf(label string) ([]string, error) {
	raw, err := texts.ReadFile("texts/" + label + ".txt")
	if err != nil {
		return nil, fmt.Errorf("read texts: %w", err)
	}
	return strings.Split(strings.TrimSpace(string(raw)), "\n"), nil
}

func (m *maker) plan() (plan []planned, err error) {
	reactions, err := linesOf("reaction")
	if err != nil {
		return nil, err
	}
	for _, label := range amd.Labels() {
		lines, err := linesOf(string(label))
		if err != nil {
			return nil, err
		}
		for n, text := range lines {
			for _, group := range m.Voices {
				for range variations(label) {
					one := planned{label: label, text: text, voice: group[n%len(group)]}
					if label == call.Human && len(plan)%2 == 0 {
						one.reaction = reactions[n%len(reactions)]
						one.voice = group[n%len(reactions)%len(group)] // few voices react, so that little is spoken for it
					}
					plan = append(plan, one)
				}
			}
		}
	}
	return plan, nil
}

// speakAll has everything spoken that the plan needs, and is not kept yet.
func (m *maker) speakAll(ctx context.Context, plan []planned) error {
	type utterance struct{ voice, text string }
	var all []utterance
	seen := map[utterance]bool{}
	for _, one := range plan {
		for _, text := range []string{one.text, one.reaction} {
			if u := (utterance{one.voice, text}); text != "" && !seen[u] {
				seen[u] = true
				all = append(all, u)
			}
		}
	}
	for n, u := range all {
		if m.Progress != nil {
			m.Progress(n, len(all))
		}
		samples, err := m.say(ctx, u.voice, u.text)
		if err != nil {
			return err
		}
		m.spoken[u.voice+"\n"+u.text] = samples
	}
	if m.Progress != nil {
		m.Progress(len(all), len(all))
	}
	return nil
}

// say speaks a text, or reads what was spoken.
func (m *maker) say(ctx context.Context, voice, text string) ([]int16, error) {
	sum := sha256.Sum256([]byte(voice + "\n" + text))
	path := filepath.Join(m.Dir, "voice", hex.EncodeToString(sum[:8])+".wav")
	file, err := os.Open(path)
	if err == nil {
		defer file.Close() //nolint:errcheck // only read
		audio, err := wav.Read(file)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
		return audio.Channel(0), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read speech: %w", err)
	}
	samples, err := m.Say(ctx, voice, text)
	if err != nil {
		return nil, fmt.Errorf("speak %q by %s: %w", text, voice, err)
	}
	return samples, write(path, samples)
}

func (m *maker) speech(one planned) signal { return signalOf(m.spoken[one.voice+"\n"+one.text]) }

// write writes a file whole, or not at all.
func write(path string, samples []int16) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	raw, err := wav.Encode(samples)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.WriteFile(path+".new", raw, 0o644); err != nil {
		return fmt.Errorf("write recording: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("write recording: %w", err)
	}
	return nil
}

func writeLabels(path string, rows [][]string) error {
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write labels: %w", err)
	}
	if err := csv.NewWriter(file).WriteAll(rows); err != nil {
		_ = file.Close()
		return fmt.Errorf("write labels: %w", err)
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("write labels: %w", err)
	}
	return nil
}

// render makes the recording of a plan, and the second at which its beep ends; 0 = there is none.
func (m *maker) render(one planned, random *rand.Rand) (samples []int16, beep float64) {
	between := func(low, high float64) float64 { return low + (high-low)*random.Float64() }
	level := between(-32, -14)
	s := silence(between(0.2, 1.5))
	if random.Float64() < 0.1 {
		s = join(ringback(between(0.8, 2)), silence(between(0.1, 0.5)))
	}
	if one.label == call.Announcement && random.Float64() < 0.6 {
		s = join(s, networkTones(random, level-2), silence(between(0.1, 0.3)))
	}
	if one.label == call.MachineAnswerer {
		s = join(s, silence(between(0, 1)))
	}
	speech := m.speech(one).at(level)
	s = join(s, speech)
	switch one.label {
	case call.Human:
		s = join(s, silence(between(2.5, 5)))
		if one.reaction != "" {
			s = join(s, m.speech(planned{voice: one.voice, text: one.reaction}).at(level), silence(2))
		}
	case call.MachineAnswerer:
		s = join(s, silence(between(0.2, 1.8)), beepOf(random, level+between(-6, 6)))
		beep = s.seconds()
		s = join(s, silence(4))
	case call.Screening:
		if strings.Contains(one.text, "after the tone") {
			s = join(s, silence(0.5), sine(0.4, 1000, level))
		}
		s = join(s, silence(6))
	default:
		s = join(s, silence(3))
	}
	kind, least := random.Float64(), 12.0
	if one.label != call.Human { // machines sit in networks, not in rooms
		kind, least = 0.8*kind, 20
	}
	switch {
	case kind < 0.25: // a quiet line
		s = s.plus(noise(random, len(s), -68))
	case kind < 0.65: // a noisy one
		s = s.plus(noise(random, len(s), level-between(least, 30)))
	case kind < 0.8: // hum
		s = s.plus(hum(len(s), level-between(15, 25)))
	case kind < 0.9: // people talking in the room
		s = s.plus(m.room(random, len(s), level-between(14, 22)))
	default: // music in the room
		s = s.plus(music(random, len(s), level-between(14, 22)))
	}
	return throughLine(s, random), beep
}

// room is the talk of others, as it comes over a distance.
func (m *maker) room(random *rand.Rand, length int, level float64) signal {
	lines, _ := linesOf("machine") // embedded, and read before
	all := make(signal, length)
	for range 3 {
		var one signal
		for len(one) < length {
			voice := m.Voices[len(m.Voices)-1]
			n := random.IntN(len(lines))
			said := signalOf(m.spoken[voice[n%len(voice)]+"\n"+lines[n]])
			if len(said) == 0 {
				break
			}
			one = join(one, said.backwards(), silence(0.2)) // nobody's words
		}
		all = all.plus(one[:min(len(one), length)])
	}
	return all.at(level)
}

// throughLine is what arrives: by one of the codecs, sometimes with 2% of the packets lost.
func throughLine(s signal, random *rand.Rand) []int16 {
	samples := s.samples()
	coded := make([]byte, len(samples))
	if random.IntN(2) == 0 {
		media.EncodeULaw(coded, samples)
		media.DecodeULaw(samples, coded)
	} else {
		media.EncodeALaw(coded, samples)
		media.DecodeALaw(samples, coded)
	}
	if random.Float64() < 0.33 {
		for at := 0; at+call.FrameSamples <= len(samples); at += call.FrameSamples {
			if random.Float64() < 0.02 {
				clear(samples[at : at+call.FrameSamples])
			}
		}
	}
	return samples
}
