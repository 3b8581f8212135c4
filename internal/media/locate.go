package media

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"
)

// lookupTime bounds the resolution of all names of a description.
const lookupTime = 3 * time.Second

// locate replaces the hosts of usable media lines by addresses: names are resolved (RFC 8866 section 5.7), and every address
// must be allowed (contract 9.7, "addresses"). A line without such an address gets a fault.
func (s *Session) locate(lines []mediaLine) {
	ctx, cancel := context.WithTimeout(context.Background(), lookupTime)
	defer cancel()
	for i := range lines {
		line := &lines[i]
		if !line.usable() {
			continue
		}
		for _, host := range []*string{&line.address, &line.rtcpAddress} {
			if *host == "" {
				continue
			}
			address, err := s.locateHost(ctx, *host)
			if err != nil {
				line.fault = err
				break
			}
			*host = address.String()
		}
	}
}

// locateHost returns the address of a host: the first allowed one of a name. 0.0.0.0 means hold and is returned unchecked.
func (s *Session) locateHost(ctx context.Context, host string) (netip.Addr, error) {
	address, err := netip.ParseAddr(host)
	switch {
	case err == nil && address.IsUnspecified():
		return address, nil
	case err == nil:
		return address, s.checkAddress(address)
	case len(host) > 253 || strings.Trim(strings.ToLower(host), "abcdefghijklmnopqrstuvwxyz0123456789-._") != "":
		return netip.Addr{}, fmt.Errorf("%.60q is no host", host)
	}
	family := "ip4"
	if s.cfg.Advertise.Is6() {
		family = "ip6"
	}
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, family, host)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("resolve the host of the audio: %w", err)
	}
	err = fmt.Errorf("%q has no address", host)
	for _, address := range addresses {
		if err = s.checkAddress(address); err == nil {
			return address.Unmap(), nil
		}
	}
	return netip.Addr{}, err
}

// checkAddress returns an error for an address that no audio may go to.
func (s *Session) checkAddress(to netip.Addr) error {
	if s.cfg.Allowed == nil {
		return nil
	}
	return s.cfg.Allowed(to)
}
