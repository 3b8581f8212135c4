//go:build !linux

package telephony

import (
	"net"
	"net/netip"
)

// queueErrors does nothing: outside of Linux a peer that refuses datagrams looks like a silent one.
func queueErrors(*net.UDPConn) error { return nil }

func takeErrors(*net.UDPConn) (refused []netip.AddrPort, any bool) { return nil, false }
