package app

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"
)

// certificate is read again when its files have changed, so that a renewal needs no restart.
type certificate struct {
	cert, key string
	log       *slog.Logger
	mu        sync.Mutex
	loaded    *tls.Certificate
	seen      [2]time.Time // of the files as they were loaded
	judged    [2]time.Time // of the files as they were last found unfit
}

// overTLS answers TLS 1.2 and later with HTTP/1.1.
func overTLS(inner net.Listener, cert, key string, log *slog.Logger) (net.Listener, error) {
	c := &certificate{cert: cert, key: key, log: log}
	if _, err := c.get(nil); err != nil {
		return nil, err
	}
	return tls.NewListener(inner, &tls.Config{GetCertificate: c.get, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}), nil
}

// get is the certificate of a handshake. New files that do not fit each other leave the old ones in force: half of a renewal may
// be written.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	changed, err := c.changed()
	if err == nil && c.loaded != nil && (changed == c.seen || changed == c.judged) {
		return c.loaded, nil
	}
	if err == nil {
		var fresh tls.Certificate
		if fresh, err = tls.LoadX509KeyPair(c.cert, c.key); err == nil {
			c.loaded, c.seen = &fresh, changed
			return c.loaded, nil
		}
	}
	if c.loaded == nil {
		return nil, fmt.Errorf("load certificate: %w", err)
	}
	if changed != c.judged {
		c.log.Error("the new certificate cannot be loaded: the old one stays in force", "error", err)
		c.judged = changed
	}
	return c.loaded, nil
}

func (c *certificate) changed() (at [2]time.Time, err error) {
	for n, path := range []string{c.cert, c.key} {
		info, err := os.Stat(path)
		if err != nil {
			return at, err
		}
		at[n] = info.ModTime()
	}
	return at, nil
}
