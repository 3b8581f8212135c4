//go:build !linux

package telephony

import (
	"net"
	"net/netip"
)

// queueErrors does nothing: elsewhere a refusing peer over UDP looks like a silent one.
func queueErrors(*net.UDPConn) error { return nil }

func takeErrors(*net.UDPConn) (refused []netip.AddrPort, any bool) { return nil, false }
