package sse

import (
	"context"
	"errors"
	"net/http"
)

// stay writes the stream as the response, and keeps the handler until it has ended.
func (s *stream) stay(r *http.Request, out *response) {
	defer s.close() // also where the writer of a middleware panics
	setHeader(out.w.Header())
	out.w.WriteHeader(http.StatusOK)
	out.use(s, r)
	ctx := r.Context()
	stop := context.AfterFunc(ctx, func() {
		if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
			s.lose()
		}
	})
	defer stop()
	if _, has := ctx.Deadline(); has { // when it has passed the context tells no more that the client has gone
		done := make(chan struct{})
		defer close(done)
		go s.watch(closeNotify(out.w), done)
	}
	s.start(out)
	if err := <-out.ended; errors.Is(err, errBroken) {
		panic(http.ErrAbortHandler) // so that the client does not take the body for whole
	}
}

// watch waits for the client to go.
func (s *stream) watch(gone <-chan bool, done <-chan struct{}) {
	select {
	case <-gone:
		s.lose()
	case <-done:
	}
}

// closeNotify returns a channel that tells when the client has gone, or nil. Some
// middlewares have a CloseNotify that panics if what they wrap has none.
func closeNotify(w http.ResponseWriter) (gone <-chan bool) {
	defer func() {
		if recover() != nil {
			gone = nil
		}
	}()
	if n, ok := find[interface{ CloseNotify() <-chan bool }](w); ok {
		return n.CloseNotify()
	}
	return nil
}
