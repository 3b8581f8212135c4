package onnx_test

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"nacre/internal/onnx"
	"nacre/internal/speech/folder"
	"nacre/internal/speech/speechtest"
)

func open(t *testing.T) (*onnx.Runtime, *onnx.Session) {
	t.Helper()
	dir := speechtest.Folder(t)
	r, err := onnx.Open(filepath.Join(dir, folder.Library()))
	if err != nil {
		t.Fatal(err)
	}
	s, err := r.Load(filepath.Join(dir, folder.SileroModel), 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return r, s
}

func tensor[T onnx.Element](t testing.TB, r *onnx.Runtime, data []T, shape ...int) *onnx.Tensor {
	t.Helper()
	made, err := onnx.NewTensor(r, data, shape...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(made.Close)
	return made
}

func TestModelRuns(t *testing.T) {
	t.Parallel()
	r, s := open(t)
	if !slices.Equal(s.Inputs(), []string{"input", "state", "sr"}) || !slices.Equal(s.Outputs(), []string{"output", "stateN"}) {
		t.Fatalf("inputs %v, outputs %v", s.Inputs(), s.Outputs())
	}
	sound := make([]float32, 288)
	for i := range sound {
		sound[i] = float32(0.3 * math.Sin(float64(i*i)/500))
	}
	inputs := map[string]*onnx.Tensor{
		"input": tensor(t, r, sound, 1, 288), "state": tensor(t, r, make([]float32, 256), 2, 1, 128), "sr": tensor(t, r, []int64{8000}),
	}
	var first float32
	var all sync.WaitGroup
	for n := range 4 { // one after another, then beside each other
		run := func() {
			outputs, err := s.Run(t.Context(), inputs, "output", "stateN")
			if err != nil {
				t.Error(err)
				return
			}
			defer outputs[0].Close()
			defer outputs[1].Close()
			speech, err := onnx.Data[float32](outputs[0])
			if err != nil || len(speech) != 1 || speech[0] < 0 || speech[0] > 1 {
				t.Errorf("output %v, %v", speech, err)
				return
			}
			if shape, err := outputs[1].Shape(); err != nil || !slices.Equal(shape, []int{2, 1, 128}) {
				t.Errorf("shape of the state: %v, %v", shape, err)
			}
			if n == 0 {
				first = speech[0]
			} else if speech[0] != first {
				t.Errorf("output %v, at first %v", speech[0], first)
			}
		}
		if n == 0 {
			run()
		} else {
			all.Go(run)
		}
	}
	all.Wait()
}

func TestFaultsAreErrors(t *testing.T) {
	t.Parallel()
	r, s := open(t)
	if _, err := onnx.Open(filepath.Join(t.TempDir(), "none.so")); err == nil {
		t.Error("a library that is not there was loaded")
	}
	broken := filepath.Join(t.TempDir(), "broken.onnx")
	if err := os.WriteFile(broken, []byte("no model"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{broken, broken + ".none"} {
		if _, err := r.Load(file, 1); err == nil {
			t.Errorf("%s was loaded", file)
		}
	}
	if _, err := onnx.NewTensor(r, []float32{1, 2}, 3); err == nil {
		t.Error("a shape of three for two elements")
	}
	numbers := tensor(t, r, []int64{1, 2, 3}, 3)
	if _, err := onnx.Data[float32](numbers); err == nil {
		t.Error("integers were read as floats")
	}
	if data, err := onnx.Data[int64](numbers); err != nil || !slices.Equal(data, []int64{1, 2, 3}) {
		t.Errorf("%v, %v", data, err)
	}
	if shape, err := tensor(t, r, []bool{true}).Shape(); err != nil || len(shape) != 0 {
		t.Errorf("a scalar's shape: %v, %v", shape, err)
	}
	if data, err := onnx.Data[float32](tensor(t, r, []float32{}, 0, 8)); err != nil || len(data) != 0 {
		t.Errorf("an empty tensor: %v, %v", data, err)
	}
	if _, err := s.Run(t.Context(), map[string]*onnx.Tensor{"input": numbers}, "output"); err == nil {
		t.Error("ran without its inputs")
	}
	if _, err := s.Run(t.Context(), nil, "output"); err == nil {
		t.Error("ran without inputs")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Run(ended, map[string]*onnx.Tensor{"input": numbers}, "output"); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}
