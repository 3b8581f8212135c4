package media

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
)

// Ports allocates pairs of local UDP ports: RTP on an even one, RTCP on the next. It is safe for concurrent use.
type Ports struct {
	bind     netip.Addr
	from, to int

	mu   sync.Mutex
	next int // where the search begins: one past the last pair, so that a port rests as long as possible
	used map[int]bool
}

// NewPorts returns Ports of the range from–to, both ends included; from = 0 leaves the choice to the kernel.
// bind is the local address; 0.0.0.0 is all of IPv4, :: all of both families.
func NewPorts(bind netip.Addr, from, to int) *Ports {
	from += from & 1 // RFC 3550 section 11: RTP on the even port
	return &Ports{bind: bind.Unmap(), from: from, to: to, next: from, used: map[int]bool{}}
}

// pair is two bound sockets.
type pair struct {
	rtp, rtcp *net.UDPConn
	port      int // of rtp
}

// open binds a pair of sockets. The error wraps ErrNoPort.
func (p *Ports) open() (pair, error) {
	if p.from == 0 {
		return p.openEphemeral()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var last error
	for range (p.to - p.from + 1) / 2 {
		port := p.next
		if p.next += 2; p.next+1 > p.to {
			p.next = p.from
		}
		if p.used[port] {
			continue
		}
		rtp, err := p.listen(port)
		if err == nil {
			var rtcp *net.UDPConn
			if rtcp, err = p.listen(port + 1); err == nil {
				p.used[port] = true
				return pair{rtp, rtcp, port}, nil
			}
			err = errors.Join(err, rtp.Close())
		}
		last = err
	}
	if last != nil {
		return pair{}, fmt.Errorf("open RTP ports %d-%d: %w: %w", p.from, p.to, ErrNoPort, last)
	}
	return pair{}, fmt.Errorf("open RTP ports %d-%d: %w", p.from, p.to, ErrNoPort)
}

// openEphemeral binds an even port that the kernel chooses, and the next one.
func (p *Ports) openEphemeral() (pair, error) {
	var last error
	for range 100 {
		first, err := p.listen(0)
		if err != nil {
			return pair{}, fmt.Errorf("open RTP ports: %w: %w", ErrNoPort, err)
		}
		port := int(first.LocalAddr().(*net.UDPAddr).AddrPort().Port())
		second, err := p.listen(port ^ 1)
		if err != nil {
			last = errors.Join(err, first.Close())
			continue
		}
		if port&1 == 1 {
			first, second = second, first
		}
		return pair{first, second, port &^ 1}, nil
	}
	return pair{}, fmt.Errorf("open RTP ports: %w: %w", ErrNoPort, last)
}

func (p *Ports) listen(port int) (*net.UDPConn, error) {
	network := "udp4"
	if p.bind.Is6() {
		network = "udp" // with "udp6" the wildcard address would not accept IPv4
	}
	return net.ListenUDP(network, net.UDPAddrFromAddrPort(netip.AddrPortFrom(p.bind, uint16(port))))
}

// close frees a pair.
func (p *Ports) close(pair pair) error {
	err := errors.Join(pair.rtp.Close(), pair.rtcp.Close())
	p.mu.Lock()
	delete(p.used, pair.port)
	p.mu.Unlock()
	return err
}
