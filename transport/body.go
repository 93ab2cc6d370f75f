package transport

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/roomlog/chat"
)

// ReadObject reads the body of a request, which must be one JSON object and say
// so. The error is one of the protocol's: ErrUnsupportedMediaType,
// ErrBodyTooLarge, or what ParseObject refuses.
func (g *Gate) ReadObject(w http.ResponseWriter, r *http.Request) (*Object, error) {
	if err := checkMediaType(r.Header); err != nil {
		return nil, err
	}
	body, err := g.readBody(w, r)
	if err != nil {
		return nil, err
	}
	return ParseObject(body)
}

// ReadOptionalObject is ReadObject for calls that need no body: without one it
// returns an empty object, whatever the Content-Type.
func (g *Gate) ReadOptionalObject(w http.ResponseWriter, r *http.Request) (*Object, error) {
	if r.ContentLength == 0 {
		return &Object{}, nil
	}
	body, err := g.readBody(w, r)
	if err != nil {
		return nil, err
	}
	if len(body) == 0 {
		return &Object{}, nil
	}
	if err := checkMediaType(r.Header); err != nil {
		return nil, err
	}
	return ParseObject(body)
}

func (g *Gate) readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	limit := int64(g.options.MaxBody)
	if r.ContentLength > limit {
		return nil, Errorf(ErrBodyTooLarge, "%d bytes of %d allowed", r.ContentLength, limit)
	}
	done := g.limitReading(w, r)
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, Errorf(ErrBodyTooLarge, "%d bytes are allowed", limit)
	case err != nil:
		return nil, Errorf(ErrMalformedJSON, "the body ended early")
	}
	done() // else the server, which would read what is left, is to give up soon
	return body, nil
}

// limitReading gives the client the idle time for the whole body, unless the
// host's server has a time for requests. What it returns takes the deadline away,
// once the body has been read.
func (g *Gate) limitReading(w http.ResponseWriter, r *http.Request) (done func()) {
	if server, ok := r.Context().Value(http.ServerContextKey).(*http.Server); ok && server.ReadTimeout > 0 {
		return func() {}
	}
	rc := http.NewResponseController(w)
	if rc.SetReadDeadline(time.Now().Add(g.options.IdleTimeout)) != nil { // there is no connection, or one that has none
		return func() {}
	}
	return func() { _ = rc.SetReadDeadline(time.Time{}) }
}

// checkMediaType returns ErrUnsupportedMediaType unless the body is said to be
// plain JSON in UTF-8.
func checkMediaType(h http.Header) error {
	if h.Get("Content-Encoding") != "" {
		return Errorf(ErrUnsupportedMediaType, "no Content-Encoding is taken")
	}
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return Errorf(ErrUnsupportedMediaType, "the Content-Type is %q", h.Get("Content-Type"))
	}
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return Errorf(ErrUnsupportedMediaType, "the charset is %q", charset)
	}
	return nil
}

// IdempotencyKey returns the key of a command: of the Idempotency-Key header or
// of the field "key" of its body, empty if it has none.
// ErrIdempotencyKeyInvalid if there is more than one, or an empty one.
func IdempotencyKey(h http.Header, body *Object) (string, error) {
	headers := h.Values("Idempotency-Key")
	field, has := body.OptionalString("key")
	switch {
	case len(headers) > 1:
		return "", Errorf(chat.ErrIdempotencyKeyInvalid, "there are %d headers", len(headers))
	case len(headers) == 1 && has && headers[0] != field:
		return "", Errorf(chat.ErrIdempotencyKeyInvalid, "header and body have different ones")
	case len(headers) == 1:
		field, has = headers[0], true
	}
	if has && field == "" {
		return "", Errorf(chat.ErrIdempotencyKeyInvalid, "it is empty")
	}
	return field, nil
}

// Answer writes a JSON body that no cache keeps. Bytes that are JSON already go
// in as json.RawMessage, and come out as they are.
func Answer(w http.ResponseWriter, status int, body any) {
	raw, ok := body.(json.RawMessage)
	if !ok {
		var err error
		if raw, err = json.Marshal(body); err != nil { // only what we made: it cannot
			panic(err)
		}
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(raw)))
	w.WriteHeader(status)
	_, _ = w.Write(raw)
}
