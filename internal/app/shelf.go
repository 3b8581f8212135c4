package app

import (
	"crypto/sha256"
	"sync"

	"nacre/internal/knowledge"
)

// mostIndexed is how many texts a shelf keeps the indexes of: those of the largest texts take some ten megabytes each.
const mostIndexed = 16

// shelf keeps the indexes of what Pearls know, so that not every call makes its own. It is safe for concurrent use; the zero value
// is empty.
type shelf struct {
	mu      sync.Mutex
	indexes map[[32]byte]*indexed
	uses    int // so far
}

type indexed struct {
	once sync.Once
	text *knowledge.Index
	last int // use
}

// index returns the index of a text (brain.Config.Knowledge). Who asks for the same text at the same time waits for one index.
func (s *shelf) index(text string) *knowledge.Index {
	key := sha256.Sum256([]byte(text))
	s.mu.Lock()
	entry, ok := s.indexes[key]
	if !ok {
		if s.indexes == nil {
			s.indexes = map[[32]byte]*indexed{}
		}
		if len(s.indexes) == mostIndexed {
			s.forget()
		}
		entry = &indexed{}
		s.indexes[key] = entry
	}
	s.uses++
	entry.last = s.uses
	s.mu.Unlock()
	entry.once.Do(func() { entry.text = knowledge.New(text) })
	return entry.text
}

// forget removes the index that was not used for the longest.
func (s *shelf) forget() {
	var oldest [32]byte
	least := s.uses + 1
	for key, entry := range s.indexes {
		if entry.last < least {
			oldest, least = key, entry.last
		}
	}
	delete(s.indexes, oldest)
}
