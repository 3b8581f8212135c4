package leadfile

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Fields of a lead that a column can be; any other text is the id of a variable.
const (
	PhoneNumber = "phoneNumber"
	ExternalID  = "externalId"
	TimeZoneID  = "timeZoneId"
)

// Mapping says of each column which field or variable it is; "" leaves it out.
type Mapping []string

// Variable is one that a campaign has.
type Variable struct{ ID, Name string }

// names are headings as people write them, folded (see fold), by field. The first that fits counts.
var names = map[string][]string{
	PhoneNumber: {
		"phonenumber", "phone", "phoneno", "telephone", "telephonenumber", "tel", "mobile", "mobilenumber", "mobilephone", "cell", "cellphone", "msisdn", "number", "contactnumber",
		"telefono", "movil", "celular", "telephoneportable", "portable", "numero", "telefon", "telefonnummer", "handy", "mobil", "rufnummer", "טלפון", "נייד", "מספרטלפון",
	},
	ExternalID: {"externalid", "crmid", "leadid", "customerid", "contactid", "recordid", "accountid", "clientid", "reference", "ref", "kundennummer", "idclient", "idcliente", "מזהה", "extid", "externalno", "crm", "id"},
	TimeZoneID: {"timezoneid", "timezone", "tz", "zone", "zonahoraria", "fuseauhoraire", "zeitzone", "אזורזמן"},
}

// leftOut are columns that an export has and that say nothing to an import: its id beside an externalId. Its timeZone is an
// offset, no zone.
var leftOut = []string{"id", "status", "created", "createdat"}

// fold is a heading without case, accents, white space and punctuation.
func fold(heading string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(heading)) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Guess says what the columns are, by their headings and by what stands in them. A column of no known field is the variable
// of that id or name, or else a variable by its own heading.
func (t *Table) Guess(variables []Variable) Mapping {
	m := make(Mapping, len(t.Header))
	taken := map[string]bool{}
	take := func(column int, as string) {
		m[column], taken[as] = as, true
	}
	for _, field := range []string{PhoneNumber, ExternalID, TimeZoneID} {
		for _, name := range names[field] {
			column := slices.IndexFunc(t.Header, func(h string) bool { return fold(h) == name })
			if column < 0 || m[column] != "" || field == TimeZoneID && !t.mostly(column, looksLikeZone) {
				continue
			}
			take(column, field)
			break
		}
	}
	if !taken[PhoneNumber] { // by what stands there
		for column := range m {
			if m[column] == "" && t.mostly(column, looksLikePhone) {
				take(column, PhoneNumber)
				break
			}
		}
	}
	for column, heading := range t.Header {
		folded := fold(heading)
		if m[column] != "" || folded == "" || slices.Contains(leftOut, folded) || slices.Contains(names[TimeZoneID], folded) {
			continue
		}
		known := slices.IndexFunc(variables, func(v Variable) bool { return v.ID == heading || fold(v.ID) == folded || fold(v.Name) == folded })
		as := heading
		if known >= 0 {
			as = variables[known].ID
		}
		if !taken[as] && utf8.RuneCountInString(as) <= maxKey {
			take(column, as)
		}
	}
	return m
}

// maxKey is how many characters the id of a variable has at most (contract 0.6).
const maxKey = 128

// mostly reports whether more than half of what stands in a column of the sample is something.
func (t *Table) mostly(column int, something func(string) bool) bool {
	filled, fits := 0, 0
	for _, row := range t.Sample {
		if column >= len(row.Cells) || row.Cells[column] == "" {
			continue
		}
		filled++
		if something(row.Cells[column]) {
			fits++
		}
	}
	return fits*2 > filled
}

// looksLikePhone: 7 to 15 digits and what stands between them, nothing else.
func looksLikePhone(cell string) bool {
	digits := 0
	for n, r := range cell {
		switch {
		case '0' <= r && r <= '9':
			digits++
		case r == '+' && n == 0, strings.ContainsRune(" -().\u00A0/", r):
		default:
			return false
		}
	}
	// A date has 8 digits too, and two separators at its places.
	if len(cell) == 10 && digits == 8 && cell[4] == cell[7] && (cell[4] == '-' || cell[4] == '/') || len(cell) == 10 && digits == 8 && cell[2] == cell[5] && strings.ContainsRune("-/.", rune(cell[2])) {
		return false
	}
	return digits >= 7 && digits <= 15
}

// looksLikeZone: a name, no offset.
func looksLikeZone(cell string) bool {
	return strings.ContainsFunc(cell, unicode.IsLetter)
}

// Whole is the mapping with one entry for each of the columns: those that it does not name are left out.
func (m Mapping) Whole(columns int) Mapping {
	whole := make(Mapping, columns)
	copy(whole, m)
	return whole
}

// Check says what is wrong with a mapping, for people.
func (m Mapping) Check(columns int) error {
	if len(m) > columns {
		return fmt.Errorf("the mapping names %d columns; the file has %d", len(m), columns)
	}
	seen := map[string]int{}
	for column, as := range m {
		if as == "" {
			continue
		}
		if utf8.RuneCountInString(as) > maxKey {
			return fmt.Errorf("column %d is mapped to a name of more than %d characters", column+1, maxKey)
		}
		if strings.Contains(as, "\x00") {
			return fmt.Errorf("column %d is mapped to a name with the character U+0000, which is not allowed in texts", column+1)
		}
		if before, twice := seen[as]; twice {
			return fmt.Errorf("columns %d and %d are both mapped to %s", before+1, column+1, as)
		}
		seen[as] = column
	}
	if _, has := seen[PhoneNumber]; !has {
		return fmt.Errorf("no column is mapped to %s", PhoneNumber)
	}
	return nil
}

// Lead is a row as a mapping reads it.
type Lead struct {
	PhoneNumber, ExternalID, TimeZoneID string
	CallData                            map[string]string // empty cells are left out
}

// Lead reads a row.
func (m Mapping) Lead(row Row) Lead {
	l := Lead{CallData: map[string]string{}}
	for column, as := range m {
		if as == "" || column >= len(row.Cells) || row.Cells[column] == "" {
			continue
		}
		switch value := row.Cells[column]; as {
		case PhoneNumber:
			l.PhoneNumber = value
		case ExternalID:
			l.ExternalID = value
		case TimeZoneID:
			l.TimeZoneID = value
		default:
			l.CallData[as] = value
		}
	}
	return l
}
