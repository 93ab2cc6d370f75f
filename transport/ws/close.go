package ws

import (
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// Close codes beyond those of RFC 6455.
const (
	statusRestart ws.StatusCode = 1012
	statusExpired ws.StatusCode = 4401
	statusTooMany ws.StatusCode = 4429
)

// closeTimeout bounds each half of the closing handshake: sending ours, and
// waiting for theirs.
const closeTimeout = time.Second

// closing is why a socket ends: what its close frame says. A zero code is a
// frame without one.
type closing struct {
	code   ws.StatusCode
	reason string
}

// restart is why sockets end while the server drains.
var restart = &closing{code: statusRestart, reason: "draining"}

func (c *closing) Error() string {
	return fmt.Sprintf("socket is closed with %d: %s", c.code, c.reason)
}

// frame returns the close frame.
func (c *closing) frame() []byte {
	if c.code == 0 {
		return ws.CompiledClose
	}
	body := ws.NewCloseFrameBody(c.code, c.reason)
	return append(appendHeader(make([]byte, 0, 2+len(body)), ws.OpClose, len(body)), body...)
}

// answerClose returns how to answer a close frame of the client's: with its own
// code, or with 1002 or 1007 if it may not say that.
func answerClose(payload []byte) *closing {
	switch {
	case len(payload) == 0:
		return &closing{}
	case len(payload) == 1:
		return &closing{code: ws.StatusProtocolError, reason: "close frame of one byte"}
	}
	code, reason := ws.ParseCloseFrameDataUnsafe(payload)
	switch {
	case !sendable(code):
		return &closing{code: ws.StatusProtocolError, reason: "close code is not one to send"}
	case !utf8.ValidString(reason):
		return &closing{code: ws.StatusInvalidFramePayloadData, reason: "reason is not UTF-8"}
	}
	return &closing{code: code}
}

// sendable reports whether a close frame may carry the code: those of RFC 6455
// and those registered since, but for the ones that only stand for the lack of
// a frame, and those of libraries and applications.
func sendable(code ws.StatusCode) bool {
	return 1000 <= code && code <= 1003 || 1007 <= code && code <= 1014 || 3000 <= code && code <= 4999
}
