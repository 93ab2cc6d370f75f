package ws

import (
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// supportedVersion is the one version of the WebSocket protocol.
const supportedVersion = "13"

// checkHandshake returns why the request cannot become a socket. It looks
// before the connection is taken from the server, so that the answer can be a
// problem like all others.
func checkHandshake(r *http.Request) error {
	switch key, err := base64.StdEncoding.DecodeString(r.Header.Get("Sec-WebSocket-Key")); {
	case r.Method != http.MethodGet:
		return transport.Errorf(transport.ErrMethodNotAllowed, "a socket is asked for with GET")
	case !r.ProtoAtLeast(1, 1) || r.ProtoMajor > 1:
		return transport.Errorf(chat.ErrInvalidField, "a socket needs HTTP/1.1")
	case r.ContentLength != 0: // what would be read as frames, and by a proxy perhaps as something else
		return transport.Errorf(chat.ErrInvalidField, "the request for a socket has a body")
	case !hasToken(r.Header, "Connection", "upgrade") || !hasToken(r.Header, "Upgrade", "websocket"):
		return transport.Errorf(chat.ErrInvalidField, "the request does not ask for a WebSocket")
	case r.Header.Get("Sec-WebSocket-Version") != supportedVersion:
		return transport.Errorf(chat.ErrInvalidField, "Sec-WebSocket-Version is not %s", supportedVersion)
	case err != nil || len(key) != 16:
		return transport.Errorf(chat.ErrInvalidField, "Sec-WebSocket-Key is not 16 bytes in base64")
	}
	offered := r.Header.Values("Sec-WebSocket-Protocol")
	if len(offered) > 0 && !containsToken(offered, subprotocol, false) {
		return transport.Errorf(chat.ErrInvalidField, "the subprotocol is %s", subprotocol)
	}
	return nil
}

// hasToken reports whether a header that lists tokens has one, in any letter
// case.
func hasToken(h http.Header, name, token string) bool {
	return containsToken(h.Values(name), token, true)
}

func containsToken(values []string, token string, fold bool) bool {
	for part := range strings.SplitSeq(strings.Join(values, ","), ",") {
		part = strings.TrimSpace(part)
		if part == token || fold && strings.EqualFold(part, token) {
			return true
		}
	}
	return false
}
