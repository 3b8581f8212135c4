//go:build !linux && !darwin

package disk

import "math"

// freeBytes is not known here: the disk is never nearly full.
func freeBytes(string) (int64, error) { return math.MaxInt64, nil }
