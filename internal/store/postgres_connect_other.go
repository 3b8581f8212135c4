//go:build !linux

package store

import "syscall"

// limitUnacknowledged does nothing: TCP_USER_TIMEOUT is Linux's. Time limits of ours end what waits all the same.
func limitUnacknowledged(string, string, syscall.RawConn) error { return nil }
