package telephony

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// maxSenders bounds the addresses that the library may remember: there are few carriers, but anybody may send.
const maxSenders = 4096

// senders counts the addresses that the library remembers. It keeps every address that ever sent a message for as long as
// a ServeUDP call runs; when there are too many, another ServeUDP call replaces it and its memory is freed.
type senders struct {
	mu    sync.Mutex
	limit int
	known map[netip.AddrPort]struct{}
}

func (s *senders) note(from net.Addr) {
	address, ok := from.(*net.UDPAddr)
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known[address.AddrPort()] = struct{}{}
}

// full returns true once when there are too many, and clears the set.
func (s *senders) full() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.known) < s.limit {
		return false
	}
	s.known = map[netip.AddrPort]struct{}{}
	return true
}

// lingering is how long a replaced reader stays: it still answers the requests that it has just read.
const lingering = time.Second

// readUDP runs the library's reader until the socket is closed. taken is closed when the library has registered the socket.
func (e *Endpoint) readUDP(taken chan<- struct{}) {
	begun := sync.OnceFunc(func() { close(taken) })
	replace := func() {
		next := make(chan struct{})
		e.serving.Go(func() { e.readUDP(next) })
		select {
		case <-next: // earlier, requests of ours would find no socket
			wait(lingering, e.closing)
		case <-e.closing:
		}
	}
	if err := e.transports.ServeUDP(datagrams{e.udp, e.refused, &e.silenced, begun, e.senders.full, replace}); err != nil {
		e.log.Error("the SIP socket over UDP is no longer read", "error", err)
	}
}
