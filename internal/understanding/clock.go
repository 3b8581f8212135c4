package understanding

import (
	"strconv"
	"strings"
)

// clock reads a time of day at word i: "at five", "5:30 pm", "half past four", "ten to six", "noon", "in the morning".
func (r *reader) clock(i int) int {
	kind, argument, j := r.entry(i)
	switch kind {
	case "part":
		if r.half == "" || r.half != "am" && r.half != "pm" {
			r.half = argument
		}
		return j
	case "half": // am, pm
		if !r.hasClock {
			return i
		}
		r.half = argument
		return j
	case "clock":
		hour, minute, _ := strings.Cut(argument, ":")
		r.setClock(int(parseFloat(hour)), int(parseFloat(minute)))
		if r.hour == 0 {
			r.half = "am"
		} else if r.hour == 12 {
			r.half = "pm"
		}
		return j
	case "at":
		if end := r.time(j, true); end > j {
			return end
		}
		return i
	case "minutes": // half past, quarter to
		if end := r.minutesOf(argument, j); end > j {
			return end
		}
		return i
	}
	return r.time(i, r.bare)
}

// setClock takes a time of day; of two that differ, the last, in doubt.
func (r *reader) setClock(hour, minute int) {
	r.doubtful = r.doubtful || r.hasClock && (hour != r.hour || minute != r.minute)
	r.hour, r.minute, r.hasClock = hour, minute, true
}

// minutesOf reads the hour after "half past"; a question mark behind the minutes is for what others mean otherwise: "half nine".
func (r *reader) minutesOf(argument string, j int) int {
	minutes, doubtful := strings.CutSuffix(argument, "?")
	end := r.offset(j, int(parseFloat(minutes)))
	r.doubtful = r.doubtful || doubtful && end > j
	return end
}

// offset reads the hour that minutes are counted from.
func (r *reader) offset(j, minutes int) int {
	n, ok := r.whole(j, 23)
	if !ok || n.ordinal {
		if kind, argument, end := r.entry(j); kind == "clock" {
			hour := int(parseFloat(strings.Split(argument, ":")[0]))
			if minutes < 0 {
				hour, minutes = (hour+23)%24, 60+minutes
			}
			r.setClock(hour, minutes)
			return end
		}
		return j
	}
	hour := int(n.value)
	if minutes < 0 {
		hour, minutes = hour-1, 60+minutes
		if hour == 0 {
			hour = 12
		} else if hour < 0 {
			hour = 23
		}
	}
	r.setClock(hour, minutes)
	return r.afterClock(n.to)
}

// time reads a time of day in numbers; at: it was announced by "at", or is all that is asked for.
func (r *reader) time(i int, at bool) int {
	if i >= len(r.words) {
		return i
	}
	if kind, argument, end := r.entry(i); kind == "at" || kind == "the" {
		return max(r.time(end, at), i)
	} else if at && (kind == "minutes" || kind == "clock") {
		if kind == "clock" {
			return r.clock(i)
		}
		if last := r.minutesOf(argument, end); last > end {
			return last
		}
		return i
	}
	if hour, minute, ok := strings.Cut(r.words[i].text, ":"); ok {
		h, err1 := strconv.Atoi(hour)
		m, err2 := strconv.Atoi(minute)
		if err1 != nil || err2 != nil || h > 23 || m > 59 {
			return i
		}
		r.setClock(h, m)
		return r.afterClock(i + 1)
	}
	n, ok := r.whole(i, 23)
	if !ok {
		n, ok = r.l.cardinal(r.words, i)
		if !ok || n.ordinal || !n.literal || n.to-n.from > 1 { // 530 pm
			return r.pointed(i, at)
		}
		h, m := int(n.value)/100, int(n.value)%100
		if len(n.digits) < 3 || len(n.digits) > 4 || h > 23 || m > 59 {
			return i
		}
		if kind, _ := r.kind(n.to); !at && kind != "half" {
			return i
		}
		r.setClock(h, m)
		return r.afterClock(n.to)
	}
	if n.ordinal {
		return i
	}
	j := n.to
	if j < len(r.words) { // ten to six, five minutes past four
		k := j
		if kind, argument, end := r.entry(k); kind == "unit" && argument == "1" {
			k = end
		}
		if kind, argument, end := r.entry(k); kind == "past" {
			minutes := int(n.value)
			if argument == "to" {
				minutes = -minutes
			}
			if n.value >= 1 && n.value < 60 {
				if last := r.offset(end, minutes); last > end {
					return last
				}
			}
		}
	}
	if kind, argument, end := r.entry(j); at && kind == "unit" && argument == "60" { // at seventeen hours; à dix-sept heures
		j = end
	}
	minute := 0
	clear := at || r.hasDate && !r.hasClock && j == len(r.words)
	if m, end, ok := r.minutes(j); ok {
		minute, j = m, end
		clear = clear || r.hasDate
	}
	if kind, _ := r.kind(j); kind == "unit" || kind == "month" {
		return i
	}
	after := r.afterClock(j)
	if after == j && !clear {
		return i
	}
	r.setClock(int(n.value), minute)
	return after
}

// pointed reads 5.30, which some write for 5:30.
func (r *reader) pointed(i int, at bool) int {
	hour, minute, ok := strings.Cut(r.words[i].text, ".")
	h, err1 := strconv.Atoi(hour)
	m, err2 := strconv.Atoi(minute)
	if !ok || err1 != nil || err2 != nil || len(minute) != 2 || h > 23 || m > 59 {
		return i
	}
	if kind, _ := r.kind(i + 1); !at && kind != "half" {
		return i
	}
	r.setClock(h, m)
	return r.afterClock(i + 1)
}

// minutes reads the minutes after an hour: "thirty", "oh five", "fifteen".
func (r *reader) minutes(j int) (minute, end int, ok bool) {
	if j >= len(r.words) || j > 0 && r.words[j-1].stop != none {
		return 0, j, false
	}
	if r.l.values["digits"][r.words[j].text] == "0" && j+1 < len(r.words) {
		if n, ok := r.whole(j+1, 9); ok && !n.ordinal {
			return int(n.value), n.to, true
		}
	}
	n, ok := r.whole(j, 59)
	if !ok || n.ordinal || n.value < 10 {
		return 0, j, false
	}
	if kind, argument, _ := r.entry(n.to); kind == "unit" && argument != "1" {
		return 0, j, false
	}
	return int(n.value), n.to, true
}

// afterClock reads "o'clock", "pm" and "in the evening" after a time.
func (r *reader) afterClock(j int) int {
	for j < len(r.words) {
		kind, argument, end := r.entry(j)
		switch kind {
		case "oclock":
		case "half":
			r.half = argument
		case "part":
			if r.half != "am" && r.half != "pm" {
				r.half = argument
			}
		default:
			return j
		}
		j = end
	}
	return j
}
