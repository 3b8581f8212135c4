package phone

import (
	"slices"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// Sought are the numbers that a text may be where numbers are looked for and several homes could read it: with its '+', with it
// missing, and nationally in each region of the homes, those of their callers too. Readings between which Parse would not choose are
// all among them: nobody is called by what is looked for. Without any the error is that of the first reading.
func Sought(text string, homes []Home) (numbers []Number, err error) {
	for _, region := range append([]string{""}, regions(homes)...) {
		number, wrong := ParseStored(text, Home{Region: region})
		switch {
		case wrong != nil && err == nil:
			err = wrong
		case wrong == nil && !slices.Contains(numbers, number):
			numbers = append(numbers, number)
		}
	}
	if len(numbers) > 0 {
		err = nil
	}
	return numbers, err
}

// Beginnings are what numbers in normal form may begin with where the text is the first digits of one, read as Sought reads whole
// ones; none where it has something that no number has.
func Beginnings(text string, homes []Home) (starts []string) {
	fragment, ok := Fragment(text)
	if !ok {
		return nil
	}
	if strings.HasPrefix(fragment, "+") {
		return []string{fragment}
	}
	starts = []string{"+" + fragment}
	for _, region := range regions(homes) {
		code, national := strconv.Itoa(phonenumbers.GetCountryCodeForRegion(region)), fragment
		if !keepsZero(code) {
			national = strings.TrimPrefix(national, phonenumbers.GetNddPrefixForRegion(region, true))
		}
		if start := "+" + code + national; national != "" && !slices.Contains(starts, start) {
			starts = append(starts, start)
		}
	}
	return starts
}

// regions are the countries, in capitals, in which numbers of the homes may be written nationally.
func regions(homes []Home) (all []string) {
	for _, home := range homes {
		of := []string{strings.ToUpper(home.Region)}
		for _, caller := range home.Callers {
			of = append(of, regionOf(caller))
		}
		for _, region := range of {
			if ValidRegion(region) && !slices.Contains(all, region) {
				all = append(all, region)
			}
		}
	}
	return all
}
