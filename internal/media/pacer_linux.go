package media

import (
	"net"
	"net/netip"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// takeRealTime gives the calling thread the lowest real-time priority: it needs CAP_SYS_NICE or RLIMIT_RTPRIO of at least 1
// (sched(7)).
func takeRealTime() error {
	return unix.SchedSetAttr(0, &unix.SchedAttr{
		Size: unix.SizeofSchedAttr, Policy: unix.SCHED_FIFO, Priority: 1, Flags: unix.SCHED_FLAG_RESET_ON_FORK, // threads that it starts have normal priority
	}, 0)
}

// sleepThread sleeps by a raw system call: the Go scheduler keeps the thread's P, so that it need not wait for one when it
// wakes. A preemption signal of the Go runtime ends the sleep early.
func sleepThread(length time.Duration) {
	nap := unix.NsecToTimespec(length.Nanoseconds())
	_, _, _ = unix.RawSyscall(unix.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&nap)), 0, 0)
}

// route caches what is needed to send a packet to its remote address; a reused packet mostly has the same one.
type route struct {
	remote netip.AddrPort
	raw    syscall.RawConn // of the packet's socket, always the same
	to     unix.Sockaddr   // nil: send by package net
	data   []byte
	err    error
	write  func(fd uintptr) bool
}

// send sends without blocking, which would delay the audio of all calls; it fails instead.
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
