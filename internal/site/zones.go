package site

import (
	"time"

	"nacre/internal/zone"
)

// zoneRow is one name with the zone it stands for.
type zoneRow struct{ Name, IANA, Offset string }

// zoneTable is what the page of time zones shows.
type zoneTable struct {
	At          time.Time
	DataVersion string
	Windows     []zoneRow
	IANA        []zoneRow
}

// quarter is how long offsets hold at least: changes come at full quarters of an hour.
const quarter = 15 * time.Minute

// zonesNow is the page of time zones with the offsets in force, written anew once a quarter of an hour.
func (s *Site) zonesNow() (*file, error) {
	s.zones.Lock()
	defer s.zones.Unlock()
	at := s.now().UTC().Truncate(quarter)
	if s.zonesPage != nil && s.zonesAt.Equal(at) {
		return s.zonesPage, nil
	}
	table := zoneTable{At: at, DataVersion: zone.DataVersion}
	add := func(rows []zoneRow, name string) []zoneRow {
		found, ok := zone.Parse(name)
		if !ok {
			return rows
		}
		return append(rows, zoneRow{Name: name, IANA: found.IANA(), Offset: zone.Offset(found.Location(), at)})
	}
	for _, entry := range zone.List() {
		table.Windows = add(table.Windows, entry.Windows)
	}
	for _, name := range zone.Names() {
		table.IANA = add(table.IANA, name)
	}
	var title string
	for _, guide := range guides() {
		if guide.Slug == zonesSlug {
			title = guide.Title
		}
	}
	made, err := s.render(zonesPath(), title, "guide/"+zonesSlug, table)
	if err != nil {
		return nil, err
	}
	s.zonesAt, s.zonesPage = at, made
	return made, nil
}
