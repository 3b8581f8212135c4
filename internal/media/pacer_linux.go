package media

import (
	"net"
	"net/netip"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// takeRealTime gives the calling thread the lowest real-time priority, where the system grants it: CAP_SYS_NICE, or
// RLIMIT_RTPRIO of 1 (sched(7)). Only with that a thread does not wait for what the kernel does for others.
func takeRealTime() error {
	return unix.SchedSetAttr(0, &unix.SchedAttr{
		Size: unix.SizeofSchedAttr, Policy: unix.SCHED_FIFO, Priority: 1, Flags: unix.SCHED_FLAG_RESET_ON_FORK, // threads it starts are ordinary
	}, 0)
}

// sleepThread sleeps without telling the scheduler of the language, which would give the processor to others, so that the
// thread had to wait for one when it wakes. A signal of that scheduler, which stops the world for a moment, ends it early.
func sleepThread(length time.Duration) {
	nap := unix.NsecToTimespec(length.Nanoseconds())
	_, _, _ = unix.RawSyscall(unix.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&nap)), 0, 0)
}

// route is how a packet goes to its remote address; a packet that is used again mostly goes the same way.
type route struct {
	remote netip.AddrPort
	raw    syscall.RawConn // of the packet's socket, always the same
	to     unix.Sockaddr   // nil: only package net knows the way
	data   []byte
	err    error
	write  func(fd uintptr) bool
}

// send sends, or fails where it would have to wait: everybody else's audio would wait too.
func (r *route) send(socket *net.UDPConn, data []byte, remote netip.AddrPort) (err error) {
	if r.raw == nil || r.remote != remote {
		if err := r.find(socket, remote); err != nil {
			return err
		}
	}
	if r.to == nil {
		_, err := socket.WriteToUDPAddrPort(data, remote)
		return err
	}
	r.data = data
	if err := r.raw.Write(r.write); err != nil { // the socket is closed
		return err
	}
	return r.err
}

func (r *route) find(socket *net.UDPConn, remote netip.AddrPort) (err error) {
	*r = route{remote: remote, write: r.write}
	if r.raw, err = socket.SyscallConn(); err != nil {
		return err
	}
	address := remote.Addr()
	switch {
	case address.Zone() != "": // a link-local address: its zone has to be looked up
	case socket.LocalAddr().(*net.UDPAddr).IP.To4() != nil:
		r.to = &unix.SockaddrInet4{Port: int(remote.Port()), Addr: address.As4()}
	default:
		r.to = &unix.SockaddrInet6{Port: int(remote.Port()), Addr: address.As16()}
	}
	if r.write == nil {
		r.write = func(fd uintptr) bool {
			r.err = unix.Sendto(int(fd), r.data, unix.MSG_DONTWAIT, r.to)
			return true
		}
	}
	return nil
}
