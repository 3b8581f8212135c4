package wav

import (
	"encoding/binary"
	"fmt"
	"math"

	"nacre/internal/call"
)

// Encode returns a file of one channel of 8 kHz audio.
func Encode(samples []int16) ([]byte, error) {
	length := len(samples) * bytesPerSample
	if length > math.MaxUint32-headerBytes {
		return nil, fmt.Errorf("encode %d samples: too many for a WAV file", len(samples))
	}
	file := appendHeader(make([]byte, 0, headerBytes+length), call.SampleRate, 1, uint32(length))
	for _, s := range samples {
		file = binary.LittleEndian.AppendUint16(file, uint16(s))
	}
	return file, nil
}
