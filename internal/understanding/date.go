package understanding

import (
	"strconv"
	"strings"
	"time"
)

func (r *reader) today() time.Time {
	return time.Date(r.now.Year(), r.now.Month(), r.now.Day(), 0, 0, 0, 0, r.now.Location())
}

// setDay takes a day; of two that differ, the last, in doubt.
func (r *reader) setDay(day time.Time) {
	r.doubtful = r.doubtful || r.hasDate && !r.date.Equal(day)
	r.date, r.hasDate = day, true
}

// day reads "tomorrow", "Monday", "next Tuesday", "Tuesday next week", "next week".
func (r *reader) day(i int) int {
	kind, argument, j := r.entry(i)
	switch kind {
	case "feast":
		month, day, _ := strings.Cut(argument, "-")
		if !r.setDate(0, int(parseFloat(month)), int(parseFloat(day))) {
			return i
		}
		return j
	case "day":
		days, part, _ := strings.Cut(argument, " ")
		n, err := strconv.Atoi(days)
		if err != nil {
			return i
		}
		r.isToday = n == 0
		r.setDay(r.today().AddDate(0, 0, n))
		if part != "" {
			r.half = part
		}
		return j
	case "weekday":
		return r.weekdayAt(argument, j, 0)
	case "next", "this":
		next := 0
		if kind == "next" {
			next = 1
		}
		switch kind, argument, end := r.entry(j); kind {
		case "weekday":
			if next == 0 {
				r.named = true
			}
			return r.weekdayAt(argument, end, next)
		case "unit":
			if next == 0 {
				return i
			}
			days := int(parseFloat(argument)) / (24 * 60)
			if days < 7 {
				return i
			}
			if r.weekday >= 0 { // Tuesday next week
				r.date = r.nextWeek(time.Weekday(r.weekday))
				return end
			}
			on, afterOn := r.kind(end)
			if on != "on" {
				afterOn = end
			}
			if kind, argument, last := r.entry(afterOn); kind == "weekday" { // next week Tuesday
				return r.weekdayAt(argument, last, 2)
			}
			r.setDay(r.today().AddDate(0, 0, days))
			r.doubtful = true
			return end
		}
	}
	return i
}

// weekdayAt takes a day of the week; next: 0 = the coming one, 1 = "next", 2 = that of the next week.
func (r *reader) weekdayAt(argument string, j, next int) int {
	n, err := strconv.Atoi(argument)
	if err != nil {
		return j - 1
	}
	day := time.Weekday(n)
	if next == 0 && r.hasDate && r.weekday < 0 && !r.adding { // "tomorrow, Friday"; "the 27th, Saturday" is in doubt
		r.doubtful = r.doubtful || r.date.Weekday() != day
		return j
	}
	ahead := (int(day) - int(r.now.Weekday()) + 7) % 7
	switch next {
	case 0:
		if ahead == 0 && !r.named {
			ahead = 7
		}
		r.setDay(r.today().AddDate(0, 0, ahead))
	case 1: // the one of the next week; people mean the coming one as often where that is still far
		r.setDay(r.nextWeek(day))
		if days := int(r.date.Sub(r.today()).Hours()+12) / 24; days > 7 {
			r.doubtful = true
		}
	case 2:
		r.setDay(r.nextWeek(day))
	}
	r.weekday, r.named = n, true
	if kind, argument, end := r.entry(j); kind == "unit" && parseFloat(argument) == 7*24*60 { // Monday week
		r.date = r.date.AddDate(0, 0, 7)
		return end
	}
	return j
}

// nextWeek returns a day of the calendar week after this one; weeks begin on Monday.
func (r *reader) nextWeek(day time.Weekday) time.Time {
	monday := r.today().AddDate(0, 0, 7-(int(r.now.Weekday())+6)%7)
	return monday.AddDate(0, 0, (int(day)+6)%7)
}

// written reads 2026-03-04 and 3/4/2026.
func (r *reader) written(i int) int {
	parts := strings.Split(r.words[i].text, "/")
	if len(parts) < 2 || len(parts) > 3 {
		return i
	}
	var n [3]int
	for k, part := range parts {
		value, err := strconv.Atoi(part)
		if err != nil || len(part) > 4 {
			return i
		}
		n[k] = value
	}
	year, month, day := n[2], n[0], n[1]
	switch {
	case len(parts[0]) == 4 && len(parts) == 3:
		year, month, day = n[0], n[1], n[2]
	case r.l.setting("dates") == "day first" || month > 12:
		month, day = n[1], n[0]
	}
	if len(parts) == 3 && year < 100 {
		year += 2000
		if r.past && year > r.now.Year() {
			year -= 100
		}
	}
	if !r.setDate(year, month, day) {
		return i
	}
	return i + 1
}

// setDate sets a day of a month; year 0 = the coming one, or the last one of a date in the past.
func (r *reader) setDate(year, month, day int) bool {
	if year == 0 {
		year = r.givenYear
	}
	if month < 1 || month > 12 || day < 1 || day > 31 || year != 0 && (year < 1900 || year > 2199) {
		return false
	}
	make := func(year int) (time.Time, bool) {
		t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, r.now.Location())
		return t, t.Day() == day
	}
	r.hasYear = year != 0
	if year == 0 {
		year = r.now.Year()
		t, _ := make(year)
		switch {
		case r.past && t.After(r.today()):
			year--
		case !r.past && t.Before(r.today()):
			year++
		}
	}
	t, ok := make(year)
	switch {
	case !ok:
		r.unread = true // the 31st of February
	case r.weekday == int(t.Weekday()): // Friday, the 4th of December
		r.date = t
	default:
		r.setDay(t)
	}
	return ok
}

// monthDay reads "the 3rd of March", "March third 2027", "the fifteenth".
func (r *reader) monthDay(i int) int {
	if n, ok := r.whole(i, 2199); ok && !n.ordinal { // 2027 January first
		year, end := r.year(i)
		if kind, _ := r.kind(end); kind == "month" && year >= 1900 && (n.value > 31 || end > n.to) {
			r.givenYear = year
			last := r.monthDay(end)
			if r.givenYear = 0; last > end {
				return last
			}
		}
	}
	the := i
	if kind, end := r.kind(i); kind == "the" {
		the = end
	}
	if kind, argument, j := r.entry(the); kind == "month" {
		month, err := strconv.Atoi(argument)
		if err != nil {
			return i
		}
		if kind, end := r.kind(j); kind == "the" {
			j = end
		}
		n, ok := r.whole(j, 31)
		if !ok || n.value < 1 {
			return i
		}
		year, end := r.year(n.to)
		if !r.setDate(year, month, int(n.value)) {
			return i
		}
		return end
	}
	n, ok := r.whole(the, 31)
	if !ok || n.value < 1 {
		return i
	}
	j := n.to
	if kind, end := r.kind(j); kind == "of" {
		j = end
	}
	if kind, argument, end := r.entry(j); kind == "month" {
		month, err := strconv.Atoi(argument)
		if err != nil {
			return i
		}
		year, end := r.year(end)
		if !r.setDate(year, month, int(n.value)) {
			return i
		}
		return end
	}
	if !n.ordinal || r.hasDate && r.weekday < 0 || r.past {
		return i
	}
	return r.dayOfMonth(int(n.value), n.to, i)
}

// dayOfMonth takes a day of a month that was not named: the coming one, or the coming one on the weekday that was named.
func (r *reader) dayOfMonth(number, end, i int) int {
	coming, months := time.Time{}, 0
	for month := 0; month < 3; month++ { // the next month that has such a day
		first := time.Date(r.now.Year(), r.now.Month()+time.Month(month), 1, 0, 0, 0, 0, r.now.Location())
		day := first.AddDate(0, 0, number-1)
		if day.Month() != first.Month() || day.Before(r.today()) {
			continue
		}
		if fits := r.weekday < 0 || int(day.Weekday()) == r.weekday; coming.IsZero() || fits {
			coming, months = day, month
			if fits {
				break
			}
		}
	}
	if coming.IsZero() {
		return i
	}
	r.doubtful = r.doubtful || months > 0 || r.weekday >= 0 && int(coming.Weekday()) != r.weekday
	r.date, r.hasDate = coming, true
	return end
}

// year reads a year: 2027, "two thousand five", "nineteen eighty-four", "twenty twenty-six"; 0 = none.
func (r *reader) year(i int) (year, end int) {
	j := i
	if kind, end := r.kind(j); kind == "of" || kind == "in" {
		j = end
	}
	n, ok := r.whole(j, 2199)
	if !ok || n.ordinal {
		return 0, i
	}
	if n.value >= 1900 {
		return int(n.value), n.to
	}
	if n.value == 19 || n.value == 20 || n.value == 21 {
		if second, ok := r.whole(n.to, 99); ok && second.value >= 10 {
			return int(n.value)*100 + int(second.value), second.to
		}
		if n.to+1 < len(r.words) && r.l.values["digits"][r.words[n.to].text] == "0" { // nineteen oh five
			if second, ok := r.whole(n.to+1, 9); ok {
				return int(n.value)*100 + int(second.value), second.to
			}
		}
	}
	if r.past && n.value < 100 && n.literal || r.past && n.value >= 13 && n.value < 100 {
		year := 1900 + int(n.value)
		if year+100 <= r.now.Year() && n.value < 30 {
			year += 100
		}
		return year, n.to
	}
	return 0, i
}
