package speech

import (
	"encoding/binary"
	"time"

	"nacre/internal/speech/folder"
)

// Messages over the pipes of the process, as gob in both directions. The first one to it is Setup, its first one Greeting.
type (
	// Setup tells the process what it is.
	Setup struct {
		Folder  string
		Task    Task
		Ears    *folder.Recognizer // that hears in place of the folder's own; nil = none
		Workers int                // orders that are worked on at a time
	}
	// Greeting says that the process has loaded its model.
	Greeting struct {
		Err string // why it cannot work; "" = it can
	}
	// Order is work for the process, or the end of it. Hear or Say is set, as its task is, or Cancel.
	Order struct {
		Number uint64
		Cancel bool // nobody waits for the order of this number any longer; it is answered all the same
		Hear   *Hear
		Say    *Say
	}
	// Answer answers the order of its number.
	Answer struct {
		Number uint64
		Err    string // "" = none
		Heard  Heard
		Said   Said
		Took   time.Duration // time it was worked on
	}
)

// Task is what a speech process is there for: each has its own model in a process of its own, so that neither waits for the
// other's model, or ends with its process.
type Task int

// The tasks.
const (
	Hearing Task = iota
	Saying
)

// String returns the name of the process in log and metrics.
func (t Task) String() string {
	if t == Saying {
		return "voice"
	}
	return "ears"
}

type (
	// Hear is speech to be recognised: one utterance, 16-bit samples at 8 kHz, little endian.
	Hear struct {
		Samples  []byte
		Language string // BCP 47, "" = unknown
	}
	// Heard is what was recognised; Text "" is nothing.
	Heard struct{ Text string }

	// Say is speech to be made: the sounds of one clause as ids of the neural voice's letters, without the zeros around them.
	Say struct {
		Voice string
		IDs   []int64
		Speed float32 // 1 = as the voice speaks
	}
	// Said is made speech: 16-bit samples at Rate Hz, little endian, silence at its ends included.
	Said struct {
		Samples []byte
		Rate    int
	}
)

// Bytes returns 16-bit samples as little endian bytes.
func Bytes(samples []int16) []byte {
	raw := make([]byte, 0, 2*len(samples))
	for _, s := range samples {
		raw = binary.LittleEndian.AppendUint16(raw, uint16(s))
	}
	return raw
}

// Samples is the inverse of Bytes.
func Samples(raw []byte) []int16 {
	samples := make([]int16, len(raw)/2)
	for n := range samples {
		samples[n] = int16(binary.LittleEndian.Uint16(raw[2*n:]))
	}
	return samples
}
