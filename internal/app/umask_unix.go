//go:build unix

package app

import "syscall"

// KeepFilesPrivate has new files readable by nobody else.
func KeepFilesPrivate() { syscall.Umask(0o077) }
