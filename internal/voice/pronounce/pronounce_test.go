package pronounce

import (
	"os"
	"strings"
	"testing"
	"unicode/utf8"
)

// open returns the lexicon of an excerpt of CMUdict.
func open(t testing.TB) *Lexicon {
	t.Helper()
	file, err := os.Open("testdata/cmudict.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close() //nolint:errcheck // only read
	l, err := New(file)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestNoDictionary(t *testing.T) {
	t.Parallel()
	if _, err := New(strings.NewReader("{}")); err == nil {
		t.Error("what has no entries was taken for a dictionary")
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	l := open(t)
	for _, test := range []struct{ text, want string }{
		{"", ""}, {" \n\t", ""}, {"...!?", ""}, {"Hello", "hello"}, {"  Hello ,  you.  ", "hello, you."},
		{"Hello Anna, this is Pearl Fitness about your gym plan.", "hello anna, this is pearl fitness about your gym plan."},
		{"“It’s fine” — really… (yes?)", "it's fine — really. yes?"},
		{"One line\nand the next", "one line. and the next"},
		{"Zoë Müller and José", "zoe muller and jose"}, {"Øystein & Łukasz", "oystein and lukasz"}, {"Привет Anna", "anna"},

		// Whole numbers, decimals, signs.
		{"0", "zero"}, {"7", "seven"}, {"13", "thirteen"}, {"20", "twenty"}, {"21", "twenty one"}, {"100", "one hundred"},
		{"110 people", "one hundred ten people"}, {"999", "nine hundred ninety nine"}, {"1,234", "one thousand two hundred thirty four"},
		{"10000", "ten thousand"}, {"1,000,000", "one million"}, {"1,234,567", "one million two hundred thirty four thousand five hundred sixty seven"},
		{"2,000,000,000", "two billion"}, {"007", "zero zero seven"}, {"3.14", "three point one four"}, {"0.5", "zero point five"}, {".5", "zero point five"},
		{"-5 degrees", "minus five degrees"}, {"4.50", "four point five zero"}, {"It is 5.", "it is five."}, {"1.2.3", "one point two point three"},
		{"99999999999999999999", "nine nine nine, nine nine nine, nine nine nine, nine nine nine, nine nine nine, nine nine nine, nine nine"},
		{"9-5", "nine to five"}, {"10–20", "ten to twenty"}, {"24/7", "twenty four seven"}, {"1/2", "one half"}, {"3/4", "three quarters"}, {"2/3", "two thirds"},
		{"2½", "two and a half"}, {"#5", "number five"}, {"~30", "about thirty"}, {"2+2=4", "two plus two equals four"},

		// Ordinals and years.
		{"1st", "first"}, {"2nd", "second"}, {"3rd", "third"}, {"11th", "eleventh"}, {"20th", "twentieth"}, {"23rd", "twenty third"}, {"100th", "one hundredth"},
		{"in 1999", "in nineteen ninety nine"}, {"in 2000", "in two thousand"}, {"in 2005", "in two thousand five"}, {"in 2026", "in twenty twenty six"},
		{"in 1900", "in nineteen hundred"}, {"in 1905", "in nineteen oh five"}, {"the 1990s", "the nineteen nineties"}, {"the '90s", "the nineties"}, {"2024-2026", "twenty twenty four to twenty twenty six"},

		// Money.
		{"$1", "one dollar"}, {"$3.50", "three dollars and fifty cents"}, {"$1.00", "one dollar"}, {"$0.50", "fifty cents"}, {"$0.01", "one cent"}, {"$0", "zero dollars"},
		{"$1,299.99", "one thousand two hundred ninety nine dollars and ninety nine cents"}, {"$1.5 million", "one point five million dollars"}, {"$5k", "five thousand dollars"},
		{"$2M", "two million dollars"}, {"-$5", "minus five dollars"}, {"$20/month", "twenty dollars per month"}, {"€1,200", "one thousand two hundred euros"},
		{"€1.200,50", "one thousand two hundred euros and fifty cents"}, {"30€", "thirty euros"}, {"£1", "one pound"}, {"£2.05", "two pounds and five pence"}, {"¥500", "five hundred yen"},
		{"₪30", "thirty shekels"}, {"₹5", "five rupees"}, {"5 USD", "five dollars"}, {"USD 5", "five dollars"}, {"CHF 20.50", "twenty francs and fifty centimes"}, {"$3.5", "three point five dollars"},

		// Dates.
		{"12/24/2026", "december twenty fourth, twenty twenty six"}, {"24/12/2026", "december twenty fourth, twenty twenty six"}, {"12/24", "december twenty fourth"},
		{"12/24/26", "december twenty fourth, twenty twenty six"}, {"2026-12-24", "december twenty fourth, twenty twenty six"}, {"24.12.2026", "december twenty fourth, twenty twenty six"},
		{"Dec 24", "december twenty fourth"}, {"Dec. 24th, 2026", "december twenty fourth, twenty twenty six"}, {"December 24", "december twenty fourth"},
		{"24 December 2026", "december twenty fourth, twenty twenty six"}, {"the 3rd of May", "the may third"}, {"May 5", "may fifth"}, {"13/13/2026", "thirteen over thirteen twenty twenty six"},
		{"Tue, Jan. 5", "tuesday, january fifth"},

		// Times.
		{"9:30", "nine thirty"}, {"9:05", "nine oh five"}, {"9:00", "nine o'clock"}, {"9 am", "nine A M"}, {"9:30 a.m.", "nine thirty A M."}, {"9am", "nine A M"}, {"12:15PM", "twelve fifteen P M"},
		{"at 5 p.m. Then", "at five P M. then"}, {"5 p.m. today", "five P M today"}, {"17:30", "five thirty P M"}, {"17:00", "five P M"}, {"12:00", "twelve o'clock"}, {"0:15", "twelve fifteen A M"},
		{"9:00-17:00", "nine o'clock to five P M"}, {"25:10", "twenty five: ten"}, {"9:30:15", "nine thirty and fifteen seconds"},

		// Telephone numbers and codes.
		{"+1 415 555 0132", "plus one, four one five, five five five, zero one three two"}, {"+14155550132", "plus one, four one five, five five five, zero one three two"},
		{"(415) 555-0132", "four one five, five five five, zero one three two"}, {"415-555-0132", "four one five, five five five, zero one three two"}, {"4155550132.", "four one five, five five five, zero one three two."},
		{"415.555.0132", "four one five, five five five, zero one three two"}, {"1-415-555-0132", "one, four one five, five five five, zero one three two"}, {"555-0132", "five five five, zero one three two"},
		{"+44 20 7946 0958", "plus four four, two zero, seven nine four six, zero nine five eight"}, {"+442079460958", "plus four four, two zero seven, nine four six, zero nine five eight"},
		{"020 7946 0958", "zero two zero, seven nine four six, zero nine five eight"}, {"4111 1111 1111 1111", "four one one one, one one one one, one one one one, one one one one"},
		{"code 4821", "code four eight two one"}, {"My PIN is 4821.", "my pin is four eight two one."}, {"CA 94105", "C A nine four one zero five"}, {"order 1234567", "order one two three, four five six seven"},
		{"extension 12", "extension twelve"}, {"#4821", "number four eight two one"}, {"room 1204", "room twelve oh four"},

		// Percent and units.
		{"5%", "five percent"}, {"3.5 %", "three point five percent"}, {"-2%", "minus two percent"}, {"3,5%", "three point five percent"}, {"20°C", "twenty degrees Celsius"}, {"100 km/h", "one hundred kilometers per hour"},
		{"1 kg", "one kilogram"}, {"5kg", "five kilograms"}, {"6 ft., a", "six feet, a"}, {"a 5-mile run", "a five mile run"}, {"10 min. Yes", "ten minutes. yes"}, {"2 hrs", "two hours"}, {"500 GB", "five hundred gigabytes"}, {"5 m.", "five meters."},

		// Addresses.
		{"ana.smith@gmail.com", "ana dot smith at gmail dot com"}, {"info@pearlfitness.io", "info at pearl fitness dot I O"}, {"j_doe99@example.co.uk.", "J underscore doe ninety nine at example dot co dot U K."},
		{"www.example.com/offers", "W W W dot example dot com slash offers"}, {"https://example.org", "example dot org"}, {"example.com", "example dot com"}, {"it is.it was", "it is. it was"},

		// Abbreviations.
		{"Dr. Smith", "doctor smith"}, {"5 Elm Dr.", "five elm drive."}, {"5 Main St. in St. Louis", "five main street in saint louis"}, {"Mr. and Mrs. O'Brien", "mister and missus o'brien"},
		{"cats vs. dogs", "cats versus dogs"}, {"cats, dogs, etc. Then", "cats, dogs, et cetera. then"}, {"e.g. this", "for example this"}, {"No. 5", "number five"}, {"No. I am", "no. i am"}, {"Ph.D.", "P H D."},
		{"Acme Inc. is", "acme incorporated is"}, {"John Smith Jr.", "john smith junior."}, {"approx. 5", "approximately five"}, {"w/o it", "without it"}, {"ext. 12", "extension twelve"},

		// Acronyms.
		{"The FBI", "the F B I"}, {"NASA", "nasa"}, {"two CEOs", "two C E Os"}, {"the CEO's", "the C E Os"}, {"FAQ's", "F A Qs"}, {"the U.S. too", "the U S too"}, {"J.R.R. Smith", "J R R smith"}, {"IT and US", "I T and U S"},
		{"PLEASE CALL US NOW ABOUT YOUR IRS REFUND", "please call us now about your I R S refund"}, {"It is HTML", "it is H T M L"}, {"SALE today", "sale today"},
		{"Plan A is", "plan A is"}, {"A man", "a man"}, {"Have A Nice Day", "have a nice day"}, {"vitamin C", "vitamin C"}, {"I am", "i am"},
		{"COVID-19", "covid nineteen"}, {"MP3", "M P three"}, {"4G", "four G"}, {"B2B", "B two B"}, {"A4", "A four"}, {"Q4 2025", "Q four twenty twenty five"}, {"AB12CD34", "A B one two C D three four"},
		{"iPhone and PayPal", "iphone and paypal"}, {"SuperPlan", "super plan"}, {"Wi-Fi", "wifi"}, {"xqzt", "X Q Z T"}, {"hmm", "hmm"},

		// Roman numerals.
		{"Henry VIII", "henry the eighth"}, {"World War II", "world war two"}, {"John Smith III", "john smith the third"}, {"Chapter IV", "chapter four"}, {"Part I", "part one"}, {"the part I like", "the part i like"}, {"Louis XIV", "louis the fourteenth"},

		// Marks between words.
		{"yes/no and/or", "yes or no and or"}, {"well-known", "well known"}, {"gym + pool", "gym plus pool"}, {"you & me", "you and me"}, {"<b>you</b>", "less than B greater than you less than or B greater than"},
	} {
		if got := l.Words(test.text); got != test.want {
			t.Errorf("%q is read as\n\t%q, want\n\t%q", test.text, got, test.want)
		}
	}
}

func TestLetters(t *testing.T) {
	t.Parallel()
	l := open(t)
	for _, test := range []struct{ text, want string }{
		{"Hello Anna, this is Pearl.", "həlˈO ˈænə, ðɪs ɪz pˈɜɹl."},
		{"the man, the apple, to you, to Anna", "ðə mˈæn, ði ˈæpᵊl, tə ju, tʊ ˈænə"}, // little words are weak, and change before vowels
		{"cats dogs buses", "kˈæts dˈɑɡz bˈʌsɪz"},                                    // plurals
		{"Anna's gym's bus's", "ˈænəz ʤˈɪmz bˈʌsɪz"},                                 // possessives
		{"called liked wanted tried", "kˈɔld lˈIkt wˈɔntɪd tɹˈId"},
		{"calling liking running", "kˈɔlɪŋ lˈIkɪŋ ɹˈʌnɪŋ"},
		{"better letter thirty", "bˈɛTəɹ lˈɛTəɹ θˈɜɹTi"}, // taps
		{"button", "bˈʌtən"},
		{"The FBI", "ði ˌɛf bˌi ˈI"}, // one main stress
		{"CEOs", "sˌi ˌi ˈOz"},
		{"I use it for good use", "ˌI jˈuz ɪt fɔɹ ɡˈʊd jˈus"}, // verb and noun
		{"to live, a live record", "tə lˈɪv, ɐ lˈIv ɹˈɛkəɹd"},
		{"snowboardshop", "snˈObˌɔɹdʃˌɑp"},            // known words written as one
		{"blorfing Thibodeaux", "blˈɜɹfɪŋ θˈɪbədO"},   // guesses
		{"yes — no… (really?)", "jˈɛs — nˈO. ɹˈɪli?"}, // pauses
	} {
		if got, lost := l.Letters(test.text); got != test.want || lost {
			t.Errorf("%q sounds\n\t%q (lost %v), want\n\t%q", test.text, got, lost, test.want)
		}
	}
	for text, want := range map[string]string{"Привет": "", "שלום Anna": "ˈænə", "你好": ""} {
		if got, lost := l.Letters(text); got != want || !lost {
			t.Errorf("%q sounds %q, lost %v; want %q, lost", text, got, lost, want)
		}
	}
}

// Every sound of every table is one that the voice has a letter for.
func TestTablesSound(t *testing.T) {
	t.Parallel()
	l := open(t)
	check := func(word, sounds string) {
		for _, sound := range strings.Fields(sounds) {
			if _, ok := l.tables.sounds[strings.TrimRight(sound, "012")]; !ok {
				t.Errorf("%s: %q is no sound", word, sound)
			}
		}
	}
	for word, sounds := range l.words {
		check(word, sounds)
	}
	for word, sounds := range l.heteronyms {
		check(word, sounds[0])
		check(word, sounds[1])
	}
	for letter, sounds := range l.letters {
		check(string(letter), sounds)
	}
	if len(l.letters) != 26 {
		t.Errorf("%d letters have a name", len(l.letters))
	}
	for _, label := range l.guesses.labels {
		check("guess", label)
	}
}

// Guesses have a main stress and come near what the dictionary says.
func TestGuesses(t *testing.T) {
	t.Parallel()
	l := open(t)
	strip := strings.NewReplacer("0", "", "1", "", "2", "")
	right, all := 0, 0
	for word, want := range l.entries {
		got := l.guesses.sounds(word)
		if strings.ContainsAny(word, "aeiouy") && strings.Count(got, "1") != 1 {
			t.Errorf("%s: %q has not one main stress", word, got)
		}
		all++
		if strip.Replace(got) == strip.Replace(want) {
			right++
		}
	}
	if right*10 < all*6 { // short words are the least regular
		t.Errorf("%d of %d words were guessed", right, all)
	}
}

func FuzzLetters(f *testing.F) {
	for _, text := range []string{"Hello, 5 o'clock?", "$1,299.99/mo", "+44 20 7946 0958", "a@b.co", "9:00-17:00", "XIV", "\xff\xfe½№", "1.2.3.4", "-", "A4B2C1", strings.Repeat("9", 40)} {
		f.Add(text)
	}
	l := open(f)
	f.Fuzz(func(t *testing.T, text string) {
		words := l.Words(text)
		if len(words) > 40*len(text)+40 {
			t.Fatalf("%d bytes became %d", len(text), len(words))
		}
		if strings.ContainsAny(words, "0123456789") {
			t.Fatalf("digits were left: %q", words)
		}
		letters, _ := l.Letters(text)
		if len(letters) > 80*len(text)+80 || !utf8.ValidString(letters) {
			t.Fatalf("%d bytes became %d", len(text), len(letters))
		}
	})
}

// What nobody writes takes its time, too: it is read in pieces.
func TestLongRows(t *testing.T) {
	t.Parallel()
	l := open(t)
	for _, row := range []string{"a", "9-", "a@", "1,", "-", "A.B"} {
		text := strings.Repeat(row, maxText)
		words := l.Words(text)
		if len(words) > 40*maxText {
			t.Errorf("%q again and again became %d bytes", row, len(words))
		}
		if short := l.Words(text[:maxText]); short != words {
			t.Errorf("%q: more than the longest text was read", row)
		}
	}
}

func TestClauses(t *testing.T) {
	t.Parallel()
	l := open(t)
	for _, test := range []struct{ text, want string }{
		{"", ""}, {" ", ""}, {"Hello.", "Hello."},
		{"Hello Anna, this is Pearl Fitness about your plan. Would you like to come?", "Hello Anna,|this is Pearl Fitness about your plan.|Would you like to come?"},
		{"Anna, would you like to come?", "Anna,|would you like to come?"},
		{"Hi, this is Pearl.", "Hi, this is Pearl."},
		{"Dr. Smith and J. Smith live on 5 Elm St. Louis too.", "Dr. Smith and J. Smith live on 5 Elm St. Louis too."},
		{"On December 24, 2026 at 9:30 a.m. we close.", "On December 24, 2026 at 9:30 a.m. we close."},
		{"It costs $1,299.99, tax included. Yes?", "It costs $1,299.99,|tax included.|Yes?"},
		{"Cats, dogs, and more cats", "Cats, dogs,|and more cats"},
		{"Thank you.\nGoodbye.", "Thank you.|Goodbye."},
		{"We are open: come in; call us", "We are open:|come in;|call us"},
	} {
		var got []string
		for _, clause := range l.Clauses(test.text) {
			got = append(got, clause.Text)
		}
		if strings.Join(got, "|") != test.want {
			t.Errorf("%q is spoken as\n\t%q, want\n\t%q", test.text, strings.Join(got, "|"), test.want)
		}
	}
	clauses := l.Clauses("Thank you Anna, we call again. Goodbye.")
	if len(clauses) != 3 || clauses[0].Pause >= clauses[1].Pause || clauses[0].Pause == 0 || clauses[2].Pause != 0 {
		t.Errorf("pauses: %v", clauses)
	}
}

// No clause has more letters than the voice takes at once, and nothing is lost between clauses.
func FuzzClauses(f *testing.F) {
	for _, text := range []string{"Hello Anna, this is it. Yes?", strings.Repeat("word ", 200), strings.Repeat("9", 500), strings.Repeat("é", 300), strings.Repeat("$999,999,999.99 ", 30), "a, b. C"} {
		f.Add(text)
	}
	l := open(f)
	f.Fuzz(func(t *testing.T, text string) {
		var all strings.Builder
		for _, clause := range l.Clauses(text) {
			if strings.TrimSpace(clause.Text) == "" || len(clause.Text) > maxClause+4 {
				t.Fatalf("clause %q", clause.Text)
			}
			all.WriteString(clause.Text)
		}
		bare := func(s string) string { return strings.Join(strings.Fields(strings.ToValidUTF8(s, " ")), "") }
		if bare(all.String()) != bare(text) {
			t.Fatalf("%q became %q", text, all.String())
		}
	})
}
