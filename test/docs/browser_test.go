package docs_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/roomlog/chat/client"
	"github.com/roomlog/chat/test/internal/chromium"
)

// A page that is shown in HTML is opened by two people, in the program beside it.
// They see each other's messages, also what was typed while the program was gone,
// and each of them once. Its field is #text, its list #log.
func TestPages_talkInABrowser(t *testing.T) {
	for _, h := range blocks(t, "html") {
		t.Run(h.String(), func(t *testing.T) {
			at := slices.IndexFunc(blocks(t, "go"), func(b block) bool { return b.page == h.page && serves(b) })
			if at < 0 {
				t.Fatal("the page has no program")
			}
			p := start(t, blocks(t, "go")[at])
			talk(t, p)
		})
	}
}

// talk opens a page for two, and has them send while the program is there and
// while it is not.
func talk(t *testing.T, p *program) {
	t.Helper()
	one, two := open(t, p, "/"), open(t, p, "/")
	one.ready()
	two.ready()
	one.send("Hello from one.")
	one.shows("Hello from one.")
	two.shows("Hello from one.")
	p.kill()
	two.send("Is anybody there?")
	p.run()
	one.shows("Is anybody there?")
	two.shows("Is anybody there?")
	one.shows("Hello from one.")
}

// With htmx a page gets what it has missed, and nothing twice.
func TestHtmx_talksInABrowser(t *testing.T) {
	p := start(t, find(t, "with-htmx", "sse.NewRendered"))
	one, two := open(t, p, "/"), open(t, p, "/")
	one.ready()
	two.ready()
	one.send("Hello from one.")
	one.shows("Hello from one.")
	two.shows("Hello from one.")
	p.kill()
	p.run()
	two.send("Is anybody <b>there</b>?")
	one.shows("Is anybody <b>there</b>?")
	two.shows("Is anybody <b>there</b>?")
	one.shows("Hello from one.")

	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ann := dial(ctx, t, p, "Ann", client.Streams)
	e, err := ann.Post(ctx, "Helo.")
	if err != nil {
		t.Fatal(err)
	}
	one.shows("Helo.")
	if _, err := ann.Edit(ctx, e.ID, "Hello, both."); err != nil {
		t.Fatal(err)
	}
	one.shows("Hello, both.")
	if in[bool](one, `document.body.textContent.includes('Helo.')`) {
		t.Error("the text before the edit is still there")
	}
}

// The page without a library shows the history and what follows, over a restart.
func TestEventSource_followsInABrowser(t *testing.T) {
	p := start(t, find(t, "from-mercure-centrifuge", "MERCURE_URL"))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ann := dial(ctx, t, p, "Ann", client.WebSocket)
	post := func(text string) {
		if _, err := ann.Post(ctx, text); err != nil {
			t.Fatal(err)
		}
	}
	post("before")
	code := ""
	for _, b := range blocks(t, "js") {
		if b.page == "from-mercure-centrifuge" && strings.Contains(b.code, "new EventSource(`/chat/") {
			code = b.code
		}
	}
	quoted, _ := json.Marshal(code)
	o := open(t, p, "/chat/nothing") // a document of the same origin
	in[bool](o, `document.body.innerHTML = '<ul id="log"></ul>'
		fetch('/chat/guest', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"name":"Bob"}' })
			.then(() => import(URL.createObjectURL(new Blob([`+string(quoted)+`], { type: 'text/javascript' }))))
		true`)
	o.shows("Ann: before")
	post("after")
	o.shows("Ann: after")
	p.kill()
	p.run()
	post("much later")
	o.shows("Ann: much later")
	o.shows("Ann: before")
}

type tab struct {
	t   *testing.T
	ctx context.Context
}

// open opens an address for somebody with cookies of their own.
func open(t *testing.T, p *program, path string) tab {
	t.Helper()
	return tab{t, chromium.Open(t, p.url+path)}
}

// ready waits for the field.
func (o tab) ready() {
	o.t.Helper()
	eventually(o.t, "a page that is ready", func() bool { return in[bool](o, `!!document.querySelector('#text:enabled')`) })
}

// send types a message and sends it.
func (o tab) send(text string) {
	o.t.Helper()
	if err := chromedp.Do(o.ctx, chromedp.SendKeys("#text", text+"\r")); err != nil {
		o.t.Fatal(err)
	}
}

// shows waits until a message is there, once.
func (o tab) shows(text string) {
	o.t.Helper()
	quoted, _ := json.Marshal(text)
	eventually(o.t, text+" once in the page", func() bool {
		return in[int](o, `[...document.querySelectorAll('#log > *')].filter((e) => e.textContent.includes(`+string(quoted)+`)).length`) == 1
	})
}

func in[T any](o tab, code string) T {
	o.t.Helper()
	value, err := chromedp.Run(o.ctx, chromedp.Evaluate[T](code))
	if err != nil {
		o.t.Fatal(err)
	}
	return value
}
