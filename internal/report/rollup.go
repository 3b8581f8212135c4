package report

import (
	"cmp"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"time"

	"nacre/internal/id"
)

// Bucket is the stretch of time that one rollup sums up, from a multiple of it on, in UTC. The offsets of all zones that
// are in force are multiples of it, so that a bucket lies in one hour of every wall.
const Bucket = 15 * time.Minute

// BucketOf is the beginning of the bucket that an instant lies in.
func BucketOf(at time.Time) time.Time { return at.UTC().Truncate(Bucket) }

// Rollup sums up the calls of a Pearl that began in one bucket, and the leads that became WrongCountryCode in it. The
// zero value is empty.
type Rollup struct {
	sums       sums
	tags       map[string]int64
	leads      map[leadKey]struct{}
	wrongCodes map[leadKey]struct{}
	talked     map[leadKey]struct{} // of leads
}

// Add counts a call.
func (r *Rollup) Add(c Call) {
	c = c.shown()
	r.sums.add(&c)
	for _, tag := range c.Tags {
		if r.tags == nil {
			r.tags = map[string]int64{}
		}
		r.tags[tag]++
	}
	include(&r.leads, c.Lead)
	if c.talked() {
		include(&r.talked, c.Lead)
	}
}

// WrongCode counts a lead that became WrongCountryCode.
func (r *Rollup) WrongCode(leadID id.ID) { include(&r.wrongCodes, leadID) }

func include(set *map[leadKey]struct{}, leadID id.ID) {
	key, ok := keyOf(leadID)
	if !ok {
		return
	}
	if *set == nil {
		*set = map[leadKey]struct{}{}
	}
	(*set)[key] = struct{}{}
}

// Empty reports whether nothing was counted.
func (r *Rollup) Empty() bool { return r.sums[totalCalls] == 0 && len(r.wrongCodes) == 0 }

// rollupForm is the first byte of a rollup as it is stored. What follows: the figures as varints; how many tags there
// are, and each with its length, its name and its count; how many leads were called, and each; how many have a wrong
// code, and each; how many were talked to, and each. A change of the form, the order of figures included, needs a new number and marks all buckets.
const rollupForm = 3

// Append appends the rollup as it is stored.
func (r *Rollup) Append(to []byte) []byte {
	to = append(to, rollupForm)
	for _, n := range r.sums {
		to = binary.AppendVarint(to, n)
	}
	to = binary.AppendUvarint(to, uint64(len(r.tags)))
	for _, tag := range slices.Sorted(maps.Keys(r.tags)) {
		to = binary.AppendUvarint(to, uint64(len(tag)))
		to = append(to, tag...)
		to = binary.AppendVarint(to, r.tags[tag])
	}
	return appendLeads(appendLeads(appendLeads(to, r.leads), r.wrongCodes), r.talked)
}

func appendLeads(to []byte, set map[leadKey]struct{}) []byte {
	to = binary.AppendUvarint(to, uint64(len(set)))
	var before leadKey
	for _, l := range slices.SortedFunc(maps.Keys(set), func(a, b leadKey) int { return cmp.Or(cmp.Compare(a.high, b.high), cmp.Compare(a.low, b.low)) }) {
		to = appendLead(to, l, before)
		before = l
	}
	return to
}

// rolled is a rollup that was read back.
type rolled struct {
	sums                      sums
	tags                      []tagCount
	leads, wrongCodes, talked []leadKey
}

type tagCount struct {
	name  []byte // within the stored bytes
	count int64
}

var errNoRollup = errors.New("not a rollup of a known form")

// read takes a stored rollup apart. The lists are used again.
func (r *rolled) read(body []byte) error {
	if len(body) == 0 || body[0] != rollupForm {
		return errNoRollup
	}
	in := decoder{rest: body[1:]}
	for n := range r.sums {
		r.sums[n] = in.varint()
	}
	r.tags = r.tags[:0]
	for left := in.uvarint(); left > 0 && !in.bad; left-- {
		r.tags = append(r.tags, tagCount{in.bytes(in.uvarint()), in.varint()})
	}
	r.leads = in.leads(r.leads[:0])
	r.wrongCodes = in.leads(r.wrongCodes[:0])
	r.talked = in.leads(r.talked[:0])
	if in.bad || len(in.rest) > 0 {
		return errNoRollup
	}
	return nil
}

// decoder reads numbers and bytes one after another; after a fault it reads nothing more.
type decoder struct {
	rest []byte
	bad  bool
}

func (d *decoder) advance(length int) bool {
	if d.bad = d.bad || length <= 0; d.bad {
		return false
	}
	d.rest = d.rest[length:]
	return true
}

func (d *decoder) varint() int64 {
	n, length := binary.Varint(d.rest)
	if !d.advance(length) {
		return 0
	}
	return n
}

func (d *decoder) uvarint() uint64 {
	n, length := binary.Uvarint(d.rest)
	if !d.advance(length) {
		return 0
	}
	return n
}

func (d *decoder) bytes(length uint64) []byte {
	if d.bad = d.bad || length > uint64(len(d.rest)); d.bad {
		return nil
	}
	taken := d.rest[:length]
	d.rest = d.rest[length:]
	return taken
}

func (d *decoder) leads(found []leadKey) []leadKey {
	var before leadKey
	for left := d.uvarint(); left > 0 && !d.bad; left-- {
		before = d.lead(before)
		found = append(found, before)
	}
	return found
}

// AddRollup counts what a stored rollup of the bucket that begins at start sums up. The bucket must lie in one hour of
// the wall, as Stretches says.
func (t *Tally) AddRollup(start time.Time, body []byte) error {
	r := &t.rolled
	if err := r.read(body); err != nil {
		return err
	}
	number := t.begin(t.wall(start), &r.sums)
	for _, tag := range r.tags {
		t.tag(tag.name, tag.count)
	}
	t.leads.add(number, r.leads...)
	t.wrongCodes.add(number, r.wrongCodes...)
	t.talked.add(number, r.talked...)
	return nil
}

// Stretch is a part of a range of time: whole buckets whose rollups may be used, or a part whose calls are to be shown
// one by one.
type Stretch struct {
	From, Until time.Time // Until is exclusive
	Rolled      bool
}

// Stretches cuts a range, until exclusive, into as few stretches as there can be, in order. due are beginnings of buckets
// whose rollups do not hold, in order. Calls are shown where a bucket is not whole, due, or not in one hour of the wall.
func (t *Tally) Stretches(from, until time.Time, due []time.Time) []Stretch {
	var found []Stretch
	for start := BucketOf(from); start.Before(until); start = start.Add(Bucket) {
		for len(due) > 0 && due[0].Before(start) {
			due = due[1:]
		}
		end := start.Add(Bucket)
		s := Stretch{From: later(start, from), Until: end}
		if until.Before(end) {
			s.Until = until
		}
		isDue := len(due) > 0 && due[0].Equal(start)
		s.Rolled = !isDue && s.From.Equal(start) && s.Until.Equal(end) && t.inOneHour(start)
		if last := len(found) - 1; last >= 0 && found[last].Rolled == s.Rolled {
			found[last].Until = s.Until
			continue
		}
		found = append(found, s)
	}
	return found
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// inOneHour: offsets of earlier times were not all multiples of a bucket, and some changed within one.
func (t *Tally) inOneHour(start time.Time) bool {
	end := start.Add(Bucket)
	// Not merely before the end: on the last day of a leap year ZoneBounds answers its beginning.
	if _, changes := start.In(t.location).ZoneBounds(); changes.After(start) && changes.Before(end) {
		return false
	}
	return t.wall(start) == t.wall(end.Add(-1))
}
