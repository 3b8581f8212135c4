package wav

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Audio is decoded sound. Samples are interleaved: one of each channel in turn.
type Audio struct {
	Rate     int // Hz
	Channels int
	Samples  []int16
}

// Seconds returns the duration of the audio in seconds.
func (a Audio) Seconds() float64 {
	if a.Rate == 0 || a.Channels == 0 {
		return 0
	}
	return float64(len(a.Samples)) / float64(a.Rate*a.Channels)
}

// Channel returns a copy of one channel, counted from 0.
func (a Audio) Channel(n int) []int16 {
	out := make([]int16, 0, len(a.Samples)/max(a.Channels, 1))
	for i := n; i < len(a.Samples); i += a.Channels {
		out = append(out, a.Samples[i])
	}
	return out
}

// Read decodes a whole file of 16-bit linear PCM. A data length in the header of 0 or beyond the end (a stream, or a
// recorder that was killed) means everything up to the end. Other formats return ErrFormat. The caller must bound r for
// untrusted input.
func Read(r io.Reader) (Audio, error) {
	in := bufio.NewReaderSize(r, 32<<10)
	var riff [12]byte
	if _, err := io.ReadFull(in, riff[:]); err != nil {
		return Audio{}, short("read WAVE header", err)
	}
	if string(riff[0:4]) != "RIFF" || string(riff[8:12]) != "WAVE" {
		return Audio{}, fmt.Errorf("read WAVE header: %w", ErrFormat)
	}
	var audio Audio
	for {
		var head [8]byte
		if _, err := io.ReadFull(in, head[:]); err != nil {
			return Audio{}, short("read WAVE chunk", err)
		}
		size := binary.LittleEndian.Uint32(head[4:])
		switch string(head[:4]) {
		case "fmt ":
			if err := audio.readFormat(in, size); err != nil {
				return Audio{}, err
			}
		case "data":
			if audio.Rate == 0 {
				return Audio{}, fmt.Errorf("read WAVE data before its format: %w", ErrFormat)
			}
			return audio, audio.readData(in, size)
		default:
			if _, err := io.CopyN(io.Discard, in, int64(size)+int64(size&1)); err != nil {
				return Audio{}, short("skip WAVE chunk", err)
			}
		}
	}
}

func (a *Audio) readFormat(in io.Reader, size uint32) error {
	if size < 16 || size > 1024 {
		return fmt.Errorf("read WAVE format: %w", ErrFormat)
	}
	body := make([]byte, size+size&1)
	if _, err := io.ReadFull(in, body); err != nil {
		return short("read WAVE format", err)
	}
	le := binary.LittleEndian
	format := le.Uint16(body)
	if format == formatExtensible && size >= 26 {
		format = le.Uint16(body[24:])
	}
	a.Channels, a.Rate = int(le.Uint16(body[2:])), int(le.Uint32(body[4:]))
	if format != formatPCM || le.Uint16(body[14:]) != 8*bytesPerSample || a.Channels == 0 || a.Rate == 0 {
		return fmt.Errorf("read WAVE format: %w", ErrFormat)
	}
	return nil
}

func (a *Audio) readData(in io.Reader, size uint32) error {
	if size != 0 {
		in = io.LimitReader(in, int64(size))
	}
	data, err := io.ReadAll(in)
	if err != nil {
		return fmt.Errorf("read WAVE data: %w", err)
	}
	block := a.Channels * bytesPerSample
	data = data[:len(data)-len(data)%block]
	a.Samples = make([]int16, len(data)/bytesPerSample)
	for i := range a.Samples {
		a.Samples[i] = int16(binary.LittleEndian.Uint16(data[i*bytesPerSample:]))
	}
	return nil
}

func short(what string, err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%s: %w", what, ErrFormat)
	}
	return fmt.Errorf("%s: %w", what, err)
}
