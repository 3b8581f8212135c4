//go:build !unix

package app

// KeepFilesPrivate does nothing here: folders hand down their rights.
func KeepFilesPrivate() {}
