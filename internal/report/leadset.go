package report

import (
	"encoding/binary"

	"nacre/internal/id"
)

// leadKey is the id of a lead: twelve bytes.
type leadKey struct {
	high uint64
	low  uint32
}

// keyOf is false for no lead.
func keyOf(leadID id.ID) (leadKey, bool) {
	raw, ok := leadID.Bytes()
	return leadKey{binary.BigEndian.Uint64(raw[:]), binary.BigEndian.Uint32(raw[8:])}, ok
}

// hash carries the low bits, in which ids of one second differ, up to those that are used: the highest.
func (l leadKey) hash() uint64 {
	return (l.high ^ uint64(l.low)*0x9e3779b97f4a7c15) * 0xd6e8feb86659fd93
}

// leadSet counts different leads, in all and by day: millions of them. What it is shown is spread by a hash over parts,
// and each part is counted by itself, with a table that fits into the processor's cache. One large table would take three
// times as long, because nearly every look at it waits for memory.
type leadSet struct {
	parts       [1 << partBits]leadPart
	first, last int64 // days that leads were met on
	begun       bool
}

const partBits = 6

// leadOnDay is a lead and a day on which it was met.
type leadOnDay struct {
	leadKey
	day uint32 // firstDay is 1970-01-01
}

const firstDay = 1 << 30 // greater than 0 is every day that anybody writes

// leadPart is a list that is never copied to grow: full slices, and the one that is being filled.
type leadPart struct {
	full   [][]leadOnDay
	last   []leadOnDay
	length int
}

func (p *leadPart) add(l leadOnDay) {
	if len(p.last) == cap(p.last) {
		p.full = append(p.full, p.last)
		p.last = make([]leadOnDay, 0, min(max(16, 2*cap(p.last)), 2048))
	}
	p.last = append(p.last, l)
	p.length++
}

func (p *leadPart) all(yield func(leadOnDay) bool) {
	for _, some := range append(p.full, p.last) {
		for _, l := range some {
			if !yield(l) {
				return
			}
		}
	}
}

// add shows leads of a day; days come in order.
func (s *leadSet) add(day int64, leads ...leadKey) {
	if !s.begun {
		s.first, s.last, s.begun = day, day, true
	}
	s.first, s.last = min(s.first, day), max(s.last, day)
	for _, l := range leads {
		s.parts[l.hash()>>(64-partBits)].add(leadOnDay{l, uint32(firstDay + day)})
	}
}

// count answers how many leads were met in all, and on each day. One that comes on two days counts on both.
func (s *leadSet) count() (all int, daily map[int64]int) {
	most := 0
	for n := range s.parts {
		most = max(most, s.parts[n].length)
	}
	bits := 1
	for 1<<bits < 2*most { // at least half of the table is free, so that a search is short
		bits++
	}
	table := make([]leadOnDay, 1<<bits) // a lead with the last day it was met on; day 0 = free
	days := make([]int, s.last-s.first+1)
	for n := range s.parts {
		clear(table)
		for l := range s.parts[n].all {
			at := l.hash() << partBits >> (64 - bits)
			for table[at].day != 0 && table[at].leadKey != l.leadKey {
				at = (at + 1) % (1 << bits)
			}
			if table[at].day == 0 {
				all++
			}
			if table[at].day != l.day {
				days[int64(l.day)-firstDay-s.first]++
			}
			table[at] = l
		}
	}
	daily = map[int64]int{}
	for n, met := range days {
		if met > 0 {
			daily[s.first+int64(n)] = met
		}
	}
	return all, daily
}

// An ObjectId is the second it was made in, five bytes of the process that made it, and three of a counter. Sorted by
// that, most leads of a bucket take six bytes and not twelve: how much later than the one before, and its counter.
func (l leadKey) second() uint64 { return l.high >> 32 }
func (l leadKey) source() uint64 { return l.high&0xffffffff<<8 | uint64(l.low>>24) }

func appendLead(to []byte, l, before leadKey) []byte {
	later := (l.second() - before.second()) << 1
	if l.source() == before.source() {
		to = binary.AppendUvarint(to, later)
	} else {
		to = binary.AppendUvarint(to, later|1)
		to = append(to, byte(l.source()>>32), byte(l.source()>>24), byte(l.source()>>16), byte(l.source()>>8), byte(l.source()))
	}
	return append(to, byte(l.low>>16), byte(l.low>>8), byte(l.low))
}

// lead reads what appendLead wrote.
func (d *decoder) lead(before leadKey) leadKey {
	later := d.uvarint()
	second, source := before.second()+later>>1, before.source()
	if later&1 != 0 {
		source = 0
		for _, b := range d.bytes(5) {
			source = source<<8 | uint64(b)
		}
	}
	counter := uint32(0)
	for _, b := range d.bytes(3) {
		counter = counter<<8 | uint32(b)
	}
	return leadKey{second<<32 | source>>8, uint32(source)<<24 | counter}
}
