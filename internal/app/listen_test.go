package app

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"nacre/internal/api"
	"nacre/internal/config"
)

// TestAnOpenPlainListenerIsWarnedAbout: keys and personal data pass it in the clear.
func TestAnOpenPlainListenerIsWarnedAbout(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	cert, key := filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	writeCertificate(t, cert, key, 1, time.Now(), cert, key)
	for name, c := range map[string]struct {
		settings     config.Serve
		plain, links bool // warned about
	}{
		"loopback":               {config.Serve{Listen: "127.0.0.1:0"}, false, false},
		"loopback by name":       {config.Serve{Listen: "localhost:0"}, false, false},
		"every address":          {config.Serve{Listen: "0.0.0.0:0"}, true, true},
		"every address, unnamed": {config.Serve{Listen: ":0"}, true, true},
		"every address over TLS": {config.Serve{Listen: "0.0.0.0:0", TLSCert: cert, TLSKey: key}, false, true},
		"under a name":           {config.Serve{Listen: "0.0.0.0:0", PublicURL: "https://nacre.example"}, true, false},
	} {
		var text bytes.Buffer
		clients, url, err := listenHTTP(c.settings, slog.New(slog.NewTextHandler(&text, nil)))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		_ = clients.Close()
		for says, want := range map[string]bool{"level=WARN": c.plain || c.links, "without encryption": c.plain, "--public-url": c.links} {
			if strings.Contains(text.String(), says) != want {
				t.Errorf("%s: %q is said: %v, want %v: %s", name, says, !want, want, &text)
			}
		}
		if want := map[bool]string{false: "http://", true: "https://"}[c.settings.TLSCert != ""]; !strings.HasPrefix(url, want) {
			t.Errorf("%s: %s", name, url)
		}
	}
}

// TestErrorsOverTLS: what net/http refuses by itself is problem JSON over TLS too, handlers know that they speak TLS, and
// connections are counted.
func TestErrorsOverTLS(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	cert, key := filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	writeCertificate(t, cert, key, 1, time.Now(), cert, key)
	settings := config.Serve{Listen: "127.0.0.1:0", TLSCert: cert, TLSKey: key}
	settings.ConnectionsPerAddress = 1
	log := slog.New(slog.DiscardHandler)
	clients, _, err := listenHTTP(settings, log)
	if err != nil {
		t.Fatal(err)
	}
	web := api.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS == nil || r.Proto != "HTTP/1.1" {
			w.WriteHeader(http.StatusTeapot)
		}
	}), log)
	var served sync.WaitGroup
	served.Go(func() { _ = web.Serve(clients) })
	defer served.Wait()
	defer web.Close()

	dial := func() (net.Conn, error) {
		dialer := &net.Dialer{Timeout: 20 * time.Second}
		return tls.DialWithDialer(dialer, "tcp", clients.Addr().String(), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2", "http/1.1"}})
	}
	connection, err := dial()
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	if second, err := dial(); err == nil {
		_ = second.Close()
		t.Error("a second connection of one address is taken")
	}
	from := bufio.NewReader(connection)
	for _, c := range []struct {
		request string
		want    int
	}{
		{"GET / HTTP/1.1\r\nHost: nacre.test\r\n\r\n", http.StatusOK},
		{"POST / HTTP/1.1\r\nHost: nacre.test\r\nTransfer-Encoding: gzip\r\n\r\n", http.StatusNotImplemented}, // ends the connection
	} {
		if _, err := io.WriteString(connection, c.request); err != nil {
			t.Fatal(err)
		}
		response, err := http.ReadResponse(from, nil)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(response.Body)
		if err != nil || response.StatusCode != c.want {
			t.Errorf("%d %s (%v), want %d", response.StatusCode, text, err, c.want)
		}
		var problem struct{ Status int }
		if err := json.Unmarshal(text, &problem); c.want >= 400 && (err != nil || problem.Status != c.want) {
			t.Errorf("no problem JSON for %d: %s", c.want, text)
		}
	}
}

// TestATakenPortNamesTheFlag: whoever starts a second server is told what to change.
func TestATakenPortNamesTheFlag(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, _, err = listenHTTP(config.Serve{Listen: taken.Addr().String()}, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "--listen") || !strings.Contains(err.Error(), taken.Addr().String()) {
		t.Errorf("%v", err)
	}
}

// TestAStopDuringTheStartIsQuiet: it is an ordinary one.
func TestAStopDuringTheStartIsQuiet(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	var out, errs bytes.Buffer
	command := serveCommand{config.Serve{Database: config.Database{Data: t.TempDir()}, Listen: "127.0.0.1:0", SIPListen: "127.0.0.1:0", Grace: time.Second}}
	if err := command.Run(ctx, streams{Out: &out, Err: &errs}); err != nil || out.Len() > 0 || strings.Contains(errs.String(), "level=ERROR") {
		t.Errorf("%v, %q, %s", err, out.String(), errs.String())
	}
}
