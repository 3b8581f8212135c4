package media

import (
	"math"
	"testing"

	"nacre/internal/call"
)

// The expected values come from the definitions of ITU-T G.711, tables 1a and 2a, in their own scales (13 and 14 bits):
// codes are met by counting decision values, not by the bit tricks of the code under test.

func expandULaw(code byte) int {
	code = ^code
	segment, step := int(code>>4&7), int(code&0x0F)
	magnitude := ((2*step+33)<<segment - 33) * 4
	if code&0x80 != 0 {
		return -magnitude
	}
	return magnitude
}

func expandALaw(code byte) int {
	code ^= 0x55
	segment, step := int(code>>4&7), int(code&0x0F)
	magnitude := 2*step + 1
	if segment > 0 {
		magnitude = (2*step + 33) << (segment - 1)
	}
	if code&0x80 == 0 {
		return -magnitude * 8
	}
	return magnitude * 8
}

func TestG711TablesFollowTheFormula(t *testing.T) {
	t.Parallel()
	var sample [1]int16
	for code := range 256 {
		DecodeULaw(sample[:], []byte{byte(code)})
		if want := expandULaw(byte(code)); int(sample[0]) != want {
			t.Errorf("µ-law %#x: %d, want %d", code, sample[0], want)
		}
		DecodeALaw(sample[:], []byte{byte(code)})
		if want := expandALaw(byte(code)); int(sample[0]) != want {
			t.Errorf("A-law %#x: %d, want %d", code, sample[0], want)
		}
	}
}

func TestG711EncodesByTheDecisionValues(t *testing.T) {
	t.Parallel()
	for name, law := range map[string]struct {
		encode func([]byte, []int16)
		scale  int // of the table's decision values, in units of 16 bits
		lowest func(segment, step int) int
		invert byte
	}{
		"µ-law": {EncodeULaw, 4, func(segment, step int) int { return (2*step+32)<<segment - 33 }, 0xFF},
		"A-law": {EncodeALaw, 8, func(segment, step int) int {
			if segment == 0 {
				return 2 * step
			}
			return (2*step + 32) << (segment - 1)
		}, 0xD5},
	} {
		var code [1]byte
		want := byte(0)
		for magnitude := 0; magnitude <= math.MaxInt16; magnitude++ {
			for want < 0x7F && law.lowest(int(want+1)>>4, int(want+1)&0x0F)*law.scale <= magnitude {
				want++
			}
			law.encode(code[:], []int16{int16(magnitude)})
			if code[0] != want^law.invert {
				t.Fatalf("%s of %d is %#x, want %#x", name, magnitude, code[0], want^law.invert)
			}
			law.encode(code[:], []int16{^int16(magnitude)})
			if code[0] != want^law.invert^0x80 {
				t.Fatalf("%s of %d is %#x, want %#x", name, ^magnitude, code[0], want^law.invert^0x80)
			}
		}
	}
}

func TestG711RoundTripsEveryCode(t *testing.T) {
	t.Parallel()
	var linear [1]int16
	var again [1]byte
	for code := range 256 {
		DecodeALaw(linear[:], []byte{byte(code)})
		if EncodeALaw(again[:], linear[:]); again[0] != byte(code) {
			t.Errorf("A-law %#x came back as %#x", code, again[0])
		}
		DecodeULaw(linear[:], []byte{byte(code)})
		EncodeULaw(again[:], linear[:])
		if again[0] != byte(code) && code != 0x7F { // negative zero becomes positive
			t.Errorf("µ-law %#x came back as %#x", code, again[0])
		}
	}
	EncodeULaw(again[:], []int16{0})
	if again[0] != 0xFF {
		t.Errorf("µ-law silence is %#x", again[0])
	}
	EncodeALaw(again[:], []int16{0})
	if again[0] != 0xD5 {
		t.Errorf("A-law silence is %#x", again[0])
	}
}

func BenchmarkG711(b *testing.B) {
	var linear call.Frame
	var coded [call.FrameSamples]byte
	for i := range linear {
		linear[i] = int16(i*397) - 9000
	}
	for name, law := range map[string]struct {
		encode func([]byte, []int16)
		decode func([]int16, []byte)
	}{"PCMU": {EncodeULaw, DecodeULaw}, "PCMA": {EncodeALaw, DecodeALaw}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				law.encode(coded[:], linear[:])
				law.decode(linear[:], coded[:])
			}
		})
	}
}
