package account_test

import (
	"testing"

	"nacre/internal/account"
	"nacre/internal/phone"
)

// TestMayDial: countries by default are those of the account's own numbers, and costly ranges have to be named (contract 12).
func TestMayDial(t *testing.T) {
	t.Parallel()
	own := []string{"+12125550100", "+390612345678", "700"}
	tests := []struct {
		number  phone.Number
		codes   []string
		sandbox bool
		may     bool
	}{
		{"+14155550101", nil, false, true},
		{"+393331234567", nil, false, true},
		{"+442079460107", nil, false, false},
		{"+252612345678", nil, false, false},
		{"+442079460107", nil, true, true},
		{"+9991234567", nil, true, false},
		{"+15550103", nil, true, false}, // stored under earlier rules
		{"+14155550101", []string{"39"}, false, false},
		{"+14155550101", []string{"39"}, true, false},
		{"+14155550101", []string{}, true, false},
		{"+442079460107", []string{"1", "44"}, false, true},
		{"+19002345678", nil, false, false},
		{"+19002345678", []string{"1"}, false, false},
		{"+19002345678", []string{"1", "1900"}, false, true},
		{"+19002345678", nil, true, true},
		{"+14159765550", nil, false, false},
		{"+14159765550", []string{"1415976"}, false, true},
		{"+49118331234", []string{"49"}, false, false},
		{"+49137123456", []string{"49"}, false, false},
		{"+4919001234567", []string{"49"}, false, false},
		{"+491901234567", []string{"49"}, false, false},
		{"+447024123456", []string{"44"}, false, false},
		{"+447640123456", []string{"44"}, false, false},
		{"+447624123456", []string{"44"}, false, true},
		{"+61190012345", []string{"61"}, false, false},
		{"+448712345678", []string{"44"}, false, false},
		{"+390612345678", []string{"39"}, false, true},
		{"+39899123456", []string{"39"}, false, false},
		{"+979123456789", []string{"1"}, false, false},
		{"+979123456789", []string{"979"}, false, true},
		{"+881612345678", nil, false, false},
		{"+882123456789", []string{"882"}, false, true},
		{"+882123456789", []string{"8821"}, false, true},
		{"+882123456789", []string{"88"}, false, false},
		{"+882123456789", []string{"8"}, false, false},
		{"+870773111632", []string{"8", "88", "1"}, false, false},
		{"+861012345678", []string{"8"}, false, true},
		{"+979123456789", []string{"97"}, false, false},
		{"+39899123456", []string{"3"}, false, false},
		{"+883510012345", nil, false, false},
		{"+870773111632", nil, false, false},
		{"+34905123456", []string{"34"}, false, false}, // televoting
		{"+34905123456", []string{"34", "34905"}, false, true},
		{"+34704123456", []string{"34"}, false, false}, // personal
		{"+34612345678", []string{"34"}, false, true},
		{"+34911234567", []string{"34"}, false, true},
		{"+39199123456", []string{"39"}, false, false},
		{"+391991234567", []string{"39"}, false, false},
		{"+39178123456", []string{"39"}, false, false},
		{"+39841123456", []string{"39"}, false, false},
		{"+39892123456", []string{"39"}, false, false},
		{"+39800123456", []string{"39"}, false, true},  // free of charge
		{"+44843123456", []string{"44"}, false, false}, // too short for what is in use
		{"+443001234567", []string{"44"}, false, true}, // as dear as a geographic number
		{"+49700123456", []string{"49"}, false, false},
		{"+493012345678", []string{"49"}, false, true},
		{"+4915112345678", []string{"49"}, false, true},
		{"+46743212345", []string{"46"}, false, false}, // a pager
		{"+46701234567", []string{"46"}, false, true},
		{"+3278123456", []string{"32"}, false, false},
		{"+3225123456", []string{"32"}, false, true},
		{"+6519001234567", []string{"65"}, false, false},
		{"+31612345678", []string{"31"}, false, true},
		{"+31881234567", []string{"31"}, false, true}, // companies
		{"+31841234567", []string{"31"}, false, false},
		{"+81570123456", []string{"81"}, false, false},
		{"+81312345678", []string{"81"}, false, true},
		{"+972191912345", []string{"972"}, false, false},
		{"+972501234567", []string{"972"}, false, true},
		{"+15005550101", []string{"1"}, false, false},
		{"+878101234567890", []string{"1"}, false, false},
	}
	for _, test := range tests {
		a := account.Account{CountryCodes: test.codes}
		if why := a.MayDial(test.number, test.sandbox, own); (why == "") != test.may {
			t.Errorf("%s, codes %v, sandbox %v: %q", test.number, test.codes, test.sandbox, why)
		}
	}
}
