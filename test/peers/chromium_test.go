package peers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/roomlog/chat/test/internal/chromium"
)

// chromiumPage follows with the EventSource or WebSocket of a page, all readers in
// one page.
func chromiumPage(socket bool) func(context.Context, *testing.T, *server, []*reader) {
	return func(ctx context.Context, t *testing.T, s *server, readers []*reader) {
		t.Helper()
		var orders []order
		for _, r := range readers {
			orders = append(orders, r.order)
		}
		input, err := json.Marshal(orders)
		if err != nil {
			t.Fatal(err)
		}
		page := chromium.Open(t, s.url+"/page.html")
		if _, err := chromedp.Run(page, chromedp.Evaluate[chromedp.Void](fmt.Sprintf("start(%s, %v)", input, socket), chromedp.EvalAwaitPromise)); err != nil {
			t.Fatal(err)
		}
		page, cancel := context.WithCancel(page)
		ended := make(chan struct{})
		t.Cleanup(func() { cancel(); <-ended })
		go func() {
			defer close(ended)
			for {
				notes, err := chromedp.Run(page, chromedp.Evaluate[[]note]("nextNotes()", chromedp.EvalAwaitPromise))
				if ctx.Err() != nil {
					return
				}
				if err != nil {
					t.Errorf("the page has ended: %v", err)
					return
				}
				for _, n := range notes {
					readers[n.Reader].take(n)
				}
			}
		}()
	}
}
