package leadfile

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// packed is a workbook of one sheet, written by hand.
func packed(t testing.TB, sheet string, others map[string]string) []byte {
	t.Helper()
	var file bytes.Buffer
	archive := zip.NewWriter(&file)
	parts := map[string]string{
		"xl/workbook.xml":            `<workbook xmlns:r="r"><sheets><sheet name="A" sheetId="1" r:id="rId1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="rId1" Type="x/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="x/sharedStrings" Target="/xl/sharedStrings.xml"/><Relationship Id="rId3" Type="x/styles" Target="styles.xml"/></Relationships>`,
		"xl/worksheets/sheet1.xml":   `<worksheet><sheetData>` + sheet + `</sheetData></worksheet>`,
	}
	for name, text := range others {
		parts[name] = text
	}
	for name, text := range parts {
		w, err := archive.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// TestCellsByTheirType: only numbers become whole digits; texts stay as they are, however much they look like numbers.
func TestCellsByTheirType(t *testing.T) {
	t.Parallel()
	const head = `<row r="1"><c t="inlineStr"><is><t>phone</t></is></c><c t="inlineStr"><is><t>a</t></is></c></row>`
	file := packed(t, head+
		`<row r="2"><c r="A2"><v>1.4155550101E10</v></c><c r="B2" t="s"><v>0</v></c></row>`+
		`<row r="3"><c r="A3" t="str"><f>"+1"</f><v>+14155550102</v></c><c r="B3" t="inlineStr"><is><r><t>7E</t></r><rPh><t>seven</t></rPh><r><t>12</t></r></is></c></row>`+
		`<row><c t="n"><v>14155550103</v></c><c t="str"><v>1E5</v></c></row>`+
		`<row><c><v>14155550104</v></c><c><v>1E+600000000</v></c></row>`+
		`<row><c><v>14155550105</v></c><c s="1"><v>1E+200</v></c></row>`+
		`<row><c><v>14155550106</v></c><c><v>41.100000000000001</v></c></row>`+
		`<row><c><v>14155550107</v></c><c s="1"><v>1234</v></c></row>`+
		`<row><c><v>14155550108</v></c><c t="inlineStr"><is><t>x_x0000_y</t></is></c></row>`+
		`<row r="12"><c r="A12"><v>14155550109</v></c><c r="XFD12"/></row>`,
		map[string]string{
			"xl/sharedStrings.xml": `<sst><si><t>1E5</t></si></sst>`,
			"xl/styles.xml":        `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts count="1"><numFmt numFmtId="164" formatCode="00000"/></numFmts><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="164" applyNumberFormat="1"/></cellXfs></styleSheet>`,
		})
	const want = `2 14155550101|||map[a:1E5]
3 +14155550102|||map[a:7E12]
4 14155550103|||map[a:1E5]
5 14155550104|||map[a:1E+600000000]
6 14155550105|||map[a:1E+200]
7 14155550106|||map[a:41.1]
8 14155550107|||map[a:01234]
9 column 2 has the character U+0000, which is not allowed in texts
12 14155550109|||map[]
`
	if got := read(t, file); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestDatesOfAWorkbook(t *testing.T) {
	t.Parallel()
	book := excelize.NewFile()
	defer book.Close()
	style, err := book.NewStyle(&excelize.Style{NumFmt: 14})
	if err != nil {
		t.Fatal(err)
	}
	for cell, value := range map[string]any{"A1": "phone", "B1": "since", "A2": "+14155550101", "B2": 46355} {
		if err := book.SetCellValue("Sheet1", cell, value); err != nil {
			t.Fatal(err)
		}
	}
	if err := book.SetCellStyle("Sheet1", "B2", "B2", style); err != nil {
		t.Fatal(err)
	}
	shown, err := book.GetCellValue("Sheet1", "B2")
	if err != nil || shown == "46355" {
		t.Fatal(shown, err)
	}
	var file bytes.Buffer
	if err := book.Write(&file); err != nil {
		t.Fatal(err)
	}
	if got, want := read(t, file.Bytes()), "2 +14155550101|||map[since:"+shown+"]\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestWorkbooksThatUnpackToMuch are refused by the directory of the ZIP, and where that lies while they are unpacked: neither takes
// memory or files.
func TestWorkbooksThatUnpackToMuch(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	const row = `<row><c t="inlineStr"><is><t>`
	cell := strings.Repeat("x", 12<<20)
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"a cell":            {packed(t, row+cell+`</t></is></c></row>`, nil), "a cell has more than"},
		"a shared text":     {packed(t, ``, map[string]string{"xl/sharedStrings.xml": `<sst><si><t>` + cell}), "a cell has more than"},
		"a part not read":   {stated(packed(t, ``, map[string]string{"xl/a": "", "xl/b": ""}), maxUnpacked/2), "too large"},
		"shared texts":      {packed(t, ``, map[string]string{"xl/sharedStrings.xml": strings.Repeat(" ", maxShared+1)}), "too large"},
		"relations":         {packed(t, ``, map[string]string{"_rels/.rels": strings.Repeat(`<Relationship/>`, maxElements+1)}), "too large"},
		"a column far away": {packed(t, `<row><c r="XFD1"><v>1</v></c></row>`, nil), "more columns"},
		"styles":            {packed(t, ``, map[string]string{"xl/styles.xml": strings.Repeat(" ", maxStyles+1)}), "too large"},
		"formats":           {packed(t, ``, map[string]string{"xl/styles.xml": strings.Repeat(`<numFmt/>`, maxFormats+1)}), "too large"},
		"no part closed":    {packed(t, row, nil), "row 1 of the workbook cannot be read"},
	} {
		lies := bytes.Clone(c.file)
		for range 2 { // the second time the directory says that all parts are small
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := Open(t.Context(), lies)
			runtime.ReadMemStats(&after)
			if err == nil && bytes.Equal(lies, c.file) {
				t.Errorf("%s: no error", name)
			} else if bytes.Equal(lies, c.file) && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v, want %s", name, err, c.want)
			}
			if took := after.TotalAlloc - before.TotalAlloc; took > 20<<20 {
				t.Errorf("%s: %d MiB were allocated", name, took>>20)
			}
			lies = stated(lies, 100)
		}
	}
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Errorf("temporary files: %v %v", left, err)
	}
}

// stated is a ZIP whose directory says of every file that it unpacks to so many bytes.
func stated(file []byte, size uint32) []byte {
	lies := bytes.Clone(file)
	for at := 0; ; {
		next := bytes.Index(lies[at:], []byte("PK\x01\x02"))
		if next < 0 {
			return lies
		}
		at += next + 4
		binary.LittleEndian.PutUint32(lies[at+20:], size)
	}
}

// TestManyFilesInAZIP: the directory itself is judged before it is read.
func TestManyFilesInAZIP(t *testing.T) {
	t.Parallel()
	others := map[string]string{}
	for n := range maxParts {
		others[fmt.Sprint(n)] = ""
	}
	if _, err := Open(t.Context(), packed(t, ``, others)); !errors.Is(err, errTooLarge) {
		t.Error(err)
	}
}

func TestMemory(t *testing.T) {
	t.Parallel()
	texts := `<sst>` + strings.Repeat(`<si><t>x</t></si>`, 1<<20) + `</sst>`
	small, err := Memory(packed(t, ``, nil))
	if err != nil {
		t.Fatal(err)
	}
	large, err := Memory(packed(t, ``, map[string]string{"xl/sharedStrings.xml": texts}))
	if err != nil || large-small < 2*int64(len(texts)) {
		t.Errorf("%d bytes without texts, %d with %d bytes of them: %v", small, large, len(texts), err)
	}
	if plain, err := Memory(make([]byte, 64<<20)); err != nil || plain > 16<<20 {
		t.Errorf("a CSV takes %d bytes: %v", plain, err)
	}
}

// TestReadingEndsWithItsContext, in every kind of file, also where what is read is no row.
func TestReadingEndsWithItsContext(t *testing.T) {
	t.Parallel()
	texts := map[string]string{"xl/sharedStrings.xml": `<sst>` + strings.Repeat(`<si/>`, 1000)}
	rows := strings.Repeat(`<row><c><v>14155550101</v></c></row>`, 10_000)
	for name, file := range map[string][]byte{
		"CSV": []byte("phone\n" + strings.Repeat("+14155550101\n", 100_000)), "empty lines": []byte("x" + strings.Repeat("\n", 1<<20)),
		"Windows-1252": []byte("phone\n\xFC\n"), "UTF-16": []byte("\xFF\xFEp\x00"), "workbook": packed(t, rows, nil), "texts": packed(t, rows, texts),
	} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := Open(ctx, file); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	table, err := Open(ctx, packed(t, rows, nil))
	if err != nil {
		t.Fatal(err)
	}
	defer table.Close()
	cancel()
	for err == nil {
		_, err = table.Next()
	}
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestTooManyRows(t *testing.T) {
	t.Parallel()
	table, err := Open(t.Context(), []byte("phone\n"+strings.Repeat("1\n", maxRows+1)))
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = table.Next()
	}
	if !strings.Contains(err.Error(), "more than 1000000 rows") {
		t.Error(err)
	}
}
