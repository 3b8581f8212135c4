package telephony

import (
	"encoding/binary"
	"net"
	"net/netip"
	"syscall"
)

// queueErrors sets IP_RECVERR (ip(7)): the kernel reports ICMP errors to an unconnected socket only with that.
func queueErrors(conn *net.UDPConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	level, option := syscall.IPPROTO_IP, syscall.IP_RECVERR
	if conn.LocalAddr().(*net.UDPAddr).IP.To4() == nil {
		level, option = syscall.IPPROTO_IPV6, syscall.IPV6_RECVERR
	}
	var set error
	if err := raw.Control(func(fd uintptr) { set = syscall.SetsockoptInt(int(fd), level, option, 1) }); err != nil {
		return err
	}
	return set
}

// takeErrors empties the error queue. It returns the peers whose port was unreachable, and whether anything was queued.
func takeErrors(conn *net.UDPConn) (refused []netip.AddrPort, any bool) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, false
	}
	var control [512]byte
	_ = raw.Control(func(fd uintptr) { // fails on a closed socket only
		for {
			_, n, _, to, err := syscall.Recvmsg(int(fd), nil, control[:], syscall.MSG_ERRQUEUE|syscall.MSG_DONTWAIT)
			if err != nil {
				return
			}
			any = true
			if !portUnreachable(control[:n]) {
				continue
			}
			switch to := to.(type) {
			case *syscall.SockaddrInet4:
				refused = append(refused, netip.AddrPortFrom(netip.AddrFrom4(to.Addr), uint16(to.Port)))
			case *syscall.SockaddrInet6:
				refused = append(refused, netip.AddrPortFrom(netip.AddrFrom16(to.Addr).Unmap(), uint16(to.Port)))
			}
		}
	})
	return refused, any
}

// portUnreachable reports whether a queued error is an ICMP "port unreachable". It reads struct sock_extended_err:
// __u32 ee_errno, __u8 ee_origin, …
func portUnreachable(control []byte) bool {
	const fromICMP, fromICMP6 = 2, 3
	messages, err := syscall.ParseSocketControlMessage(control)
	if err != nil {
		return false
	}
	for _, m := range messages {
		if len(m.Data) >= 5 && (m.Header.Level == syscall.IPPROTO_IP && m.Header.Type == syscall.IP_RECVERR ||
			m.Header.Level == syscall.IPPROTO_IPV6 && m.Header.Type == syscall.IPV6_RECVERR) {
			return syscall.Errno(binary.NativeEndian.Uint32(m.Data)) == syscall.ECONNREFUSED &&
				(m.Data[4] == fromICMP || m.Data[4] == fromICMP6)
		}
	}
	return false
}
