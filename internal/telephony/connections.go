package telephony

import (
	"net"
	"sync"
	"time"
)

// maxConnections is how many TCP connections from outside are held at once, each with 64 kB of the library's.
const maxConnections = 1000

// guarded bounds what strangers can hold of us over TCP: so many connections, and none that has been silent for long.
type guarded struct {
	net.Listener
	slots chan struct{}
	idle  time.Duration
}

// Accept answers the next connection; those beyond the limit are closed at once.
func (g *guarded) Accept() (net.Conn, error) {
	for {
		conn, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		select {
		case g.slots <- struct{}{}:
			return &visitor{Conn: conn, idle: g.idle, leave: sync.OnceFunc(func() { <-g.slots })}, nil
		default:
			_ = conn.Close() // nothing has been said
		}
	}
}

// visitor is a connection from outside.
type visitor struct {
	net.Conn
	idle  time.Duration
	leave func()
}

// Read gives a silent peer up; it can connect again.
func (v *visitor) Read(into []byte) (int, error) {
	if err := v.SetReadDeadline(time.Now().Add(v.idle)); err != nil {
		return 0, err
	}
	return v.Conn.Read(into)
}

func (v *visitor) Close() error {
	v.leave()
	return v.Conn.Close()
}
