// Package zone decides which time zone names there are and what each means: Windows ids (the CLDR list) and IANA names,
// links included, become a *time.Location (contract 1.4). Its rules come from the one data version embedded in it
// (DataVersion), never from the machine, so that every node answers alike. It refuses to know what the time is, and
// whose zone it reads.
package zone

import (
	"archive/zip"
	"bytes"
	_ "embed" // for zoneinfo.zip
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

//go:generate go run generate.go -zi $TZDATA_ZI -windows $WINDOWS_ZONES

// zoneinfo holds one TZif file (RFC 9636) per IANA name, uncompressed, as generate.go wrote them.
//
//go:embed zoneinfo.zip
var zoneinfo []byte

// longest is more than any name has; what is longer is refused before it is looked at.
const longest = 64

// Zone is a time zone. The zero value means "none": it has no location. Zones are comparable.
type Zone struct {
	place *place
}

// place is one IANA name with its rules, which are read at the first use.
type place struct {
	name     string
	location func() *time.Location
}

// Parse finds a zone by a Windows id ("Pacific Standard Time") or an IANA name ("Europe/Rome"), case-insensitively.
// ok is false for everything else: "", "Local", bare offsets ("+02:00"), display names, surrounding space.
func Parse(name string) (z Zone, ok bool) {
	if name == "" || len(name) > longest {
		return Zone{}, false
	}
	found, ok := places()[fold(name)]
	if !ok {
		return Zone{}, false
	}
	return Zone{place: found}, true
}

// IANA is the IANA name in its own spelling; for a Windows id that of the zone it maps to. It is the key that leads are
// grouped by. A link stays itself: two names that mean the same today may part in a later data version.
func (z Zone) IANA() string {
	if z.place == nil {
		return ""
	}
	return z.place.name
}

// Location has the rules of the zone; nil for the zero Zone. The same pointer every time.
func (z Zone) Location() *time.Location {
	if z.place == nil {
		return nil
	}
	return z.place.location()
}

// Offset is the offset from UTC in force at an instant, in hours east, with at least one digit after the point:
// "-5.0", "0.0", "5.5", "5.75" (contract 1.4).
func Offset(location *time.Location, at time.Time) string {
	_, seconds := at.In(location).Zone()
	text := strconv.FormatFloat(float64(seconds)/3600, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

// Entry is one Windows id and the IANA zone it maps to (CLDR windowsZones, territory 001).
type Entry struct{ Windows, IANA string }

// List answers every Windows id that is accepted, in alphabetical order.
func List() []Entry { return slices.Clone(windowsZones[:]) }

// Names answers every IANA name that is accepted, links included, in alphabetical order.
func Names() []string {
	var names []string
	for folded, place := range places() {
		if folded == fold(place.name) { // not a Windows id
			names = append(names, place.name)
		}
	}
	slices.Sort(names)
	return names
}

// places finds a place by its folded name. The map is built once from embedded data and never written again: a
// constant of this package that Go cannot spell as one. An unreadable archive is a broken build, kept out by the tests.
var places = sync.OnceValue(func() map[string]*place {
	archive, err := zip.NewReader(bytes.NewReader(zoneinfo), int64(len(zoneinfo)))
	if err != nil {
		panic("embedded zone data: " + err.Error())
	}
	found := make(map[string]*place, len(archive.File)+len(windowsZones))
	for _, file := range archive.File {
		found[fold(file.Name)] = &place{
			name:     file.Name,
			location: sync.OnceValue(func() *time.Location { return load(file) }),
		}
	}
	for _, entry := range slices.Concat(windowsZones[:], obsolete) {
		// The one name of both kinds, "UTC", becomes Etc/UTC, the zone it is a link to.
		found[fold(entry.Windows)] = found[fold(entry.IANA)]
	}
	return found
})

func load(file *zip.File) *time.Location {
	reader, err := file.Open()
	if err != nil {
		panic("embedded zone data: " + file.Name + ": " + err.Error())
	}
	data, err := io.ReadAll(reader)
	if err != nil {
		panic("embedded zone data: " + file.Name + ": " + err.Error())
	}
	location, err := time.LoadLocationFromTZData(file.Name, data)
	if err != nil {
		panic("embedded zone data: " + file.Name + ": " + err.Error())
	}
	return location
}

// obsolete are ids that Windows does not make zones of any more, and other names of those it does. Systems that were set up
// with one go on sending it.
var obsolete = []Entry{
	{"Armenian Standard Time", "Asia/Yerevan"}, // now Caucasus Standard Time
	{"Cabo Verde Standard Time", "Atlantic/Cape_Verde"},
	{"Kamchatka Standard Time", "Asia/Kamchatka"},   // now Russia Time Zone 11
	{"Mexico Standard Time", "America/Mexico_City"}, // now Central Standard Time (Mexico)
	{"Mexico Standard Time 2", "America/Mazatlan"},  // now Mountain Standard Time (Mexico)
	{"Mid-Atlantic Standard Time", "Etc/GMT+2"},     // now UTC-02
}

// fold makes names comparable without case, whether their letters are composed or not. The dotted capital I of "TÜRKİYE" has
// a lower case of two runes in Unicode's default rules; here it is an i.
func fold(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '\u0307' { // the dot that such a lower case leaves behind
			return -1
		}
		if r == 'İ' {
			return 'i'
		}
		return unicode.ToLower(r)
	}, norm.NFC.String(name))
}
