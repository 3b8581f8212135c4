package app

import (
	"fmt"
	"testing"
)

// TestShelf: texts are indexed once while they are used, and those that were not used for the longest go.
func TestShelf(t *testing.T) {
	t.Parallel()
	var s shelf
	first := s.index("We deliver daily.")
	if s.index("We deliver daily.") != first {
		t.Error("a text was indexed twice")
	}
	second := s.index("We deliver weekly.")
	for n := range mostIndexed - 1 {
		s.index(fmt.Sprint("Text ", n))
		s.index("We deliver daily.")
	}
	if len(s.indexes) != mostIndexed || s.index("We deliver daily.") != first || s.index("We deliver weekly.") == second {
		t.Errorf("%d texts are kept", len(s.indexes))
	}
}
