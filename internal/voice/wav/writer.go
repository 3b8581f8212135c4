package wav

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"nacre/internal/call"
)

// chunkFrames is how many frames are buffered before they are written and the header is updated: one second. A call costs
// two small writes a second, and a crash loses the last second of a recording.
const chunkFrames = 50

// output is an *os.File.
type output interface {
	io.Writer
	io.WriterAt
	io.Closer
	Sync() error
}

// Writer writes one file of 8 kHz audio, frame by frame. It buffers one second of audio and writes in the calling
// goroutine. It is not safe for concurrent use.
type Writer struct {
	file     output
	channels int
	buffer   []byte
	written  int64 // bytes of audio in the file
	err      error // the first failure; sticky
}

// Create creates the file, replacing one of the same name, readable by its owner and group. channels is 1 or 2.
func Create(path string, channels int) (*Writer, error) {
	if channels != 1 && channels != 2 {
		return nil, fmt.Errorf("create recording: %d channels", channels)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o640)
	if err != nil {
		return nil, fmt.Errorf("create recording: %w", err)
	}
	w := &Writer{file: file, channels: channels, buffer: make([]byte, 0, chunkFrames*call.FrameSamples*2*bytesPerSample)}
	if _, err := file.Write(appendHeader(nil, call.SampleRate, channels, 0)); err != nil {
		return nil, fmt.Errorf("write recording header: %w", errors.Join(err, file.Close(), os.Remove(path)))
	}
	return w, nil
}

// WriteMono appends 20 ms to a file of one channel. After an error every later call returns the same error.
func (w *Writer) WriteMono(frame *call.Frame) error {
	if w.channels != 1 {
		return errors.New("write recording: mono frame for a stereo file")
	}
	for _, sample := range frame {
		w.buffer = binary.LittleEndian.AppendUint16(w.buffer, uint16(sample))
	}
	return w.advance()
}

// WriteStereo appends 20 ms to a file of two channels. After an error every later call returns the same error.
func (w *Writer) WriteStereo(left, right *call.Frame) error {
	if w.channels != 2 {
		return errors.New("write recording: stereo frame for a mono file")
	}
	for i := range left {
		w.buffer = binary.LittleEndian.AppendUint16(w.buffer, uint16(left[i]))
		w.buffer = binary.LittleEndian.AppendUint16(w.buffer, uint16(right[i]))
	}
	return w.advance()
}

// Close writes the rest, updates the header and closes the file. It returns the first error of any method. A second Close
// does nothing.
func (w *Writer) Close() error {
	if w.file == nil {
		return w.err
	}
	w.flush()
	w.patchHeader()
	if err := w.file.Sync(); err != nil && w.err == nil {
		w.err = fmt.Errorf("sync recording: %w", err)
	}
	if err := w.file.Close(); err != nil && w.err == nil {
		w.err = fmt.Errorf("close recording: %w", err)
	}
	w.file = nil
	return w.err
}

func (w *Writer) advance() error {
	frameBytes := call.FrameSamples * w.channels * bytesPerSample
	if w.err != nil || w.file == nil {
		w.buffer = w.buffer[:0]
		if w.err == nil {
			w.err = fmt.Errorf("write recording: %w", os.ErrClosed)
		}
		return w.err
	}
	if len(w.buffer) >= chunkFrames*frameBytes {
		w.flush()
		w.patchHeader()
	}
	return w.err
}

func (w *Writer) flush() {
	if w.err != nil || len(w.buffer) == 0 {
		return
	}
	if w.written+int64(len(w.buffer)) > math.MaxUint32-headerBytes {
		w.err = fmt.Errorf("write recording: %w", ErrFull)
		w.buffer = w.buffer[:0]
		return
	}
	n, err := w.file.Write(w.buffer)
	w.written += int64(n)
	w.buffer = w.buffer[:0]
	if err != nil {
		w.err = fmt.Errorf("write recording: %w", err)
	}
}

// patchHeader updates the lengths in the header to the audio written so far, also after a failed write.
func (w *Writer) patchHeader() {
	whole := w.written - w.written%int64(w.channels*bytesPerSample)
	_, err := w.file.WriteAt(appendHeader(nil, call.SampleRate, w.channels, uint32(whole)), 0)
	if err != nil && w.err == nil {
		w.err = fmt.Errorf("write recording header: %w", err)
	}
}
