package understanding

import (
	"strconv"
	"strings"
	"time"
)

// When is a date, a time of day, or both, as they were said. The zero value is nothing.
type When struct {
	At       time.Time // in the zone of now; the parts that were not said are those of now, or a usual time of day
	HasDate  bool
	HasTime  bool
	Span     bool // counted from now: "in two hours"
	Doubtful bool // morning or afternoon, or which week, was guessed
	HasYear  bool
	Unread   bool // a day was named that was not understood; HasDate is false
	Over     bool // it is past, where what comes is meant
}

// ahead returns what of w a call-back can be made of: nothing where the day was not understood, no time that is over.
func (w When) ahead(now time.Time) When {
	switch {
	case w.Unread:
		return When{}
	case w.Over && w.HasTime && w.HasDate && w.At.YearDay() == now.YearDay() && w.At.Year() == now.Year():
		w.HasTime = false
		return w
	case w.Over:
		return When{}
	default:
		return w
	}
}

// reader collects what a turn says about an instant.
type reader struct {
	l     *Language
	words []word
	now   time.Time
	past  bool // dates lie in the past
	bare  bool // a bare number is a time of day

	date           time.Time // midnight of the day that was named
	hasDate        bool
	hasYear        bool
	addDays        int // "a week from" what follows
	adding         bool
	span           time.Duration
	hasSpan        bool
	hour, minute   int
	hasClock       bool
	half           string // "am", "pm" or the part of the day, as its usual hour
	doubtful       bool
	named          bool // the day was named by its weekday or as today
	first, last    int  // the words that were read
	weekday        int
	isToday, found bool
	unread         bool // a day was named that is none, or is not known
	givenYear      int  // said before the month
}

// When finds an instant in words.
func (l *Language) When(text string, now time.Time) When {
	return l.when(l.turn(text), now, false, false).ahead(now)
}

// WhenAsked finds an instant in the answer to a question for one, where a bare "five" is a time of day.
func (l *Language) WhenAsked(text string, now time.Time) When {
	return l.when(l.turn(text), now, false, true).ahead(now)
}

func (l *Language) when(words []word, now time.Time, past, bare bool) When {
	w, _ := l.whenSpan(words, now, past, bare)
	return w
}

// whenSpan also returns which words were read.
func (l *Language) whenSpan(words []word, now time.Time, past, bare bool) (When, span) {
	begin := func(words []word) reader {
		return reader{l: l, words: words, now: now, past: past, bare: bare, weekday: -1, first: -1}
	}
	words, denied, unsure := l.affirmed(words, func(i int) int {
		alone := begin(words)
		return alone.step(i)
	})
	r := begin(words)
	r.doubtful = denied || unsure
	for i := 0; i < len(r.words); {
		next := r.step(i)
		if next > i {
			if r.first < 0 {
				r.first = i
			}
			r.last = next
			i = next
			continue
		}
		i = r.skip(i)
	}
	return r.result(), span{max(r.first, 0), r.last}
}

// skip passes over what could not be read, numbers as a whole, and returns where the next begins.
func (r *reader) skip(i int) int {
	if end := r.l.phrases["vague when"].at(r.words, i); end > i {
		r.unread = true
		return end
	}
	n, ok := r.l.cardinal(r.words, i)
	switch {
	case !ok:
		return i + 1
	case n.ordinal && n.value > 2: // "the 32nd"; "the first", "a second"
		r.unread = true
	case !n.ordinal && n.value != 1:
		r.doubtful = true
	}
	return n.to
}

// entry returns the meaning of the longest phrase of [when] at words[i:]: its kind, its argument, and where it ends.
func (r *reader) entry(i int) (kind, argument string, end int) {
	if i < 0 || i >= len(r.words) {
		return "", "", i
	}
	for length := min(r.l.longest, len(r.words)-i); length > 0; length-- {
		if value, ok := r.l.values["when"][texts(r.words[i:i+length])]; ok {
			kind, argument, _ = strings.Cut(value, " ")
			return kind, argument, i + length
		}
	}
	return "", "", i
}

func (r *reader) kind(i int) (string, int) {
	kind, _, end := r.entry(i)
	return kind, end
}

// whole reads a whole number up to most.
func (r *reader) whole(i, most int) (n number, ok bool) {
	if i >= len(r.words) {
		return number{}, false
	}
	n, ok = r.l.cardinal(r.words, i)
	return n, ok && int(n.value) <= most
}

// step reads what begins at word i, and returns where it ends; i = nothing.
func (r *reader) step(i int) int {
	for _, try := range []func(int) int{r.lengthOfTime, r.day, r.written, r.monthDay, r.clock} {
		if end := try(i); end > i {
			r.found = true
			return end
		}
	}
	return i
}

// lengthOfTime reads "in two hours", "half an hour", "an hour and a half", "two weeks from Monday".
func (r *reader) lengthOfTime(i int) int {
	kind, j := r.kind(i)
	in := kind == "in"
	if !in {
		j = i
	}
	amount, minutes := 0.0, 0.0
	switch kind, argument, end := r.entry(j); kind {
	case "span":
		minutes, j = parseFloat(argument), end
	default:
		n, ok := r.l.decimals(r.words, j)
		switch {
		case ok && !n.ordinal:
			amount, j = n.value, n.to
		case kind == "number":
			amount, j = parseFloat(argument), end
		case j < len(r.words) && r.l.hasWord("number a", r.words[j].text):
			amount, j = 1, j+1
		default:
			return i
		}
		if kind, end := r.kind(j); kind == "of" {
			j = end
		}
		kind, argument, end = r.entry(j)
		if kind != "unit" {
			return i
		}
		minutes, j = amount*parseFloat(argument), end
		if part, end := r.l.part(r.words, j, true); end > j {
			minutes, j = minutes+part*parseFloat(argument), end
		}
	}
	if minutes <= 0 || minutes > 400*24*60 {
		return i
	}
	days := int(minutes / (24 * 60))
	switch kind, _, end := r.entry(j); kind {
	case "from": // two weeks from Monday
		if after, _ := r.kind(end); after == "weekday" || after == "day" || after == "month" || after == "next" {
			r.addDays += days
			r.adding = true
			return end
		}
		in = true
	case "fromnow":
		in, j = true, end
	case "on": // a week on Monday
		if after, _ := r.kind(end); after == "weekday" && days >= 7 {
			r.addDays += days
			return end
		}
	case "weekday", "day": // a week Monday
		if days >= 7 && !in {
			r.addDays += days
			return j
		}
	}
	if !in && (r.hasDate || r.hasClock) {
		return i
	}
	if days > 0 && minutes == float64(days*24*60) {
		r.setDay(r.today().AddDate(0, 0, days))
		if !in {
			r.doubtful = true
		}
		return j
	}
	r.span += time.Duration(minutes * float64(time.Minute))
	r.hasSpan = true
	return j
}

func parseFloat(text string) float64 {
	x, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0
	}
	return x
}

// result resolves what was read.
func (r *reader) result() When {
	switch {
	case !r.found:
		return When{}
	case r.hasSpan && !r.hasDate && !r.hasClock:
		at := r.now.Add(r.span) // to the second: "in an hour" is read back as one hour
		return When{At: at, HasDate: true, HasTime: true, Span: true, Doubtful: r.doubtful}
	}
	if r.adding && !r.hasDate {
		return When{}
	}
	date := r.date
	if !r.hasDate {
		date = r.today()
	}
	date = date.AddDate(0, 0, r.addDays)
	out := When{HasDate: r.hasDate, HasTime: r.hasClock || r.half != "" && r.half != "am" && r.half != "pm", Doubtful: r.doubtful, HasYear: r.hasYear}
	if !out.HasDate && !out.HasTime {
		return When{}
	}
	out.Unread = r.unread && !out.HasDate
	out.Doubtful = out.Doubtful || r.unread
	hour, minute := r.hour, r.minute
	guessed := false
	if !r.hasClock {
		hour, minute = r.now.Hour(), r.now.Minute()
		if out.HasTime {
			hour, minute = partHour(r.half), 0
		}
	} else {
		hour, guessed = r.resolveHour(hour)
	}
	set := func(date time.Time, hour int) time.Time {
		return time.Date(date.Year(), date.Month(), date.Day(), hour, minute, 0, 0, r.now.Location())
	}
	at := set(date, hour)
	if out.HasTime && !at.After(r.now) && !r.past {
		switch {
		case guessed && hour < 12 && (!r.hasDate || r.isToday) && set(date, hour+12).After(r.now):
			at = set(date, hour+12)
		case !r.hasDate:
			at = set(date.AddDate(0, 0, 1), hour)
		}
	}
	out.At = at
	out.Over = !r.past && (out.HasTime && at.Before(r.now) || at.Before(r.today()))
	out.Doubtful = out.Doubtful || guessed || out.Over
	return out
}

// partHour is the usual hour of a part of the day.
func partHour(part string) int {
	hour, err := strconv.Atoi(part)
	if err != nil {
		return 9
	}
	return hour
}

// resolveHour decides between morning and afternoon.
func (r *reader) resolveHour(hour int) (resolved int, guessed bool) {
	morning, afternoon := r.half == "am", r.half == "pm"
	if r.half != "" && !morning && !afternoon {
		part := partHour(r.half)
		morning, afternoon = part < 12, part >= 12
		if part >= 20 && (hour == 12 || hour < 4) { // at one in the night
			morning, afternoon = true, false
		}
	}
	switch {
	case hour > 12 || hour == 0:
		return hour, false
	case morning && hour == 12:
		return 0, false
	case afternoon && hour < 12:
		return hour + 12, false
	case morning, afternoon:
		return hour, false
	case hour == 12:
		return 12, false
	case hour < 7:
		return hour + 12, hour == 6 // people are called, and call, between seven and seven
	case hour == 7:
		return 19, true
	default:
		return hour, hour < 9
	}
}
