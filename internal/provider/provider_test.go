package provider_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"nacre/internal/destination"
	"nacre/internal/provider"
	"nacre/internal/provider/providertest"
)

const short, long = 150 * time.Millisecond, time.Minute

func TestKeyIsNeverShown(t *testing.T) {
	t.Parallel()
	endpoint := provider.Endpoint{Name: "p", Key: provider.NewKey(" " + providertest.Secret + "\n")}
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "key", endpoint.Key, "endpoint", endpoint)
	slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "key", endpoint.Key, "endpoint", endpoint)
	raw, err := json.Marshal(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	all := logged.String() + string(raw)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		all += fmt.Sprintf(verb, endpoint) + fmt.Sprintf(verb, endpoint.Key) + fmt.Sprintf(verb, &endpoint) + fmt.Sprintf(verb, struct{ hidden provider.Key }{endpoint.Key})
	}
	if strings.Contains(all, "secret") || strings.Contains(all, fmt.Sprintf("%x", "secret")) {
		t.Errorf("shown: %s", all)
	}
	header := http.Header{}
	endpoint.Key.Header(header, "Authorization", "Bearer ")
	provider.Key{}.Header(header, "X-Other", "")
	if header.Get("Authorization") != "Bearer "+providertest.Secret || len(header) != 1 {
		t.Errorf("%v", header)
	}
}

func TestPost(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		want    provider.Error
	}{
		"401": {providertest.Status(401, `{"error":{"code":"invalid_api_key","message":"Incorrect API key provided: `+providertest.Secret+`"}}`),
			provider.Error{Kind: provider.Unauthorized, Status: 401, Detail: "invalid_api_key"}},
		"403 that shows the key as a code": {providertest.Status(403, `{"error":{"code":"`+providertest.Secret+`"}}`),
			provider.Error{Kind: provider.Unauthorized, Status: 403}},
		"429": {providertest.Status(429, `{"error":{"type":"rate_limit_exceeded"}}`, "Retry-After", "7"),
			provider.Error{Kind: provider.Limited, Status: 429, RetryAfter: 7 * time.Second, Detail: "rate_limit_exceeded"}},
		"429 for ever": {providertest.Status(429, ``, "Retry-After", "1e300"),
			provider.Error{Kind: provider.Limited, Status: 429, RetryAfter: 10 * time.Minute}},
		"429 with nonsense": {providertest.Status(429, `{"error":"no"}`, "Retry-After", "NaN"), provider.Error{Kind: provider.Limited, Status: 429}},
		"400": {providertest.Status(400, `{"detail":{"status":"text_too_long","message":"You said: my card is 4111"}}`),
			provider.Error{Kind: provider.Rejected, Status: 400, Detail: "text_too_long"}},
		"redirect": {providertest.Status(307, ``, "Location", "http://127.0.0.1:9/"), provider.Error{Kind: provider.Rejected, Status: 307}},
		"503":      {providertest.Status(503, strings.Repeat("<html>", 1<<20), "Retry-After", "0.5"), provider.Error{Kind: provider.Unavailable, Status: 503, RetryAfter: 500 * time.Millisecond}},
		"hangs":    {providertest.Hang, provider.Error{Kind: provider.Late, Detail: "nothing came in time"}},
		"hangs up": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
			provider.Error{Kind: provider.Unavailable, Detail: "the connection was closed without an answer"}},
		"huge header": {providertest.Status(200, "", "X-Huge", strings.Repeat("x", 1<<20)),
			provider.Error{Kind: provider.Unavailable, Detail: "the connection was closed without an answer"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := providertest.Serve(t, c.handler)
			first := long
			if c.want.Kind == provider.Late {
				first = short
			}
			_, err := provider.NewClient(s.Endpoint(t, "/v1", first, long)).PostJSON(t.Context(), "/chat?a=b", nil, map[string]int{"n": 1})
			var got *provider.Error
			c.want.Provider = "scripted"
			if !errors.As(err, &got) || *got != c.want {
				t.Fatalf("%v, want %v", err, &c.want)
			}
			if request := s.Requests()[0]; request.Path != "/v1/chat" || request.Query != "a=b" || request.Body != `{"n":1}` {
				t.Errorf("%+v", request)
			}
			for _, secret := range []string{"secret", "4111", s.URL} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the error shows %q: %v", secret, err)
				}
			}
		})
	}
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		handler        http.HandlerFunc
		first, between time.Duration
		progress       bool
		kind           provider.Kind
		left           bool
	}{
		"whole":                     {providertest.Status(200, "beginning"), long, long, true, "", false},
		"cut":                       {providertest.Cut("text/plain", "beginning"), long, long, true, provider.Broken, false},
		"stalls after the header":   {providertest.Stall("text/plain", ""), short, long, false, provider.Late, true},
		"stalls":                    {providertest.Stall("text/plain", "beginning"), long, short, true, provider.Late, true},
		"drips what does not count": {providertest.Drip("text/plain", "beginning", " "), short, long, false, provider.Late, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := providertest.Serve(t, c.handler)
			answer, err := provider.NewClient(s.Endpoint(t, "", c.first, c.between)).Post(t.Context(), "/", nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Close()
			if c.progress {
				if _, err := io.ReadFull(answer, make([]byte, 9)); err != nil {
					t.Fatal(err)
				}
				answer.Progress()
			}
			if _, err = io.ReadAll(answer); provider.KindOf(err) != c.kind {
				t.Errorf("%v, want %s", err, c.kind)
			}
			if c.left {
				s.Left(t)
			}
		})
	}
}

func TestCancelClosesTheRequest(t *testing.T) {
	t.Parallel()
	s := providertest.Serve(t, providertest.Stall("text/plain", "beginning"))
	ctx, cancel := context.WithCancel(t.Context())
	answer, err := provider.NewClient(s.Endpoint(t, "", long, long)).Post(ctx, "/", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Close()
	cancel()
	if _, err := io.ReadAll(answer); !errors.Is(err, context.Canceled) || !provider.Cancelled(ctx, err) {
		t.Errorf("%v", err)
	}
	s.Left(t)
}

func TestGuard(t *testing.T) {
	t.Parallel()
	s := providertest.Serve(t, providertest.Status(200, ""))
	endpoint := s.Endpoint(t, "", long, long)
	endpoint.Networks = nil // as where an account names the address
	_, err := provider.NewClient(endpoint).Post(t.Context(), "/", nil, nil)
	if provider.KindOf(err) != provider.Unavailable || !strings.Contains(err.Error(), destination.ErrForbidden.Error()) || len(s.Requests()) > 0 {
		t.Errorf("%v", err)
	}
	endpoint.Networks = provider.Anywhere() // as where the operator does
	answer, err := provider.NewClient(endpoint).Post(t.Context(), "/", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer.Close()
	endpoint.Address.Host = "169.254.169.254"
	if _, err = provider.NewClient(endpoint).Post(t.Context(), "/", nil, nil); err == nil || !strings.Contains(err.Error(), destination.ErrForbidden.Error()) {
		t.Errorf("metadata service: %v", err)
	}
}
