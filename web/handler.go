package web

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"

	"nacre/internal/accept"
)

// pages are the first segments of the addresses that the application has pages for (src/routes.ts, held together by a test).
// Every other address stays the API's, so that an unknown one is answered as the contract says.
var pages = []string{"start", "sign-in", "join", "campaigns", "leads", "calls", "pearls", "analytics", "webhooks", "blacklist", "audit", "settings"}

const (
	assetsPath = "/assets/" // names below it contain a hash of the content
	nonceMark  = "NONCE"    // in index.html; another value in every answer
)

// Dashboard serves the built application. Immutable.
type Dashboard struct {
	index []byte
	files map[string]*file // by path
}

// file is one answer, with what the build compressed of it.
type file struct {
	kind         string
	text         []byte
	gzip, brotli []byte // nil where the build made none
	etag         string
	immutable    bool // its name changes with its content
}

// ErrNotBuilt means that the binary was built without the application (go build by itself).
var ErrNotBuilt = errors.New("the dashboard was not built into this binary; make does")

// New reads what is embedded; ErrNotBuilt where there is nothing.
func New() (*Dashboard, error) { return read(dist) }

func read(embedded fs.FS) (*Dashboard, error) {
	app, err := fs.Sub(embedded, "dist/app")
	if err != nil {
		return nil, fmt.Errorf("read the dashboard: %w", err)
	}
	d := &Dashboard{files: map[string]*file{}}
	if d.index, err = fs.ReadFile(app, "index.html"); errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotBuilt
	} else if err != nil {
		return nil, fmt.Errorf("read the dashboard: %w", err)
	}
	err = fs.WalkDir(app, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || name == "index.html" || strings.HasSuffix(name, ".gz") || strings.HasSuffix(name, ".br") {
			return err
		}
		text, err := fs.ReadFile(app, name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(text)
		made := &file{kind: kindOf(name), text: text, etag: `"` + hex.EncodeToString(sum[:12]) + `"`, immutable: strings.HasPrefix("/"+name, assetsPath)}
		made.gzip, _ = fs.ReadFile(app, name+".gz") // absent where it would save nothing
		made.brotli, _ = fs.ReadFile(app, name+".br")
		d.files["/"+name] = made
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the dashboard: %w", err)
	}
	return d, nil
}

// kindOf is a file's media type, whatever the machine's own table says.
func kindOf(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	case ".json":
		return "application/json; charset=utf-8"
	}
	if kind := mime.TypeByExtension(path.Ext(name)); kind != "" {
		return kind
	}
	return "application/octet-stream"
}

// Segments are the first segments of the paths that the dashboard answers: its pages, "" for the front page, and its files. They
// match exactly.
func (d *Dashboard) Segments() []string {
	segments := append([]string{"", strings.Trim(assetsPath, "/")}, pages...)
	for name := range d.files {
		if !strings.HasPrefix(name, assetsPath) {
			segments = append(segments, strings.TrimPrefix(name, "/"))
		}
	}
	return segments
}

func isPage(path string) bool {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if first == "" {
		return path == "/" || path == ""
	}
	for _, page := range pages {
		if first == page {
			return true
		}
	}
	return false
}

// ServeHTTP answers GET and HEAD: the application for the address of a page, whatever it is, since the application reads it;
// 404 for a file that is not there (an old page asks for files of its own build).
func (d *Dashboard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("X-Request-Id", requestID(r))
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		header.Set("Allow", "GET, HEAD")
		http.Error(w, "The dashboard is read with GET.", http.StatusMethodNotAllowed)
		return
	}
	if found := d.files[r.URL.Path]; found != nil {
		found.serve(w, r)
		return
	}
	if !isPage(r.URL.Path) {
		header.Set("Cache-Control", "no-store")
		http.Error(w, "There is no such file. Load the page again.", http.StatusNotFound)
		return
	}
	d.page(w, r)
}

// page answers the application. Its few styles that are made while it runs carry a nonce; scripts come from files alone.
func (d *Dashboard) page(w http.ResponseWriter, r *http.Request) {
	nonce := rand.Text()
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-"+nonce+"'; connect-src 'self'; img-src 'self' data:; "+
		"font-src 'self'; media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	text := bytes.ReplaceAll(d.index, []byte(nonceMark), []byte(nonce))
	header.Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(text) // the reader has gone: nobody is left to tell
	}
}

func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", f.kind)
	header.Set("ETag", f.etag)
	header.Set("Vary", "Accept-Encoding")
	if f.immutable {
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		header.Set("Cache-Control", "no-cache")
	}
	if strings.Contains(r.Header.Get("If-None-Match"), f.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	text := f.text
	switch {
	case f.brotli != nil && accept.Coding(r.Header, "br"):
		header.Set("Content-Encoding", "br")
		text = f.brotli
	case f.gzip != nil && accept.Gzip(r.Header):
		header.Set("Content-Encoding", "gzip")
		text = f.gzip
	}
	header.Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(text)
	}
}

// requestID takes over the reader's id, or makes one: every answer carries one (X-Request-Id).
func requestID(r *http.Request) string {
	given := r.Header.Get("X-Request-Id")
	if given != "" && len(given) <= 128 && !strings.ContainsFunc(given, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return given
	}
	return strings.ToLower(rand.Text()[:16])
}
