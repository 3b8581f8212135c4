package store

import "testing"

func TestDialect(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, sqlite, postgres string }{
		{
			"values in order", "UPDATE a SET b = ?1 WHERE c = ?2 {for update}",
			"UPDATE a SET b = +?1 WHERE c = +?2 ", "UPDATE a SET b = $1 WHERE c = $2 FOR UPDATE",
		},
		{
			"values out of order, more than nine", "SELECT ?2 WHERE a = ?10 AND {contains}(b, ?1) > 0 LIMIT ?2 {skip locked}",
			"SELECT +?2 WHERE a = +?10 AND instr(b, +?1) > 0 LIMIT +?2 ",
			"SELECT $2 WHERE a = $10 AND strpos(b, $1) > 0 LIMIT $2 FOR UPDATE SKIP LOCKED",
		},
		{"no condition", "INSERT INTO a VALUES (?1, ?2, {true})", "INSERT INTO a VALUES (+?1, +?2, 1)", "INSERT INTO a VALUES ($1, $2, TRUE)"},
		{"a limit alone", "SELECT a FROM b LIMIT ?1", "SELECT a FROM b LIMIT +?1", "SELECT a FROM b LIMIT $1"},
	} {
		if got := guarded(sqliteDialect().words(c.text)); got != c.sqlite {
			t.Errorf("%s: SQLite gets %q, want %q", c.name, got, c.sqlite)
		}
		if got := dollars(postgresDialect().words(c.text)); got != c.postgres {
			t.Errorf("%s: PostgreSQL gets %q, want %q", c.name, got, c.postgres)
		}
	}
}

func TestSearchText(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]string{
		``:   "ext",
		`{}`: "ext",
		`{"Name" : "Zoë \"Q\" Ñ", "n":-1.50e3,"t":true,"f":false,"z":null,"Deep":[{"K":"V\u00c9"},[1]]}`: "ext\nzoe \"q\" n\n-1.50e3\ntrue\nfalse\nve\n1",
		`{"a":"x:y,]}","b":"\\"}`: "ext\nx:y,]}\n\\",
	} {
		if got := searchText("Ext", []byte(data)); got != want {
			t.Errorf("search text of %s is %q, want %q", data, got, want)
		}
	}
}
