package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"net/http"
	"strings"

	"nacre/internal/account"
	"nacre/internal/api/problem"
	"nacre/internal/api/route"
	"nacre/internal/engine"
	"nacre/internal/fault"
)

// rawPath is the path as it was sent, still escaped: decoding it twice, or cleaning it, would change what it names.
func rawPath(r *http.Request) string {
	if strings.HasPrefix(r.RequestURI, "/") {
		path, _, _ := strings.Cut(r.RequestURI, "?")
		return path
	}
	return r.URL.EscapedPath()
}

// dispatch takes a request to where it belongs. Order matters: preflights, then everything outside the versions, then
// who asks, and only then anything about the request (contract 0.4).
func (x *exchange) dispatch() {
	path := rawPath(x.r)
	if x.preflight() {
		return
	}
	if !route.Versioned(path) {
		x.serveSpecial(path)
		return
	}
	match := x.table.Match(x.r.Method, path)
	if match.Route != nil && match.Route.Open {
		x.take(match)
		x.serveOpen(match)
		return
	}
	if err := x.authorize(); err != nil {
		x.fail(err)
		return
	}
	if err := x.limit(x.asker.ID()); err != nil {
		x.fail(err)
		return
	}
	if match.Route == nil {
		x.fail(x.noRoute(match))
		return
	}
	x.take(match)
	if err := x.asker.May(match.Route); err != nil {
		x.fail(err)
		return
	}
	x.serve(match)
}

// take notes which route the request is for.
func (x *exchange) take(match route.Match) {
	x.route, x.name, x.words = match.Route, match.Route.Name(), match.Route.PearlWord()
}

// serveOpen runs a route that asks for neither key nor person. What it may change is nothing that other sites may ask for.
func (x *exchange) serveOpen(match route.Match) {
	if err := x.judgeOrigin(); err != nil {
		x.fail(err)
		return
	}
	x.serve(match)
}

// noSuchRoute tells where all routes are listed.
const noSuchRoute = "There is no such route. All of them are listed at /docs."

// noRoute is 405 where the path exists, else 404.
func (x *exchange) noRoute(match route.Match) error {
	if len(match.Allow) > 0 {
		allow := strings.Join(match.Allow, ", ")
		return problem.Status(http.StatusMethodNotAllowed, "The route exists, but not with the method "+printable(x.r.Method)+". It has "+allow+".").With("Allow", allow)
	}
	return problem.Status(http.StatusNotFound, noSuchRoute)
}

func printable(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), 40)], "?")
}

// serve runs a route for who may use it: the Pearl, then the body, then the use case.
func (x *exchange) serve(match route.Match) {
	ctx, cancel := context.WithTimeout(x.r.Context(), match.Route.Timeout)
	defer cancel()
	request := route.NewRequest(ctx, x.r, match)
	request.Asker, request.Actor = x.asker, x.asker.Actor(x.trace)
	request.Now, request.Links, request.Queries = x.now, x.links, x.Queries
	request.Browser = browser{x: x, header: request.Header}
	request.Links.Base = x.base()
	request.TakeMemory, request.TakeUpload = x.takeMemory, x.takeUpload
	answer, err := x.carryOut(request)
	if err != nil {
		x.fail(err)
		return
	}
	// Large answers share the memory of large bodies: a client that does not read holds its answer for long. What has been
	// changed is answered in any case.
	if size := int64(len(answer.Body)); size > freeBody && request.Route.Scope == account.ScopeRead {
		if !x.bodies.take(x.asker.Account, size) {
			x.fail(problem.Status(http.StatusServiceUnavailable, "Too many large answers are on their way. Send the request again.").With("Retry-After", "2"))
			return
		}
		x.held += size
	}
	for name, values := range request.Header {
		x.w.Header()[name] = values
	}
	if answer.Stream != nil {
		x.sendStream(answer)
		return
	}
	if answer.Lines != nil {
		ctx, cancel := context.WithTimeout(x.r.Context(), match.Route.Timeout)
		defer cancel()
		request.SetContext(ctx)
		x.sendLines(answer)
		return
	}
	x.send(answer.Status, answer.Type, answer.Body)
}

func (x *exchange) carryOut(request *route.Request) (route.Answer, error) {
	r := request.Route
	if r.Pearl != route.NoPearl && !r.PearlLater {
		pearl, err := request.JudgePearl()
		if err != nil {
			return route.Answer{}, err
		}
		request.Pearl = pearl
	}
	if asksForRoom(r, nil) { // before its body is read
		if err := x.room(); err != nil {
			return route.Answer{}, err
		}
	}
	var body []byte
	if r.HasBody() {
		var err error
		body, err = x.readBody(r)
		if len(body) > 0 || err != nil { // the route's time is for what it does, not for a slow client
			ctx, cancel := context.WithTimeout(x.r.Context(), r.Timeout)
			defer cancel()
			request.SetContext(ctx)
		}
		if err != nil {
			return route.Answer{}, request.PearlFirst(err)
		}
	}
	if keys := x.r.Header.Values("Idempotency-Key"); len(keys) > 0 && r.Creates {
		return x.once(request, strings.TrimSpace(keys[0]), body)
	}
	return x.store(request, body, false)
}

func (x *exchange) perform(request *route.Request, body []byte) (route.Answer, error) {
	if request.Route.HasBody() {
		if err := request.Decode(body); err != nil {
			return route.Answer{}, err
		}
	}
	return request.Serve()
}

// once carries out a creating request whose key may have come before (contract 0.9).
func (x *exchange) once(request *route.Request, key string, body []byte) (route.Answer, error) {
	if key == "" || len(key) > 255 || strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r > '~' }) {
		return route.Answer{}, request.PearlFirst(fault.Refused("The Idempotency-Key must be 1 to 255 printable ASCII characters."))
	}
	hash := sha256.Sum256(bytes.TrimSpace(body))
	keyed := engine.KeyedRequest{Account: request.Actor.Account, Route: request.Place(), Key: key, BodyHash: hash[:], Stops: request.Route.Stops}
	mark := [3]string{string(keyed.Account), keyed.Route, keyed.Key}
	if _, busy := x.running.LoadOrStore(mark, true); busy {
		return route.Answer{}, problem.Status(http.StatusConflict, "A request with the same Idempotency-Key is still in progress.").With("Retry-After", "1")
	}
	defer x.running.Delete(mark)
	earlier, found, err := x.Engine.Remembered(request.Context(), keyed)
	if err != nil {
		return route.Answer{}, err
	}
	if found {
		request.Header.Set("Idempotency-Replayed", "true")
		return route.Answer{Status: earlier.Status, Type: earlier.Type, Body: earlier.Answer}, nil
	}
	request.SetKey(keyed)
	return x.store(request, body, true)
}
