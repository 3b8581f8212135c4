package leadfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"
)

// read opens a file, guesses its columns and returns all leads, one a line.
func read(t *testing.T, data []byte, variables ...Variable) string {
	t.Helper()
	table, err := Open(t.Context(), data)
	if err != nil {
		return err.Error()
	}
	defer table.Close()
	mapping := table.Guess(variables)
	if err := mapping.Check(len(table.Header)); err != nil {
		return err.Error()
	}
	var b strings.Builder
	for {
		row, err := table.Next()
		if errors.Is(err, io.EOF) {
			return b.String()
		}
		if err != nil {
			return b.String() + err.Error()
		}
		if row.Fault != "" {
			fmt.Fprintf(&b, "%d %s\n", row.Line, row.Fault)
			continue
		}
		l := mapping.Lead(row)
		fmt.Fprintf(&b, "%d %s|%s|%s|%v\n", row.Line, l.PhoneNumber, l.ExternalID, l.TimeZoneID, l.CallData)
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	utf16LE := func(text string) string {
		b := []byte{0xFF, 0xFE}
		for _, unit := range utf16.Encode([]rune(text)) {
			b = append(b, byte(unit), byte(unit>>8))
		}
		return string(b)
	}
	for name, c := range map[string]struct{ file, want string }{
		"export of ours": {
			"id,phoneNumber,externalId,timeZone,status,created,plan\n665f1f77bcf86cd799439011,+14155550101,crm-1,-8.0,New,2026-11-29T10:00:00Z,A\n",
			"2 +14155550101|crm-1||map[plan:A]\n",
		},
		"semicolons, BOM, CRLF, empty lines": {
			"\xEF\xBB\xBFName;Phone Number;Time Zone\r\n\r\n Zoë ;(415) 555-0101;Pacific Standard Time\r\n;;\r\n",
			"3 (415) 555-0101||Pacific Standard Time|map[Name:Zoë]\n",
		},
		"tabs in UTF-16":         {utf16LE("téléphone\tprénom\n+33155550101\tÉlise\n"), "2 +33155550101|||map[prénom:Élise]\n"},
		"Windows-1252":           {"Telefon;Stra\xdfe\n+4930555010;M\xfcllerstra\xdfe 1\n", "2 +4930555010|||map[Straße:Müllerstraße 1]\n"},
		"Excel's own hint":       {"sep=|\nphone|city\n+14155550101|Rome\n", "3 +14155550101|||map[city:Rome]\n"},
		"quoted line break":      {"phone,note\n+14155550101,\"two\nlines, and a comma\"\n+14155550102,x\n", "2 +14155550101|||map[note:two\nlines, and a comma]\n4 +14155550102|||map[note:x]\n"},
		"no header":              {"Ada,+14155550101\nBen,+14155550102\n", "1 +14155550101|||map[]\n2 +14155550102|||map[]\n"},
		"number by what it is":   {"who,reach\nAda,+1 415 555 0101\nBen,n/a\nCy,+1 415 555 0103\n", "2 +1 415 555 0101|||map[who:Ada]\n3 n/a|||map[who:Ben]\n4 +1 415 555 0103|||map[who:Cy]\n"},
		"dates are no numbers":   {"joined,mobile\n2026-11-29,+14155550101\n", "2 +14155550101|||map[joined:2026-11-29]\n"},
		"Hebrew":                 {"שם,טלפון\nדנה,+97225550101\n", "2 +97225550101|||map[שם:דנה]\n"},
		"short and long rows":    {"phone,a,b\n+14155550101\n+14155550102,1,2,3\n", "2 +14155550101|||map[]\n3 +14155550102|||map[a:1 b:2]\n"},
		"an offset is no zone":   {"phone,timezone\n+14155550101,-8.0\n", "2 +14155550101|||map[]\n"},
		"by id and by name":      {"Phone,Vorname,full name\n+14155550101,Zoë,Zoë Z\n", "2 +14155550101|||map[firstName:Zoë fullName:Zoë Z]\n"},
		"twice the same heading": {"phone,plan,Plan\n+14155550101,A,B\n", "2 +14155550101|||map[Plan:B plan:A]\n"},
		"no number":              {"name,city\nAda,Rome\n", "no column is mapped to phoneNumber"},
		"only a header":          {"phone,name\n", errNoLeads.Error()},
		"CR ends lines":          {"phone,name\r+14155550101,Ada\r\r+14155550102,\"B\re\r\nn\"\r+14155550103,Cy", "2 +14155550101|||map[name:Ada]\n4 +14155550102|||map[name:B\ne\nn]\n7 +14155550103|||map[name:Cy]\n"},
		"hint, CR":               {"sep=|\rphone|city\r+14155550101|Rome\r", "3 +14155550101|||map[city:Rome]\n"},
		"doubled quotes":         {"phone,a\n+14155550101,\"say \"\"hi\"\", x\"\n+14155550102,\"\"\n", "2 +14155550101|||map[a:say \"hi\", x]\n3 +14155550102|||map[]\n"},
		"quotes in a quoted one": {"phone,a\n+14155550101,\"a \"b\" c, d\"\n", "2 +14155550101|||map[a:a \"b\" c, d]\n"},
		"a quote never closed":   {"phone,a\n+14155550101,\"x\n+14155550102,y\n+14155550103,z\n", "line 2: the quote that column 2 begins with is never closed"},
		"a quote closed by another's": {
			"phone,a\n+14155550101,\"x\n+14155550102,y\n+14155550103,\"z\"\n+14155550104,w\n",
			"2 the quote that column 2 begins with is not closed; the lines up to 4 were taken for its text\n5 +14155550104|||map[a:w]\n",
		},
		"a quote open at the end of its line": {"phone,a\n+14155550101,\"5\" nails\n+14155550102,y\n", "2 the quote that column 2 begins with is not closed\n3 +14155550102|||map[a:y]\n"},
		"U+0000":                              {utf16LE("phone,a\n+14155550101,x\x00y\n+14155550102,y\n"), "2 column 2 has the character U+0000, which is not allowed in texts\n3 +14155550102|||map[a:y]\n"},
		"U+0000 in UTF-8":                     {"phone,a\n+14155550101,x\x00y\n+14155550102,y\n", "2 column 2 has the character U+0000, which is not allowed in texts\n3 +14155550102|||map[a:y]\n"},
		"U+0000 in Windows-1252":              {"phone,a\n+14155550101,x\x00y\n+14155550102,\xFC\n", "2 column 2 has the character U+0000, which is not allowed in texts\n3 +14155550102|||map[a:ü]\n"},
		"empty columns without end":           {"phone,a\n+14155550101,x" + strings.Repeat(",", 100_000) + "\n", "2 +14155550101|||map[a:x]\n"},
		"inch marks":                          {"phone,item\n+14155550101,5\" nails\n", "2 +14155550101|||map[item:5\" nails]\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := read(t, []byte(c.file), Variable{"firstName", "Vorname"}, Variable{"fullName", "Full name"}); got != c.want {
				t.Errorf("got\n%swant\n%s", got, c.want)
			}
		})
	}
}

func TestNoFiles(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, want string }{
		"empty":                   {" \n", "empty"},
		"old workbook":            {"\xD0\xCF\x11\xE0\xA1\xB1", "XLS"},
		"broken ZIP":              {"PK\x03\x04rest", "no XLSX workbook"},
		"a picture":               {"\x89PNG\x00\x01", "neither CSV nor XLSX"},
		"a whole picture":         {"\x89PNG\r\n\x1A\n\x00\x00\x00\rIHDR\x00", "neither CSV nor XLSX"},
		"UTF-16 without its mark": {"p\x00\n\x00", "neither CSV nor XLSX"},
		"endless quote":           {"phone,a\n+14155550101,\"" + strings.Repeat("x,\n", 20000), "line 2: column 2 has more than"},
		"too much":                {"phone\n" + strings.Repeat(strings.Repeat("x", 20<<10)+",", 4) + "1\n", "line 2 has more than 65536 bytes"},
		"too wide":                {"phone\n" + strings.Repeat("1,", MaxColumns) + "1\n", "line 2 has more columns than the 300"},
	} {
		if _, err := Open(t.Context(), []byte(c.file)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWorkbook(t *testing.T) {
	t.Parallel()
	book := excelize.NewFile()
	defer book.Close()
	if _, err := book.NewSheet("Second"); err != nil {
		t.Fatal(err)
	}
	for cell, value := range map[string]any{
		"A1": "Phone", "B1": "CRM id", "C1": "age", "D1": "since",
		"A2": 442079460107, "B2": 1001, "C2": 41.5, "D2": "2026-11-29",
		"A4": "+14155550101", "C4": true,
	} {
		if err := book.SetCellValue("Second", cell, value); err != nil {
			t.Fatal(err)
		}
	}
	var file bytes.Buffer
	if err := book.Write(&file); err != nil {
		t.Fatal(err)
	}
	want := "2 442079460107|1001||map[age:41.5 since:2026-11-29]\n4 +14155550101|||map[age:TRUE]\n"
	if got := read(t, file.Bytes()); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestCheckMapping(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		mapping Mapping
		want    string
	}{
		{Mapping{"phoneNumber"}, ""},
		{Mapping{"", "phoneNumber", "x"}, ""},
		{Mapping{"x"}, "no column is mapped to phoneNumber"},
		{nil, "no column is mapped to phoneNumber"},
		{Mapping{"phoneNumber", "x", "x"}, "columns 2 and 3 are both mapped to x"},
		{Mapping{"phoneNumber", "", "", "x"}, "the mapping names 4 columns; the file has 3"},
		{Mapping{"phoneNumber", strings.Repeat("x", 129)}, "more than 128 characters"},
	} {
		got := ""
		if err := c.mapping.Check(3); err != nil {
			got = err.Error()
		}
		if got != c.want && (c.want == "" || !strings.Contains(got, c.want)) {
			t.Errorf("%v: %q, want %q", c.mapping, got, c.want)
		}
	}
}

func TestPlain(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"4.42079460107E11": "442079460107", "4.42079460107E+11": "442079460107", "1.5E-3": "1.5E-3", "12": "12", "crm-1E5": "crm-1E5", "1E+29": "1" + strings.Repeat("0", 29), "1E+30": "1E+30", "1E+600000000": "1E+600000000", "1E-600000000": "1E-600000000"} {
		if got := plain(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func FuzzOpen(f *testing.F) {
	for _, seed := range []string{"phone,name\n+14155550101,Ada\n", "sep=;\nphone;name\n1;2\n", "\xFF\xFEa\x00", "\"", "PK\x03\x04"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		table, err := Open(t.Context(), data)
		if err != nil {
			return
		}
		defer table.Close()
		mapping := table.Guess(nil)
		last := 0
		for {
			row, err := table.Next()
			if err != nil {
				return
			}
			if row.Line <= last || len(row.Cells) == 0 && row.Fault == "" || len(row.Cells) > MaxColumns {
				t.Fatalf("row %+v after line %d", row, last)
			}
			last = row.Line
			mapping.Lead(row)
		}
	})
}

func TestHeadingsAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	names := []Variable{{ID: "firstName"}, {ID: "emailAddress", Name: "email"}}
	for header, want := range map[string]string{
		"Phone;Ext Id;First Name;E-mail":           "2 +14155550101|7||map[emailAddress:a@example.com firstName:Ada]\n",
		"phone;ID;first_name;Email Address":        "2 +14155550101|7||map[emailAddress:a@example.com firstName:Ada]\n",
		"phone;External ID;FIRSTNAME;emailaddress": "2 +14155550101|7||map[emailAddress:a@example.com firstName:Ada]\n",
	} {
		if got := read(t, []byte(header+"\n+14155550101;7;Ada;a@example.com\n"), names...); got != want {
			t.Errorf("%s: %q, want %q", header, got, want)
		}
	}
}
