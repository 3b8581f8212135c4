package turn

import (
	"strconv"
	"strings"
	"time"

	"nacre/internal/understanding"
)

// spoken writes a value so that it is read aloud as it was meant: digits one by one, dates by name.
func (s *Sentences) spoken(wants understanding.Question, value any) string {
	switch v := value.(type) {
	case bool:
		if v {
			return s.Yes
		}
		return s.No
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strings.Replace(strconv.FormatFloat(v, 'f', -1, 64), ".", s.DecimalMark, 1)
	case string:
		return s.spokenText(wants, v)
	default:
		return ""
	}
}

func (s *Sentences) spokenText(wants understanding.Question, text string) string {
	switch wants.Sort {
	case understanding.Digits, understanding.Phone, understanding.PostalCode:
		return s.digits(text)
	case understanding.Email:
		return strings.NewReplacer("@", " "+s.At+" ", ".", " "+s.Dot+" ", "_", " "+s.Underscore+" ", "-", " "+s.Dash+" ", "+", " "+s.Plus+" ").Replace(text)
	case understanding.Date:
		if day, err := time.Parse(time.DateOnly, text); err == nil {
			return s.date(s.Date, day)
		}
	case understanding.Time:
		if at, err := time.Parse("15:04", text); err == nil {
			return s.clock(at)
		}
	case understanding.DateTime:
		if at, err := time.Parse("2006-01-02T15:04", text); err == nil {
			return s.date(s.DayAndTime, at)
		}
		if day, err := time.Parse(time.DateOnly, text); err == nil {
			return s.date(s.Day, day)
		}
	}
	return text
}

// digits separates digits, in groups as people say them: 4 1 5, 5 5 5, 0 1 3 2.
func (s *Sentences) digits(text string) string {
	var b strings.Builder
	left := len(text)
	for i, c := range []byte(text) {
		if c == '+' {
			b.WriteString(s.Plus + " ")
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

func (s *Sentences) clock(at time.Time) string {
	if at.Minute() == 0 {
		return s.Hours[at.Hour()]
	}
	return fill(s.Times[at.Hour()], "minute", at.Format("04"))
}

// date fills the places of a sentence about an instant.
func (s *Sentences) date(sentence string, at time.Time) string {
	day := strconv.Itoa(at.Day())
	if at.Day() == 1 {
		day = s.FirstDay
	}
	return fill(sentence, "weekday", s.Weekdays[at.Weekday()], "day", day, "month", s.Months[at.Month()-1], "year", strconv.Itoa(at.Year()), "time", s.clock(at))
}

// when says when something in the future is, as seen from now: "in 20 minutes, at 5:10 PM", "tomorrow, Friday, at 5 PM", "on
// Monday, December 7, at 4:30 PM".
func (s *Sentences) when(now, at time.Time) string {
	if after := at.Sub(now); after <= 90*time.Minute {
		minutes := int((after + 30*time.Second) / time.Minute)
		if minutes == 60 {
			return s.date(s.InHour, at)
		}
		return fill(s.date(s.InMinutes, at), "minutes", strconv.Itoa(minutes))
	}
	day := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 12, 0, 0, 0, time.UTC) }
	switch int(day(at).Sub(day(now)).Hours()) / 24 {
	case 0:
		return s.date(s.Today, at)
	case 1:
		return s.date(s.Tomorrow, at)
	default:
		return s.date(s.OnDay, at)
	}
}
