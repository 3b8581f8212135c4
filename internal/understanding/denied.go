package understanding

// reach is how many words may stand between a denial and what it denies: "don't come to us on Monday".
const reach = 4

// affirmed returns words without the values that are denied: "not five", "on Monday I can't". value returns where a value that
// begins at a word ends, or that word. unsure reports that a bound was given instead of a value ("not before five"), which stays.
func (l *Language) affirmed(words []word, value func(i int) int) (kept []word, denied, unsure bool) {
	before, after, bounds := l.phrases["denies"], l.phrases["denied"], l.phrases["bounds"]
	if before == nil && after == nil {
		return words, false, false
	}
	drop := func() { // what stood apart stays apart
		denied = true
		if n := len(kept); n > 0 {
			kept[n-1].stop = max(kept[n-1].stop, comma)
		}
	}
	for i := 0; i < len(words); {
		if end := bounds.at(words, i); end > i {
			kept, i, unsure = append(kept, words[i:end]...), end, true
			continue
		}
		if end := before.at(words, i); end > i {
			if after := l.denies(words, end, value); after > end {
				drop()
				i = after
				continue
			}
		}
		end := value(i)
		if end > i && end < len(words) && words[end-1].stop == none {
			if last := after.at(words, end); last > end && bounds.at(words, end) <= end {
				drop()
				i = last
				continue
			}
		}
		end = max(end, i+1)
		kept = append(kept, words[i:end]...)
		i = end
	}
	return kept, denied, unsure
}

// denies returns where the value ends that a denial before word i denies, or i.
func (l *Language) denies(words []word, i int, value func(i int) int) int {
	for k := i; k < len(words) && k <= i+reach && words[k-1].stop == none; k++ {
		if end := value(k); end > k {
			return end
		}
	}
	return i
}
