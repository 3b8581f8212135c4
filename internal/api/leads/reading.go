package leads

import (
	"sync"
	"time"

	"nacre/internal/fault"
	"nacre/internal/id"
)

// Files that are read at once: reading takes a processor and some memory, and calls come first.
const (
	filesAtOnce        = 4
	accountFilesAtOnce = 2
)

// reading are the files of leads that are being read, by account.
type reading struct {
	mu        sync.Mutex
	all       int
	byAccount map[id.ID]int
}

// enter takes a place until leave is called, once; where there is none it says when to come again.
func (f *reading) enter(accountID id.ID) (leave func(), err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.byAccount[accountID] >= accountFilesAtOnce:
		return nil, &fault.Error{Kind: fault.TooMany, RetryAfter: 2 * time.Second, Detail: "The account has as many files of leads read as it may at once. Send the file again."}
	case f.all >= filesAtOnce:
		return nil, &fault.Error{Kind: fault.Unavailable, RetryAfter: 2 * time.Second, Detail: "As many files of leads as may be at once are being read. Send the file again."}
	}
	if f.byAccount == nil {
		f.byAccount = map[id.ID]int{}
	}
	f.all++
	f.byAccount[accountID]++
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.all--
		if f.byAccount[accountID]--; f.byAccount[accountID] == 0 {
			delete(f.byAccount, accountID)
		}
	}, nil
}
