package process

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
)

// Receiver is a receiver of webhooks that takes everything.
type Receiver struct {
	URL string

	mu        sync.Mutex
	delivered []Delivered
	known     map[string]int // place in delivered by webhook-id
}

// Delivered is a webhook as it came first.
type Delivered struct {
	ID      string // webhook-id
	Path    string
	Body    string
	Changed bool // it came again with another body
}

// StartReceiver starts a receiver, which ends with the test.
func StartReceiver(t *testing.T) *Receiver {
	t.Helper()
	r := &Receiver{known: map[string]int{}}
	server := httptest.NewServer(http.HandlerFunc(r.receive))
	t.Cleanup(server.Close)
	r.URL = server.URL
	return r
}

func (r *Receiver) receive(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		http.Error(w, "bad body", http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	id := request.Header.Get("webhook-id")
	if n, again := r.known[id]; again {
		r.delivered[n].Changed = r.delivered[n].Changed || r.delivered[n].Body != string(body)
		return
	}
	r.known[id] = len(r.delivered)
	r.delivered = append(r.delivered, Delivered{ID: id, Path: request.URL.Path, Body: string(body)})
}

// Delivered returns what has come, each webhook once, in the order in which they came first.
func (r *Receiver) Delivered() []Delivered {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.delivered)
}
