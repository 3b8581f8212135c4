package kokoro

import (
	"cmp"
	"container/list"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"nacre/internal/speech"
)

// cache keeps clauses on disk, a file each, and removes the least recently used beyond its limit. A file is a header of
// magic and CRC-32 of what follows, then 16-bit samples at 8 kHz, little endian. Files are written aside and renamed; one that
// is not whole is noticed when it is read, and removed. The time of a file's last change is that of its last use, to the hour.
type cache struct {
	dir   string
	limit int64 // bytes

	mu     sync.Mutex
	used   int64
	recent *list.List // of kept, the most recently used first
	byKey  map[string]*list.Element
}

type kept struct {
	key     string
	size    int64 // of the file
	touched time.Time
}

const (
	magic      = "NVC1"
	headerSize = len(magic) + 4
	extension  = ".speech"
	partial    = ".part"
	grain      = time.Hour // of the time of last use
)

var errDamaged = errors.New("a kept clause is damaged")

// openCache opens the cache of a folder, which is made if it is not there.
func openCache(dir string, limit int64) (*cache, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open cache of speech: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("open cache of speech: %w", err)
	}
	c := &cache{dir: dir, limit: limit, recent: list.New(), byKey: map[string]*list.Element{}}
	var found []kept
	for _, entry := range entries {
		key, ours := strings.CutSuffix(entry.Name(), extension)
		info, err := entry.Info()
		switch {
		case strings.HasSuffix(entry.Name(), partial): // of a process that was killed
			_ = os.Remove(filepath.Join(dir, entry.Name()))
		case ours && err == nil && info.Mode().IsRegular():
			found = append(found, kept{key, info.Size(), info.ModTime()})
		}
	}
	slices.SortFunc(found, func(a, b kept) int {
		return cmp.Or(b.touched.Compare(a.touched), strings.Compare(a.key, b.key))
	})
	for _, k := range found {
		c.byKey[k.key] = c.recent.PushBack(k)
		c.used += k.size
	}
	c.shrink()
	return c, nil
}

// length returns how many samples a clause has; false if it is not kept.
func (c *cache) length(key string) (int, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	element, ok := c.byKey[key]
	if !ok {
		return 0, false
	}
	return int(element.Value.(kept).size-int64(headerSize)) / 2, true
}

// room returns how many clauses are kept, and the bytes of their files.
func (c *cache) room() (clauses int, bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.recent.Len(), c.used
}

// get returns a clause; nil if it is not kept. The error tells of one that was, and cannot be read.
func (c *cache) get(key string) ([]int16, error) {
	c.mu.Lock()
	element, ok := c.byKey[key]
	touch := false
	now := time.Now()
	if ok {
		c.recent.MoveToFront(element)
		k := element.Value.(kept)
		if touch = now.Sub(k.touched) > grain; touch {
			k.touched = now
			element.Value = k
		}
	}
	c.mu.Unlock()
	if !ok {
		return nil, nil
	}
	path := c.path(key)
	raw, err := os.ReadFile(path)
	if err == nil && (len(raw) < headerSize || string(raw[:len(magic)]) != magic || binary.LittleEndian.Uint32(raw[len(magic):]) != crc32.ChecksumIEEE(raw[headerSize:])) {
		err = errDamaged
	}
	if err != nil {
		c.drop(key)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if touch {
		_ = os.Chtimes(path, now, now) // else it is removed earlier than it need be
	}
	return speech.Samples(raw[headerSize:]), nil
}

// put keeps a clause.
func (c *cache) put(key string, samples []int16) error {
	body := speech.Bytes(samples)
	size := int64(headerSize + len(body))
	if size > c.limit/4 {
		return nil
	}
	raw := make([]byte, headerSize, size)
	copy(raw, magic)
	binary.LittleEndian.PutUint32(raw[len(magic):], crc32.ChecksumIEEE(body))
	file, err := os.CreateTemp(c.dir, "*"+partial)
	if err != nil {
		return fmt.Errorf("keep speech: %w", err)
	}
	_, err = file.Write(append(raw, body...))
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), c.path(key))
	}
	if err != nil {
		_ = os.Remove(file.Name())
		return fmt.Errorf("keep speech: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if element, ok := c.byKey[key]; ok {
		c.used -= element.Value.(kept).size
		c.recent.Remove(element)
	}
	c.byKey[key] = c.recent.PushFront(kept{key, size, time.Now()})
	c.used += size
	c.shrink()
	return nil
}

func (c *cache) path(key string) string { return filepath.Join(c.dir, key+extension) }

// drop forgets a clause and removes its file.
func (c *cache) drop(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if element, ok := c.byKey[key]; ok {
		c.remove(element)
	}
}

// shrink removes what is beyond the limit. c.mu is held, or nobody else knows c.
func (c *cache) shrink() {
	for c.used > c.limit && c.recent.Len() > 0 {
		c.remove(c.recent.Back())
	}
}

func (c *cache) remove(element *list.Element) {
	k := c.recent.Remove(element).(kept)
	delete(c.byKey, k.key)
	c.used -= k.size
	_ = os.Remove(c.path(k.key)) // what stays is found at the next start
}
