package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"nacre/internal/api/problem"
	"nacre/internal/api/route"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/recording"
)

// serveSpecial answers everything outside the versions: no key is asked for there.
func (x *exchange) serveSpecial(rawPath string) {
	path, err := url.PathUnescape(rawPath)
	if err != nil {
		path = rawPath
	}
	path = strings.TrimSuffix(strings.ToLower(path), "/")
	serve, known := x.special[path]
	if callID, isRecording := strings.CutPrefix(path, recording.Path); isRecording {
		known, path = true, recording.Path+"{callId}"
		serve = func(x *exchange) { x.recording(callID) }
	}
	if voiceID, isSample := strings.CutPrefix(path, route.SamplePath); isSample {
		known, path = true, route.SamplePath+"{voiceId}"
		serve = func(x *exchange) { x.sample(voiceID) }
	}
	switch {
	case known && x.r.Method != http.MethodGet && x.r.Method != http.MethodHead:
		x.fail(x.noRoute(route.Match{Allow: []string{http.MethodGet, http.MethodHead}}))
	case known:
		x.name = http.MethodGet + " " + path
		serve(x)
	default:
		x.fail(x.noRoute(route.Match{}))
	}
}

// handOver lets another handler answer.
func (x *exchange) handOver(handler http.Handler) {
	x.started = true
	x.leaveBody()
	recorder := &statusRecorder{ResponseWriter: x.w}
	handler.ServeHTTP(recorder, x.r)
	x.status = recorder.status
}

// statusRecorder notes the status that another handler answers with.
type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (r *statusRecorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *statusRecorder) Write(text []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(text)
}

// Flush lets the site stream.
func (r *statusRecorder) Flush() { _ = http.NewResponseController(r.ResponseWriter).Flush() }

// Unwrap lets http.ResponseController reach the connection.
func (r *statusRecorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// openRoutes are the routes that need no key, by lower-case path.
func openRoutes() map[string]func(*exchange) {
	return map[string]func(*exchange){
		"/healthz":         (*exchange).health,
		"/readyz":          (*exchange).ready,
		"/metrics":         (*exchange).metrics,
		"/openapi.json":    func(x *exchange) { x.json(x.document.all) },
		"/openapi/v1.json": func(x *exchange) { x.json(x.document.v1) },
		"/openapi/v2.json": func(x *exchange) { x.json(x.document.v2) },
		"/docs":            (*exchange).docs,
	}
}

func (x *exchange) json(text []byte) {
	x.send(http.StatusOK, "application/json; charset=utf-8", text)
}

func (x *exchange) health() { x.json([]byte(`{"status":"ok"}`)) }

func (x *exchange) ready() {
	ctx, cancel := context.WithTimeout(x.r.Context(), 2*time.Second)
	defer cancel()
	check := x.Ready
	if check == nil {
		check = x.Queries.Ping
	}
	if err := check(ctx); err != nil {
		detail := "Not ready."
		if told := (*fault.Error)(nil); errors.As(err, &told) && told.Kind == fault.Unavailable && told.Detail != "" {
			detail = "Not ready: " + told.Detail
		}
		x.fail(&fault.Error{Kind: fault.Unavailable, Detail: detail, RetryAfter: time.Second, Err: err})
		return
	}
	x.json([]byte(`{"status":"ready"}`))
}

func (x *exchange) metrics() {
	if x.Metrics == nil || !x.OpenMetrics && !fromLoopback(x.r) {
		x.fail(problem.Status(http.StatusNotFound, "Metrics are for loopback peers only."))
		return
	}
	x.allowOrigin(x.w.Header())
	x.handOver(x.Metrics)
}

// fromLoopback: the peer is on this machine. No header makes a request one of this machine, whatever proxies are trusted; one
// that a proxy here passed on says so by a header, and comes from somewhere else.
func fromLoopback(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && peer.Addr().Unmap().IsLoopback() && !passedOn(r.Header)
}

// recording serves a file by signed link (contract 3.6): whole or in ranges; a wrong or expired link is 404.
func (x *exchange) recording(text string) {
	gone := problem.Status(http.StatusNotFound, "The link is wrong or has expired.")
	callID, ok := id.Parse(text)
	if !ok {
		x.fail(gone)
		return
	}
	holder, ok := x.links.Verify(callID, x.r.URL.Query(), x.now)
	if !ok {
		x.fail(gone)
		return
	}
	file, err := x.openRecording(callID, holder)
	if err != nil {
		if fault.Is(err, fault.NotFound) || errors.Is(err, os.ErrNotExist) {
			x.fail(gone)
			return
		}
		x.fail(err)
		return
	}
	defer file.Close()
	if ranges := x.r.Header.Values("Range"); len(ranges) > 1 || len(ranges) == 1 && strings.Contains(ranges[0], ",") {
		x.fail(problem.Status(http.StatusRequestedRangeNotSatisfiable, "A request takes one range of a recording.")) // several may repeat it (RFC 9110, 14.2)
		return
	}
	if digits, suffix := strings.CutPrefix(strings.ReplaceAll(x.r.Header.Get("Range"), " ", ""), "bytes=-"); suffix && digits != "" && strings.Trim(digits, "0") == "" {
		x.fail(problem.Status(http.StatusRequestedRangeNotSatisfiable, "The range is empty.")) // net/http answers it by 206 (RFC 9110, 14.1.2)
		return
	}
	header := x.w.Header()
	x.allowOrigin(header)
	header.Set("Content-Type", "audio/wav")
	header.Set("Cache-Control", "private, no-store")
	header.Set("Content-Disposition", `inline; filename="`+string(callID)+`.wav"`)
	x.handOver(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(&rangeProblems{ResponseWriter: w, x: x}, r, "", time.Time{}, file)
	}))
}

// sample serves a voice's sample.
func (x *exchange) sample(voiceID string) {
	if x.VoiceSample == nil || !slices.ContainsFunc(x.Voices, func(v route.Voice) bool { return v.ID == voiceID && v.Sample != "" }) {
		x.fail(problem.Status(http.StatusNotFound, "There is no such voice, or it has no sample."))
		return
	}
	sound, err := x.VoiceSample(x.r.Context(), voiceID)
	if err != nil {
		x.fail(&fault.Error{Kind: fault.Unavailable, Detail: "The voice cannot speak now.", Err: err})
		return
	}
	x.allowOrigin(x.w.Header())
	x.send(http.StatusOK, "audio/wav", sound)
}

// rangeProblems answers an unsatisfiable range by problem JSON, like every other error.
type rangeProblems struct {
	http.ResponseWriter
	x       *exchange
	refused bool
}

func (w *rangeProblems) WriteHeader(status int) {
	if status != http.StatusRequestedRangeNotSatisfiable {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	w.refused = true
	p := problem.New(status, "The range lies outside the recording.")
	p.TraceID = w.x.parent
	text := p.JSON()
	w.Header().Del("Content-Length")
	w.Header().Set("Content-Type", problem.ContentType)
	w.ResponseWriter.WriteHeader(status)
	if w.x.r.Method != http.MethodHead {
		_, _ = w.ResponseWriter.Write(text)
	}
}

func (w *rangeProblems) Write(text []byte) (int, error) {
	if w.refused {
		return len(text), nil
	}
	return w.ResponseWriter.Write(text)
}

// openRecording finds the file of a call whose link was verified, for as long as its account and the link's holder have it.
func (x *exchange) openRecording(callID id.ID, holder recording.Holder) (*os.File, error) {
	name, err := x.Queries.RecordingOf(x.r.Context(), callID, holder)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(x.RecordingsDir)
	if err != nil {
		return nil, fmt.Errorf("open recordings: %w", err)
	}
	defer root.Close()
	file, err := root.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open recording: %w", err)
	}
	return file, nil
}

// removeRecordings deletes files of calls that are gone. One that stays behind is found by nobody, since links name calls,
// and swept later.
func (s *server) removeRecordings(names []string) {
	if err := recording.Folder(s.RecordingsDir).Remove(names); err != nil {
		s.Log.Error("cannot delete recordings", "error", err)
	}
}
