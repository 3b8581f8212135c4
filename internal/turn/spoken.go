package turn

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"nacre/internal/understanding"
)

// spoken writes a value so that it is read aloud as it was meant: digits one by one, dates by name.
func spoken(wants understanding.Question, value any) string {
	switch v := value.(type) {
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case string:
		return spokenValue(wants, v)
	default:
		return ""
	}
}

func spokenValue(wants understanding.Question, text string) string {
	switch wants.Sort {
	case understanding.Digits, understanding.Phone, understanding.PostalCode:
		return spokenDigits(text)
	case understanding.Email:
		return strings.NewReplacer("@", " at ", ".", " dot ", "_", " underscore ", "-", " dash ", "+", " plus ").Replace(text)
	case understanding.Date:
		if day, err := time.Parse(time.DateOnly, text); err == nil {
			return day.Format("January 2, 2006")
		}
	case understanding.Time:
		if at, err := time.Parse("15:04", text); err == nil {
			return spokenClock(at)
		}
	case understanding.DateTime:
		if at, err := time.Parse("2006-01-02T15:04", text); err == nil {
			return at.Format("Monday, January 2") + ", at " + spokenClock(at)
		}
		if day, err := time.Parse(time.DateOnly, text); err == nil {
			return day.Format("Monday, January 2")
		}
	}
	return text
}

// spokenDigits separates digits, in groups as people say them: 4 1 5, 5 5 5, 0 1 3 2.
func spokenDigits(text string) string {
	var b strings.Builder
	left := len(text)
	for i, c := range []byte(text) {
		if c == '+' {
			b.WriteString("plus ")
			left--
			continue
		}
		b.WriteByte(c)
		left--
		switch {
		case left == 0:
		case left == 4 && i > 0, left > 4 && (left-4)%3 == 0:
			b.WriteString(", ")
		default:
			b.WriteByte(' ')
		}
	}
	return b.String()
}

func spokenClock(at time.Time) string {
	if at.Minute() == 0 {
		return at.Format("3 PM")
	}
	return at.Format("3:04 PM")
}

// spokenInstant says when something in the future is, as seen from now: "in 20 minutes", "tomorrow at 5 PM", "on Monday,
// December 7, at 4:30 PM".
func spokenInstant(now, at time.Time) string {
	if after := at.Sub(now); after <= 90*time.Minute {
		minutes := fmt.Sprintf("%d minutes", int((after+30*time.Second)/time.Minute))
		if minutes == "60 minutes" {
			minutes = "one hour"
		}
		return fmt.Sprintf("in %s, at %s", minutes, spokenClock(at))
	}
	day := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 12, 0, 0, 0, time.UTC) }
	switch int(day(at).Sub(day(now)).Hours()) / 24 {
	case 0:
		return "today at " + spokenClock(at)
	case 1:
		return "tomorrow, " + at.Format("Monday") + ", at " + spokenClock(at)
	default:
		return "on " + at.Format("Monday, January 2") + ", at " + spokenClock(at)
	}
}
