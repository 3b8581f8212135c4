package flite

import (
	"sync"

	"github.com/tetratelabs/wazero/experimental"
)

// memories pools the memories of instances that have ended: a sentence needs some 20 MB, and to allocate that takes four
// times as long as to synthesise it.
type memories struct{ pool sync.Pool }

// Allocate implements experimental.MemoryAllocator.
func (m *memories) Allocate(capacity, _ uint64) experimental.LinearMemory {
	memory, ok := m.pool.Get().(*linearMemory)
	if !ok {
		memory = &linearMemory{home: m}
	}
	if uint64(cap(memory.bytes)) < capacity {
		memory.bytes = make([]byte, 0, capacity)
	}
	return memory
}

// linearMemory is the memory of one instance; it is zero beyond its length.
type linearMemory struct {
	home  *memories
	bytes []byte
}

// Reallocate implements experimental.LinearMemory.
func (m *linearMemory) Reallocate(size uint64) []byte {
	if size > uint64(cap(m.bytes)) {
		grown := make([]byte, len(m.bytes), size+size/4)
		copy(grown, m.bytes)
		m.bytes = grown
	}
	m.bytes = m.bytes[:size]
	return m.bytes
}

// Free implements experimental.LinearMemory.
func (m *linearMemory) Free() {
	clear(m.bytes)
	m.bytes = m.bytes[:0]
	m.home.pool.Put(m)
}
