// Package browser_test drives examples/web in a real Chromium: what a person
// would see, through a killed server and a failing proxy.
//
//	go test ./browser                       # needs chromium in the path
//	go test ./browser -screenshots ../../docs -run TestScreenshot
package browser_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

var screenshots = flag.String("screenshots", "", "directory to write web.png and its variants to")

// What all tests share: the server's program and one browser, in which every
// page has a context, and so cookies, of its own.
var (
	program string
	browser context.Context
	missing string // why there is no browser
)

func TestMain(m *testing.M) {
	flag.Parse()
	code, err := setup(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func setup(m *testing.M) (int, error) {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		missing = "chromium is not in the path: " + err.Error()
		if os.Getenv("CI") != "" {
			return 1, errors.New(missing) // there it must not be skipped
		}
		return m.Run(), nil
	}
	dir, err := os.MkdirTemp("", "chat-browser-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)

	program = filepath.Join(dir, "web")
	build := exec.Command("go", "build", "-o", program, "./examples/web")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("build examples/web: %w\n%s", err, out)
	}

	allocator, cancel := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium),
		chromedp.UserDataDir(filepath.Join(dir, "profile")),
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("lang", "en-GB"),
		chromedp.Env("LANGUAGE=en_GB"),
	)...)
	defer cancel()
	var stop context.CancelFunc
	browser, stop = chromedp.NewContext(allocator)
	defer stop()
	if err := chromedp.Do(browser); err != nil {
		return 0, fmt.Errorf("start chromium: %w", err)
	}
	return m.Run(), nil
}

// needBrowser skips a test where no browser is installed.
func needBrowser(t *testing.T) {
	t.Helper()
	if missing != "" {
		t.Skip(missing)
	}
}
