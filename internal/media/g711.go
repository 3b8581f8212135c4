package media

import "math/bits"

// The G.711 functions below follow the reference code of ITU-T G.191 (g711.c), which rounds negative samples by one's
// complement. They allocate nothing. They process len(from) samples; to must be at least as long.

// EncodeULaw compresses linear samples to µ-law (PCMU).
func EncodeULaw(to []byte, from []int16) {
	to = to[:len(from)]
	for i, sample := range from {
		sign := byte(0x80)
		if sample < 0 {
			sample, sign = ^sample, 0
		}
		magnitude := min(uint16(sample)>>2+33, 0x1FFF) // 14 bits and the bias
		segment := bits.Len16(magnitude >> 6)          // 0–7
		to[i] = sign | ^(byte(segment)<<4|byte(magnitude>>(segment+1))&0x0F)&0x7F
	}
}

// DecodeULaw expands µ-law (PCMU) to linear samples.
func DecodeULaw(to []int16, from []byte) {
	to = to[:len(from)]
	for i, b := range from {
		to[i] = ulaw[b]
	}
}

// EncodeALaw compresses linear samples to A-law (PCMA).
func EncodeALaw(to []byte, from []int16) {
	to = to[:len(from)]
	for i, sample := range from {
		sign := byte(0x80)
		if sample < 0 {
			sample, sign = ^sample, 0
		}
		magnitude := uint16(sample) >> 4
		segment := bits.Len16(magnitude >> 4) // 0–7; the first two have the same step
		if segment > 0 {
			magnitude = uint16(segment)<<4 | magnitude>>(segment-1)&0x0F
		}
		to[i] = (sign | byte(magnitude)) ^ 0x55
	}
}

// DecodeALaw expands A-law (PCMA) to linear samples.
func DecodeALaw(to []int16, from []byte) {
	to = to[:len(from)]
	for i, b := range from {
		to[i] = alaw[b]
	}
}
