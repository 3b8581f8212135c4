//go:build !unix

package app

func keepFilesPrivate() {}
