package destination

import (
	"errors"
	"net"
	"net/netip"
	"testing"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	named, err := Parse([]string{"10.0.0.0/8", " 127.0.0.1", "169.254.0.0/16", "fd00::/8", "64:ff9b::/96", "168.63.129.16", "fe80::/10", "0.0.0.0/8", "224.0.0.0/4"})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]struct{ bare, named bool }{
		"8.8.8.8":                {true, true},
		"2606:4700::1":           {true, true},
		"::ffff:8.8.8.8":         {true, true},
		"127.0.0.1":              {false, true},
		"127.0.0.2":              {false, false},
		"::ffff:127.0.0.1":       {false, true},
		"::ffff:127.0.0.2":       {false, false},
		"::1":                    {false, false},
		"10.1.2.3":               {false, true},
		"192.168.1.1":            {false, false},
		"172.20.0.1":             {false, false},
		"100.64.0.1":             {false, false},
		"169.254.1.1":            {false, true},
		"fd12::1":                {false, true},
		"fe80::1%eth0":           {false, true},
		"64:ff9b::808:808":       {false, true},
		"64:ff9b::a9fe:a9fe":     {false, false}, // 169.254.169.254 by way of NAT64
		"64:ff9b::c0a8:101":      {false, false}, // 192.168.1.1
		"2002:7f00:1::":          {false, false}, // 6to4 of 127.0.0.1
		"169.254.169.254":        {false, false}, // metadata: never
		"::ffff:169.254.169.254": {false, false},
		"fd00:ec2::254":          {false, false},
		"fd00:ec2::254%eth0":     {false, false},
		"168.63.129.16":          {false, false}, // Azure's lies in public space
		"100.100.100.200":        {false, false},
		"0.0.0.0":                {false, false}, // connects to this machine
		"::":                     {false, false},
		"224.0.0.1":              {false, false},
		"255.255.255.255":        {false, false},
		"198.51.100.7":           {false, false},
	} {
		address := netip.MustParseAddr(text)
		for networks, allowed := range map[*Networks]bool{{}: want.bare, &named: want.named} {
			if err := networks.Check(address); (err == nil) != allowed || err != nil && !errors.Is(err, ErrForbidden) {
				t.Errorf("%s with %v: %v, want allowed: %v", text, *networks, err, allowed)
			}
		}
	}
	if (Networks{}).Check(netip.Addr{}) == nil {
		t.Error("no address is none to reach")
	}
	if err := (Networks{}).Control("udp4", "127.0.0.1:5060", nil); !errors.Is(err, ErrForbidden) {
		t.Errorf("control: %v", err)
	}
	if err := named.Control("tcp4", "127.0.0.1:5060", nil); err != nil {
		t.Errorf("control: %v", err)
	}
}

func TestCheckHost(t *testing.T) {
	t.Parallel()
	loopback, err := Parse([]string{"127.0.0.0/8"})
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]struct{ bare, loopback bool }{
		"sip.example.com":          {true, true},
		"8.8.8.8":                  {true, true},
		"127.0.0.1":                {false, true},
		"１２７.0.0.1":                {false, true},
		"LOCALHOST.":               {false, true},
		"pbx.localhost":            {false, true},
		"2130706433":               {false, false},
		"0x7f.1":                   {false, false},
		"0177.0.0.1":               {false, false},
		"127.1":                    {false, false},
		"metadata.google.internal": {false, false},
		"169.254.169.254":          {false, false},
		"::1":                      {false, false},
	} {
		if err := (Networks{}).CheckHost(host); (err == nil) != want.bare {
			t.Errorf("%s: %v", host, err)
		}
		if err := loopback.CheckHost(host); (err == nil) != want.loopback {
			t.Errorf("%s with loopback: %v", host, err)
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "all", "10.0.0.0/33", "10.0.0.1/8", "fe80::1%eth0", "10.0.0.0-10.0.0.9"} {
		if networks, err := Parse([]string{text}); err == nil {
			t.Errorf("%q: %v", text, networks)
		}
	}
}

// TestWith: what is added to one value is not seen through another.
func TestWith(t *testing.T) {
	t.Parallel()
	base, err := Parse([]string{"10.0.0.0/8", "11.0.0.0/8", "12.0.0.0/8"})
	if err != nil {
		t.Fatal(err)
	}
	first, second := netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("127.0.0.2")
	one, two := base.With(first), base.With(second)
	if one.Check(first) != nil || one.Check(second) == nil || two.Check(second) != nil || two.Check(first) == nil {
		t.Errorf("%v, %v", one, two)
	}
}

func TestUnresolved(t *testing.T) {
	t.Parallel()
	const server = "10.0.0.53:53"
	for want, err := range map[string]error{
		`there is no host of the name "carrier.invalid": look for a typing error`: &net.OpError{Op: "dial", Err: &net.DNSError{Name: "carrier.invalid", Server: server, Err: "no such host", IsNotFound: true}},
		`no name server told the address of "carrier.invalid" in time`:            &net.DNSError{Name: "carrier.invalid", Server: server, Err: "i/o timeout", IsTimeout: true},
		`the address of "carrier.invalid" could not be found: server misbehaving`: &net.DNSError{Name: "carrier.invalid", Server: server, Err: "server misbehaving", IsTemporary: true},
		"": errors.New("connection refused"),
	} {
		if got := Unresolved(err); got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
}
