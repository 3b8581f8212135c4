package crash

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"nacre/test/process"
)

// model is a language model and a recogniser: it hears a yes in everything, says goodbye to it, and finds success in every other call
// that it is to analyse.
type model struct {
	file   string        // providers file that names it
	asked  atomic.Int64  // for an analysis
	asking chan struct{} // receives when that is asked for
}

// thinks is how long an analysis takes.
const thinks = 400 * time.Millisecond

// awaitAnalysis waits until an analysis is asked for, or, where no call has come to it, for a while.
func (m *model) awaitAnalysis() {
	select {
	case <-m.asking: // of the server before
	default:
	}
	select {
	case <-m.asking:
	case <-time.After(20 * time.Second):
	}
}

func startModel(t *testing.T) *model {
	t.Helper()
	m := &model{file: filepath.Join(t.TempDir(), "providers.yaml"), asking: make(chan struct{}, 1)}
	server := httptest.NewServer(m)
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	text := fmt.Sprintf("models: [{kind: openai, address: %q, model: m}]\nears: [{kind: openai, address: %[1]q, model: w}]\n", server.URL)
	if err := os.WriteFile(m.file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return m
}

func (m *model) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the server was killed
	}
	if strings.HasSuffix(r.URL.Path, "/audio/transcriptions") {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"text":"Yes, please."}`)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	if strings.Contains(string(body), `"tools"`) {
		_, _ = io.WriteString(w, `data: {"choices":[{"delta":{"content":"Thank you. Goodbye."}}]}

data: {"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"end_call","arguments":"{}"}}]}}]}

data: {"choices":[{"delta":{},"finish_reason":"stop"}]}

data: [DONE]

`)
		return
	}
	n := m.asked.Add(1)
	select {
	case m.asking <- struct{}{}:
	default:
	}
	select {
	case <-r.Context().Done():
	case <-time.After(thinks):
	}
	report, err := json.Marshal(fmt.Sprintf(`{"summary":"Found by request %d.","sentiment":4,"tags":[],"values":{},"success":%t}`, n, n%2 == 0))
	if err != nil {
		panic(err)
	}
	_, _ = fmt.Fprintf(w, "data: {\"choices\":[{\"delta\":{\"content\":%s},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n", report)
}

type callState struct {
	ID                 string
	Status             int
	ConversationStatus int
	Summary            string
	Analysis           bool // of a webhook's body
	Transcript         []struct {
		Role    int
		Content string
	}
}

// understood reports whether the person was understood: there is something to analyse.
func (c callState) understood() bool {
	for _, line := range c.Transcript {
		if line.Role == 3 && line.Content != "(speech)" && !strings.HasPrefix(line.Content, "[pressed ") {
			return true
		}
	}
	return false
}

// analysed waits until no analysis is due any more.
func analysed(t *testing.T, c *client, pearl string, ids []string) {
	t.Helper()
	deadline := time.Now().Add(limit)
	for _, leadID := range ids {
		var l leadState
		c.do("GET", "/v2/Outbound/"+pearl+"/Lead/"+leadID, nil, &l)
		for _, callID := range l.CallsID {
			for analysisOf(c, callID) == "pending" {
				if time.Now().After(deadline) {
					t.Fatalf("%s: a call is not analysed after %s", l.PhoneNumber, limit)
				}
				pause(100 * time.Millisecond)
			}
		}
	}
}

// analysisOf is how far the analysis of a call is, "" where there is none.
func analysisOf(c *client, callID string) string {
	var a struct{ State *string }
	c.do("GET", "/v2/Call/"+callID+"/Analysis", nil, &a)
	if a.State == nil {
		return ""
	}
	return *a.State
}

func checkAnalyses(t *testing.T, c *client, crm *process.Receiver, pearl string, ids []string, m *model) {
	t.Helper()
	told := map[string][]callState{} // analyses that were delivered, by call
	for _, d := range crm.Delivered() {
		if d.Path != "/call" {
			continue
		}
		var of callState
		if err := json.Unmarshal([]byte(d.Body), &of); err != nil {
			t.Fatal(err)
		}
		if of.Analysis {
			told[of.ID] = append(told[of.ID], of)
		}
	}
	analyses, verdicts := 0, 0
	for _, leadID := range ids {
		var l leadState
		c.do("GET", "/v2/Outbound/"+pearl+"/Lead/"+leadID, nil, &l)
		successes := 0
		for _, callID := range l.CallsID {
			var of callState
			c.do("GET", "/v2/Call/"+callID, nil, &of)
			state := analysisOf(c, callID)
			if understood := of.understood() && (of.ConversationStatus == 100 || of.ConversationStatus == 110); understood != (state == "done") {
				t.Errorf("%s: the analysis of a call that was understood (%v) is %q: %+v", l.PhoneNumber, understood, state, of)
			}
			if state == "" {
				if len(told[callID]) > 0 {
					t.Errorf("%s: an analysis was told of a call that has none", l.PhoneNumber)
				}
				continue
			}
			analyses++
			if of.ConversationStatus == 100 {
				successes++
			}
			if list := told[callID]; len(list) != 1 || list[0].Summary != of.Summary || list[0].ConversationStatus != of.ConversationStatus {
				t.Errorf("%s: the analysis of %+v was told as %+v", l.PhoneNumber, of, list)
			}
		}
		var history struct {
			Results []struct {
				Kind, By string
				To       int
			}
		}
		c.do("GET", "/v2/Outbound/"+pearl+"/Lead/"+leadID+"/History", nil, &history)
		found := 0
		for _, h := range history.Results {
			if h.Kind == "status" && h.By == "analysis" {
				found++
			}
		}
		verdicts += found
		if found > 1 || found != successes || (l.Status == 100) != (found == 1) {
			t.Errorf("%s: %d changes by analyses for %d calls that became a success, and the lead is at %d", l.PhoneNumber, found, successes, l.Status)
		}
	}
	if verdicts == 0 || verdicts == analyses || m.asked.Load() <= int64(analyses) {
		t.Errorf("%d analyses, %d of them verdicts, in %d requests: none was cut off", analyses, verdicts, m.asked.Load())
	}
	t.Logf("%d analyses in %d requests, %d became a success", analyses, m.asked.Load(), verdicts)
}
