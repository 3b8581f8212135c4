package hearing_test

import (
	"testing"

	"nacre/internal/hearing"
)

// networkTones are special information tones of two pitches; a low one is short, a high one long.
func networkTones(first, second, db, pause float64) signal {
	length := func(hz float64) float64 {
		if hz == 985.2 || hz == 1428.5 {
			return 0.38
		}
		return 0.274
	}
	return join(tones(length(first), db, first), silence(pause), tones(length(second), db, second), silence(pause), tones(0.38, db, 1776.7))
}

// heardNetwork returns how often tones are found, and whether they say that the number is at fault.
func heardNetwork(s signal) (times int, number bool) {
	n := hearing.NewNetwork()
	for _, f := range s.frames() {
		if heard, atFault := n.Push(&f); heard {
			times, number = times+1, atFault
		}
	}
	return times, number
}

func TestNetworkTonesAreFound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		first, second float64
		number        bool
	}{
		"intercept":   {913.8, 1370.6, true},
		"vacant code": {985.2, 1370.6, true},
		"reorder":     {913.8, 1428.5, false},
		"no circuit":  {985.2, 1428.5, false},
	} {
		for _, db := range []float64{-10, -24, -36} {
			for _, pause := range []float64{0, 0.004, 0.03} {
				for offset := range 4 {
					s := join(silence(0.5+0.005*float64(offset)), networkTones(c.first, c.second, db, pause), silence(0.3), babble(3, -20, 120, 1))
					s = s.plus(noise(float64(len(s))/rate, db-22, 3))
					if times, number := heardNetwork(s); times != 1 || number != c.number {
						t.Errorf("%s, %.0f dBFS, pauses of %.3f s, offset %d: found %d times, number at fault %v", name, db, pause, offset, times, number)
					}
				}
			}
		}
	}
}

func TestNoNetworkTones(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]signal{
		"first tone alone":   join(silence(0.5), tones(0.33, -20, 950), silence(2)),
		"two tones":          join(silence(0.5), tones(0.33, -20, 950), tones(0.33, -20, 1400), silence(2)),
		"the other way":      join(tones(0.33, -20, 1800), tones(0.33, -20, 1400), tones(0.33, -20, 950)),
		"long pauses":        join(tones(0.33, -20, 950), silence(0.5), tones(0.33, -20, 1400), silence(0.5), tones(0.33, -20, 1800)),
		"short tones":        join(tones(0.12, -20, 950), tones(0.12, -20, 1400), tones(0.12, -20, 1800)),
		"long tones":         join(tones(1, -20, 950), tones(1, -20, 1400), tones(1, -20, 1800)),
		"chirp":              chirp(2, 600, 2200),
		"beep":               tones(1, -20, 950),
		"ringback":           tones(3, -15, 440, 480),
		"keys":               tones(3, -15, 941, 1336),
		"speech of any kind": join(babble(20, -20, 120, 1), babble(20, -20, 220, 2)),
	} {
		if times, _ := heardNetwork(s); times != 0 {
			t.Errorf("%s: found %d times", name, times)
		}
	}
}
