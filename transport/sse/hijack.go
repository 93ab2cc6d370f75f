package sse

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// canHijack reports whether ResponseController.Hijack will find something to
// call. Calling it is the only way to know more.
func canHijack(w http.ResponseWriter, r *http.Request) bool {
	if r.ProtoMajor != 1 {
		return false
	}
	_, ok := find[http.Hijacker](w)
	return ok
}

// find returns what implements T among a writer and those that it wraps.
func find[T any](w http.ResponseWriter) (T, bool) {
	for {
		if t, ok := w.(T); ok {
			return t, true
		}
		u, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			var none T
			return none, false
		}
		w = u.Unwrap()
	}
}

// hijack takes the connection from the server. Some middlewares have a Hijack
// that panics if what they wrap has none.
func hijack(w http.ResponseWriter) (conn net.Conn, err error) {
	defer func() {
		if p := recover(); p != nil {
			conn, err = nil, fmt.Errorf("hijacking the connection panicked: %v", p)
		}
	}()
	// The buffers go: what the client sent ahead is not for a stream.
	conn, _, err = http.NewResponseController(w).Hijack()
	switch {
	case err != nil:
		return nil, fmt.Errorf("the connection cannot be hijacked: %w", err)
	case conn == nil:
		return nil, errors.New("the connection cannot be hijacked: there is none")
	}
	return conn, conn.SetDeadline(time.Time{})
}

// setHeader sets the headers of a stream.
func setHeader(h http.Header) {
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", "no-store, no-transform")
	h.Set("X-Accel-Buffering", "no")
	h.Set("X-Content-Type-Options", "nosniff")
}

// otherBody are headers that would say of the body of a hijacked stream what is
// not so.
var otherBody = map[string]bool{
	"Connection": true, "Content-Encoding": true, "Content-Length": true, "Keep-Alive": true,
	"Trailer": true, "Transfer-Encoding": true, "Upgrade": true,
}

// appendHead appends the status line and the headers of a hijacked stream: those
// that are set on the response, and its own. The body is chunked: one that ended
// with the connection would look whole wherever that is cut, and there are readers
// that take what then stands of an event for an event (RFC 9112, 6.3: such a body
// is for HTTP/1.0 alone). An HTTP/1.0 client, such as nginx
// by default, is answered with its version, as the http.Server does.
func appendHead(b []byte, h http.Header, r *http.Request) []byte {
	setHeader(h)
	head := bytes.NewBuffer(b)
	fmt.Fprintf(head, "HTTP/1.%d 200 OK\r\n", min(r.ProtoMinor, 1))
	_ = h.WriteSubset(head, otherBody) // to memory: it cannot fail
	if _, has := h["Date"]; !has {
		fmt.Fprintf(head, "Date: %s\r\n", time.Now().UTC().Format(http.TimeFormat))
	}
	if r.ProtoAtLeast(1, 1) {
		head.WriteString("Transfer-Encoding: chunked\r\n")
	}
	head.WriteString("Connection: close\r\n\r\n")
	return head.Bytes()
}
