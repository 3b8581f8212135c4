package phone

import (
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// ValidRegion reports whether region is a two-letter country (ISO 3166-1, either case) with a numbering plan.
func ValidRegion(region string) bool {
	return len(region) == 2 && phonenumbers.GetSupportedRegions()[strings.ToUpper(region)]
}

// Country is the country calling code of a number ("1", "39"), and whether such a code exists. Codes of global
// services ("800", "870", …) exist too. The code of an unknown one is "".
func Country(n Number) (callingCode string, known bool) {
	codes := phonenumbers.GetSupportedCallingCodes()
	// Calling codes are prefix-free and one to three digits long (ITU-T E.164, annex D), so the first hit is the one.
	for end := 2; end <= 4 && end <= len(n); end++ {
		code, err := strconv.Atoi(string(n[1:end]))
		if err == nil && codes[code] {
			return string(n[1:end]), true
		}
	}
	return "", false
}
