package peers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// chromium follows with the EventSource or WebSocket of a page, all readers in
// one page.
func chromium(socket bool) func(context.Context, *testing.T, *server, []*reader) {
	return func(ctx context.Context, t *testing.T, s *server, readers []*reader) {
		t.Helper()
		page, cancel := chromedp.NewContext(needBrowser(t), chromedp.WithNewBrowserContext())
		t.Cleanup(cancel)
		err := chromedp.Listen(page, func(event any) {
			if e, ok := event.(*runtime.EventExceptionThrown); ok {
				details, _ := json.Marshal(e.ExceptionDetails)
				t.Errorf("exception in the page: %s", details)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		var orders []order
		for _, r := range readers {
			orders = append(orders, r.order)
		}
		input, err := json.Marshal(orders)
		if err != nil {
			t.Fatal(err)
		}
		err = chromedp.Do(page, chromedp.Navigate(s.url+"/page.html"))
		if err == nil {
			_, err = chromedp.Run(page, chromedp.Evaluate[chromedp.Void](fmt.Sprintf("start(%s, %v)", input, socket), chromedp.EvalAwaitPromise))
		}
		if err != nil {
			t.Fatal(err)
		}
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

var (
	stopBrowser  = func() {}
	startBrowser = sync.OnceValues(func() (context.Context, error) {
		path, err := exec.LookPath("chromium")
		if err != nil {
			return nil, err
		}
		allocator, cancel := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
			chromedp.ExecPath(path),
			chromedp.UserDataDir(filepath.Join(scratch, "profile")),
			chromedp.NoSandbox,
			chromedp.DisableGPU,
			chromedp.Flag("disable-quic", true),
			chromedp.Flag("disable-component-update", true),
		)...)
		ctx, stop := chromedp.NewContext(allocator)
		stopBrowser = func() { stop(); cancel() }
		return ctx, chromedp.Do(ctx)
	})
)

// needBrowser returns the browser of all tests. It skips the test where none is
// installed.
func needBrowser(t *testing.T) context.Context {
	t.Helper()
	if _, err := exec.LookPath("chromium"); err != nil {
		missing(t, "chromium is not in the path: "+err.Error())
	}
	ctx, err := startBrowser()
	if err != nil {
		t.Fatalf("start chromium: %v", err)
	}
	return ctx
}
