// Package onnx runs ONNX models by onnxruntime, whose shared library it loads at run time through its C API
// (github.com/ebitengine/purego: no cgo). A program that imports it is linked dynamically; it is the only package that names
// the library, and belongs to the speech process alone (docs/adr).
package onnx

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"unsafe"
)

// Runtime is the loaded library. It is safe for concurrent use.
type Runtime struct {
	api       *api
	env       handle
	allocator handle
}

// Open loads the shared library at a path. It stays loaded until the process ends.
func Open(library string) (*Runtime, error) {
	table, err := openAPI(library)
	if err != nil {
		return nil, fmt.Errorf("load onnxruntime: %w", err)
	}
	r := &Runtime{api: table}
	const onlyErrors = 3
	name := cString("nacre")
	if err := r.api.do(createEnv, onlyErrors, uintptr(unsafe.Pointer(name)), uintptr(unsafe.Pointer(&r.env))); err != nil {
		return nil, fmt.Errorf("start: %w", err)
	}
	if err := r.api.do(getAllocatorWithDefaultOptions, uintptr(unsafe.Pointer(&r.allocator))); err != nil {
		return nil, fmt.Errorf("start: %w", err)
	}
	return r, nil
}

// Session is a loaded model. Run is safe for concurrent use, Close is not.
type Session struct {
	runtime         *Runtime
	handle          handle
	inputs, outputs []string
}

// Load loads the model of a file; threads is how many a Run uses, at least 1. With one it works in the thread of its caller.
func (r *Runtime) Load(file string, threads int) (*Session, error) {
	var options handle
	if err := r.api.do(createSessionOptions, uintptr(unsafe.Pointer(&options))); err != nil {
		return nil, fmt.Errorf("load model: %w", err)
	}
	defer r.api.release(releaseSessionOptions, options)
	const allOptimizations = 99
	for _, setting := range []struct {
		function int
		value    []uintptr
	}{
		{setIntraOpNumThreads, []uintptr{uintptr(max(1, threads))}},
		{setInterOpNumThreads, []uintptr{1}},
		{setSessionGraphOptimizationLevel, []uintptr{allOptimizations}},
		{disableMemPattern, nil}, // every utterance has another shape
	} {
		if err := r.api.do(setting.function, append([]uintptr{uintptr(options)}, setting.value...)...); err != nil {
			return nil, fmt.Errorf("load model: %w", err)
		}
	}
	s := &Session{runtime: r}
	if err := r.api.do(createSession, uintptr(r.env), uintptr(unsafe.Pointer(cString(file))), uintptr(options), uintptr(unsafe.Pointer(&s.handle))); err != nil {
		return nil, fmt.Errorf("load model: %w", err)
	}
	var err error
	if s.inputs, err = s.names(sessionGetInputCount, sessionGetInputName); err == nil {
		s.outputs, err = s.names(sessionGetOutputCount, sessionGetOutputName)
	}
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("load model: %w", err)
	}
	return s, nil
}

func (s *Session) names(count, name int) ([]string, error) {
	a := s.runtime.api
	var n uintptr
	if err := a.do(count, uintptr(s.handle), uintptr(unsafe.Pointer(&n))); err != nil {
		return nil, err
	}
	names := make([]string, n)
	for i := range names {
		var text handle
		if err := a.do(name, uintptr(s.handle), uintptr(i), uintptr(s.runtime.allocator), uintptr(unsafe.Pointer(&text))); err != nil {
			return nil, err
		}
		names[i] = text.text()
		if err := a.do(allocatorFree, uintptr(s.runtime.allocator), uintptr(text)); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// Inputs returns the names of the model's inputs, in its order. They must not be modified.
func (s *Session) Inputs() []string { return s.inputs }

// Outputs returns the names of the model's outputs, in its order. They must not be modified.
func (s *Session) Outputs() []string { return s.outputs }

// Close frees the model. Nothing may run.
func (s *Session) Close() {
	s.runtime.api.release(releaseSession, s.handle)
	s.handle = 0
}

// Run returns the named outputs for the named inputs; the caller closes both. It ends early, with ctx's error, when ctx does.
func (s *Session) Run(ctx context.Context, inputs map[string]*Tensor, outputs ...string) ([]*Tensor, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	a := s.runtime.api
	var options handle
	if err := a.do(createRunOptions, uintptr(unsafe.Pointer(&options))); err != nil {
		return nil, fmt.Errorf("run model: %w", err)
	}
	defer a.release(releaseRunOptions, options)
	terminated := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(terminated)
		_ = a.do(runOptionsSetTerminate, uintptr(options)) // sets a flag
	})
	defer func() {
		if !stop() {
			<-terminated // before the options are freed
		}
	}()

	// The C side reads arrays of pointers: Go memory that holds Go pointers is pinned for the call.
	var pinned runtime.Pinner
	defer pinned.Unpin()
	cStrings := func(n int) []*byte { return make([]*byte, n) }
	inputNames, values := cStrings(0), make([]handle, 0, len(inputs))
	for name, tensor := range inputs {
		text := cString(name)
		pinned.Pin(text)
		inputNames, values = append(inputNames, text), append(values, tensor.handle)
	}
	outputNames, results := cStrings(len(outputs)), make([]handle, len(outputs))
	for i, name := range outputs {
		outputNames[i] = cString(name)
		pinned.Pin(outputNames[i])
	}
	if len(inputs) == 0 || len(outputs) == 0 {
		return nil, fmt.Errorf("run model: %d inputs, %d outputs", len(inputs), len(outputs))
	}
	err := a.do(run, uintptr(s.handle), uintptr(options), uintptr(unsafe.Pointer(&inputNames[0])), uintptr(unsafe.Pointer(&values[0])), uintptr(len(values)),
		uintptr(unsafe.Pointer(&outputNames[0])), uintptr(len(outputs)), uintptr(unsafe.Pointer(&results[0])))
	runtime.KeepAlive(inputs)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("run model: %w", err)
	}
	made := make([]*Tensor, len(results))
	for i, result := range results {
		made[i] = &Tensor{runtime: s.runtime, handle: result}
	}
	return made, nil
}

// Element is a type of a tensor's elements.
type Element interface{ float32 | int64 | int32 | bool }

// elementType returns the number of a type in ONNXTensorElementDataType.
func elementType[T Element]() uintptr {
	switch any(*new(T)).(type) {
	case float32:
		return 1
	case int32:
		return 6
	case int64:
		return 7
	default: // bool
		return 9
	}
}

// Tensor is an array of numbers in the library's memory. It is not safe for concurrent modification.
type Tensor struct {
	runtime *Runtime
	handle  handle
}

// NewTensor returns a tensor with a copy of data, whose length is the product of the shape's dimensions. Close frees it.
func NewTensor[T Element](r *Runtime, data []T, shape ...int) (*Tensor, error) {
	size, dimensions := 1, make([]int64, len(shape), len(shape)+1)
	for i, d := range shape {
		if d < 0 || d > 0 && size > math.MaxInt32/d {
			return nil, fmt.Errorf("make tensor: shape %v", shape)
		}
		size *= d
		dimensions[i] = int64(d)
	}
	if size != len(data) {
		return nil, fmt.Errorf("make tensor: shape %v of %d elements", shape, len(data))
	}
	t := &Tensor{runtime: r}
	first := &dimensions[:1][0] // a scalar has no dimensions, but an address
	if err := r.api.do(createTensorAsOrtValue, uintptr(r.allocator), uintptr(unsafe.Pointer(first)), uintptr(len(shape)), elementType[T](), uintptr(unsafe.Pointer(&t.handle))); err != nil {
		return nil, fmt.Errorf("make tensor: %w", err)
	}
	held, err := Data[T](t)
	if err != nil {
		t.Close()
		return nil, fmt.Errorf("make tensor: %w", err)
	}
	copy(held, data)
	return t, nil
}

// Data returns the elements of a tensor where they are: valid until Close.
func Data[T Element](t *Tensor) ([]T, error) {
	kind, _, size, err := t.describe()
	if err != nil {
		return nil, fmt.Errorf("read tensor: %w", err)
	}
	if uintptr(kind) != elementType[T]() {
		return nil, fmt.Errorf("read tensor: its elements are of type %d, not %d", kind, elementType[T]())
	}
	if size == 0 {
		return nil, nil
	}
	var data handle
	if err := t.runtime.api.do(getTensorMutableData, uintptr(t.handle), uintptr(unsafe.Pointer(&data))); err != nil {
		return nil, fmt.Errorf("read tensor: %w", err)
	}
	return unsafe.Slice((*T)(data.pointer()), size), nil
}

// Shape returns the dimensions.
func (t *Tensor) Shape() ([]int, error) {
	_, shape, _, err := t.describe()
	if err != nil {
		return nil, fmt.Errorf("read tensor: %w", err)
	}
	return shape, nil
}

func (t *Tensor) describe() (kind int32, shape []int, size int, err error) {
	a := t.runtime.api
	var info handle
	if err := a.do(getTensorTypeAndShape, uintptr(t.handle), uintptr(unsafe.Pointer(&info))); err != nil {
		return 0, nil, 0, err
	}
	defer a.release(releaseTensorTypeAndShapeInfo, info)
	var count, elements uintptr
	if err := a.do(getTensorElementType, uintptr(info), uintptr(unsafe.Pointer(&kind))); err != nil {
		return 0, nil, 0, err
	}
	if err := a.do(getTensorShapeElementCount, uintptr(info), uintptr(unsafe.Pointer(&elements))); err != nil {
		return 0, nil, 0, err
	}
	if err := a.do(getDimensionsCount, uintptr(info), uintptr(unsafe.Pointer(&count))); err != nil {
		return 0, nil, 0, err
	}
	if count > 0 {
		dimensions := make([]int64, count)
		if err := a.do(getDimensions, uintptr(info), uintptr(unsafe.Pointer(&dimensions[0])), count); err != nil {
			return 0, nil, 0, err
		}
		for _, d := range dimensions {
			shape = append(shape, int(d))
		}
	}
	return kind, shape, int(elements), nil
}

// Close frees the tensor; a nil tensor is left alone.
func (t *Tensor) Close() {
	if t == nil {
		return
	}
	t.runtime.api.release(releaseValue, t.handle)
	t.handle = 0
}
