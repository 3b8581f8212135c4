package id

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestBlock: the ids of a block stand together, whoever makes others at the same time, and all grow.
func TestBlock(t *testing.T) {
	t.Parallel()
	source, err := NewSource(strings.NewReader("entropy!"))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 23, 9, 15, 4, 0, time.UTC)
	var all []ID
	var mu sync.Mutex
	var makers sync.WaitGroup
	blocks := make([][]ID, 8)
	for n := range blocks {
		makers.Go(func() {
			block := source.Block(now, 1000)
			single := source.New(now)
			mu.Lock()
			defer mu.Unlock()
			blocks[n] = block
			all = append(append(all, block...), single)
		})
	}
	makers.Wait()
	slices.Sort(all)
	if len(slices.Compact(slices.Clone(all))) != 8*1001 {
		t.Error("an id was made twice")
	}
	for _, block := range blocks {
		from, _ := slices.BinarySearch(all, block[0])
		if !slices.Equal(all[from:from+len(block)], block) {
			t.Errorf("others lie between %s and %s", block[0], block[len(block)-1])
		}
	}
}
