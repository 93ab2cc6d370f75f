package peers_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tmaxmax/go-sse"
)

// followGoSSE follows with connections of tmaxmax/go-sse, which come back by
// themselves.
func followGoSSE(ctx context.Context, t *testing.T, _ *server, readers []*reader) {
	client := &sse.Client{
		HTTPClient: &http.Client{Transport: &http.Transport{}},
		Backoff:    sse.Backoff{InitialInterval: 10 * time.Millisecond, MaxInterval: 100 * time.Millisecond},
	}
	for _, r := range readers {
		address, err := url.Parse(r.URL)
		if err != nil {
			t.Fatal(err)
		}
		if r.After != "" {
			query := address.Query()
			query.Set("after", r.After)
			address.RawQuery = query.Encode()
		}
		request, err := http.NewRequestWithContext(ctx, "GET", address.String(), nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+r.Token)
		connection := client.NewConnection(request)
		connection.SubscribeToAll(func(e sse.Event) {
			// It makes an event of a retry line, too.
			if !strings.HasPrefix(e.Type, "chat.") && e.Data == "" {
				return
			}
			r.take(note{Type: e.Type, ID: e.LastEventID, Data: e.Data})
		})
		go func() {
			if err := connection.Connect(); !errors.Is(err, context.Canceled) {
				r.take(note{Type: noteWrong, Data: "go-sse gives up: " + err.Error()})
			}
		}()
	}
}
