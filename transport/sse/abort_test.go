package sse_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/roomlog/chat/transport/internal/wiretest"
)

// aborting is the writer of a middleware that ends requests once they are answered, and
// from which no connection can be taken.
type aborting struct{ http.ResponseWriter }

func (a aborting) Flush()                             {}
func (a aborting) SetReadDeadline(t time.Time) error  { return nil }
func (a aborting) SetWriteDeadline(t time.Time) error { return nil }
func (a aborting) WriteHeader(int)                    { panic(http.ErrAbortHandler) }

func TestAMiddlewareThatAborts_leavesNoStreamOpen(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{Wrap: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(aborting{w}, r) })
	}})
	ann, token := s.User("Ann")
	s.Post("general", ann, "one")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.HTTP.URL+"/api/rooms/general/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if resp, err := s.HTTP.Client().Do(req); err == nil {
		resp.Body.Close()
		t.Errorf("it is answered %s", resp.Status)
	}
	drained := make(chan error, 1)
	go func() { drained <- s.API.Drain(t.Context()) }()
	select {
	case err := <-drained:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(wiretest.Patience):
		t.Error("a stream is left open")
	}
}
