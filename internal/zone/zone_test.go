package zone_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"nacre/internal/zone"
)

func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, iana string }{
		{"Pacific Standard Time", "America/Los_Angeles"},
		{"pacific standard time", "America/Los_Angeles"},
		{"PACIFIC STANDARD TIME", "America/Los_Angeles"},
		{"Romance Standard Time", "Europe/Paris"},
		{"W. Europe Standard Time", "Europe/Berlin"},
		{"GMT Standard Time", "Europe/London"},
		{"Turkey Standard Time", "Europe/Istanbul"},
		{"Türkiye Standard Time", "Europe/Istanbul"},
		{"TÜRKIYE STANDARD TIME", "Europe/Istanbul"},
		{"TÜRKİYE STANDARD TIME", "Europe/Istanbul"},
		{"Tu\u0308rkiye Standard Time", "Europe/Istanbul"},
		{"TU\u0308RKI\u0307YE STANDARD TIME", "Europe/Istanbul"},
		{"tu\u0308rki\u0307ye standard time", "Europe/Istanbul"},
		{"Cape Verde Standard Time", "Atlantic/Cape_Verde"},
		{"Cabo Verde Standard Time", "Atlantic/Cape_Verde"},
		{"Kamchatka Standard Time", "Asia/Kamchatka"},
		{"Mid-Atlantic Standard Time", "Etc/GMT+2"},
		{"Armenian Standard Time", "Asia/Yerevan"},
		{"Mexico Standard Time 2", "America/Mazatlan"},
		{"India Standard Time", "Asia/Calcutta"},
		{"Eastern Standard Time (Mexico)", "America/Cancun"},
		{"Russia Time Zone 11", "Asia/Kamchatka"},
		{"UTC", "Etc/UTC"},
		{"utc", "Etc/UTC"},
		{"UTC-11", "Etc/GMT+11"},
		{"UTC+13", "Etc/GMT-13"},
		{"Europe/Rome", "Europe/Rome"},
		{"europe/rome", "Europe/Rome"},
		{"Etc/UTC", "Etc/UTC"},
		{"Asia/Kolkata", "Asia/Kolkata"},
		{"Asia/Calcutta", "Asia/Calcutta"},
		{"Europe/Kyiv", "Europe/Kyiv"},
		{"US/Eastern", "US/Eastern"},
		{"america/argentina/comodrivadavia", "America/Argentina/ComodRivadavia"},
		{"GMT", "GMT"},
		{"EST5EDT", "EST5EDT"},
	}
	for _, test := range tests {
		z, ok := zone.Parse(test.name)
		if !ok || z.IANA() != test.iana || z.Location().String() != test.iana {
			t.Errorf("Parse(%q) = %q, %v; want %q", test.name, z.IANA(), ok, test.iana)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"", " ", "Local", "local", "+02:00", "-5", "+0200", "UTC+2", "UTC+02:00", "GMT+2", "Z",
		"(UTC-08:00) Pacific Time (US & Canada)", "Pacific Daylight Time", "Pacific Time", "PST", "CEST",
		" Europe/Rome", "Europe/Rome ", "Europe", "Europe/", "Europe/Roma", "Etc", "../zone", "Europe/Rome\x00", "/Europe/Rome",
		"posix/Europe/Rome", "right/Europe/Rome", "posixrules", "localtime", "tzdata.zi",
		strings.Repeat("Europe/Rome", 1000), "\xff",
	} {
		z, ok := zone.Parse(name)
		if ok || z.Location() != nil || z.IANA() != "" {
			t.Errorf("Parse(%.80q) = %q", name, z.IANA())
		}
	}
}

// Every name loads, and its own spelling finds it.
func TestEveryZoneLoads(t *testing.T) {
	t.Parallel()
	names := zone.Names()
	if len(names) < 590 {
		t.Errorf("%d IANA names; the database had 598 in 2026", len(names))
	}
	for _, name := range names {
		for _, spelling := range []string{name, strings.ToUpper(name), strings.ToLower(name)} {
			z, ok := zone.Parse(spelling)
			if !ok || z.Location() == nil {
				t.Errorf("%s: not found", spelling)
			}
			if name != "UTC" && z.IANA() != name {
				t.Errorf("%s: found %s", spelling, z.IANA())
			}
		}
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	list := zone.List()
	if len(list) != 140 {
		t.Errorf("%d Windows ids; CLDR 48 has 139, and one more for the new name of Turkey", len(list))
	}
	seen := map[string]bool{}
	for _, entry := range list {
		if seen[entry.Windows] {
			t.Errorf("%s twice", entry.Windows)
		}
		seen[entry.Windows] = true
		for _, spelling := range []string{entry.Windows, strings.ToUpper(entry.Windows), strings.ToLower(entry.Windows)} {
			if z, ok := zone.Parse(spelling); !ok || z.IANA() != entry.IANA {
				t.Errorf("%s: found %q, want %q", spelling, z.IANA(), entry.IANA)
			}
		}
	}
	list[0].IANA = "changed"
	if zone.List()[0].IANA == "changed" {
		t.Error("the list can be changed from outside")
	}
}

func TestOffset(t *testing.T) {
	t.Parallel()
	winter, summer := time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC), time.Date(2026, 7, 15, 12, 0, 0, 0, time.UTC)
	tests := []struct{ name, winter, summer string }{
		{"UTC", "0.0", "0.0"},
		{"Pacific Standard Time", "-8.0", "-7.0"},
		{"Eastern Standard Time", "-5.0", "-4.0"},
		{"GMT Standard Time", "0.0", "1.0"},
		{"W. Europe Standard Time", "1.0", "2.0"},
		{"India Standard Time", "5.5", "5.5"},
		{"Nepal Standard Time", "5.75", "5.75"},
		{"Newfoundland Standard Time", "-3.5", "-2.5"},
		{"Chatham Islands Standard Time", "13.75", "12.75"},
		{"Lord Howe Standard Time", "11.0", "10.5"},
		{"Marquesas Standard Time", "-9.5", "-9.5"},
		{"Line Islands Standard Time", "14.0", "14.0"},
		{"Dateline Standard Time", "-12.0", "-12.0"},
		{"Turkey Standard Time", "3.0", "3.0"},
	}
	for _, test := range tests {
		z, ok := zone.Parse(test.name)
		if !ok {
			t.Fatalf("%s: not found", test.name)
		}
		if got := zone.Offset(z.Location(), winter); got != test.winter {
			t.Errorf("%s in January: %q, want %q", test.name, got, test.winter)
		}
		if got := zone.Offset(z.Location(), summer); got != test.summer {
			t.Errorf("%s in July: %q, want %q", test.name, got, test.summer)
		}
	}
}

// The rules are the embedded ones: changes of 2026 that an older machine does not know yet.
func TestRulesAreEmbedded(t *testing.T) {
	t.Parallel()
	december := time.Date(2026, 12, 15, 12, 0, 0, 0, time.UTC)
	for name, want := range map[string]string{
		"America/Vancouver": "-7.0", "America/Edmonton": "-6.0", "America/Winnipeg": "-5.0",
		"Africa/Casablanca": "0.0", "America/Havana": "-4.0", "America/Los_Angeles": "-8.0",
	} {
		z, _ := zone.Parse(name)
		if got := zone.Offset(z.Location(), december); got != want {
			t.Errorf("%s in December 2026: %q, want %q by tzdata %s", name, got, want, zone.DataVersion)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	locations := make([]*time.Location, 16)
	var group sync.WaitGroup
	for i := range locations {
		group.Go(func() {
			z, _ := zone.Parse("Asia/Tokyo")
			locations[i] = z.Location()
		})
	}
	group.Wait()
	for _, location := range locations {
		if location == nil || location != locations[0] {
			t.Fatal("one zone has two locations")
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"Europe/Rome", "Pacific Standard Time", "Türkiye Standard Time", "Local", "", "+02:00", "\xff", "UTC"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		z, ok := zone.Parse(name)
		if !ok {
			if z != (zone.Zone{}) {
				t.Fatalf("%q: refused with a zone", name)
			}
			return
		}
		if z.Location() == nil {
			t.Fatalf("%q: no location", name)
		}
		again, ok := zone.Parse(z.IANA())
		if !ok || again.IANA() != z.IANA() || again.Location() != z.Location() {
			t.Fatalf("%q: its IANA name %q finds %q", name, z.IANA(), again.IANA())
		}
	})
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := zone.Parse("Pacific Standard Time"); !ok {
			b.Fatal("not found")
		}
	}
}
