package onnx

import (
	"fmt"
	"unsafe"

	"github.com/ebitengine/purego"
)

// apiVersion is the version of the C API that is asked for. Functions are only ever appended to its table, so that every
// library of this version or a later one has those below in the same places.
const apiVersion = 16

// The places of functions in the table OrtApi (onnxruntime_c_api.h).
const (
	getErrorMessage                  = 2
	createEnv                        = 3
	createSession                    = 7
	run                              = 9
	createSessionOptions             = 10
	disableMemPattern                = 17
	setSessionGraphOptimizationLevel = 23
	setIntraOpNumThreads             = 24
	setInterOpNumThreads             = 25
	sessionGetInputCount             = 30
	sessionGetOutputCount            = 31
	sessionGetInputName              = 36
	sessionGetOutputName             = 37
	createRunOptions                 = 39
	runOptionsSetTerminate           = 46
	createTensorAsOrtValue           = 48
	getTensorMutableData             = 51
	getTensorElementType             = 60
	getDimensionsCount               = 61
	getDimensions                    = 62
	getTensorShapeElementCount       = 64
	getTensorTypeAndShape            = 65
	allocatorFree                    = 76
	getAllocatorWithDefaultOptions   = 78
	releaseEnv                       = 92
	releaseStatus                    = 93
	releaseSession                   = 95
	releaseValue                     = 96
	releaseRunOptions                = 97
	releaseTensorTypeAndShapeInfo    = 99
	releaseSessionOptions            = 100
	apiSize                          = 101
)

// handle is an address in the library's memory.
type handle uintptr

// pointer returns the handle as a pointer. The library's memory is not the garbage collector's: nothing in it moves.
func (h handle) pointer() unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&h)) }

// text returns the C string at the handle.
func (h handle) text() string {
	if h == 0 {
		return ""
	}
	n := 0
	for *(*byte)(unsafe.Add(h.pointer(), n)) != 0 {
		n++
	}
	return string(unsafe.Slice((*byte)(h.pointer()), n))
}

// cString returns the text as a C string, in Go's memory.
func cString(text string) *byte { return &append([]byte(text), 0)[0] }

// api is the table of the library's functions.
type api [apiSize]uintptr

// openAPI loads the library and returns its table.
func openAPI(library string) (*api, error) {
	loaded, err := purego.Dlopen(library, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, err
	}
	base, err := purego.Dlsym(loaded, "OrtGetApiBase")
	if err != nil {
		return nil, err
	}
	address, _, _ := purego.SyscallN(base)
	if address == 0 {
		return nil, fmt.Errorf("it has no API")
	}
	getAPI := *(*uintptr)(handle(address).pointer()) // OrtApiBase: GetApi, GetVersionString
	table, _, _ := purego.SyscallN(getAPI, apiVersion)
	if table == 0 {
		return nil, fmt.Errorf("it has no API of version %d", apiVersion)
	}
	return (*api)(handle(table).pointer()), nil
}

// do calls a function that returns an OrtStatus. Pointers are converted to uintptr in the list of its arguments, so that the
// compiler keeps what they point to where it is.
//
//go:uintptrescapes
func (a *api) do(function int, arguments ...uintptr) error {
	status, _, _ := purego.SyscallN(a[function], arguments...)
	if status == 0 {
		return nil
	}
	message, _, _ := purego.SyscallN(a[getErrorMessage], status)
	err := fmt.Errorf("onnxruntime: %s", handle(message).text())
	purego.SyscallN(a[releaseStatus], status)
	return err
}

// release calls a function that returns nothing.
func (a *api) release(function int, object handle) {
	if object != 0 {
		purego.SyscallN(a[function], uintptr(object))
	}
}
