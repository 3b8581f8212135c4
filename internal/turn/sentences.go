package turn

import (
	"embed"
	"fmt"
	"path"
	"reflect"
	"strings"
	"sync"
)

// sentenceFiles hold what the agent says by itself, one file a language.
//
//go:embed sentences/*.txt
var sentenceFiles embed.FS

// Sentences are what the agent says that comes from no script, in one language. {places} are filled by fill.
type Sentences struct {
	OptOutKeys   string // the first words say how to end all calls
	YesNoKeys    string
	DigitsKeys   string
	DecimalKeys  string
	TextKeys     string // a text that is made of digits, such as a postal code
	SpokenText   string // any other text: it cannot be typed, and stands in the recording
	OtherKeys    string // said once, with the first repetition
	OnlyKeys     string // they spoke
	StillThere   string // they were silent
	WrongKey     string
	Give         string // asks for {name}, where the script has no question
	Thanks       string // between two questions
	Goodbye      string
	Declined     string
	GaveUp       string
	OptedOut     string
	CallbackHour string // in one hour
	Callback     string // in {hours}
	Failure      string
	Transfer     string // they are put through
	NotConnected string // and it did not come about
	Filler       string // while a reply takes its time
	WhichWay     string // to go on: one of {ways}
	Or           string // between the last two of them
	Else         string // in place of the name of one: whatever has none
	WayKey       string // {key} is that of {way}

	// Said where there are ears.
	OptOut         string // the first words say how to end all calls, by voice or by keys
	Hears          string // there are ears now, and were none when the call began
	NotUnderstood  string // the first time
	StillNot       string // after that; the keys are named then
	YesOrNo        string // the question in other words, by what is asked for
	YesOrNoAgain   string // they answered neither clearly
	JustTheNumber  string
	DigitByDigit   string
	JustTheDay     string
	JustTheTime    string
	JustTheName    string
	SpellIt        string
	DidYouSay      string // {said}
	Corrected      string // an earlier answer: {said}
	Noted          string // no answer was given, and none is needed
	NoMatter       string // they do not know
	AskOptOut      string
	AskWhen        string
	AskTime        string
	WithinMonth    string
	OutsideHours   string // nobody is called at the time that they named
	CallbackAt     string // {when}
	IsThatRight    string
	AgreedGoodbye  string
	AskWrongNumber string
	WrongNumber    string
	NoPerson       string
	Robot          string
	RobotFor       string // of {company}
	Who            string // {agent}
	WhoFor         string // {agent} of {company}
	CompanyOnly    string // {company}
	NoReason       string // the company says nothing about itself
	WhereFrom      string
	TakeYourTime   string
	IWait          string // somebody else comes to the telephone …
	Anew           string // … and is greeted, before it is said who calls and why
	SorryToDisturb string
	Screened       string // to a screening assistant: {who} calls, for which {reason}
	AgentOf        string // who calls: {agent} of {company}
	AgentAlone     string // {agent}
	AssistantOf    string // of {company}, without a name
	Assistant      string

	// How values are read.
	Yes, No                         string
	Plus, At, Dot, Underscore, Dash string
	DecimalMark                     string
	FirstDay                        string // of a month, as a number
	Date                            string // {day} {month} {year}
	Day                             string // {weekday} {day} {month}
	DayAndTime                      string // and {time}
	// When a call-back is, each with its {time}.
	InMinutes string // {minutes}
	InHour    string
	Today     string
	Tomorrow  string   // {weekday}
	OnDay     string   // {weekday} {day} {month}
	Months    []string // from January
	Weekdays  []string // from Sunday
	Hours     []string // of a clock, from midnight
	Times     []string // the same with a {minute}
}

// fixed returns the sentences said where there are ears that have no place to be filled.
func (s *Sentences) fixed() []string {
	return []string{
		s.NotUnderstood, s.YesOrNo, s.JustTheNumber, s.YesOrNoAgain, s.StillNot, s.AskWhen, s.AskOptOut, s.AgreedGoodbye, s.WrongNumber,
		s.IsThatRight, s.Robot, s.Noted, s.NoMatter, s.DigitByDigit, s.JustTheDay, s.JustTheTime, s.JustTheName, s.SpellIt, s.AskTime,
		s.Hears, s.SorryToDisturb, s.TakeYourTime, s.IWait, s.Anew, s.NoPerson, s.WhereFrom, s.NoReason, s.WithinMonth, s.OutsideHours, s.AskWrongNumber,
	}
}

// SentencesIn returns the sentences of a BCP 47 tag; of a language without any all are English.
func SentencesIn(tag string) *Sentences {
	primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
	if s, ok := allSentences()[primary]; ok {
		return s
	}
	return allSentences()["en"]
}

var allSentences = sync.OnceValue(func() map[string]*Sentences {
	files, err := sentenceFiles.ReadDir("sentences")
	if err != nil {
		panic(err) // embedded
	}
	all := map[string]*Sentences{}
	for _, file := range files {
		text, err := sentenceFiles.ReadFile(path.Join("sentences", file.Name()))
		if err != nil {
			panic(err)
		}
		s, err := readSentences(string(text))
		if err != nil {
			panic(fmt.Sprintf("sentences/%s: %v", file.Name(), err))
		}
		all[strings.TrimSuffix(file.Name(), ".txt")] = s
	}
	return all
})

// readSentences reads lines of "Name = sentence", the names being those of Sentences; each has to be there once.
func readSentences(text string) (*Sentences, error) {
	s := &Sentences{}
	into := reflect.ValueOf(s).Elem()
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, sentence, _ := strings.Cut(line, "=")
		name, sentence = strings.TrimSpace(name), strings.TrimSpace(sentence)
		member := into.FieldByName(name)
		switch {
		case !member.IsValid():
			return nil, fmt.Errorf("%q is no sentence", name)
		case !member.IsZero():
			return nil, fmt.Errorf("%s is there twice", name)
		case member.Kind() == reflect.Slice:
			for entry := range strings.SplitSeq(sentence, ",") {
				member.Set(reflect.Append(member, reflect.ValueOf(strings.TrimSpace(entry))))
			}
		default:
			member.SetString(sentence)
		}
	}
	for n := range into.NumField() {
		if into.Field(n).IsZero() {
			return nil, fmt.Errorf("%s is missing", into.Type().Field(n).Name)
		}
	}
	return s, nil
}

// fill fills the places of a sentence: name, value, name, value …
func fill(sentence string, places ...string) string {
	pairs := make([]string, len(places))
	for n, place := range places {
		if pairs[n] = place; n%2 == 0 {
			pairs[n] = "{" + place + "}"
		}
	}
	return strings.NewReplacer(pairs...).Replace(sentence)
}
