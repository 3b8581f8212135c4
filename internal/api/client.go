package api

import (
	"cmp"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// client is the address that a request comes from: the peer's, or where that is a proxy that the operator trusts, what the
// proxy says. Of the addresses in X-Forwarded-For, else Forwarded (RFC 7239), the last that is no trusted proxy counts: what
// stands before it was written by the client. "" for the zero Addr: the peer has none that can be read.
func (s *server) client(r *http.Request) netip.Addr {
	address := peerOf(r)
	if !address.IsValid() {
		return address
	}
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

// peerOf is the address of the connection's other end; the zero Addr where it has none.
func peerOf(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return peer.Addr().Unmap().WithZone("")
}

func (s *server) trusted(address netip.Addr) bool { return within(s.TrustedProxies, address) }

func within(networks []netip.Prefix, address netip.Addr) bool {
	return slices.ContainsFunc(networks, func(network netip.Prefix) bool { return network.Contains(address) })
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
	if _, said := header["Forwarded"]; said {
		for _, hop := range elements(header) {
			hops = append(hops, hop["for"]) // "" where a proxy does not say: what stands before it is the client's word
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

// elements are those of Forwarded (RFC 7239, 4), each its values by lower-case name.
func elements(header http.Header) (hops []map[string]string) {
	for element := range strings.SplitSeq(strings.Join(header.Values("Forwarded"), ","), ",") {
		hop := map[string]string{}
		for pair := range strings.SplitSeq(element, ";") {
			name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
			hop[strings.ToLower(name)] = strings.Trim(value, `"`)
		}
		hops = append(hops, hop)
	}
	return hops
}

// passedOn reports whether a proxy says that it passed the request on.
func passedOn(header http.Header) bool {
	for _, name := range []string{"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Forwarded", "Via"} {
		if _, said := header[name]; said {
			return true
		}
	}
	return false
}

// base is the address of this server for links in an answer, without trailing slash: the configured one; else what a trusted
// proxy was asked for; else where the client's connection arrived. What a client writes into Host decides nothing, but that a
// connection over loopback may call it localhost.
func (x *exchange) base() string {
	if x.PublicURL != "" {
		return strings.TrimSuffix(x.PublicURL, "/")
	}
	scheme := "http"
	if x.r.TLS != nil {
		scheme = "https"
	}
	if peer := peerOf(x.r); peer.IsValid() && x.trusted(peer) {
		return x.proxied(scheme)
	}
	return scheme + "://" + arrived(x.r)
}

// proxied is base where a trusted proxy asks: by X-Forwarded-Host and X-Forwarded-Proto, else by Forwarded (RFC 7239), each as
// the last proxy wrote it, else by Host, which proxies pass on.
func (x *exchange) proxied(scheme string) string {
	nearest := elements(x.r.Header)
	forwarded := nearest[len(nearest)-1]
	proto := cmp.Or(last(x.r.Header, "X-Forwarded-Proto"), forwarded["proto"])
	if proto = strings.ToLower(proto); proto == "http" || proto == "https" {
		scheme = proto
	}
	for _, host := range []string{last(x.r.Header, "X-Forwarded-Host"), forwarded["host"], x.r.Host} {
		if u, err := url.Parse("http://" + host); err == nil && u.Host == host && u.Hostname() != "" {
			return scheme + "://" + host
		}
	}
	return scheme + "://" + arrived(x.r)
}

// last is the last of the values in a list header, "" where there is none.
func last(header http.Header, name string) string {
	values := strings.Split(strings.Join(header.Values(name), ","), ",")
	return strings.TrimSpace(values[len(values)-1])
}

// arrived is the address of this machine that the request's connection came to, host:port.
func arrived(r *http.Request) string {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return "localhost" // no server of net/http: a test
	}
	address, err := netip.ParseAddrPort(local.String())
	if err != nil {
		return local.String()
	}
	address = netip.AddrPortFrom(address.Addr().Unmap().WithZone(""), address.Port())
	if localhost := "localhost:" + strconv.Itoa(int(address.Port())); address.Addr().IsLoopback() && strings.EqualFold(r.Host, localhost) {
		return localhost
	}
	return address.String()
}
