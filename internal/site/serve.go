package site

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"nacre/internal/accept"
)

// file is one answer, kept whole and compressed.
type file struct {
	kind  string
	text  []byte
	small []byte // gzip
	etag  string
}

func newFile(kind string, text []byte) (*file, error) {
	sum := sha256.Sum256(text)
	var small bytes.Buffer
	writer, err := gzip.NewWriterLevel(&small, gzip.BestCompression)
	if err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	if _, err := writer.Write(text); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	if err := writer.Close(); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	return &file{kind: kind, text: text, small: small.Bytes(), etag: `"` + hex.EncodeToString(sum[:12]) + `"`}, nil
}

// serve answers a request for a page or an asset, and reports whether it was one.
func (s *Site) serve(w http.ResponseWriter, r *http.Request) bool {
	path := pageOf(r.URL.Path)
	answer := s.pages[path]
	if path == zonesPath() {
		current, err := s.zonesNow()
		if err != nil { // the page was written at start: only a broken build comes here
			return false
		}
		answer = current
	}
	if answer == nil {
		return false
	}
	header := w.Header()
	header.Set("Content-Type", answer.kind)
	header.Set("X-Request-Id", requestID(r))
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cache-Control", "no-cache") // asked again each time, answered 304 while nothing changed
	header.Set("Vary", "Accept-Encoding")
	header.Set("ETag", answer.etag)
	if strings.Contains(r.Header.Get("If-None-Match"), answer.etag) {
		w.WriteHeader(http.StatusNotModified)
		return true
	}
	text := answer.text
	if accept.Gzip(r.Header) {
		header.Set("Content-Encoding", "gzip")
		text = answer.small
	}
	header.Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(text) // the reader has gone: nobody is left to tell
	}
	return true
}

// asksForPage reports whether a request may be one for the site.
func asksForPage(r *http.Request) bool {
	path := pageOf(r.URL.Path)
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && (path == Root || strings.HasPrefix(path, Root+"/"))
}

// pageOf is the path under which a page is kept. As everywhere outside the versions case and a trailing slash do not
// matter; the front page is also the answer at /.
func pageOf(path string) string {
	path = strings.TrimSuffix(strings.ToLower(path), "/")
	if path == "" {
		return Root
	}
	return path
}

// requestID takes over the reader's id, or makes one: every answer carries one (X-Request-Id).
func requestID(r *http.Request) string {
	given := r.Header.Get("X-Request-Id")
	if given != "" && len(given) <= 128 && !strings.ContainsFunc(given, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return given
	}
	var random [8]byte
	_, _ = rand.Read(random[:]) // never fails
	return hex.EncodeToString(random[:])
}
