package provider

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/coder/websocket"

	"nacre/internal/destination"
)

// messageLimit is the longest message that a provider may send.
const messageLimit = 1 << 20

// Dial opens a WebSocket connection, within Endpoint.First. Paths may have a query. Errors are those of the package.
func (c *Client) Dial(ctx context.Context, path string, header http.Header) (*websocket.Conn, error) {
	path, query, _ := strings.Cut(path, "?")
	to := c.endpoint.Address.JoinPath(path)
	to.RawQuery = query
	limited, cancel := context.WithTimeoutCause(ctx, c.endpoint.First, errLate)
	defer cancel()
	conn, response, err := websocket.Dial(limited, to.String(), &websocket.DialOptions{HTTPClient: c.sockets, HTTPHeader: header})
	name := c.endpoint.Name
	switch {
	case err == nil:
		conn.SetReadLimit(messageLimit)
		return conn, nil
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%s: %w", name, ctx.Err())
	case errors.Is(context.Cause(limited), errLate):
		return nil, &Error{Provider: name, Kind: Late, Detail: errLate.Error()}
	case response != nil && response.StatusCode != http.StatusSwitchingProtocols:
		e := Refused(name, response.StatusCode, response.Header)
		if response.StatusCode/100 == 2 {
			e.Kind, e.Detail = Broken, "the answer opens no WebSocket"
		}
		return nil, e
	case response != nil:
		return nil, &Error{Provider: name, Kind: Broken, Detail: "the answer opens no WebSocket"}
	case errors.Is(err, destination.ErrForbidden):
		return nil, &Error{Provider: name, Kind: Unavailable, Detail: "its address is " + destination.ErrForbidden.Error()}
	}
	return nil, &Error{Provider: name, Kind: Unavailable, Detail: "no connection"}
}

// newSockets returns the HTTP client that opens WebSocket connections: by HTTP/1.1 (RFC 6455, 4.1).
func newSockets(dialer *net.Dialer) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DialContext: dialer.DialContext, TLSHandshakeTimeout: connectTimeout, MaxResponseHeaderBytes: headerLimit,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
