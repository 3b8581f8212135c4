// Package id decides what an identifier is: an ObjectId, twelve bytes written as 24 lower-case hex digits.
// It knows nothing of clocks or entropy; both come in, so that every caller stays testable.
package id

import (
	"encoding/binary"
	"encoding/hex"
	"io"
	"strings"
	"sync"
	"time"
)

// ID is an ObjectId in canonical form: 24 lower-case hex digits. The zero value, "", means "none".
type ID string

// Parse accepts 24 hex digits in either case and answers the canonical form.
// ok is false for everything else; callers treat that as a miss, never as a malformed request.
func Parse(text string) (id ID, ok bool) {
	if len(text) != 24 {
		return "", false
	}
	text = strings.ToLower(text)
	if _, err := hex.DecodeString(text); err != nil {
		return "", false
	}
	return ID(text), true
}

// Zero reports whether the id is absent.
func (id ID) Zero() bool { return id == "" }

// Bytes are the twelve bytes of the id; ok is false where it is absent or not in canonical form.
func (id ID) Bytes() (raw [12]byte, ok bool) {
	if len(id) != 2*len(raw) {
		return raw, false
	}
	_, err := hex.Decode(raw[:], []byte(id))
	return raw, err == nil
}

// Time is the second in which the id was made, UTC.
func (id ID) Time() time.Time {
	raw, ok := id.Bytes()
	if !ok {
		return time.Time{}
	}
	return time.Unix(int64(binary.BigEndian.Uint32(raw[:4])), 0).UTC()
}

// Source makes ids that grow within one process: four bytes of seconds, five random bytes fixed for the
// process, three bytes of counter (the BSON ObjectId layout). Growing ids keep b-tree inserts at the right edge.
type Source struct {
	mu      sync.Mutex
	process [5]byte
	counter uint32
	second  uint32
}

// NewSource reads eight bytes of entropy once.
func NewSource(entropy io.Reader) (*Source, error) {
	var seed [8]byte
	if _, err := io.ReadFull(entropy, seed[:]); err != nil {
		return nil, err
	}
	source := &Source{counter: uint32(seed[5])<<8 | uint32(seed[6])}
	copy(source.process[:], seed[:5])
	return source, nil
}

// New makes the next id. Ids of one source grow strictly, also when the clock steps back and
// when the counter overflows within a second (the second is then borrowed from the future).
func (s *Source) New(now time.Time) ID {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.next(now)
}

// Block makes count ids at once: none that New makes lies between them.
func (s *Source) Block(now time.Time, count int) []ID {
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := make([]ID, count)
	for n := range ids {
		ids[n] = s.next(now)
	}
	return ids
}

func (s *Source) next(now time.Time) ID {
	second := uint32(now.Unix())
	if second > s.second {
		s.second = second
	}
	s.counter++
	if s.counter >= 1<<24 {
		s.counter = 0
		s.second++
	}
	var raw [12]byte
	binary.BigEndian.PutUint32(raw[:4], s.second)
	copy(raw[4:9], s.process[:])
	raw[9], raw[10], raw[11] = byte(s.counter>>16), byte(s.counter>>8), byte(s.counter)
	return ID(hex.EncodeToString(raw[:]))
}
