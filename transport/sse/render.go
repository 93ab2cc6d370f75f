package sse

import (
	"bytes"
	"log/slog"
	"runtime/debug"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/internal/panics"
	"github.com/roomlog/chat/transport"
)

// NewRendered returns a handler of event streams whose data are what render
// makes of the events, such as fragments of HTML for htmx; see examples/htmx.
// With ?named=1 the type of an event is in its event field, so that a page can
// have sse-swap="MessagePosted". All else is as on other streams. It panics if
// c, auth or render is nil.
//
// render is called about once for an event, not for each reader: what it returns
// is shared by all streams of the handler. So it must depend on the event alone,
// not on who reads it, or when. It may be called concurrently, must not change
// what it has returned, and should be quick. It must escape what users wrote, as
// html/template does.
//
// An event of which it makes nothing, or nothing but white space, is skipped, but
// its id still moves the reader's cursor. The same happens if it panics, which is
// logged. An event whose text was erased comes with Erased set.
func NewRendered(c *chat.Chat, auth transport.Auth, o *transport.Options, render func(chat.Event) []byte) *Handler {
	if render == nil {
		panic("sse: the render function is nil")
	}
	var h *Handler
	as := func(named bool) *encoding {
		return &encoding{func(e chat.Event) []byte {
			return encodeRendered(e, tryRender(render, e, h.gate.Options().Logger), named)
		}}
	}
	h = newHandler(c, auth, o, as(false), as(true))
	return h
}

// tryRender renders an event, or logs why it could not.
func tryRender(render func(chat.Event) []byte, e chat.Event, log *slog.Logger) (data []byte) {
	defer func() {
		if p := recover(); p != nil {
			log.Error("rendering an event panicked: it is skipped", "event", e.ID, "type", e.Type,
				"panic", panics.Text(p), "stack", string(debug.Stack()))
			data = nil
		}
	}()
	return render(e)
}

// encodeRendered returns the frame of an event with other data. Every line of
// them is a field of its own; a frame without any moves the cursor and is not
// handed to the page (HTML standard, 9.2.6).
func encodeRendered(e chat.Event, data []byte, named bool) []byte {
	b := make([]byte, 0, len(data)+64+len(e.Type))
	if len(bytes.TrimSpace(data)) == 0 {
		return append(appendID(b, e.ID), '\n')
	}
	if named {
		b = appendType(b, e.Type)
	}
	b = appendID(b, e.ID)
	for more := true; more; {
		var line []byte
		line, data, more = cutLine(data)
		b = append(b, "data: "...)
		b = append(b, line...)
		b = append(b, '\n')
	}
	return append(b, '\n')
}

// cutLine cuts data after its first line, which ends with CRLF, LF or CR, and
// reports whether it has such an end.
func cutLine(data []byte) (line, rest []byte, found bool) {
	i := bytes.IndexAny(data, "\r\n")
	if i < 0 {
		return data, nil, false
	}
	rest = data[i+1:]
	if data[i] == '\r' && len(rest) > 0 && rest[0] == '\n' {
		rest = rest[1:]
	}
	return data[:i], rest, true
}
