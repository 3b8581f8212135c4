//go:build !linux

package media

import (
	"errors"
	"net"
	"net/netip"
	"time"
)

func takeRealTime() error { return errors.New("real-time priority is asked for on Linux only") }

func sleepThread(length time.Duration) { time.Sleep(length) }

type route struct{}

func (route) send(socket *net.UDPConn, data []byte, remote netip.AddrPort) error {
	_, err := socket.WriteToUDPAddrPort(data, remote)
	return err
}
