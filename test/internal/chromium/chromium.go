// Package chromium starts one browser for all tests of a process.
package chromium

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/roomlog/chat/test/internal/need"
)

var (
	stop  = func() {}
	start = sync.OnceValues(func() (context.Context, error) {
		profile, err := os.MkdirTemp("", "chat-chromium-")
		if err != nil {
			return nil, err
		}
		allocator, cancel := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
			chromedp.ExecPath("chromium"),
			chromedp.UserDataDir(profile),
			chromedp.NoSandbox,
			chromedp.DisableGPU,
			chromedp.CombinedOutput(io.Discard),
			chromedp.Flag("disable-quic", true),
			chromedp.Flag("disable-component-update", true),
		)...)
		ctx, end := chromedp.NewContext(allocator)
		stop = func() {
			end()
			cancel()
			_ = os.RemoveAll(profile)
		}
		return ctx, chromedp.Do(ctx)
	})
)

// Stop ends the browser, if there is one: at the end of TestMain.
func Stop() { stop() }

// Need skips the test where no browser is installed.
func Need(t testing.TB) {
	t.Helper()
	need.Programs(t, "chromium")
}

// Open opens a page for somebody with cookies of their own, until the test ends. The test
// fails where the page throws.
func Open(t testing.TB, url string) context.Context {
	t.Helper()
	Need(t)
	browser, err := start()
	if err != nil {
		t.Fatalf("start chromium: %v", err)
	}
	page, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	if err := chromedp.Listen(page, func(event any) {
		if e, ok := event.(*runtime.EventExceptionThrown); ok {
			details, _ := json.Marshal(e.ExceptionDetails)
			t.Errorf("exception in the page: %s", details)
		}
	}); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Do(page, chromedp.Navigate(url)); err != nil {
		t.Fatal(err)
	}
	return page
}
