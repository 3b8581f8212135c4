package leadfile

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

const (
	// maxUnpacked bounds what a workbook unpacks to, four times the largest file that is taken (contract 0.6); a few KiB could be
	// gigabytes.
	maxUnpacked = 256 << 20
	// maxShared bounds the texts of a workbook, which are held in memory while its rows are read.
	maxShared = 48 << 20
	// maxStyles bounds how its cells look, of which only the number formats matter.
	maxStyles = 2 << 20
	// maxParts bounds the files of a workbook.
	maxParts = 4096
	// maxToken bounds a text or a tag of XML: a cell, each character of it written as a reference.
	maxToken = 8*MaxCell + 4096
)

var (
	errNoWorkbook = errors.New("the file is no XLSX workbook")
	errTooLarge   = errors.New("the workbook is too large once it is unpacked; save the sheet as CSV, or split it")
)

// parts are the files of a workbook (ISO/IEC 29500-2), unpacked as they are read and never kept as a whole.
type parts struct {
	ctx      context.Context
	byName   map[string]*zip.File
	declared int64 // bytes that they unpack to, as the directory of the ZIP says
	left     int64 // bytes that may still be unpacked
	sheets   []*zip.File
	shared   *zip.File // nil = there are none
	styles   *zip.File // nil = there are none
	date1904 bool
}

// openParts judges a ZIP by its directory, before any of it is unpacked.
func openParts(ctx context.Context, data []byte) (*parts, error) {
	if bytes.Count(data, []byte("PK\x01\x02")) > maxParts { // entries of the directory, which would all be read into memory
		return nil, errTooLarge
	}
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, errNoWorkbook
	}
	p := &parts{ctx: ctx, byName: map[string]*zip.File{}, left: maxUnpacked}
	for _, file := range archive.File {
		if file.UncompressedSize64 > maxUnpacked {
			return nil, errTooLarge
		}
		if p.declared += int64(file.UncompressedSize64); p.declared > maxUnpacked {
			return nil, errTooLarge
		}
		p.byName[partName(file.Name)] = file
	}
	if err := p.find(); err != nil {
		return nil, err
	}
	if p.shared != nil && p.shared.UncompressedSize64 > maxShared || p.styles != nil && p.styles.UncompressedSize64 > maxStyles {
		return nil, errTooLarge
	}
	return p, nil
}

// memory is what is held of the parts: of the texts with where each ends, which is less than their XML twice; of styles what they
// are decoded to.
func (p *parts) memory() (bytes int64) {
	if p.shared != nil {
		bytes += 2 * int64(p.shared.UncompressedSize64)
	}
	if p.styles != nil {
		bytes += 16 * int64(p.styles.UncompressedSize64)
	}
	return bytes
}

// partName is how names of parts are compared: in any case, from the root.
func partName(name string) string {
	return strings.ToLower(strings.TrimPrefix(path.Clean("/"+strings.ReplaceAll(name, "\\", "/")), "/"))
}

// find follows the relations from the root to what is read.
func (p *parts) find() error {
	book := "xl/workbook.xml"
	if related, err := p.related("_rels/.rels", ""); err != nil {
		return err
	} else if name, has := related.byKind["officeDocument"]; has {
		book = name
	}
	folder := path.Dir(book)
	related, err := p.related(path.Join(folder, "_rels", path.Base(book)+".rels"), folder)
	if err != nil {
		return err
	}
	p.shared, p.styles = p.byName[related.byKind["sharedStrings"]], p.byName[related.byKind["styles"]]
	if p.byName[book] == nil {
		return errNoWorkbook
	}
	return p.each(p.byName[book], func(start xml.StartElement) error {
		switch start.Name.Local {
		case "workbookPr":
			value := attribute(start, "date1904")
			p.date1904 = value == "1" || value == "true"
		case "sheet":
			for _, a := range start.Attr {
				if sheet := p.byName[related.byID[a.Value]]; a.Name.Local == "id" && a.Name.Space != "" && sheet != nil {
					p.sheets = append(p.sheets, sheet)
				}
			}
		}
		return nil
	})
}

// relations are the names of parts by their ids and by what they are.
type relations struct{ byID, byKind map[string]string }

func (p *parts) related(name, folder string) (relations, error) {
	r := relations{map[string]string{}, map[string]string{}}
	file := p.byName[partName(name)]
	if file == nil {
		return r, nil
	}
	return r, p.each(file, func(start xml.StartElement) error {
		if start.Name.Local != "Relationship" {
			return nil
		}
		target := attribute(start, "Target")
		if !strings.HasPrefix(target, "/") {
			target = path.Join(folder, target)
		}
		target = partName(target)
		r.byID[attribute(start, "Id")] = target
		r.byKind[path.Base(attribute(start, "Type"))] = target
		return nil
	})
}

// attribute is the value of an attribute without a name space, "" without it.
func attribute(start xml.StartElement, name string) string {
	for _, a := range start.Attr {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}

// maxElements bounds those of parts that are not read as they come: tables of contents and styles.
const maxElements = 100_000

// each calls fn with every element of a small part.
func (p *parts) each(file *zip.File, fn func(xml.StartElement) error) error {
	in, err := p.open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	for elements := 0; ; {
		token, err := in.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		start, begins := token.(xml.StartElement)
		if !begins {
			continue
		}
		if elements++; elements > maxElements {
			return errTooLarge
		}
		if err := fn(start); err != nil {
			return err
		}
	}
}

// tokens reads the XML of a part. Its tags are as they are written: prefixes of name spaces are not resolved.
type tokens struct {
	decoder *xml.Decoder
	in      *unpacking
}

// unpacking reads a part as far as it may be: to the size that the directory says, to what is left of the workbook, and to the end of
// a token of a size that something sensible can have.
type unpacking struct {
	of    *parts
	part  io.ReadCloser
	left  int64 // of the part
	token int64 // of the token
}

func (u *unpacking) Read(b []byte) (int, error) {
	if err := u.of.ctx.Err(); err != nil {
		return 0, err
	}
	if u.token <= 0 {
		return 0, fmt.Errorf("a cell has more than %d bytes", MaxCell)
	}
	n, err := u.part.Read(b)
	u.left, u.token, u.of.left = u.left-int64(n), u.token-int64(n), u.of.left-int64(n)
	if u.left < 0 || u.of.left < 0 {
		return 0, errTooLarge
	}
	return n, err
}

func (p *parts) open(file *zip.File) (*tokens, error) {
	part, err := file.Open()
	if err != nil {
		return nil, errNoWorkbook
	}
	in := &unpacking{of: p, part: part, left: int64(file.UncompressedSize64)}
	return &tokens{decoder: xml.NewDecoder(in), in: in}, nil
}

// next is the next token; its bytes are valid until the one after. io.EOF ends them.
func (t *tokens) next() (xml.Token, error) {
	t.in.token = maxToken
	return t.decoder.RawToken()
}

func (t *tokens) Close() error { return t.in.part.Close() }
