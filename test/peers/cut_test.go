package peers_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
)

// A body that is cut between two lines of an event must not look whole: there
// are readers, go-sse among them, that take what then stands of the event for an
// event, and so pass over it or get it twice. So the body is chunked, and the last
// chunk is missing.
func TestStream_cutShortIsSeenToBeCutShort(t *testing.T) {
	s := serve(t)
	s.fill([]string{"general"}, 20)
	cutting, calm := context.WithCancel(t.Context())
	defer calm()
	for _, at := range []plan{
		{where: atLine, how: finish, bytes: 1000}, // behind the line of an id
		{where: atLine, how: finish, bytes: 1001}, // behind that of the data
		{where: early, how: finish, bytes: 3},
	} {
		c := s.cut(cutting, newDealer(1), &at)
		r, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+c.addr()+"/api/rooms/general/events?after=earliest", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+s.token("ann"))
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("a body of %d bytes that ends with %q is read to its end: %v", len(body), body[bytes.LastIndexByte(body[:len(body)-1], '\n')+1:], err)
		}
	}
}
