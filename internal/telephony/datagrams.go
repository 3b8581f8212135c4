package telephony

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

// datagrams wraps the UDP socket for the library, which stops reading at the first error and terminates a transaction at
// the first failed write. An error of this socket may belong to a datagram sent to another peer (ICMP).
type datagrams struct {
	*net.UDPConn
	refused func(peer netip.AddrPort) // an ICMP "port unreachable" came back from there
	silent  *silencedInvites
	begun   func()      // called when the library reads
	full    func() bool // whether this reader remembers too many senders
	replace func()      // starts another reader in place of this one
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

// WriteTo sends a datagram, and retries when the kernel returned a queued error of an earlier one. An INVITE that is no
// longer wanted is dropped.
func (d datagrams) WriteTo(data []byte, to net.Addr) (n int, err error) {
	if d.silent.drops(data) {
		return len(data), nil
	}
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

// silencedInvites are INVITE transactions, by branch, that the library may not retransmit any more (RFC 3261 17.1.1.2, timer
// A): the call was stopped, or the calling hours ended, before any response came. If the INVITE was lost, a retransmission
// would ring a telephone after that; if the response was, the CANCEL waits for a later one.
type silencedInvites struct {
	mu       sync.Mutex
	branches map[string]bool
}

func (s *silencedInvites) add(branch string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.branches == nil {
		s.branches = map[string]bool{}
	}
	s.branches[branch] = true
}

func (s *silencedInvites) remove(branch string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.branches, branch)
}

// drops reports whether a message is an INVITE of a silenced transaction. The first Via is ours.
func (s *silencedInvites) drops(message []byte) bool {
	if !bytes.HasPrefix(message, []byte("INVITE ")) {
		return false
	}
	_, rest, found := bytes.Cut(message, []byte(";branch="))
	if !found {
		return false
	}
	end := bytes.IndexAny(rest, ";,\r\n ")
	s.mu.Lock()
	defer s.mu.Unlock()
	return end > 0 && s.branches[string(rest[:end])]
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
