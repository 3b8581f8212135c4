package flite

import (
	"container/list"
	"sync"
)

// phraseCache is an LRU cache of phrases, bounded in bytes.
type phraseCache struct {
	mu     sync.Mutex
	limit  int
	used   int
	recent *list.List // of phrase, the most recently used first
	byKey  map[string]*list.Element
}

type phrase struct {
	key     string
	samples []int16
}

func (p phrase) bytes() int { return len(p.key) + 2*len(p.samples) }

func newPhraseCache(limit int) *phraseCache {
	return &phraseCache{limit: limit, recent: list.New(), byKey: make(map[string]*list.Element)}
}

func (c *phraseCache) get(key string) ([]int16, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	element, ok := c.byKey[key]
	if !ok {
		return nil, false
	}
	c.recent.MoveToFront(element)
	return element.Value.(phrase).samples, true
}

// put adds a phrase unless it takes more than a quarter of the cache.
func (c *phraseCache) put(key string, samples []int16) {
	c.mu.Lock()
	defer c.mu.Unlock()
	added := phrase{key: key, samples: samples}
	if _, ok := c.byKey[key]; ok || added.bytes() > c.limit/4 {
		return
	}
	c.byKey[key] = c.recent.PushFront(added)
	for c.used += added.bytes(); c.used > c.limit; {
		oldest := c.recent.Remove(c.recent.Back()).(phrase)
		delete(c.byKey, oldest.key)
		c.used -= oldest.bytes()
	}
}
