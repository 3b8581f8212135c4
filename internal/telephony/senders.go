package telephony

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// maxSenders is how many addresses the library may remember. Carriers are a handful; the internet is not.
const maxSenders = 4096

// senders counts whom the library remembers. It keeps the address of everybody who ever sent a message, for as long as
// it reads the socket; so when there are too many, a fresh reader takes over and the old one is let go with all it knew.
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

// full answers true once when there are too many, and begins anew.
func (s *senders) full() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.known) < s.limit {
		return false
	}
	s.known = map[netip.AddrPort]struct{}{}
	return true
}

// lingering is how long a reader that was relieved keeps what it knows: requests it has just read are still to be
// answered by it.
const lingering = time.Second

// readUDP has the library read the socket until it is closed. taken is closed when the library has taken it up.
func (e *Endpoint) readUDP(taken chan<- struct{}) {
	begun := sync.OnceFunc(func() { close(taken) })
	relieve := func() {
		next := make(chan struct{})
		e.serving.Go(func() { e.readUDP(next) })
		select {
		case <-next: // before that, requests of ours would find no socket
			wait(lingering, e.closing)
		case <-e.closing:
		}
	}
	if err := e.transports.ServeUDP(datagrams{e.udp, e.refused, begun, e.senders.full, relieve}); err != nil {
		e.log.Error("the SIP socket over UDP is no longer read", "error", err)
	}
}
