package api

import (
	"net/http"
	"slices"
)

const (
	allowMethods  = "GET, HEAD, POST, PUT, PATCH, DELETE"
	allowHeaders  = "Authorization, Content-Type, Idempotency-Key, If-Match"
	exposeHeaders = "ETag, Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, X-Request-Id, Allow"
)

// preflight answers the question a browser asks before it asks (contract 0.8); it needs no key, on every route.
func (x *exchange) preflight() bool {
	if x.r.Method != http.MethodOptions || x.r.Header.Get("Origin") == "" && x.r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	header := x.w.Header()
	x.origin(header)
	header.Set("Access-Control-Allow-Methods", allowMethods)
	header.Set("Access-Control-Allow-Headers", allowHeaders)
	header.Set("Access-Control-Max-Age", "600")
	x.leaveBody()
	x.name, x.status = "preflight", http.StatusNoContent
	x.w.WriteHeader(http.StatusNoContent)
	return true
}

// allowOrigin lets the page that asked read the answer.
func (x *exchange) allowOrigin(header http.Header) {
	if x.r.Header.Get("Origin") == "" {
		return
	}
	if x.origin(header) {
		header.Set("Access-Control-Expose-Headers", exposeHeaders)
	}
}

// origin sets Access-Control-Allow-Origin where the origin is allowed.
func (x *exchange) origin(header http.Header) bool {
	if len(x.CORSOrigins) == 0 || slices.Contains(x.CORSOrigins, "*") {
		header.Set("Access-Control-Allow-Origin", "*")
		return true
	}
	header.Add("Vary", "Origin")
	if origin := x.r.Header.Get("Origin"); slices.Contains(x.CORSOrigins, origin) {
		header.Set("Access-Control-Allow-Origin", origin)
		return true
	}
	return false
}
