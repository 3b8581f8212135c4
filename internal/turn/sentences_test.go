package turn

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/understanding"
)

var place = regexp.MustCompile(`\{[^}]*\}`)

// Every language has every sentence (allSentences panics otherwise), in words of its own, with the same places for values.
func TestEverySentenceInEveryLanguage(t *testing.T) {
	t.Parallel()
	english := reflect.ValueOf(SentencesIn("en")).Elem()
	for tag, sentences := range allSentences() {
		all := reflect.ValueOf(sentences).Elem()
		for n := range all.NumField() {
			name := all.Type().Field(n).Name
			if list, ok := all.Field(n).Interface().([]string); ok {
				want := english.Field(n).Interface().([]string)
				if len(list) != len(want) || slices.Contains(list, "") {
					t.Errorf("%s: %s has %d entries, or an empty one, want %d", tag, name, len(list), len(want))
				}
				for i := range min(len(list), len(want)) {
					if got, want := place.FindAllString(list[i], -1), place.FindAllString(want[i], -1); !slices.Equal(got, want) {
						t.Errorf("%s: %s, %q has the places %q, want %q", tag, name, list[i], got, want)
					}
				}
				continue
			}
			text, want := all.Field(n).String(), english.Field(n).String()
			got, places := place.FindAllString(text, -1), place.FindAllString(want, -1)
			slices.Sort(got)
			slices.Sort(places)
			if !slices.Equal(got, places) {
				t.Errorf("%s: %s has the places %q, want %q", tag, name, got, places)
			}
			if tag != "en" && text == want && len(wordsOf(text)) > 1 {
				t.Errorf("%s: %s is English: %q", tag, name, text)
			}
		}
		if understanding.For(tag).Tag() != tag {
			t.Errorf("%s is spoken and not understood", tag)
		}
	}
	for tag, of := range map[string]string{"es-MX": "es", "he-IL": "he", "DE": "de", "fr-CA": "fr", "it": "en", "": "en", "en-GB": "en"} {
		if SentencesIn(tag) != allSentences()[of] {
			t.Errorf("the sentences of %q are not those of %q", tag, of)
		}
		if got := understanding.For(tag).Tag(); got != of {
			t.Errorf("who is spoken to in %q is understood in %q", of, got)
		}
	}
}

// No sentence of ours sounds like somebody who picks up by themselves, which would take such words of theirs for our echo; and where
// we name keys ours are known for it.
func TestSentencesAreOurs(t *testing.T) {
	t.Parallel()
	for tag, sentences := range allSentences() {
		all := reflect.ValueOf(sentences).Elem()
		for n := range all.NumField() {
			if text, ok := all.Field(n).Interface().(string); ok {
				if who := answerersIn(tag).who(text); who != somebody && who != menu {
					t.Errorf("%s: %q is what %d says", tag, text, who)
				}
			}
		}
		if answerersIn(tag).choices(sentences.YesNoKeys) == 0 {
			t.Errorf("%s: %q names no key", tag, sentences.YesNoKeys)
		}
	}
}

func TestSentencesThatAreWrong(t *testing.T) {
	t.Parallel()
	whole, err := sentenceFiles.ReadFile("sentences/es.txt")
	if err != nil {
		t.Fatal(err)
	}
	for change, want := range map[[2]string]string{
		{"Thanks = Gracias.", ""}:                              "Thanks is missing",
		{"Thanks = Gracias.", "Thanks ="}:                      "Thanks is missing",
		{"Thanks = Gracias.", "Thank = Gracias."}:              `"Thank" is no sentence`,
		{"Thanks = Gracias.", "Thanks = Ya.\nThanks = Ya, ya"}: "Thanks is there twice",
	} {
		_, err := readSentences(strings.Replace(string(whole), change[0], change[1], 1))
		if err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", change[1], err, want)
		}
	}
}

func TestValuesAreReadInTheLanguage(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.November, 26, 10, 15, 0, 0, time.UTC) // a Thursday
	for tag, want := range map[string][]string{
		"en": {
			"in 20 minutes, at 10:35 AM", "in one hour, at 11:15 AM", "today at 5 PM", "tomorrow, Friday, at 4:05 PM", "on Tuesday, December 1, at 1 PM",
			"December 1, 2026", "4:30 PM", "Monday, December 7", "Monday, December 7, at 12:30 AM", "2.5", "yes", "ada dot b at example dot com", "plus 1, 4 1 5, 5 5 5, 0 1 3 2",
		},
		"es": {
			"dentro de 20 minutos, a las 10:35 de la mañana", "dentro de una hora, a las 11:15 de la mañana", "hoy a las 5 de la tarde", "mañana, viernes, a las 4:05 de la tarde",
			"el martes 1 de diciembre a la 1 de la tarde", "el 1 de diciembre de 2026", "las 4:30 de la tarde", "el lunes 7 de diciembre", "el lunes 7 de diciembre a las 12:30 de la noche",
			"2,5", "sí", "ada punto b arroba example punto com", "más 1, 4 1 5, 5 5 5, 0 1 3 2",
		},
		"fr": {
			"dans 20 minutes, à 10 heures 35", "dans une heure, à 11 heures 15", "aujourd'hui à 17 heures", "demain, vendredi, à 16 heures 05", "le mardi 1er décembre à 13 heures",
			"le 1er décembre 2026", "16 heures 30", "le lundi 7 décembre", "le lundi 7 décembre à minuit 30", "2,5", "oui", "ada point b arobase example point com", "plus 1, 4 1 5, 5 5 5, 0 1 3 2",
		},
		"de": {
			"in 20 Minuten, um 10 Uhr 35,", "in einer Stunde, um 11 Uhr 15,", "heute um 17 Uhr", "morgen, Freitag, um 16 Uhr 05", "am Dienstag, dem 1. Dezember, um 13 Uhr",
			"1. Dezember 2026", "16 Uhr 30", "Montag, 7. Dezember", "Montag, 7. Dezember, um 0 Uhr 30", "2,5", "ja", "ada Punkt b at example Punkt com", "plus 1, 4 1 5, 5 5 5, 0 1 3 2",
		},
		"he": {
			"בעוד 20 דקות, בשעה 10:35", "בעוד שעה, בשעה 11:15", "היום בשעה 17:00", "מחר, יום שישי, בשעה 16:05", "ביום שלישי, 1 בדצמבר, בשעה 13:00",
			"1 בדצמבר 2026", "16:30", "יום שני, 7 בדצמבר", "יום שני, 7 בדצמבר, בשעה 0:30", "2.5", "כן", "ada נקודה b שטרודל example נקודה com", "פלוס 1, 4 1 5, 5 5 5, 0 1 3 2",
		},
	} {
		s := SentencesIn(tag)
		got := []string{
			s.when(now, now.Add(20*time.Minute)), s.when(now, now.Add(time.Hour)), s.when(now, now.Add(6*time.Hour+45*time.Minute)), s.when(now, now.Add(29*time.Hour+50*time.Minute)),
			s.when(now, time.Date(2026, time.December, 1, 13, 0, 0, 0, time.UTC)),
			s.spoken(understanding.Question{Sort: understanding.Date}, "2026-12-01"), s.spoken(understanding.Question{Sort: understanding.Time}, "16:30"),
			s.spoken(understanding.Question{Sort: understanding.DateTime}, "2026-12-07"), s.spoken(understanding.Question{Sort: understanding.DateTime}, "2026-12-07T00:30"),
			s.spoken(understanding.Question{Sort: understanding.Decimal}, 2.5), s.spoken(understanding.Question{Sort: understanding.YesNo}, true),
			s.spoken(understanding.Question{Sort: understanding.Email}, "ada.b@example.com"), s.spoken(understanding.Question{Sort: understanding.Phone}, "+14155550132"),
		}
		for n := range want {
			if got[n] != want[n] {
				t.Errorf("%s: %q, want %q", tag, got[n], want[n])
			}
		}
	}
}

// A variable without a question is asked for in the language of the call.
func TestQuestionsInTheAgentsWords(t *testing.T) {
	t.Parallel()
	for tag, want := range map[string]string{"": "Please give zip code.", "es": "Por favor, indique zip code.", "he": "נא למסור zip code."} {
		f := NewForm(call.Script{Opening: "Hello.", Language: tag, Questions: []call.Question{{ID: "zip", Name: "zip code", Type: call.String}}})
		if parts := f.Open().Parts; !slices.Contains(parts, want) {
			t.Errorf("%q: %q, want %q", tag, parts, want)
		}
	}
}
