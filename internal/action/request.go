package action

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"nacre/internal/call"
)

const (
	mostSent = 64 << 10  // bytes of a body
	mostRead = 256 << 10 // bytes of an answer
	mostURL  = 8 << 10
)

// request makes a request to an API.
func (d *Doer) request(ctx context.Context, r call.Request, values map[string]any) (done call.Done, err error) {
	answer, err := d.send(ctx, r, values)
	if err != nil {
		return done, err
	}
	text, err := read(answer)
	if err != nil {
		return done, err
	}
	return r.Answered(text), nil
}

// Test makes a request as a call does, and tells all that came of it.
func (d *Doer) Test(ctx context.Context, r call.Request, values map[string]any) (tested call.Tested) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	began := time.Now()
	answer, err := d.send(ctx, r, values)
	if err == nil {
		var text []byte
		text, err = read(answer)
		tested.Status, tested.Body = answer.StatusCode, strings.ToValidUTF8(string(text[:min(len(text), call.MostTested)]), "\uFFFD")
		if err == nil {
			tested.Brought = r.Read(text)
		}
	}
	tested.Took = time.Since(began)
	if err != nil {
		tested.Failure = d.told(ctx, call.ActRequest, "test", err).Error()
	}
	return tested
}

// read reads an answer, also that of a failure, to its end.
func read(answer *http.Response) (text []byte, err error) {
	defer answer.Body.Close()
	text, err = io.ReadAll(io.LimitReader(answer.Body, mostRead+1))
	switch {
	case answer.StatusCode/100 != 2:
		return text, failed("the API answered %d", answer.StatusCode)
	case err != nil:
		return text, fmt.Errorf("read answer: %w", err)
	case len(text) > mostRead:
		return text, failed("the API's answer is too long")
	}
	return text, nil
}

// send sends a request with its variables filled in. Redirects are not followed: they would take headers past the guard.
func (d *Doer) send(ctx context.Context, r call.Request, values map[string]any) (*http.Response, error) {
	address, err := fillURL(r.URL, values)
	if err != nil {
		return nil, err
	}
	members, err := fields(r.Fields, values)
	if err != nil {
		return nil, err
	}
	var body []byte
	switch r.Method {
	case http.MethodGet, http.MethodDelete:
		if address, err = withQuery(address, members); err != nil {
			return nil, err
		}
	default:
		if body, err = json.Marshal(object(members)); err != nil {
			return nil, fmt.Errorf("write body: %w", err)
		}
	}
	if len(body) > mostSent || len(address) > mostURL {
		return nil, failed("there is too much to send")
	}
	if d.config.CheckURL != nil {
		if err := d.config.CheckURL(address); err != nil {
			return nil, fmt.Errorf("address refused: %w", err)
		}
	}
	request, err := http.NewRequestWithContext(ctx, r.Method, address, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	if body == nil {
		request.Body, request.ContentLength = http.NoBody, 0
	} else {
		request.Header.Set("Content-Type", "application/json; charset=utf-8")
	}
	request.Header.Set("User-Agent", "nacre")
	request.Header.Set("Accept", "application/json")
	for name, value := range r.Headers {
		request.Header.Set(name, value)
	}
	return d.http.RoundTrip(request)
}

// fillURL fills variables in where a URL may hold them: each value stays one segment of the path, or one text of the query. The host
// is the Pearl's alone.
func fillURL(address string, values map[string]any) (string, error) {
	address, _, _ = strings.Cut(address, "#")
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return "", failed("its address is wrong")
	}
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	host, path := rest[:end], rest[end:]
	if len(call.Variables(host)) > 0 {
		return "", failed("its address is wrong")
	}
	path, query, asks := strings.Cut(path, "?")
	var segments []string
	for segment := range strings.SplitSeq(path, "/") {
		filled := call.Fill(segment, func(id string) (string, bool) {
			value, known := values[id]
			return url.PathEscape(text(value)), known
		})
		if plain, err := url.PathUnescape(filled); filled != segment && (err != nil || plain == "." || plain == "..") {
			return "", failed("a value cannot be part of its address")
		}
		segments = append(segments, filled)
	}
	filled := scheme + "://" + host + strings.Join(segments, "/")
	if asks {
		filled += "?" + call.Fill(query, func(id string) (string, bool) {
			value, known := values[id]
			return url.QueryEscape(text(value)), known
		})
	}
	return filled, nil
}

// text is a value as programs write it.
func text(value any) string {
	if b, ok := value.(bool); ok {
		if b {
			return "true"
		}
		return "false"
	}
	return call.Spoken(value)
}

// filledField is a member of a body.
type filledField struct {
	key   string
	value any
}

// fields are the members of a body. One without a value is left out, unless it is required.
func fields(of []call.Field, values map[string]any) (members []filledField, err error) {
	for _, f := range of {
		var value any
		if f.Variable != "" {
			value = values[f.Variable]
		} else if value, err = literal(f.Value, values); err != nil {
			return nil, fmt.Errorf("read the value of %q: %w", f.Key, err)
		}
		switch {
		case f.Key == "":
		case value == nil && f.Required && f.Variable != "":
			return nil, failed("the value of %s is not known yet: it is needed", f.Variable)
		case value == nil && f.Required:
			return nil, failed("the value of %s is missing", f.Key)
		case value != nil:
			members = append(members, filledField{f.Key, value})
		}
	}
	return members, nil
}

// literal is a value that the Pearl gives, its texts filled in.
func literal(raw json.RawMessage, values map[string]any) (any, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	return fillAll(value, values), nil
}

func fillAll(value any, values map[string]any) any {
	switch v := value.(type) {
	case string:
		return call.Fill(v, func(id string) (string, bool) {
			known, ok := values[id]
			return text(known), ok
		})
	case []any:
		for n := range v {
			v[n] = fillAll(v[n], values)
		}
	case map[string]any:
		for key := range v {
			v[key] = fillAll(v[key], values)
		}
	}
	return value
}

func object(members []filledField) map[string]any {
	all := make(map[string]any, len(members))
	for _, m := range members {
		all[m.key] = m.value
	}
	return all
}

// withQuery adds members to the query of an address.
func withQuery(address string, members []filledField) (string, error) {
	if len(members) == 0 {
		return address, nil
	}
	more := url.Values{}
	for _, m := range members {
		more.Set(m.key, text(m.value))
	}
	separator := "?"
	if strings.Contains(address, "?") {
		separator = "&"
	}
	return address + separator + more.Encode(), nil
}
