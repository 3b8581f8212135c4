package leads

import (
	"testing"

	"nacre/internal/fault"
	"nacre/internal/id"
)

// TestFilesAtOnce: an account reads as many files as it may and leaves places to others; what leaves makes room.
func TestFilesAtOnce(t *testing.T) {
	t.Parallel()
	var r reading
	var leave []func()
	enter := func(account id.ID, want fault.Kind) {
		t.Helper()
		over, err := r.enter(account)
		switch {
		case err == nil && want == fault.Internal:
			leave = append(leave, over)
		case err == nil || want == fault.Internal || !fault.Is(err, want):
			t.Errorf("%s: %v, want %v", account, err, want)
		}
	}
	enter("a", fault.Internal)
	enter("a", fault.Internal)
	enter("a", fault.TooMany)
	enter("b", fault.Internal)
	enter("c", fault.Internal)
	enter("b", fault.Unavailable)
	leave[0]()
	enter("b", fault.Internal)
	enter("a", fault.Unavailable)
	for _, over := range leave[1:] {
		over()
	}
	if r.all != 0 || len(r.byAccount) != 0 {
		t.Errorf("after all have left: %d %v", r.all, r.byAccount)
	}
}
