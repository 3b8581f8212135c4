package phone

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/nyaruka/phonenumbers"
)

// ValidRegion reports whether region is a two-letter country (ISO 3166-1, either case) with a numbering plan.
func ValidRegion(region string) bool {
	return len(region) == 2 && phonenumbers.GetSupportedRegions()[strings.ToUpper(region)]
}

// Country is the country calling code of a number ("1", "39"), and whether such a code exists. Codes of global
// services ("800", "870", …) exist too. The code of an unknown one is "".
func Country(n Number) (code string, known bool) {
	if !strings.HasPrefix(string(n), "+") {
		return "", false
	}
	code = callingCode(string(n[1:]))
	return code, code != ""
}

// costlyServices are the global calling codes of satellite networks, of services whose cost is shared and of premium rates.
var costlyServices = []string{"808", "870", "878", "881", "882", "883", "979"}

// CostlyService reports whether a country calling code is one of a global service that costs its callers dearly.
func CostlyService(code string) bool { return slices.Contains(costlyServices, code) }

// costlyRanges are national ranges whose callers pay more than for a telephone, and that the library counts as something else
// or does not know at all: premium, televoting, shared cost, personal numbers, directory enquiries, services.
var costlyRanges = []string{
	"3270", "3278", // Belgium: infokiosk
	"3184", "3187", // Netherlands: personal assistants
	"34118", "34905", "34907", // Spain: enquiries, televoting, premium data
	"351707", "351708", "351761", "351762", // Portugal: unique numbers, televoting
	"358118", "35875", // Finland
	"359700",                     // Bulgaria: shared cost
	"391", "397", "3984", "3989", // Italy: services, personal, shared cost, premium
	"40870",                                                     // Romania
	"43118",                                                     // Austria
	"4699",                                                      // Sweden
	"4912", "49118", "49137", "49138", "4919", "49700", "49900", // Germany: innovative, enquiries, televoting, online, personal
	"4470", "4476", // United Kingdom: personal, pagers
	"5530", "5550", // Brazil: shared cost, donations
	"56600", "56700", // Chile
	"57190", "57901", // Colombia
	"6483",           // New Zealand: mass calling
	"61190",          // Australia
	"81180", "81570", // Japan: mass calling, Navi Dial
	"8260", // South Korea: information
}

// notCostly are ranges within those above: mobiles of the Isle of Man.
var notCostly = []string{"447624"}

// Costly reports whether the number is in a premium-rate, satellite or shared-cost range, or of another kind that costs its
// callers dearly or cannot talk: personal numbers and pagers (contract 12). In the North American plan the exchange 976 is
// costly in every area.
func (n Number) Costly() bool {
	code, known := Country(n)
	if !known || CostlyService(code) {
		return known
	}
	national := string(n[1+len(code):])
	number := parts(code, national)
	if number == nil {
		return false
	}
	digits := string(n[1:])
	ranged := func(r string) bool { return strings.HasPrefix(digits, r) }
	if slices.ContainsFunc(notCostly, ranged) {
		return false
	}
	if slices.ContainsFunc(costlyRanges, ranged) || code == "1" && len(digits) == 11 && digits[4:7] == "976" {
		return true
	}
	if kind := phonenumbers.GetNumberType(number); kind != phonenumbers.UNKNOWN {
		return slices.Contains(costlyKinds, kind)
	}
	// Metadata is behind, and some carriers complete a number of another length: such a number is what its first digits are.
	for length := 5; length <= 12; length++ {
		other := national
		if len(other) < length {
			other += strings.Repeat("1", length-len(other))
		}
		if like := parts(code, other[:length]); like != nil && slices.Contains(costlyKinds, phonenumbers.GetNumberType(like)) {
			return true
		}
	}
	return false
}

// costlyKinds are the library's kinds of numbers that cost their callers dearly or cannot talk.
var costlyKinds = []phonenumbers.PhoneNumberType{
	phonenumbers.PREMIUM_RATE, phonenumbers.SHARED_COST, phonenumbers.PERSONAL_NUMBER, phonenumbers.PAGER,
}

// callingCode is the country calling code that digits begin with, "" of none. Codes are prefix-free and one to three
// digits long (ITU-T E.164, annex D), so the first hit is the one.
func callingCode(digits string) string {
	codes := phonenumbers.GetSupportedCallingCodes()
	for end := 1; end <= 3 && end <= len(digits); end++ {
		code, err := strconv.Atoi(digits[:end])
		if err == nil && codes[code] && digits[0] != '0' {
			return digits[:end]
		}
	}
	return ""
}

// regionOf is the main country of a number's calling code, "" of a short number, an unknown code and a global service.
func regionOf(number string) string {
	digits, international := strings.CutPrefix(number, "+")
	code := callingCode(digits)
	if !international || code == "" {
		return ""
	}
	if region := mainRegion(code); len(region) == 2 {
		return region
	}
	return ""
}

func mainRegion(code string) string {
	number, err := strconv.Atoi(code)
	if err != nil {
		return ""
	}
	return phonenumbers.GetRegionCodeForCountryCode(number)
}

// named says a plan in an error text: "US (+1)".
func named(code string) string {
	if region := mainRegion(code); len(region) == 2 {
		return region + " (+" + code + ")"
	}
	return "+" + code
}

// parts makes the library's number of a calling code and a national significant number.
func parts(code, national string) *phonenumbers.PhoneNumber {
	country, err := strconv.Atoi(code)
	if err != nil {
		return nil
	}
	value, err := strconv.ParseUint(national, 10, 64)
	if err != nil {
		return nil // longer than any plan has
	}
	made := &phonenumbers.PhoneNumber{CountryCode: new(int32(country)), NationalNumber: &value}
	if zeros := len(national) - len(strconv.FormatUint(value, 10)); zeros > 0 {
		made.ItalianLeadingZero, made.NumberOfLeadingZeros = new(true), new(int32(zeros))
	}
	return made
}

// possible says why a national significant number has no length that the plan of the calling code allows; forms that can
// only be dialled locally are not allowed. It never asks whether a range is in use: metadata is always behind.
func possible(code, national string) error {
	number := parts(code, national)
	if number == nil {
		return fmt.Errorf("is no possible number of %s: it has %d digits after the country calling code", named(code), len(national))
	}
	switch phonenumbers.IsPossibleNumberWithReason(number) {
	case phonenumbers.IS_POSSIBLE:
	case phonenumbers.IS_POSSIBLE_LOCAL_ONLY:
		return fmt.Errorf("is no possible number of %s: with %d digits after the country calling code it lacks its area code", named(code), len(national))
	case phonenumbers.TOO_SHORT:
		return fmt.Errorf("is no possible number of %s: %d digits after the country calling code are too few", named(code), len(national))
	case phonenumbers.TOO_LONG:
		return fmt.Errorf("is no possible number of %s: %d digits after the country calling code are too many", named(code), len(national))
	default:
		return fmt.Errorf("is no possible number of %s: no number there has %d digits after the country calling code", named(code), len(national))
	}
	if trunkZero(code, national) {
		return fmt.Errorf("is no possible number of %s: after the country calling code the 0 before the area code is left out", named(code))
	}
	return nil
}

// trunkZero reports a 0 before the national number that is dialled within the country only. Kept, it would make a second
// number of the same telephone.
func trunkZero(code, national string) bool {
	return strings.HasPrefix(national, "0") && !keepsZero(code) && phonenumbers.GetNddPrefixForRegion(mainRegion(code), true) == "0"
}

// keepsZero reports whether national numbers of the plan may begin with 0 also after the country calling code (Italy).
func keepsZero(code string) bool { return zeroPlans()[code] }

// zeroPlans are the calling codes whose example numbers begin with 0.
var zeroPlans = sync.OnceValue(func() map[string]bool {
	keep := map[string]bool{}
	for region := range phonenumbers.GetSupportedRegions() {
		for _, kind := range []phonenumbers.PhoneNumberType{phonenumbers.FIXED_LINE, phonenumbers.MOBILE} {
			if example := phonenumbers.GetExampleNumberForType(region, kind); example.GetItalianLeadingZero() {
				keep[strconv.Itoa(int(example.GetCountryCode()))] = true
			}
		}
	}
	return keep
})

// national reads digits as they are dialled in a region, in capitals: nationally, or with its international prefix. The
// number has its country calling code and no '+'.
func national(digits, region string) (string, error) {
	parsed, err := phonenumbers.ParseAndKeepRawInput(digits, region)
	if errors.Is(err, phonenumbers.ErrInvalidCountryCode) {
		return "", fmt.Errorf("begins with the international prefix of %s and no country calling code", region)
	}
	if err == nil && parsed.GetCountryCodeSource() == phonenumbers.PhoneNumber_FROM_NUMBER_WITH_IDD {
		// As typed after the prefix: a 0 that does not belong there is judged as after a '+'.
		code := strconv.Itoa(int(parsed.GetCountryCode()))
		significant := phonenumbers.GetNationalSignificantNumber(parsed)
		for cut := len(digits) - len(code) - len(significant); cut > 0; cut-- {
			if rest := digits[cut:]; strings.HasPrefix(rest, code) && strings.HasSuffix(rest, significant) {
				return rest, doubleZero(digits, rest, region)
			}
		}
	}
	read, err := nationalOf(digits, region)
	if err != nil {
		return "", err
	}
	return read, doubleZero(digits, read, region)
}

// doubleZero is the error of digits that begin with 00 and are doubtful: others write 00 before the country calling code, and in the
// region it begins a national number, or the number of a carrier follows it. read is the number by the region's own format.
func doubleZero(digits, read, region string) error {
	plain, begins := strings.CutPrefix(digits, "00")
	if !begins || plain == read || callingCode(plain) == "" || judge(plain) != nil {
		return nil
	}
	inUse := func(number string) bool {
		code := callingCode(number)
		made := parts(code, number[len(code):])
		return code != "" && made != nil && phonenumbers.IsValidNumber(made)
	}
	if inUse(read) && !inUse(plain) {
		return nil
	}
	return fmt.Errorf("could be +%s or, as %s dials, +%s; write it with +", plain, region, read)
}

// nationalOf reads digits in the national format of a region, in capitals. Digits that begin with the region's own calling
// code may be meant with it: where both are possible numbers, one of them has to be in a range in use.
func nationalOf(digits, region string) (string, error) {
	parsed, err := phonenumbers.ParseAndKeepRawInput(digits, region)
	code := strconv.Itoa(phonenumbers.GetCountryCodeForRegion(region))
	if err != nil || parsed.GetCountryCodeSource() == phonenumbers.PhoneNumber_FROM_NUMBER_WITH_IDD {
		return "", fmt.Errorf("is no possible number of %s", named(code))
	}
	read := phonenumbers.GetNationalSignificantNumber(parsed)
	if parsed.GetCountryCodeSource() == phonenumbers.PhoneNumber_FROM_NUMBER_WITHOUT_PLUS_SIGN && possible(code, digits) == nil {
		read = digits
	}
	meant, own := strings.CutPrefix(digits, code)
	own = own && meant != read && possible(code, meant) == nil
	if err := possible(code, read); err != nil {
		if own {
			return code + meant, nil
		}
		return "", err
	}
	if own {
		switch inUse, other := phonenumbers.IsValidNumber(parts(code, read)), phonenumbers.IsValidNumber(parts(code, meant)); {
		case other && !inUse:
			return code + meant, nil
		case other == inUse:
			return "", fmt.Errorf("could be +%s%s or +%s%s", code, read, code, meant)
		}
	}
	return code + read, nil
}
