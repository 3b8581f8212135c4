// Package destination decides which addresses the server may send to when users or peers name them: URLs of webhooks, hosts
// of trunks, addresses in SDP (contract 6.6, 9.7 "addresses"). A host is checked by its spelling when it is stored, and by
// its address at every connection. The package sends nothing and resolves nothing.
package destination

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"

	"code.dny.dev/ssrf"
)

// ErrForbidden is wrapped by the error for every address that must not be reached.
var ErrForbidden = errors.New("a loopback, private, link-local or otherwise special address")

// Networks are the non-public networks that may be reached besides the public internet, as the operator configured them.
// The zero value is the public internet alone.
type Networks []netip.Prefix

// public checks addresses against the registries of special-purpose addresses (IANA, RFC 6890).
var public = ssrf.New(ssrf.WithAnyPort(), ssrf.WithAnyNetwork())

// metadata are the addresses of cloud metadata services, which give out credentials: AWS, Azure, Google and most others (the
// first), ECS, EKS, Tencent, Azure's own, Alibaba, Oracle. No configuration allows them.
var metadata = []netip.Addr{
	netip.MustParseAddr("169.254.169.254"), netip.MustParseAddr("fd00:ec2::254"), netip.MustParseAddr("fd20:ce::254"),
	netip.MustParseAddr("169.254.170.2"), netip.MustParseAddr("169.254.170.23"), netip.MustParseAddr("fd00:ec2::23"),
	netip.MustParseAddr("169.254.0.23"), netip.MustParseAddr("168.63.129.16"), netip.MustParseAddr("100.100.100.200"),
	netip.MustParseAddr("192.0.0.192"),
}

// Parse parses networks as an operator writes them: "10.0.0.0/8", or one address.
func Parse(texts []string) (Networks, error) {
	var networks Networks
	for _, text := range texts {
		text = strings.TrimSpace(text)
		if address, err := netip.ParseAddr(text); err == nil && address.Zone() == "" {
			networks = networks.With(address)
			continue
		}
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("%q is no network: write it as 10.0.0.0/8", text)
		}
		if prefix != prefix.Masked() {
			return nil, fmt.Errorf("%q has bits beyond its length: did you mean %s?", text, prefix.Masked())
		}
		networks = append(networks, prefix)
	}
	return networks, nil
}

// With returns the networks and one address besides.
func (n Networks) With(address netip.Addr) Networks {
	address = address.Unmap().WithZone("")
	return append(slices.Clip(n), netip.PrefixFrom(address, address.BitLen()))
}

// Check returns nil for an address that may be reached: a public one, or one of the networks. Metadata services, multicast
// and unspecified addresses are always forbidden. The error wraps ErrForbidden.
func (n Networks) Check(address netip.Addr) error {
	plain := address.Unmap().WithZone("")
	switch {
	case !plain.IsValid() || plain.IsUnspecified() || plain.IsMulticast():
		return fmt.Errorf("%s is %w", address, ErrForbidden)
	case slices.Contains(metadata, plain):
		return fmt.Errorf("%s is a metadata service: %w", address, ErrForbidden)
	case ssrf.IPv6NAT64Prefix.Contains(plain) && n.contains(plain): // the gateway goes on to the IPv4 address
		octets := plain.As16()
		return n.Check(netip.AddrFrom4([4]byte(octets[12:])))
	case n.contains(plain):
		return nil
	case address.Zone() != "" || public.SafeAddr(plain) != nil:
		return fmt.Errorf("%s is %w", address, ErrForbidden)
	}
	return nil
}

func (n Networks) contains(address netip.Addr) bool {
	return slices.ContainsFunc(n, func(network netip.Prefix) bool { return network.Contains(address) })
}

// Control checks the address that is about to be connected to (net.Dialer.Control).
func (n Networks) Control(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %q is no address", ErrForbidden, address)
	}
	return n.Check(to.Addr())
}

// CheckHost checks a host as a user wrote it: an address by Check, a name against those of loopback and metadata services.
// Other names are checked by their address at every connection. The error's text continues "the host …".
func (n Networks) CheckHost(host string) error {
	host = canonical(host)
	if address, err := netip.ParseAddr(host); err == nil {
		if n.Check(address) != nil {
			return fmt.Errorf("names %w", ErrForbidden)
		}
		return nil
	}
	if err := CheckSpelling(host); err != nil {
		return err
	}
	switch {
	case host == "localhost", strings.HasSuffix(host, ".localhost"), host == "localhost.localdomain", host == "localhost6",
		host == "ip6-localhost", host == "ip6-loopback":
		if n.Check(netip.AddrFrom4([4]byte{127, 0, 0, 1})) != nil && n.Check(netip.IPv6Loopback()) != nil {
			return errors.New("names a loopback address")
		}
	case host == "metadata.google.internal", host == "metadata.goog", host == "instance-data", host == "metadata.tencentyun.com":
		return errors.New("names a metadata service")
	}
	return nil
}

// CheckSpelling refuses spellings of addresses that resolvers read differently (2130706433, 0x7f.1, 0177.0.0.1).
func CheckSpelling(host string) error {
	host = canonical(host)
	if _, err := netip.ParseAddr(host); err != nil && endsInNumber(host) {
		return errors.New("the host is a number but no address: write IPv4 addresses as four decimal numbers without leading zeros")
	}
	return nil
}

// endsInNumber reports whether browsers parse a host as an IPv4 address (WHATWG URL, 3.5, ends-in-a-number checker).
func endsInNumber(host string) bool {
	last := host[strings.LastIndexByte(host, '.')+1:]
	if last == "" {
		return false
	}
	if hex, ok := strings.CutPrefix(last, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return strings.Trim(last, "0123456789") == ""
}

// canonical returns a host in lower case without the trailing dot; full-width letters, digits and dots are mapped to ASCII
// (UTS 46).
func canonical(host string) string {
	host = strings.Map(func(r rune) rune {
		switch {
		case r >= 0xFF01 && r <= 0xFF5E:
			return r - 0xFF01 + '!'
		case r == 0x3002 || r == 0xFF61:
			return '.'
		}
		return r
	}, host)
	return strings.TrimSuffix(strings.ToLower(host), ".")
}

// Unresolved says in words why a host has no address, where err is that of a resolver; any other error is "".
func Unresolved(err error) string {
	var unresolved *net.DNSError
	switch {
	case !errors.As(err, &unresolved):
		return ""
	case unresolved.IsNotFound:
		return fmt.Sprintf("there is no host of the name %q: look for a typing error", unresolved.Name)
	case unresolved.IsTimeout:
		return fmt.Sprintf("no name server told the address of %q in time", unresolved.Name)
	}
	return fmt.Sprintf("the address of %q could not be found: %s", unresolved.Name, unresolved.Err)
}
