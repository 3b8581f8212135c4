package phone_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"

	"nacre/internal/phone"
)

func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, input, region string
		callers             []string     // our own numbers
		want                phone.Number // "" = refused
		text                string       // a part of the error
	}{
		{name: "normal form", input: "+14155550101", want: "+14155550101"},
		{name: "spaces and dashes", input: " +1 415-555-0101 ", want: "+14155550101"},
		{name: "brackets, dots, slashes", input: "+1/(415) 555.0101", want: "+14155550101"},
		{name: "square and curly brackets", input: "[+1]{415}5550101", want: "+14155550101"},
		{name: "bracket before the plus", input: "(+1) 4155550101", want: "+14155550101"},
		{name: "no-break, thin, ideographic space, tab, newline", input: "+1\u00a0415\u2009555\u3000\t0101\n", want: "+14155550101"},
		{name: "zero-width spaces and a byte-order mark", input: "\ufeff+1\u200b415\u20605550101", want: "+14155550101"},
		{name: "every dash", input: "+1\u2010415\u2011555\u20120\u20131\u20140\u20151", want: "+14155550101"},
		{name: "minus, soft hyphen, full-width hyphen", input: "+1\u2212415\u00ad555\uff0d0101", want: "+14155550101"},
		{name: "text-direction marks", input: "\u202a\u200e+1\u200f4155\u2066550\u2069101\u061c\u202c", want: "+14155550101"},
		{name: "full-width brackets and dot", input: "+1（415）555．0101", want: "+14155550101"},
		{name: "00", input: "0014155550101", want: "+14155550101"},
		{name: "00 with spaces between", input: "0 0 1 415 555 0101", want: "+14155550101"},
		{name: "00 is the international prefix of the region", input: "0014155550101", region: "DE", want: "+14155550101"},
		{name: "00 is not the region's prefix", input: "0014155550101", region: "US", text: "no possible number of US (+1)"},
		{name: "plus before a region", input: "+442079460958", region: "US", want: "+442079460958"},
		{name: "plus missing", input: "442079460958", want: "+442079460958"},
		{name: "national in the US", input: "(415) 555-0101", region: "US", want: "+14155550101"},
		{name: "national with the trunk prefix", input: "1 415 555 0101", region: "US", want: "+14155550101"},
		{name: "region in lower case", input: "4155550101", region: "us", want: "+14155550101"},
		{name: "Italian zero is kept", input: "06 0000 0000", region: "IT", want: "+390600000000"},
		{name: "British number with its code but no plus", input: "442079460958", region: "GB", want: "+442079460958"},
		{name: "British zero is dropped", input: "020 7946 0958", region: "GB", want: "+442079460958"},
		{name: "another country's number without plus", input: "442079460958", region: "US", text: "no possible number of US (+1)"},
		{name: "its own code without plus, where both are possible and one is in use", input: "393331234567", region: "IT", want: "+393331234567"},
		{name: "national number that begins like its own code", input: "391 234 5678", region: "IT", want: "+393912345678"},
		{name: "its own code without plus, where nothing speaks for one", input: "491381234", region: "DE", text: "could be +49491381234 or +491381234"},
		{name: "national prefix 8", input: "8 (495) 123-45-67", region: "RU", want: "+74951234567"},
		{name: "shortest", input: "+6834000", want: "+6834000"},
		{name: "longest", input: "+999456789012345", want: "+999456789012345"},
		{name: "code that does not exist is accepted", input: "+9991234567", want: "+9991234567"},
		{name: "number that metadata calls invalid", input: "+972500000000", want: "+972500000000"},
		{name: "64 characters", input: "+14155550101" + strings.Repeat(" ", 52), want: "+14155550101"},

		{name: "65 characters", input: "+14155550101" + strings.Repeat(" ", 53), text: "at most 64"},
		{name: "empty", input: "", text: "required"},
		{name: "blank", input: " \t", text: "no digits"},
		{name: "plus alone", input: "+", text: "no digits"},
		{name: "00 alone", input: "00", text: "no digits"},
		{name: "too short", input: "+999456", text: "has 6 digits"},
		{name: "too long", input: "+9994567890123456", text: "has 16 digits"},
		{name: "zero after the plus", input: "+0415555010", text: "begins with 0"},
		{name: "000", input: "0001415555", text: "begins with 0"},
		{name: "national without a region", input: "0415 555 0101", text: "national number"},
		{name: "national and not possible", input: "0", region: "US", text: "no possible number of US"},
		{name: "international prefix of the region", input: "011 44 20 7946 0958", region: "US", want: "+442079460958"},
		{name: "international prefix of the region before its own code", input: "011 1 415 555 0101", region: "US", want: "+14155550101"},
		{name: "international prefix and no code that exists", input: "011 999 123 4567", region: "US", text: "no country calling code"},
		{name: "unknown region", input: "4155550101", region: "XX", text: `"XX" is no two-letter country`},
		{name: "00 and the own code, or a carrier's, in Brazil", input: "0055 11 91234 5678", region: "BR", text: "could be +5511912345678 or"},
		{name: "00 and the own code, or a carrier's, in Colombia", input: "0057 300 123 4567", region: "CO", text: "could be +573001234567 or"},
		{name: "Hong Kong's international prefix", input: "001 65 6123 4501", region: "HK", want: "+6561234501"},

		{name: "spreadsheet's tail", input: "4155550102.0", region: "US", text: "ends in .0"},
		{name: "spreadsheet's tail after a plus", input: "+14155550102.0", text: "ends in .0"},
		{name: "spreadsheet's tail with a blank", input: "+1 415 555 0102 . 0 ", text: "ends in .0"},
		{name: "spreadsheet's tail of two zeros", input: "+49 30 123457.00", text: "ends in .00"},
		{name: "spreadsheet's tail of two zeros, plus missing", input: "4930123458.00", text: "ends in .00"},
		{name: "spreadsheet's tail of two zeros in a region", input: "030 223457.00", region: "DE", text: "ends in .00"},
		{name: "four zeros after the only dot", input: "415555.0000", region: "US", want: "+14155550000"},
		{name: "two zeros after a dot are French", input: "01.42.68.53.00", region: "FR", want: "+33142685300"},
		{name: "slash and two digits", input: "+14155550101/02", text: "ends in /02"},
		{name: "slash and one digit", input: "+14155550101 / 2", text: "ends in /2"},
		{name: "two numbers", input: "+49 89 12345 / 67890", text: "does not follow the area code"},
		{name: "the end of a second number", input: "+43 1 58801/58802", text: "does not follow the area code"},
		{name: "area code, number and extension", input: "030/223456/123", region: "DE", text: "does not follow the area code"},
		{name: "number and extension", input: "+14155550101/123", text: "does not follow the area code"},
		{name: "slash after the longest area code", input: "033731/12345", region: "DE", want: "+493373112345"},
		{name: "slash after code and area code", input: "+49 33731/12345", want: "+493373112345"},
		{name: "slashes after code and area code", input: "0049/33731/12345", region: "DE", want: "+493373112345"},
		{name: "a copy's number", input: "+49 30 123459 (2)", text: "ends in (2)"},
		{name: "brackets around the whole number", input: "(+49 30 1234590)", want: "+49301234590"},
		{name: "slash within the number", input: "0664/123 4567", region: "AT", want: "+436641234567"},
		{name: "direct dialling after a dash", input: "+49 30 123456-0", want: "+49301234560"},

		{name: "brackets, no region, a number of ours in the US", input: "(415) 555-0101", callers: []string{"+12025550100"}, text: "could be +4155550101, and in US also +14155550101"},
		{name: "ten digits, no region, a number of ours in the US", input: "713 555 0103", callers: []string{"+12025550100"}, text: "in US also +17135550103"},
		{name: "ten digits, no region, nothing known", input: "713 555 0103", text: "no possible number of RU (+7)"},
		{name: "seven digits, no region", input: "555-0101", callers: []string{"+12025550100"}, text: "no possible number of BR (+55)"},
		{name: "plus missing, a number of ours in the US", input: "393331234567", callers: []string{"+12025550100"}, want: "+393331234567"},
		{name: "plus missing, our own country", input: "14155550101", callers: []string{"+12025550100"}, want: "+14155550101"},
		{name: "plus missing, a short number of ours", input: "393331234567", callers: []string{"12345"}, want: "+393331234567"},
		{name: "national prefix of ours or a code", input: "84951234567", callers: []string{"+74951234560"}, text: "in RU also +74951234567"},
		{name: "local number in the region", input: "555-0103", region: "US", text: "lacks its area code"},
		{name: "local number with code", input: "+1 555-0103", text: "no possible number of US (+1)"},

		{name: "zero in brackets", input: "+44 (0)20 7946 0107", want: "+442079460107"},
		{name: "zero in brackets after 00", input: "0044 [0] 20 7946 0107", want: "+442079460107"},
		{name: "zero in brackets after the region's prefix", input: "00 44 (0)20 7946 0107", region: "DE", want: "+442079460107"},
		{name: "zero in brackets, plus missing", input: "44 (0)20 7946 0107", want: "+442079460107"},
		{name: "zero in brackets, plan without national prefix", input: "+34 (0)912 345 678", want: "+34912345678"},
		{name: "zero in brackets, Italy keeps it", input: "+39 (0)6 1234 5678", want: "+390612345678"},
		{name: "zero in brackets, a national number", input: "(0)20 7946 0107", region: "GB", want: "+442079460107"},
		{name: "zero in brackets elsewhere", input: "+44 20 (0)7946 010", want: "+442007946010"},
		{name: "zero kept after the code", input: "+44 020 7946 0107", text: "too many"},
		{name: "zero kept after the code, possible by length", input: "+49 030 1234567", text: "the 0 before the area code is left out"},

		{name: "letters", input: "+1 415 FLOWERS", text: "contains 'F'"},
		{name: "extension", input: "+14155550101 ext. 5", text: "contains 'e'"},
		{name: "extension after x", input: "+14155550101x5", text: "contains 'x'"},
		{name: "pause", input: "+14155550101,5", text: "contains ','"},
		{name: "second plus", input: "+1+4155550101", text: "not at its beginning"},
		{name: "tel scheme", input: "tel:+14155550101", text: "contains 't'"},
		{name: "full-width digits", input: "+1４155550101", text: "contains '４'"},
		{name: "Arabic digits", input: "+١٤١٥٥٥٥٠١٠١", text: "contains '١'"},
		{name: "full-width plus", input: "＋14155550101", text: "contains '＋'"},
		{name: "U+0000", input: "+1415555\x000101", text: `contains '\x00'`},
		{name: "broken UTF-8", input: "+1415555\xff0101", text: "UTF-8"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := phone.Parse(test.input, phone.Home{Region: test.region, Callers: test.callers})
			if got != test.want {
				t.Errorf("Parse(%q, %q, %v) = %q, %v; want %q", test.input, test.region, test.callers, got, err, test.want)
			}
			if (err != nil) != (test.want == "") {
				t.Errorf("Parse(%q, %q): error %v", test.input, test.region, err)
			}
			if err != nil && !strings.Contains(err.Error(), test.text) {
				t.Errorf("Parse(%q, %q): error %q lacks %q", test.input, test.region, err, test.text)
			}
		})
	}
}

func TestParseEntry(t *testing.T) {
	t.Parallel()
	american := phone.Home{Callers: []string{"+12025550100", "700"}}
	tests := []struct {
		entry string
		home  phone.Home
		want  string
	}{
		{entry: "+41", want: "+41"},
		{entry: "+41", home: phone.Home{Region: "US"}, want: "+41"},
		{entry: "+14155550101", want: "+14155550101"},
		{entry: "+1 (415) 555-01", want: "+141555501"},
		{entry: "0041", want: "+41"},
		{entry: "00 41", want: "+41"},
		{entry: "41", want: "+41"},
		{entry: "1", want: "+1"},
		{entry: "\u200e+41\u00a079", want: "+4179"},
		{entry: "+44 (0)20 7946 0107", want: "+442079460107"},
		{entry: "+44 (0)20", want: "+4420"},
		{entry: "+39 (0)6", want: "+3906"},
		{entry: "+999" + strings.Repeat("1", 12), want: "+999" + strings.Repeat("1", 12)},
		{entry: "+999" + strings.Repeat("1", 13)},
		{entry: "+" + strings.Repeat("1", 24)},
		{entry: "+14155550101.00"}, {entry: "+14155550101 14155550102"}, {entry: "+14155550101/123"}, {entry: "+14155550101 (1)"},
		{entry: "+1415555010100"}, {entry: "+49 30 123456789012"},
		{entry: "0055 11 91234 5678", home: phone.Home{Region: "BR"}}, {entry: "0057 300 123 4567", home: phone.Home{Region: "CO"}},
		{entry: "+" + strings.Repeat("1", 25)},

		{entry: "(408) 555-0102", home: phone.Home{Region: "us"}, want: "+14085550102"},
		{entry: "(408) 555-0102", home: american},
		{entry: "14085550114", home: american, want: "+14085550114"},
		{entry: "1408", home: american, want: "+1408"},
		{entry: "408", home: american},
		{entry: "41", home: american},
		{entry: "442079460107", home: american, want: "+442079460107"},
		{entry: "408", home: phone.Home{Region: "US"}},
		{entry: "14085550114.0", home: american},
		{entry: "+14085550114.0"},
		{entry: "+14085550114/15"},
		{entry: "+44 020 7946 0107"},

		{}, {entry: "+"}, {entry: " "}, {entry: "00"}, {entry: "-"},
		{entry: "0"}, {entry: "0171"}, {entry: "+0"}, {entry: "000"},
		{entry: "+41a"}, {entry: "++41"}, {entry: "4+1"}, {entry: "*"}, {entry: "+4１"},
	}
	for _, test := range tests {
		got, err := phone.ParseEntry(test.entry, test.home)
		if got != test.want || (err != nil) != (test.want == "") {
			t.Errorf("ParseEntry(%q, %v) = %q, %v; want %q", test.entry, test.home, got, err, test.want)
		}
	}
}

// What was stored before today's rules is found as it was stored.
func TestParseStored(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]phone.Number{
		"+4402079460107": "+4402079460107", "+15550103": "+15550103", "+1 555 0103": "+15550103", "(415) 555-0101": "+14155550101", "555-0103": "", "+123": "",
	} {
		if got, err := phone.ParseStored(typed, phone.Home{Region: "US"}); got != want || (err != nil) != (want == "") {
			t.Errorf("ParseStored(%q) = %q, %v; want %q", typed, got, err, want)
		}
	}
}

// An entry that is to be removed may be one that today's rules would not store.
func TestParseStoredEntry(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("1", 25)
	for typed, want := range map[string]string{
		"+4402079460107": "+4402079460107", "+0": "+0", "+" + long: "+" + long, "+" + long + "1": "", "+44 (0)20": "+4420", "(415) 555-0101": "+14155550101",
		"+44 020 7946 0107": "", "555-0103": "", "+": "", "": "", "+1x": "",
	} {
		if got, err := phone.ParseStoredEntry(typed, phone.Home{Region: "US"}); got != want || (err != nil) != (want == "") {
			t.Errorf("ParseStoredEntry(%q) = %q, %v; want %q", typed, got, err, want)
		}
	}
}

func TestFragment(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"415 555": "415555", "+1 (415)": "+1415", "0044 20": "+4420", "-01/02": "0102", "00": "00", "Ada": "", "": "", " ": "", "+": "", "4+1": "", "5.0": "50",
	} {
		if got, ok := phone.Fragment(text); ok != (want != "") || ok && got != want {
			t.Errorf("Fragment(%q) = %q, %v; want %q", text, got, ok, want)
		}
	}
}

// TestSought: what somebody types to find a number is read as every campaign could mean it.
func TestSought(t *testing.T) {
	t.Parallel()
	homes := []phone.Home{{Region: "de"}, {Region: "DE", Callers: []string{"+14155550100"}}, {Callers: []string{"+41441234567", "4711"}}}
	for text, want := range map[string]string{
		"+1 (415) 555-0101": "+14155550101", "001 415 555 0101": "+14155550101", "415-555-0101": "+494155550101 +14155550101", "030 1234567": "+49301234567 +10301234567 +41301234567", "+1 555": "", "Ada": "", "": "",
	} {
		numbers, err := phone.Sought(text, homes)
		got := make([]string, len(numbers))
		for n, number := range numbers {
			got[n] = string(number)
		}
		if strings.Join(got, " ") != want || (err == nil) != (want != "") {
			t.Errorf("Sought(%q) = %q, %v; want %q", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"+1 (415": "+1415", "0044 20": "+4420", "1415": "+1415 +491415 +411415", "030": "+030 +4930 +1030 +4130", "0": "+0 +10", "+": "", "crm-1": "", "": "",
	} {
		if got := strings.Join(phone.Beginnings(text, homes), " "); got != want {
			t.Errorf("Beginnings(%q) = %q; want %q", text, got, want)
		}
	}
	if got := phone.Beginnings("06", []phone.Home{{Region: "IT"}}); !slices.Equal(got, []string{"+06", "+3906"}) {
		t.Errorf("Italian numbers keep their 0: %q", got)
	}
}

func TestCountry(t *testing.T) {
	t.Parallel()
	tests := []struct {
		number phone.Number
		want   string
	}{
		{"+14155550101", "1"},
		{"+390600000000", "39"},
		{"+442079460958", "44"},
		{"+3580000000", "358"},
		{"+80000000000", "800"},
		{"+870000000000", "870"},
		{"+9991234567", ""},
		{"+2101234567", ""},
		{"", ""},
	}
	for _, test := range tests {
		got, known := phone.Country(test.number)
		if got != test.want || known != (test.want != "") {
			t.Errorf("Country(%q) = %q, %v; want %q", test.number, got, known, test.want)
		}
	}
}

func TestValidRegion(t *testing.T) {
	t.Parallel()
	for _, region := range []string{"US", "us", "IT", "GB", "XK"} {
		if !phone.ValidRegion(region) {
			t.Errorf("%q is refused", region)
		}
	}
	for _, region := range []string{"", "U", "XX", "USA", "ZZ", "001", "1A", "ß"} {
		if phone.ValidRegion(region) {
			t.Errorf("%q is accepted", region)
		}
	}
}

var normalForm = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"+44 (0)20 7946 0107", "4155550102.0", "+14155550101/02", "001 65 6123 4501", "393331234567", "+14155550101", "0014155550101", "(415) 555-0101", "442079460958", "06 0000 0000", "8 10 44 20 7946 0958",
		"+1\u200b415", "\xff", "tel:+14155550101;phone-context=+1", "*31#", "+", ""} {
		f.Add(seed, "")
		f.Add(seed, "US")
		f.Add(seed, "it")
	}
	f.Fuzz(func(t *testing.T, input, region string) {
		home := phone.Home{Region: region, Callers: []string{"+12025550100", "+390612345678"}}
		number, err := phone.Parse(input, home)
		if err != nil {
			if number != "" || err.Error() == "" {
				t.Fatalf("refused with number %q and text %q", number, err)
			}
			return
		}
		if !normalForm.MatchString(string(number)) {
			t.Fatalf("Parse(%q, %q) = %q, not normal form", input, region, number)
		}
		if again, err := phone.Parse(string(number), home); err != nil || again != number {
			t.Fatalf("Parse(%q, %q) = %q, then %q, %v", input, region, number, again, err)
		}
		if again, err := phone.Parse(string(number), phone.Home{}); err != nil || again != number {
			t.Fatalf("%q is read as %q, %v where nothing is known", number, again, err)
		}
		if stored, err := phone.ParseStored(input, home); err != nil || stored != number {
			t.Fatalf("Parse(%q, %q) = %q, but looked up it is %q, %v", input, region, number, stored, err)
		}
		if entry, err := phone.ParseEntry(string(number), home); err != nil || entry != string(number) {
			t.Fatalf("as an entry %q is %q, %v", number, entry, err)
		}
		if utf8.RuneCountInString(input) > 25 {
			return // longer than an entry may be
		}
		// An entry that is accepted covers the number that the same text is as a lead.
		if entry, err := phone.ParseEntry(input, home); err == nil && !strings.HasPrefix(string(number), entry) {
			t.Fatalf("Parse(%q, %q) = %q, which the entry %q does not cover", input, region, number, entry)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for name, input := range map[string]string{"normal": "+14155550101", "typed": "+1 (415) 555-0101", "national": "(415) 555-0101"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := phone.Parse(input, phone.Home{Region: "US"}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// In whatever region somebody writes 00 before a number that is in use, it is read as that number, or refused.
func TestDoubleZeroIsNobodyElse(t *testing.T) {
	t.Parallel()
	var numbers []string
	for region := range phonenumbers.GetSupportedRegions() {
		for _, kind := range []phonenumbers.PhoneNumberType{phonenumbers.FIXED_LINE, phonenumbers.MOBILE} {
			if example := phonenumbers.GetExampleNumberForType(region, kind); example != nil && phonenumbers.IsValidNumber(example) {
				numbers = append(numbers, phonenumbers.Format(example, phonenumbers.E164))
			}
		}
	}
	if len(numbers) < 300 {
		t.Fatalf("only %d examples", len(numbers))
	}
	read := 0
	for region := range phonenumbers.GetSupportedRegions() {
		for n := 0; n < len(numbers); n += 7 { // of an order that is another one each time
			number := numbers[n]
			got, err := phone.Parse("00"+number[1:], phone.Home{Region: region})
			if err == nil && string(got) != number {
				t.Errorf("00%s in %s is read as %s", number[1:], region, got)
			}
			if err == nil {
				read++
			}
		}
	}
	if read < len(numbers)*10 {
		t.Errorf("%d of %d were read", read, len(numbers)*len(phonenumbers.GetSupportedRegions()))
	}
}
