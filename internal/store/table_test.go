package store

import (
	"strings"
	"testing"
)

// TestStatementsOfATable: all of them have the columns of the one list, each with the value of its place.
func TestStatementsOfATable(t *testing.T) {
	t.Parallel()
	place := newTable("place", "id, account_id, name, note")
	for got, want := range map[string]string{
		place.list():              "id, account_id, name, note",
		place.listWithout("note"): "id, account_id, name",
		place.insertion(1):        "INSERT INTO place (id, account_id, name, note) VALUES (?1, ?2, ?3, ?4)",
		place.insertion(2):        "INSERT INTO place (id, account_id, name, note) VALUES (?1, ?2, ?3, ?4), (?5, ?6, ?7, ?8)",
		place.updating(2):         "UPDATE place SET name = ?3, note = ?4 WHERE id = ?1 AND account_id = ?2",
		place.replacing(2): "INSERT INTO place (id, account_id, name, note) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (id, account_id) " +
			"DO UPDATE SET name = excluded.name, note = excluded.note",
	} {
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	c := place.set([]any{"1", "2", "Rome", ""}, func(column string) bool { return column == "name" })
	if text, args := c.update("place", "id = ?1", "1"); text != "UPDATE place SET name = ?2 WHERE id = ?1" || len(args) != 2 || args[1] != "Rome" {
		t.Errorf("%s %v", text, args)
	}
}

// TestTablesHaveTheColumns: the lists are those of the migrations, but for what has a default.
func TestTablesHaveTheColumns(t *testing.T) {
	t.Parallel()
	s, err := OpenSQLite(t.TempDir()+"/"+FileName, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	for _, listed := range []table{
		accountTable, newTable("api_key", keyColumns), numberTable, trunkTable, userTable, newTable("bulk", bulkColumns), requestTable,
		newTable("suppression", suppressionColumns), leadTable, historyTable, auditTable, replayTable, secretTable, callTable, pearlTable, deliveryTable,
	} {
		err := s.backend.read(t.Context(), func(q session) error {
			columns, err := list(q, scanText[string], "SELECT name FROM pragma_table_info('"+listed.name+"') WHERE NOT (name = 'entry' AND type = 'INTEGER') ORDER BY name")
			if err != nil {
				return err
			}
			missing := strings.Join(columns, " ")
			for _, column := range listed.columns {
				before := " " + missing + " "
				missing = strings.TrimSpace(strings.Replace(before, " "+column+" ", " ", 1))
				if len(missing)+2 == len(before) {
					t.Errorf("table %s has no column %s", listed.name, column)
				}
			}
			if missing != "" {
				t.Errorf("table %s has columns that are not in its list: %s", listed.name, missing)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}
