// Package wav reads and writes RIFF WAVE files of 16-bit linear PCM. A file can be read even if the process that wrote it
// was killed.
package wav

import (
	"encoding/binary"
	"errors"
)

const (
	headerBytes    = 44 // RIFF, fmt and the head of the data chunk
	bytesPerSample = 2

	formatPCM        = 1
	formatExtensible = 0xFFFE // WAVE_FORMAT_EXTENSIBLE; the real format opens its sub-format GUID
)

// ErrFormat is returned for input that is not a RIFF WAVE file of 16-bit linear PCM.
var ErrFormat = errors.New("not a 16-bit PCM WAVE file")

// ErrFull is returned when a file would outgrow the 32-bit lengths of RIFF (37 hours of stereo).
var ErrFull = errors.New("WAVE file is full")

// appendHeader appends the 44 bytes that precede dataBytes bytes of PCM16 audio.
func appendHeader(dst []byte, rate, channels int, dataBytes uint32) []byte {
	le := binary.LittleEndian
	dst = append(dst, "RIFF"...)
	dst = le.AppendUint32(dst, headerBytes-8+dataBytes)
	dst = append(dst, "WAVEfmt "...)
	dst = le.AppendUint32(dst, 16)
	dst = le.AppendUint16(dst, formatPCM)
	dst = le.AppendUint16(dst, uint16(channels))
	dst = le.AppendUint32(dst, uint32(rate))
	dst = le.AppendUint32(dst, uint32(rate*channels*bytesPerSample))
	dst = le.AppendUint16(dst, uint16(channels*bytesPerSample))
	dst = le.AppendUint16(dst, 8*bytesPerSample)
	dst = append(dst, "data"...)
	return le.AppendUint32(dst, dataBytes)
}
