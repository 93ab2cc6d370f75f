package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"os/exec"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// browser is a Chromium.
type browser struct {
	ctx   context.Context
	close func()
}

func openBrowser(ctx context.Context, profile string) (*browser, error) {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		return nil, err
	}
	allocator, cancel := chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium),
		chromedp.UserDataDir(profile),
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("lang", "en-GB"),
		chromedp.Env("LANGUAGE=en_GB"),
	)...)
	ctx, stop := chromedp.NewContext(allocator)
	b := &browser{ctx: ctx, close: func() { stop(); cancel() }}
	if err := chromedp.Do(ctx); err != nil {
		b.close()
		return nil, fmt.Errorf("start chromium: %w", err)
	}
	return b, nil
}

// tab is a page in a browser context of its own: another person's browser.
type tab struct{ ctx context.Context }

// open opens an address in a window of that size.
func (b *browser) open(url string, size image.Point) (*tab, error) {
	ctx, _ := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext()) // ends with the browser
	// Here and not in do: the tab lives as long as the first context that it is used with.
	if err := chromedp.Do(ctx); err != nil {
		return nil, err
	}
	t := &tab{ctx}
	return t, t.do(
		chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
			_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "light"}, {Name: "prefers-reduced-motion", Value: "reduce"}},
			})
			if err != nil {
				return err
			}
			if _, err := chromedp.Call(ctx, emulation.SetLocaleOverride, emulation.SetLocaleOverrideParams{Locale: "en-GB"}); err != nil {
				return err
			}
			_, err = chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
			return err
		}),
		chromedp.EmulateViewport(int64(size.X), int64(size.Y)),
		chromedp.Navigate(url),
	)
}

func (t *tab) do(steps ...chromedp.Action[chromedp.Void]) error {
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	for i, step := range steps {
		if err := chromedp.Do(ctx, step); err != nil {
			return fmt.Errorf("step %d of %d in the browser: %w", i+1, len(steps), err)
		}
	}
	return nil
}

// script runs JavaScript for its effect.
func (t *tab) script(script string) error {
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[chromedp.Void](script)); err != nil {
		return fmt.Errorf("script %.60s: %w", script, err)
	}
	return nil
}

// wait waits until a JavaScript expression is true.
func (t *tab) wait(expression string) error {
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	poll := chromedp.Poll[chromedp.Void](expression, chromedp.WithPollingInterval(30*time.Millisecond), chromedp.WithPollingTimeout(patience))
	if _, err := chromedp.Run(ctx, poll); err != nil {
		return fmt.Errorf("waited for %s: %w", expression, err)
	}
	return nil
}

// picture is what the tab shows.
func (t *tab) picture() (image.Image, error) {
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	file, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		return nil, fmt.Errorf("screenshot: %w", err)
	}
	return png.Decode(bytes.NewReader(file))
}
