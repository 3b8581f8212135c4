package understanding

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"nacre/internal/call"
)

// now of the tables is a Thursday, 10:15 in New York.
func tableNow(t *testing.T) time.Time {
	t.Helper()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	return time.Date(2026, time.November, 26, 10, 15, 0, 0, zone)
}

// rows returns the lines of a table, split into so many columns; fewer rows than least fail the test.
func rows(t *testing.T, file string, columns, least int) [][]string {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var out [][]string
	for line := range strings.Lines(string(raw)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		parts := strings.SplitN(line, "|", columns)
		if len(parts) != columns {
			t.Fatalf("%s: %q has not %d columns", file, line, columns)
		}
		for i := range parts {
			parts[i] = strings.TrimSpace(parts[i])
		}
		out = append(out, parts)
	}
	if len(out) < least {
		t.Fatalf("%s has %d rows only", file, len(out))
	}
	return out
}

// told writes an answer as the tables do.
func told(a Answer) string {
	switch {
	case a.Unknown:
		return "unknown"
	case a.Refused:
		return "refused"
	case a.Confidence == NotUnderstood:
		return "none"
	}
	text := fmt.Sprint(a.Value)
	switch v := a.Value.(type) {
	case float64:
		text = strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		text = map[bool]string{true: "yes", false: "no"}[v]
	}
	if a.Confidence == Unsure {
		text += "?"
	}
	return text
}

func TestYesNo(t *testing.T) {
	t.Parallel()
	l := For("en-US")
	asked := map[string]string{
		"offer": "Would you like an offer?", "mind": "Do you mind if we call again?", "plain": "Is that your address?",
	}
	for _, row := range rows(t, "yesno.txt", 3, 150) {
		q := l.Question(call.Question{ID: "v", Name: "v", Type: call.Boolean, Ask: asked[row[0]]})
		if got := told(l.Answer(q, row[2], tableNow(t))); got != row[1] {
			t.Errorf("%s %q: %s, want %s", row[0], row[2], got, row[1])
		}
	}
}

// questions by the names of testdata/values.txt.
var questions = map[string]call.Question{
	"yesno":    {ID: "right", Name: "right", Type: call.Boolean, Ask: "Is that right?"},
	"int":      {ID: "rooms", Name: "rooms", Type: call.Int, Ask: "How many rooms are there?"},
	"float":    {ID: "size", Name: "size", Type: call.Float, Ask: "What is the size?"},
	"money":    {ID: "budget", Name: "budget", Type: call.Float, Ask: "What is your budget?"},
	"digits":   {ID: "customer", Name: "customer number", Type: call.String, Ask: "What is your customer number?"},
	"phone":    {ID: "phone", Name: "phone", Type: call.String, Ask: "What is your phone number?"},
	"postal":   {ID: "zip", Name: "zip", Ask: "What is your zip code?"},
	"email":    {ID: "mail", Name: "email", Type: call.String, Ask: "What is your e-mail address?"},
	"name":     {ID: "who", Name: "name", Type: call.String, Ask: "What is your name?"},
	"date":     {ID: "day", Name: "day", Type: call.String, Ask: "On which day?"},
	"birth":    {ID: "dob", Name: "date of birth", Type: call.String, Ask: "What is your date of birth?"},
	"time":     {ID: "hour", Name: "hour", Type: call.String, Ask: "At what time?"},
	"datetime": {ID: "appointment", Name: "appointment", Type: call.String, Ask: "When should we come?"},
	"free":     {ID: "wish", Name: "wish", Type: call.String, Ask: "Anything else?"},
}

func TestValues(t *testing.T) {
	t.Parallel()
	l := For("en")
	for _, row := range rows(t, "values.txt", 3, 200) {
		asked, ok := questions[row[0]]
		if !ok {
			t.Fatalf("no question %q", row[0])
		}
		if got := told(l.Answer(l.Question(asked), row[2], tableNow(t))); got != row[1] {
			t.Errorf("%s %q: %s, want %s", row[0], row[2], got, row[1])
		}
	}
}

// toldRequest writes a request as the tables do.
func toldRequest(asked Asked) string {
	text := asked.Request.String()
	switch {
	case asked.When.HasTime:
		text += asked.When.At.Format(" 2006-01-02T15:04")
	case asked.When.HasDate:
		text += asked.When.At.Format(" 2006-01-02")
	}
	if asked.Confidence == Unsure {
		text += "?"
	}
	return text
}

func TestRequests(t *testing.T) {
	t.Parallel()
	l := For("en")
	now := tableNow(t)
	for _, row := range rows(t, "requests.txt", 2, 350) {
		got := toldRequest(l.Request(row[1], now))
		if got != row[0] {
			t.Errorf("%q: %s, want %s", row[1], got, row[0])
		}
	}
}

func TestLanguages(t *testing.T) {
	t.Parallel()
	now := tableNow(t)
	optOut := map[string]bool{}
	for _, row := range rows(t, "languages.txt", 4, 200) {
		l := languages()[row[0]]
		if l == nil {
			t.Fatalf("no language %q", row[0])
		}
		var got string
		switch row[1] {
		case "request":
			got = toldRequest(l.Request(row[3], now))
			if row[2] == "never again" && got == row[2] {
				optOut[row[0]] = true
				if english := For("en").Request(row[3], now); english.Request != NeverAgain {
					t.Errorf("%q is not heard on an English call", row[3])
				}
			}
		case "yesno":
			got = told(l.Answer(Question{Sort: YesNo, Type: call.Boolean}, row[3], now)) // asked in their language
		default:
			english := For("en").Question(questions[row[1]])
			got = told(l.Answer(english, row[3], now))
		}
		if got != row[2] {
			t.Errorf("%s %s %q: %s, want %s", row[0], row[1], row[3], got, row[2])
		}
	}
	if len(optOut) != 11 {
		t.Errorf("never again is tried in %d languages besides English, not in 11", len(optOut))
	}
}

func TestCompleteness(t *testing.T) {
	t.Parallel()
	l := For("en")
	for _, row := range rows(t, "complete.txt", 3, 35) {
		a := l.Answer(l.Question(questions[row[0]]), row[2], tableNow(t))
		if got := a.Completeness.String(); got != row[1] {
			t.Errorf("%s %q: %s, want %s", row[0], row[2], got, row[1])
		}
	}
}

func TestQuestions(t *testing.T) {
	t.Parallel()
	l := For("en")
	for _, c := range []struct {
		asked call.Question
		want  Question
	}{
		{call.Question{ID: "q", Type: call.Boolean, Ask: "Would you like an offer?"}, Question{Sort: YesNo, Type: call.Boolean, Offer: true}},
		{call.Question{ID: "q", Type: call.Boolean, Ask: "Do you mind if I ask?"}, Question{Sort: YesNo, Type: call.Boolean, Negative: true}},
		{call.Question{ID: "zip_code"}, Question{Sort: PostalCode}},
		{call.Question{ID: "zipCode", Ask: "Please give zipCode."}, Question{Sort: PostalCode}},
		{call.Question{ID: "x", Name: "Date of birth"}, Question{Sort: Date, Past: true}},
		{call.Question{ID: "x", Ask: "When would it suit you?"}, Question{Sort: DateTime}},
		{call.Question{ID: "x", Ask: "How many rooms?", Type: call.Int}, Question{Sort: WholeNumber, Type: call.Int}},
		{call.Question{ID: "x", Ask: "How many rooms?"}, Question{Sort: WholeNumber}},
		{call.Question{ID: "x", Ask: "What is your budget?", Type: call.Int}, Question{Sort: Money, Type: call.Int}},
		{call.Question{ID: "x", Ask: "What is your account number?"}, Question{Sort: Digits}},
		{call.Question{ID: "mobile_phone"}, Question{Sort: Phone}},
		{call.Question{ID: "x", Ask: "What do you think of it?"}, Question{Sort: Free}},
		{call.Question{ID: "contact", Ask: "What is your name?"}, Question{Sort: Name}},
	} {
		if got := l.Question(c.asked); got != c.want {
			t.Errorf("%+v: %+v, want %+v", c.asked, got, c.want)
		}
	}
}

// TestTablesAreChecked: what nobody can mean in a table is an error, not a phrase that never matches.
func TestTablesAreChecked(t *testing.T) {
	t.Parallel()
	for _, table := range []string{
		"yes", "[yes]\n{unknown} it", "[yes]\n(a|b", "[yes]\na)", "[yes]\na||b", "[replace]\nx", "[numbers]\none", "[numbers]\none = two",
		"[when]\ntoday", "[define]\na = {b}",
	} {
		if _, err := load("xx", table); err == nil {
			t.Errorf("%q is a table", table)
		}
	}
}

// TestZones: instants are those of the person's zone, over the change of the clocks as well.
func TestZones(t *testing.T) {
	t.Parallel()
	l := For("en")
	for zone, want := range map[string]string{"America/New_York": "2027-03-14T17:00:00-04:00", "Asia/Jerusalem": "2027-03-14T17:00:00+02:00"} {
		place, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		now := time.Date(2027, time.March, 13, 20, 0, 0, 0, place) // a Saturday; New York changes its clocks in the night
		if got := l.When("tomorrow at five", now).At.Format(time.RFC3339); got != want {
			t.Errorf("%s: %s, want %s", zone, got, want)
		}
		if got := l.When("in two hours", now).At.Sub(now); got != 2*time.Hour {
			t.Errorf("%s: in two hours is in %s", zone, got)
		}
	}
}

// TestAnswersAreNoRequests: what people answer to questions never takes them off the list, and ends no call.
func TestAnswersAreNoRequests(t *testing.T) {
	t.Parallel()
	l := For("en")
	all := append(rows(t, "values.txt", 3, 200), rows(t, "yesno.txt", 3, 150)...)
	for _, row := range append(all, rows(t, "complete.txt", 3, 35)...) {
		switch asked := l.Request(row[2], tableNow(t)); asked.Request {
		case NeverAgain, WrongNumber, Person, Goodbye, Stop:
			t.Errorf("%q is taken for %s", row[2], asked.Request)
		}
	}
}
