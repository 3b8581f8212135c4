package phone_test

import (
	"regexp"
	"strings"
	"testing"

	"nacre/internal/phone"
)

func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, input, region string
		want                phone.Number // "" = refused
		text                string       // a part of the error
	}{
		{name: "normal form", input: "+14155550101", want: "+14155550101"},
		{name: "spaces and dashes", input: " +1 415-555-0101 ", want: "+14155550101"},
		{name: "brackets, dots, slashes", input: "+1 (415) 555.01/01", want: "+14155550101"},
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
		{name: "00 before a region", input: "0014155550101", region: "DE", want: "+14155550101"},
		{name: "plus before a region", input: "+442079460958", region: "US", want: "+442079460958"},
		{name: "plus missing", input: "442079460958", want: "+442079460958"},
		{name: "national in the US", input: "(415) 555-0101", region: "US", want: "+14155550101"},
		{name: "national with the trunk prefix", input: "1 415 555 0101", region: "US", want: "+14155550101"},
		{name: "region in lower case", input: "4155550101", region: "us", want: "+14155550101"},
		{name: "Italian zero is kept", input: "06 0000 0000", region: "IT", want: "+390600000000"},
		{name: "British number with its code but no plus", input: "442079460958", region: "GB", want: "+442079460958"},
		{name: "British zero is dropped", input: "020 7946 0958", region: "GB", want: "+442079460958"},
		{name: "too long for the region: plus missing", input: "442079460958", region: "US", want: "+442079460958"},
		{name: "shortest", input: "+1234567", want: "+1234567"},
		{name: "longest", input: "+123456789012345", want: "+123456789012345"},
		{name: "code that does not exist is accepted", input: "+9991234567", want: "+9991234567"},
		{name: "number that metadata calls invalid", input: "+972500000000", want: "+972500000000"},
		{name: "64 characters", input: "+14155550101" + strings.Repeat(" ", 52), want: "+14155550101"},

		{name: "65 characters", input: "+14155550101" + strings.Repeat(" ", 53), text: "at most 64"},
		{name: "empty", input: "", text: "required"},
		{name: "blank", input: " \t", text: "no digits"},
		{name: "plus alone", input: "+", text: "no digits"},
		{name: "00 alone", input: "00", text: "no digits"},
		{name: "too short", input: "+123456", text: "has 6 digits"},
		{name: "too long", input: "+1234567890123456", text: "has 16 digits"},
		{name: "zero after the plus", input: "+0415555010", text: "begins with 0"},
		{name: "000", input: "0001415555", text: "begins with 0"},
		{name: "national without a region", input: "0415 555 0101", text: "national number"},
		{name: "national and not possible", input: "0", region: "US", text: "no possible number in US"},
		{name: "dialling prefix of the region", input: "011 44 20 7946 0958", region: "US", text: "no possible number in US"},
		{name: "unknown region", input: "4155550101", region: "XX", text: `"XX" is no two-letter country`},
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
			got, err := phone.Parse(test.input, test.region)
			if got != test.want {
				t.Errorf("Parse(%q, %q) = %q, %v; want %q", test.input, test.region, got, err, test.want)
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

func TestNormalizePrefix(t *testing.T) {
	t.Parallel()
	tests := []struct{ entry, want string }{
		{"+41", "+41"},
		{"+14155550101", "+14155550101"},
		{"+1 (415) 555-01", "+141555501"},
		{"0041", "+41"},
		{"00 41", "+41"},
		{"41", "+41"},
		{"1", "+1"},
		{"\u200e+41\u00a079", "+4179"},
		{"+" + strings.Repeat("1", 24), "+" + strings.Repeat("1", 24)},
		{strings.Repeat("1", 25), "+" + strings.Repeat("1", 25)},
		{"+" + strings.Repeat("1", 25), ""},
		{"", ""}, {"+", ""}, {" ", ""}, {"00", ""}, {"-", ""},
		{"0", ""}, {"0171", ""}, {"+0", ""}, {"000", ""},
		{"+41a", ""}, {"++41", ""}, {"4+1", ""}, {"*", ""}, {"+4１", ""},
	}
	for _, test := range tests {
		got, err := phone.NormalizePrefix(test.entry)
		if got != test.want || (err != nil) != (test.want == "") {
			t.Errorf("NormalizePrefix(%q) = %q, %v; want %q", test.entry, got, err, test.want)
		}
	}
}

func TestCoveredBy(t *testing.T) {
	t.Parallel()
	tests := []struct {
		number phone.Number
		entry  string
		want   bool
	}{
		{"+14155550101", "+14155550101", true},
		{"+14155550101", "+1", true},
		{"+14155550101", "+1415555", true},
		{"+14155550101", "+14155550102", false},
		{"+14155550101", "+141555501011", false},
		{"+14155550101", "+41", false},
		{"+14155550101", "", false},
	}
	for _, test := range tests {
		if got := test.number.CoveredBy(test.entry); got != test.want {
			t.Errorf("%s covered by %q: %v, want %v", test.number, test.entry, got, test.want)
		}
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

// A list of 50,000 in normal form is checked without one allocation.
func TestParseOfNormalFormDoesNotAllocate(t *testing.T) {
	// Not parallel: AllocsPerRun counts the allocations of the whole process.
	if n := testing.AllocsPerRun(100, func() { _, _ = phone.Parse("+14155550101", "US") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

var normalForm = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"+14155550101", "0014155550101", "(415) 555-0101", "442079460958", "06 0000 0000", "8 10 44 20 7946 0958",
		"+1\u200b415", "\xff", "tel:+14155550101;phone-context=+1", "*31#", "+", ""} {
		f.Add(seed, "")
		f.Add(seed, "US")
		f.Add(seed, "it")
	}
	f.Fuzz(func(t *testing.T, input, region string) {
		number, err := phone.Parse(input, region)
		if err != nil {
			if number != "" || err.Error() == "" {
				t.Fatalf("refused with number %q and text %q", number, err)
			}
			return
		}
		if !normalForm.MatchString(string(number)) {
			t.Fatalf("Parse(%q, %q) = %q, not normal form", input, region, number)
		}
		if again, err := phone.Parse(string(number), region); err != nil || again != number {
			t.Fatalf("Parse(%q, %q) = %q, then %q, %v", input, region, number, again, err)
		}
		if entry, err := phone.NormalizePrefix(string(number)); err != nil || !number.CoveredBy(entry) {
			t.Fatalf("%q is not covered by itself: %q, %v", number, entry, err)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for name, input := range map[string]string{"normal": "+14155550101", "typed": "+1 (415) 555-0101", "national": "(415) 555-0101"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := phone.Parse(input, "US"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
