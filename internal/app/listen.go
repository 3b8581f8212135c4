package app

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"

	"nacre/internal/api"
	"nacre/internal/config"
)

// listenHTTP takes the clients of the API, over TLS where a certificate is configured. url is the server's address as a client
// on this machine reaches it.
func listenHTTP(settings config.Serve, log *slog.Logger) (clients net.Listener, url string, err error) {
	inner, err := net.Listen("tcp", settings.Listen)
	if err != nil {
		return nil, "", fmt.Errorf("listen for HTTP on %s (--listen names another address): %w", settings.Listen, err)
	}
	address, err := netip.ParseAddrPort(inner.Addr().String())
	open := err != nil || !address.Addr().Unmap().IsLoopback()
	scheme, incoming := "http://", inner
	if settings.TLSCert != "" {
		scheme = "https://"
		if incoming, err = overTLS(inner, settings.TLSCert, settings.TLSKey, log); err != nil {
			_ = inner.Close()
			return nil, "", err
		}
	} else if open {
		log.Warn("the HTTP API is open to other machines without encryption: keys and personal data can be read on the way; set --tls-cert and --tls-key, or listen on loopback behind a proxy", "address", inner.Addr())
	}
	proxies, err := settings.Proxies()
	if err != nil {
		_ = incoming.Close()
		return nil, "", fmt.Errorf("read trusted proxies: %w", err)
	}
	// TLS lies beneath: the listener sees requests and answers in the clear.
	clients = api.Listener(incoming, api.Connections{PerAddress: settings.ConnectionsPerAddress, Total: settings.Connections, Proxies: proxies, Log: log})
	url = scheme + reachable(inner.Addr())
	if settings.PublicURL == "" && (open || settings.TLSCert != "") {
		log.Warn("links to recordings in webhooks lead to an address of this machine; set --public-url to the one that others reach", "url", url)
	}
	return clients, url, nil
}

// reachable is the address as a client on this machine reaches it.
func reachable(address net.Addr) string {
	bound, err := netip.ParseAddrPort(address.String())
	if err != nil {
		return address.String()
	}
	if bound.Addr().IsUnspecified() {
		return netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), bound.Port()).String()
	}
	return bound.String()
}
