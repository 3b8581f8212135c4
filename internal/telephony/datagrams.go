package telephony

import (
	"errors"
	"net"
	"net/netip"
	"time"
)

// datagrams is the UDP socket as the library reads it. The library stops reading at the first error and gives a
// transaction up at the first failed write; but an error of this socket may belong to a datagram sent to another peer.
type datagrams struct {
	*net.UDPConn
	refused func(peer netip.AddrPort) // an ICMP "port unreachable" came back from there
	begun   func()                    // the library reads
	full    func() bool               // this reader remembers too many senders
	relieve func()                    // has another reader take over
}

// ReadFrom answers the next datagram; its only errors are those of a closed socket, which it also answers a reader that
// was relieved.
func (d datagrams) ReadFrom(buffer []byte) (int, net.Addr, error) {
	d.begun()
	if d.full() {
		d.relieve()
		return 0, nil, net.ErrClosed
	}
	for {
		n, from, err := d.UDPConn.ReadFrom(buffer)
		if err == nil || errors.Is(err, net.ErrClosed) {
			return n, from, err
		}
		if !d.drain() {
			time.Sleep(time.Millisecond) // not an error of the queue: it must not become a busy loop
		}
	}
}

// WriteTo sends a datagram, again where the kernel reported an error of an earlier one in its place.
func (d datagrams) WriteTo(data []byte, to net.Addr) (n int, err error) {
	for range 4 {
		if n, err = d.UDPConn.WriteTo(data, to); err == nil || !d.drain() {
			break
		}
	}
	return n, err
}

// drain empties the socket's queue of errors; false when there were none.
func (d datagrams) drain() (any bool) {
	peers, any := takeErrors(d.UDPConn)
	for _, peer := range peers {
		d.refused(peer)
	}
	return any
}

// refused tells every INVITE on its way to that peer that nothing listens there.
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
