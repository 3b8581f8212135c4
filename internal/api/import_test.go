package api_test

import (
	"archive/zip"
	"bytes"
	"io"
	"net/url"
	"strings"
	"testing"
	"time"

	"nacre/internal/api"
	"nacre/internal/fault"
)

const (
	importLeads   = "POST /v2/Outbound/{pearl}/Leads/Import"
	importPreview = importLeads + "/Preview"
)

// workbook is an XLSX of one sheet with a number and a text a row, the text shared by all.
func workbook(t testing.TB, rows int, text string) string {
	t.Helper()
	var file bytes.Buffer
	archive := zip.NewWriter(&file)
	for name, part := range map[string]string{
		"xl/workbook.xml":            `<workbook xmlns:r="r"><sheets><sheet name="A" r:id="a"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="a" Type="x/worksheet" Target="sheet.xml"/><Relationship Id="b" Type="x/sharedStrings" Target="texts.xml"/></Relationships>`,
		"xl/texts.xml":               `<sst><si><t>` + text + `</t></si></sst>`,
		"xl/sheet.xml":               `<worksheet><sheetData>` + strings.Repeat(`<row><c><v>14155550101</v></c><c t="s"><v>0</v></c></row>`, rows) + `</sheetData></worksheet>`,
	} {
		w, err := archive.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, part); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return file.String()
}

// TestImportWhileTheDiskIsFull: an import creates, however small its file.
func TestImportWhileTheDiskIsFull(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *api.Config) {
		c.Room = func() error {
			return &fault.Error{Kind: fault.Unavailable, RetryAfter: time.Minute, Detail: "The disk is nearly full."}
		}
	})
	if response := w.ask(t, importLeads+"\n\n+14155550101\n"); response.StatusCode != 503 || response.Header.Get("Retry-After") != "60" {
		t.Errorf("import: %d %s", response.StatusCode, read(t, response))
	}
	if response := w.ask(t, importPreview+"\n\n+14155550101\n"); response.StatusCode != 200 {
		t.Errorf("preview: %d %s", response.StatusCode, read(t, response))
	}
}

// TestImportsCountUnpacked: what an account may have stored is what a workbook unpacks to.
func TestImportsCountUnpacked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *api.Config) { c.Uploads = 1 << 20 })
	file := workbook(t, 60, strings.Repeat("x", 20<<10))
	if len(file) > 10<<10 {
		t.Fatalf("the file has %d bytes", len(file))
	}
	mapping := "?mapping=" + url.QueryEscape(`["phoneNumber","a"]`)
	if response := w.ask(t, importLeads+mapping+"&dryRun=true\n\n"+file); response.StatusCode != 200 {
		t.Fatalf("dry run: %d %s", response.StatusCode, read(t, response))
	}
	response := w.ask(t, importLeads+mapping+"\n\n"+file)
	if text := read(t, response); response.StatusCode != 200 || !strings.Contains(text, `"added":12`) || !strings.Contains(text, `{"done":true}`) {
		t.Fatalf("import: %d %s", response.StatusCode, text)
	}
	if response := w.ask(t, importLeads+"\n\n+14155550101\n"); response.StatusCode != 429 || response.Header.Get("Retry-After") == "" {
		t.Errorf("after more than may be stored: %d %s", response.StatusCode, read(t, response))
	}
}

// TestImportsTakeMemoryOfBodies: a small workbook whose texts are many is refused where they have no room, and gives back what it took.
func TestImportsTakeMemoryOfBodies(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *api.Config) { c.BodyMemory = 64 << 20 })
	large, small := workbook(t, 1, strings.Repeat(" ", 20<<20)), workbook(t, 1, "x")
	if response := w.ask(t, importPreview+"\n\n"+large); response.StatusCode != 503 || response.Header.Get("Retry-After") == "" {
		t.Errorf("large: %d %s", response.StatusCode, read(t, response))
	}
	for range 5 {
		if response := w.ask(t, importPreview+"\n\n"+small); response.StatusCode != 200 {
			t.Fatalf("small: %d %s", response.StatusCode, read(t, response))
		}
	}
}

// TestImportsOfWhatIsNoText: U+0000 refuses the row, or the mapping, and ends no import (contract 0.2).
func TestImportsOfWhatIsNoText(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	var file strings.Builder
	file.WriteString("\xFF\xFE")
	for _, r := range []byte("+14155550101,a\x00b\n+14155550102,c\n") {
		file.Write([]byte{r, 0})
	}
	mapping := "?mapping=" + url.QueryEscape(`["phoneNumber","a"]`)
	response := w.ask(t, importLeads+mapping+"\n\n"+file.String())
	if text := read(t, response); response.StatusCode != 200 || !strings.Contains(text, `{"rows":2,"added":1,"again":false,"refused":[{"line":1,"reasons":["column 2 has the character U+0000`) {
		t.Errorf("%d %s", response.StatusCode, text)
	}
	mapping = "?mapping=" + url.QueryEscape(`["phoneNumber","a\u0000"]`)
	response = w.ask(t, importLeads+mapping+"\n\n+14155550101,x\n")
	if text := read(t, response); response.StatusCode != 400 || !strings.Contains(text, `"Mapping":["The columns cannot be mapped: column 2 is mapped to a name with the character U+0000`) {
		t.Errorf("%d %s", response.StatusCode, text)
	}
}

// TestTheSameImport: a mapping that leaves the last columns out is the same as one that does not name them; files with other
// mappings are others.
func TestTheSameImport(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for _, c := range []struct{ mapping, want string }{
		{`["phoneNumber","name"]`, `{"rows":1,"added":1,"again":false,`},
		{`["phoneNumber","name",""]`, `{"rows":1,"added":1,"again":true,`},
		{`["phoneNumber","name","x"]`, `{"rows":1,"added":1,"again":false,`},
		{`["phoneNumber"]`, `{"rows":1,"added":1,"again":false,`},
	} {
		response := w.ask(t, importLeads+"?mapping="+url.QueryEscape(c.mapping)+"\n\nphone,name,x\n+14155550101,Ada,1\n")
		if text := read(t, response); response.StatusCode != 200 || !strings.Contains(text, c.want) {
			t.Errorf("%s: %d %s, want %s", c.mapping, response.StatusCode, text, c.want)
		}
	}
}

func TestFilesWithoutLeads(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for file, want := range map[string]string{
		"phone,name\n":                           "no rows of leads",
		"phone,a\n+14155550101,\"x\n1,y\n":       "line 2: the quote that column 2 begins with is never closed",
		workbook(t, 1, strings.Repeat("x", 4e5)): "a cell has more than",
	} {
		for _, route := range []string{importLeads, importPreview} {
			response := w.ask(t, route+"\n\n"+file)
			if text := read(t, response); response.StatusCode != 400 || !strings.Contains(text, "The file cannot be imported: ") || !strings.Contains(text, want) {
				t.Errorf("%s: %d %s, want %s", route, response.StatusCode, text, want)
			}
		}
	}
}
