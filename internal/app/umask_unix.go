//go:build unix

package app

import "syscall"

// keepFilesPrivate has new files readable by nobody else.
func keepFilesPrivate() { syscall.Umask(0o077) }
