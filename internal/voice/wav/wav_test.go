package wav_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nacre/internal/call"
	"nacre/internal/voice/wav"
)

func numbered(n int) *call.Frame {
	var f call.Frame
	for i := range f {
		f[i] = int16(n*call.FrameSamples + i)
	}
	return &f
}

func readFile(t *testing.T, path string) wav.Audio {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	audio, err := wav.Read(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return audio
}

func TestStereoKeepsBothSidesInOrder(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "call.wav")
	w, err := wav.Create(path, 2)
	if err != nil {
		t.Fatal(err)
	}
	const frames = 137 // no whole number of chunks
	for n := range frames {
		if err := w.WriteStereo(numbered(n), numbered(n+1000)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	audio := readFile(t, path)
	if audio.Rate != 8000 || audio.Channels != 2 || len(audio.Samples) != 2*frames*call.FrameSamples {
		t.Fatalf("%d Hz, %d channels, %d samples", audio.Rate, audio.Channels, len(audio.Samples))
	}
	var left, right []int16
	for n := range frames {
		left = append(left, numbered(n)[:]...)
		right = append(right, numbered(n + 1000)[:]...)
	}
	if diff := cmp.Diff(left, audio.Channel(0)); diff != "" {
		t.Error("left side", diff)
	}
	if diff := cmp.Diff(right, audio.Channel(1)); diff != "" {
		t.Error("right side", diff)
	}
	data, _ := os.ReadFile(path)
	if got := binary.LittleEndian.Uint32(data[40:]); int(got) != len(data)-44 {
		t.Errorf("header says %d bytes of audio, there are %d", got, len(data)-44)
	}
	if got := binary.LittleEndian.Uint32(data[4:]); int(got) != len(data)-8 {
		t.Errorf("RIFF length %d, want %d", got, len(data)-8)
	}
}

// A process that is killed leaves the file as it is on disk before Close.
func TestUnclosedFileIsReadable(t *testing.T) {
	t.Parallel()
	for _, frames := range []int{0, 49, 75, 520, 1301} {
		path := filepath.Join(t.TempDir(), "killed.wav")
		w, err := wav.Create(path, 1)
		if err != nil {
			t.Fatal(err)
		}
		for n := range frames {
			if err := w.WriteMono(numbered(n)); err != nil {
				t.Fatal(err)
			}
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		// The header alone, as a strict player reads it, misses at most the last second.
		declared := int(binary.LittleEndian.Uint32(data[40:])) / 2 / call.FrameSamples
		if declared > frames || frames-declared >= 50 {
			t.Errorf("after %d frames the header tells of %d", frames, declared)
		}
		audio := readFile(t, path)
		if got := len(audio.Samples) / call.FrameSamples; got > frames || frames-got >= 50 {
			t.Errorf("after %d frames %d can be read", frames, got)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if got := len(readFile(t, path).Samples); got != frames*call.FrameSamples {
			t.Errorf("closed after %d frames: %d samples", frames, got)
		}
	}
}

func TestWriterRefusesWhatItCannotDo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := wav.Create(filepath.Join(dir, "three.wav"), 3); err == nil {
		t.Error("three channels accepted")
	}
	if _, err := wav.Create(filepath.Join(dir, "absent", "call.wav"), 1); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing folder: %v", err)
	}
	w, err := wav.Create(filepath.Join(dir, "mono.wav"), 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.WriteStereo(numbered(0), numbered(1)); err == nil {
		t.Error("stereo frame accepted by a mono file")
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.WriteMono(numbered(0)); !errors.Is(err, os.ErrClosed) {
		t.Errorf("write after close: %v", err)
	}
}

func TestReadForeignFiles(t *testing.T) {
	t.Parallel()
	le := binary.LittleEndian
	file := func(format, bits uint16, extra []byte, dataSize uint32, data []byte) []byte {
		out := append([]byte("RIFF"), 0xFF, 0xFF, 0xFF, 0xFF)
		out = append(out, "WAVELIST\x03\x00\x00\x00abc\x00fmt "...) // an odd chunk is padded
		out = le.AppendUint32(out, uint32(16+len(extra)))
		out = le.AppendUint16(out, format)
		out = le.AppendUint16(out, 1)
		out = le.AppendUint32(out, 16000)
		out = le.AppendUint32(out, 32000)
		out = le.AppendUint16(out, 2)
		out = le.AppendUint16(out, bits)
		out = append(out, extra...)
		out = append(out, "data"...)
		out = le.AppendUint32(out, dataSize)
		return append(out, data...)
	}
	extensible := make([]byte, 24)
	extensible[0], extensible[8] = 22, 1
	pcm := []byte{1, 0, 2, 0, 3, 0, 4} // an unfinished last sample
	for name, tc := range map[string]struct {
		in   []byte
		want []int16
		err  error
	}{
		"extensible":       {in: file(0xFFFE, 16, extensible, 4, pcm), want: []int16{1, 2}},
		"streamed":         {in: file(1, 16, nil, 0xFFFFFFFF, pcm), want: []int16{1, 2, 3}},
		"length never set": {in: file(1, 16, nil, 0, pcm), want: []int16{1, 2, 3}},
		"float":            {in: file(3, 16, nil, 4, pcm), err: wav.ErrFormat},
		"eight bits":       {in: file(1, 8, nil, 4, pcm), err: wav.ErrFormat},
		"empty":            {in: nil, err: wav.ErrFormat},
		"an error page":    {in: []byte("<html>no such voice</html>"), err: wav.ErrFormat},
		"cut short":        {in: file(1, 16, nil, 4, pcm)[:30], err: wav.ErrFormat},
	} {
		audio, err := wav.Read(bytes.NewReader(tc.in))
		if !errors.Is(err, tc.err) {
			t.Errorf("%s: error %v, want %v", name, err, tc.err)
		}
		if diff := cmp.Diff(tc.want, audio.Samples); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func FuzzRead(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 2))
	seed := make([]byte, 200)
	for i := range seed {
		seed[i] = byte(rng.Uint32())
	}
	f.Add(seed)
	f.Add([]byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data\x04\x00\x00\x00abcd"))
	f.Fuzz(func(t *testing.T, in []byte) {
		audio, err := wav.Read(bytes.NewReader(in))
		if err == nil && len(audio.Samples)*2 > len(in) {
			t.Errorf("%d samples out of %d bytes", len(audio.Samples), len(in))
		}
	})
}

func BenchmarkWriteStereo(b *testing.B) {
	w, err := wav.Create(filepath.Join(b.TempDir(), "bench.wav"), 2)
	if err != nil {
		b.Fatal(err)
	}
	frame := numbered(0)
	b.ReportAllocs()
	for b.Loop() {
		if err := w.WriteStereo(frame, frame); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
}
