//go:build !linux

package flite

// giveWay does nothing outside of Linux.
func giveWay() {}
