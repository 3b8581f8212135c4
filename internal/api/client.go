package api

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// client is the address that a request comes from: the peer's, or where that is a proxy that the operator trusts, what the
// proxy says. Of the addresses in X-Forwarded-For, else Forwarded (RFC 7239), the last that is no trusted proxy counts: what
// stands before it was written by the client. "" for the zero Addr: the peer has none that can be read.
func (s *server) client(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	address := peer.Addr().Unmap().WithZone("")
	hops := forwarded(r.Header)
	for n := len(hops) - 1; n >= 0 && s.trusted(address); n-- {
		hop, ok := hopAddress(hops[n])
		if !ok {
			break // unknown, or hidden by the proxy: the proxy itself is the last that is known
		}
		address = hop
	}
	return address
}

func (s *server) trusted(address netip.Addr) bool {
	return slices.ContainsFunc(s.TrustedProxies, func(network netip.Prefix) bool { return network.Contains(address) })
}

// forwarded are the hops that proxies noted, the client first.
func forwarded(header http.Header) []string {
	var hops []string
	for hop := range strings.SplitSeq(strings.Join(header.Values("X-Forwarded-For"), ","), ",") {
		if hop = strings.TrimSpace(hop); hop != "" {
			hops = append(hops, hop)
		}
	}
	if len(hops) > 0 {
		return hops
	}
	for element := range strings.SplitSeq(strings.Join(header.Values("Forwarded"), ","), ",") {
		for pair := range strings.SplitSeq(element, ";") {
			name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
			if strings.EqualFold(name, "for") {
				hops = append(hops, strings.Trim(value, `"`))
			}
		}
	}
	return hops
}

// hopAddress reads an address with or without port, IPv6 in brackets or without.
func hopAddress(hop string) (netip.Addr, bool) {
	if withPort, err := netip.ParseAddrPort(hop); err == nil {
		return withPort.Addr().Unmap().WithZone(""), true
	}
	address, err := netip.ParseAddr(strings.Trim(hop, "[]"))
	return address.Unmap().WithZone(""), err == nil
}
