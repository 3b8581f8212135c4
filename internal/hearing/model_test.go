package hearing

import (
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"nacre/internal/call"
	"nacre/internal/onnx"
	"nacre/internal/speech/folder"
	"nacre/internal/speech/folder/foldertest"
)

func loadModel(t testing.TB) *SpeechModel {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(foldertest.Folder(t), folder.SileroWeights))
	if err != nil {
		t.Fatal(err)
	}
	m, err := NewSpeechModel(raw)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestModelIsSileros compares window by window with the model itself, run by onnxruntime.
func TestModelIsSileros(t *testing.T) {
	t.Parallel()
	model := loadModel(t)
	dir := foldertest.Folder(t)
	library, err := onnx.Open(filepath.Join(dir, folder.Library()))
	if err != nil {
		t.Fatal(err)
	}
	session, err := library.Load(filepath.Join(dir, folder.SileroModel), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	random := rand.New(rand.NewPCG(1, 2))
	samples := make([]int16, 120*modelWindow)
	for i := range samples {
		switch i / (20 * modelWindow) {
		case 0: // silence
		case 1:
			samples[i] = int16(random.NormFloat64() * 2000)
		case 2:
			samples[i] = int16(8000 * math.Sin(float64(i)/3))
		default:
			samples[i] = int16(sweep(i) + random.NormFloat64()*50)
		}
	}
	var frame call.Frame
	listener := newListener(model)
	tensor := func(data []float32, shape ...int) *onnx.Tensor {
		made, err := onnx.NewTensor(library, data, shape...)
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	rate, err := onnx.NewTensor(library, []int64{call.SampleRate})
	if err != nil {
		t.Fatal(err)
	}
	defer rate.Close()
	state := tensor(make([]float32, 2*modelMemory), 2, 1, modelMemory)
	window, windows, least, most := make([]float32, modelContext+modelWindow), 0, float32(1), float32(0)
	for at := 0; at+call.FrameSamples <= len(samples); at += call.FrameSamples {
		copy(frame[:], samples[at:])
		if !listener.push(&frame) {
			continue
		}
		for i := range window {
			if n := windows*modelWindow - modelContext + i; n >= 0 {
				window[i] = float32(samples[n]) / 32768
			}
		}
		windows++
		input := tensor(window, 1, len(window))
		outputs, err := session.Run(t.Context(), map[string]*onnx.Tensor{"input": input, "state": state, "sr": rate}, "output", "stateN")
		if err != nil {
			t.Fatal(err)
		}
		want, err := onnx.Data[float32](outputs[0])
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(float64(want[0]-listener.probability)) > 1e-4 {
			t.Fatalf("window %d: %g, want %g", windows, listener.probability, want[0])
		}
		least, most = min(least, want[0]), max(most, want[0])
		input.Close()
		outputs[0].Close()
		state.Close()
		state = outputs[1]
	}
	state.Close()
	if windows < 110 || least > 0.1 || most < 0.2 {
		t.Errorf("%d windows from %g to %g compare nothing", windows, least, most)
	}
}

func TestModelWithoutAllocation(t *testing.T) {
	vad := NewVAD(VADConfig{Model: loadModel(t)}) // not parallel: counts allocations
	var frame call.Frame
	n := 0
	if got := testing.AllocsPerRun(200, func() {
		for i := range frame {
			frame[i] = int16(sweep(n))
			n++
		}
		vad.Push(&frame)
	}); got != 0 {
		t.Errorf("%.1f allocations a frame", got)
	}
}

func TestBrokenWeights(t *testing.T) {
	t.Parallel()
	size := 0
	for _, part := range SpeechModelParts() {
		n := 4
		for _, d := range part.Shape {
			n *= d
		}
		size += n
	}
	if size != 4*235_649 {
		t.Errorf("%d bytes", size)
	}
	raw := make([]byte, size)
	if _, err := NewSpeechModel(raw); err != nil {
		t.Error(err)
	}
	infinite := make([]byte, size)
	infinite[2], infinite[3] = 0x80, 0x7f
	for name, broken := range map[string][]byte{"nothing": nil, "too few": raw[:size-1], "too many": append(raw, 0), "infinite": infinite} {
		if _, err := NewSpeechModel(broken); err == nil {
			t.Errorf("%s: was read", name)
		}
	}
}

func BenchmarkModelWindow(b *testing.B) {
	l := newListener(loadModel(b))
	var frame call.Frame
	for i := range frame {
		frame[i] = int16(sweep(i))
	}
	copy(l.sound[modelContext:], make([]float32, modelWindow))
	b.ReportAllocs()
	for b.Loop() {
		l.judge()
	}
}
