package app

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"nacre/internal/config"
	"nacre/internal/store/storetest"
	"nacre/internal/voice"
	"nacre/internal/voice/flite"
)

// TestSignInOverTLS: over a certificate of nacre's own the cookie of a session has the name that browsers keep to HTTPS, and is
// what signs in; over both databases.
func TestSignInOverTLS(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		signInOverTLS(t, config.Database{Data: t.TempDir()})
	})
	t.Run("Postgres", func(t *testing.T) {
		if testing.Short() {
			t.Skip("needs PostgreSQL")
		}
		t.Parallel()
		signInOverTLS(t, config.Database{Data: t.TempDir(), DatabaseURL: storetest.StartPostgres(t)})
	})
}

func signInOverTLS(t *testing.T, database config.Database) {
	t.Helper()
	folder := t.TempDir()
	cert, key := filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	writeCertificate(t, cert, key, 1, time.Now(), cert, key)
	settings := config.Serve{Database: database, Listen: "127.0.0.1:0", SIPListen: "127.0.0.1:0", RateLimit: 500, TLSCert: cert, TLSKey: key}
	s, err := startWith(context.Background(), settings, slog.New(slog.DiscardHandler), parts{openVoice: func(string, *slog.Logger) (voice.Voices, error) {
		return nil, flite.ErrMissing
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	code, err := s.engine.OpenFirstStart(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	ask := func(method, path string, cookie *http.Cookie, body any) *http.Response {
		t.Helper()
		raw, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		request, err := http.NewRequest(method, s.url+path, bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		if cookie != nil {
			request.AddCookie(cookie)
		}
		answer, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if _, err := io.Copy(io.Discard, answer.Body); err != nil {
			t.Fatal(err)
		}
		return answer
	}
	answer := ask("POST", "/v2/FirstStart", nil, map[string]string{"code": code, "email": "ada@example.com", "password": "mother of pearl, twice", "company": "Pearl Fitness"})
	cookies := answer.Cookies()
	if answer.StatusCode != http.StatusOK || len(cookies) != 1 {
		t.Fatalf("first start: %s, %d cookies", answer.Status, len(cookies))
	}
	got := cookies[0]
	if got.Name != "__Host-nacre" || !got.Secure || !got.HttpOnly || got.SameSite != http.SameSiteStrictMode || got.Path != "/" || got.Domain != "" {
		t.Errorf("the cookie over HTTPS is %s", got)
	}
	for name, want := range map[string]int{"__Host-nacre": http.StatusOK, "nacre": http.StatusUnauthorized} {
		if answer := ask("GET", "/v2/Me", &http.Cookie{Name: name, Value: got.Value}, nil); answer.StatusCode != want {
			t.Errorf("with the cookie %s: %s", name, answer.Status)
		}
	}
	again := ask("POST", "/v2/SignIn", nil, map[string]string{"email": "ada@example.com", "password": "mother of pearl, twice"})
	if again.StatusCode != http.StatusOK {
		t.Errorf("sign in: %s", again.Status)
	}
}
