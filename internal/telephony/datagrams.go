package telephony

import (
	"errors"
	"net"
	"net/netip"
	"time"
)

// datagrams wraps the UDP socket for the library, which stops reading at the first error and terminates a transaction at
// the first failed write. An error of this socket may belong to a datagram sent to another peer (ICMP).
type datagrams struct {
	*net.UDPConn
	refused func(peer netip.AddrPort) // an ICMP "port unreachable" came back from there
	begun   func()                    // called when the library reads
	full    func() bool               // whether this reader remembers too many senders
	replace func()                    // starts another reader in place of this one
}

// ReadFrom returns the next datagram. Its only error is net.ErrClosed: the socket is closed, or this reader was replaced.
func (d datagrams) ReadFrom(buffer []byte) (int, net.Addr, error) {
	d.begun()
	if d.full() {
		d.replace()
		return 0, nil, net.ErrClosed
	}
	for {
		n, from, err := d.UDPConn.ReadFrom(buffer)
		if err == nil || errors.Is(err, net.ErrClosed) {
			return n, from, err
		}
		if !d.drain() {
			time.Sleep(time.Millisecond) // the error was not queued and may come again: no busy loop
		}
	}
}

// WriteTo sends a datagram, and retries when the kernel returned a queued error of an earlier one.
func (d datagrams) WriteTo(data []byte, to net.Addr) (n int, err error) {
	for range 4 {
		if n, err = d.UDPConn.WriteTo(data, to); err == nil || !d.drain() {
			break
		}
	}
	return n, err
}

// drain empties the socket's error queue; any is false when it was empty.
func (d datagrams) drain() (any bool) {
	peers, any := takeErrors(d.UDPConn)
	for _, peer := range peers {
		d.refused(peer)
	}
	return any
}

// refused notifies every INVITE under way to that peer that nothing listens there.
func (e *Endpoint) refused(peer netip.AddrPort) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, inv := range e.invitations {
		if inv.hop.transport == "UDP" && inv.hop.address == peer {
			select {
			case inv.refused <- struct{}{}:
			default:
			}
		}
	}
}
