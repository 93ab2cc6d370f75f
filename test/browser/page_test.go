package browser_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	devlog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is how long a page may take for anything.
const patience = 20 * time.Second

// page is the chat in a browser context of its own: another person's browser.
type page struct {
	t    *testing.T
	name string
	ctx  context.Context
}

// openPage opens an address. An exception in a script, and a breach of the
// page's Content-Security-Policy, fail the test.
func openPage(t *testing.T, name, url string) *page {
	t.Helper()
	return openTab(t, name, url, browser, chromedp.WithNewBrowserContext())
}

// another opens an address in another tab of the same browser: it is the same user.
func (p *page) another(url string) *page {
	p.t.Helper()
	q := openTab(p.t, p.name+"-again", url, p.ctx)
	q.connected()
	return q
}

// openTab opens an address in a tab, which has the focus of its own screen.
func openTab(t *testing.T, name, url string, parent context.Context, options ...chromedp.ContextOption) *page {
	t.Helper()
	ctx, cancel := chromedp.NewContext(parent, options...)
	p := &page{t: t, name: name, ctx: ctx}
	t.Cleanup(func() {
		if t.Failed() {
			p.shoot(filepath.Join(t.ArtifactDir(), name+".png"))
		}
		cancel()
	})
	err := chromedp.Listen(ctx, func(event any) {
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			details, _ := json.Marshal(e.ExceptionDetails)
			t.Errorf("%s: exception in the page: %s", name, details)
		case *devlog.EventEntryAdded:
			if e.Entry.Source == "security" {
				t.Errorf("%s: %s", name, e.Entry.Text)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, devlog.Enable, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: list}); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}); err != nil {
		t.Fatal(err)
	}
	p.do(chromedp.EmulateViewport(1100, 760), chromedp.Navigate(url))
	return p
}

// signIn opens the page of a room and chooses a name.
func signIn(t *testing.T, name, url string) *page {
	t.Helper()
	p := openPage(t, name, url)
	p.do(chromedp.WaitVisible("#name"), chromedp.SendKeys("#name", name+"\r"), chromedp.WaitVisible("#chat"))
	p.connected()
	return p
}

func (p *page) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.t.Fatalf("%s: %v", p.name, err)
	}
}

// eval evaluates a JavaScript expression; its value is decoded into a T.
func eval[T any](p *page, expression string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%s: %s: %v", p.name, expression, err)
	}
	return value
}

// script runs JavaScript for its effect.
func (p *page) script(script string) {
	p.t.Helper()
	eval[chromedp.Void](p, script)
}

// wait waits until a JavaScript expression is true.
func (p *page) wait(expression string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	poll := chromedp.Poll[chromedp.Void](expression, chromedp.WithPollingInterval(15*time.Millisecond), chromedp.WithPollingTimeout(patience))
	_, err := chromedp.Run(ctx, poll)
	for err != nil && ctx.Err() == nil && loadedAnew(err) {
		_, err = chromedp.Run(ctx, poll)
	}
	if err != nil {
		status := eval[string](p, `document.body.innerText`)
		p.t.Fatalf("%s: waited for %s: %v\nthe page says:\n%s", p.name, expression, err, status)
	}
}

// loadedAnew reports whether an expression came to nothing because the page was
// left for another, or loaded again.
func loadedAnew(err error) bool {
	return strings.Contains(err.Error(), "context with specified id") || strings.Contains(err.Error(), "context was destroyed") ||
		strings.Contains(err.Error(), "navigated or closed")
}

// connected waits until the header says so, with history and all.
func (p *page) connected() {
	p.t.Helper()
	p.wait(`/^Connected — \d+\+? messages?$/.test(document.querySelector('#status').innerText)`)
}

// say writes a message and presses Enter.
func (p *page) say(text string) {
	p.t.Helper()
	p.do(chromedp.SendKeys("#text", text+"\r"))
}

// sees waits until a message with that text is there and confirmed.
func (p *page) sees(text string) {
	p.t.Helper()
	p.wait(fmt.Sprintf(`messages().some(({text, pending}) => text === %q && !pending)`, text))
}

// message is a message as the page shows it.
type message struct {
	ID                    string
	Text                  string
	Own, Pending, Deleted bool
	Edited                bool
	Reactions             []string
}

// list is JavaScript that gives a page functions for what it shows: messages,
// placeOf for where on the screen one of them is, and elements by their names.
const list = `globalThis.placeOf = (id) => document.querySelector('[data-id="' + id + '"]').getBoundingClientRect().top;
globalThis.memberOf = (name) => [...document.querySelectorAll('#people .member')].find((node) => node.querySelector('.member-name').firstChild.textContent === name);
globalThis.buttonOf = (node, text) => [...node.querySelectorAll('button')].find((button) => button.innerText === text);
globalThis.roomNamed = (name) => [...document.querySelectorAll('.room')].find((node) => node.querySelector('.room-name').firstChild.textContent === name);
globalThis.threadTexts = () => [...document.querySelectorAll('#thread .text')].map((node) => node.firstChild.textContent);
globalThis.messages = () => [...document.querySelectorAll('#timeline .message')].map((node) => ({
  id: node.dataset.id ?? '',
  text: [...node.querySelector('.text')?.childNodes ?? []].filter((part) => part.className !== 'meta').map((part) => part.textContent).join(''),
  own: node.classList.contains('own'),
  pending: node.classList.contains('pending'),
  deleted: node.classList.contains('deleted'),
  edited: /edited/.test(node.querySelector('.meta')?.textContent),
  reactions: [...node.querySelectorAll('.reaction')].map((button) => button.innerText.replace(/\s+/g, ' ') + (button.ariaPressed === 'true' ? ' mine' : '')),
}))`

// messages are what the page shows, in its order.
func (p *page) messages() []message {
	p.t.Helper()
	return eval[[]message](p, `messages()`)
}

// ids are the ids of the messages that the page shows as confirmed.
func (p *page) ids() []string {
	p.t.Helper()
	var ids []string
	for _, m := range p.messages() {
		if !m.Pending {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

// shows waits until the page shows as many messages, all confirmed, and fails
// unless they are those of the log, each once and in its order.
func (p *page) shows(s *server, room string, count int) {
	p.t.Helper()
	p.wait(fmt.Sprintf(`messages().length >= %d && messages().every(({pending}) => !pending)`, count))
	logged, _ := s.posted(room)
	if shown := p.ids(); !slices.Equal(shown, logged) {
		p.t.Errorf("%s shows %d messages, the log has %d:\n%v\n%v", p.name, len(shown), len(logged), shown, logged)
	}
	if len(logged) != count {
		p.t.Errorf("the log has %d messages, not %d", len(logged), count)
	}
}

// act presses a button of the newest message with that text.
func (p *page) act(text, button string) {
	p.t.Helper()
	p.script(fmt.Sprintf(`[...document.querySelectorAll('#timeline .message')]
		.findLast((node) => node.querySelector('.text').firstChild.textContent === %q)
		.querySelector(%q).click()`, text, button))
}

// choose sets a select element, as a person would.
func (p *page) choose(element, value string) {
	p.t.Helper()
	p.script(fmt.Sprintf(`((select) => { select.value = %q; select.dispatchEvent(new Event('change')) })(%s)`, value, element))
}

// record keeps all that the page is sent from now on: frames of sockets, events
// of streams and bodies of answers. The function returns it as one text.
func (p *page) record() func() string {
	p.t.Helper()
	var mu sync.Mutex
	var all strings.Builder
	add := func(text string) {
		mu.Lock()
		defer mu.Unlock()
		all.WriteString(text + "\n")
	}
	err := chromedp.Listen(p.ctx, func(event any) {
		if e, ok := event.(*network.EventWebSocketFrameReceived); ok {
			add(string(e.Response.PayloadData))
		}
	})
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := chromedp.Call(p.ctx, network.Enable, network.EnableParams{}); err != nil {
		p.t.Fatal(err)
	}
	p.script(`globalThis.bodies = []; (() => {
		const { text } = Response.prototype;
		Response.prototype.text = async function () { const all = await text.call(this); bodies.push(all); return all };
		const { read } = ReadableStreamDefaultReader.prototype;
		ReadableStreamDefaultReader.prototype.read = async function () { const part = await read.call(this); bodies.push(new TextDecoder().decode(part.value)); return part };
	})()`)
	return func() string {
		bodies := eval[string](p, `bodies.join('\n')`)
		mu.Lock()
		defer mu.Unlock()
		return all.String() + bodies
	}
}

func (p *page) shoot(file string) {
	p.t.Helper()
	picture, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(file, picture, 0o644)
	}
	if err != nil {
		p.t.Errorf("%s: screenshot: %v", p.name, err)
	}
}
