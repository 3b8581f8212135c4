//go:build !linux

package store

import "os"

// writeBack leaves all to the sync.
func writeBack(*os.File) error { return nil }

func beginWriteBack(uintptr, int64, int64) {}

// lowerPriority: only Linux has priorities of threads.
func lowerPriority(int) {}
