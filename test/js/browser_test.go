package js_test

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/js"
	"github.com/roomlog/chat/test/internal/chromium"
	"github.com/roomlog/chat/test/internal/node"
)

// page is a page that loads the client under its hashed name. Its cookie says who
// asks, and its policy lets it load nothing that is not the server's.
func page(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{Name: "token", Value: "ann.", Path: "/", HttpOnly: true})
	w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; connect-src 'self'")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = fmt.Fprint(w, `<!doctype html><title>Page</title><script type="module" src="/page.js"></script>`)
}

func pageScript(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/javascript")
	_, _ = fmt.Fprintf(w, `import { prepare } from '/scripts/prepare.mjs'
const hashed = %q
globalThis.loaded = prepare((name) => import('/js/' + hashed + name)).then((here) => { globalThis.here = here })`, filepath.Dir(js.Path("chat.js"))+"/")
}

// The same in a browser: a page with a cookie sends and follows while connections
// are cut, over each transport.
func TestChromium_sendsEachOnce(t *testing.T) {
	both(t, func(t *testing.T, transport string) {
		s := serve(t)
		tab := chromium.Open(t, s.proxy.url()+"/page")
		options := map[string]any{"url": "/api", "transport": transport}
		inPage[bool](t, tab, loaded+`
			here.ann = await here.follow(%s)
			await here.until(() => here.ann.chat.online)
			here.sent = []
			here.sending = (async () => {
				for (let i = 0; !here.enough; i++) {
					here.sent.push(here.ann.room.send('m' + i))
					await here.until(() => here.ann.room.pending.length < 5)
				}
			})()
			return true`, options)
		s.proxy.set(func() { s.proxy.cutting = true })
		s.proxy.sever()
		eventually(t, "so many cuts", func() bool { return s.proxy.cut() >= *cuts }) // a browser takes its time with each
		inPage[bool](t, tab, `here.enough = true; await here.sending; return true`)
		s.proxy.set(func() { s.proxy.cutting = false })
		s.proxy.sever()
		last := s.post("bob", "last")
		got := inPage[struct{ Sent, Events []string }](t, tab, `
			const sent = (await Promise.all(here.sent)).map((event) => event.id)
			await here.until(() => here.ann.events.at(-1)?.id >= %s && !here.ann.room.pending.length)
			return { sent, events: here.ann.events.map((e) => e.id) }`, last)
		ids, texts := s.log(chat.Start)
		t.Logf("%d sent, %d connections, %d cuts", len(got.Sent), s.proxy.count(), s.proxy.cut())
		if want := numbered("m", len(got.Sent)); !slices.Equal(by("ann", texts), want) {
			t.Errorf("%d sends became %q", len(want), by("ann", texts))
		}
		if len(got.Events) > len(ids) || !slices.Equal(ids[len(ids)-len(got.Events):], got.Events) || len(got.Events) != len(got.Sent)+1 {
			t.Errorf("the log has %d events, the page has had %d", len(ids), len(got.Events))
		}
	})
}

const loaded = `
	while (!globalThis.loaded) await new Promise((resolve) => setTimeout(resolve, 5))
	await loaded
`

// inPage runs the body of an async function in a page.
func inPage[T any](t *testing.T, tab context.Context, code string, args ...any) T {
	t.Helper()
	value, err := chromedp.Run(tab, chromedp.Evaluate[T]("(async () => {"+node.Fill(t, code, args)+"})()", chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// Tokens that end time and again are replaced, and nothing is lost by that.
func TestChromium_goesOnWhileTokensEnd(t *testing.T) {
	both(t, func(t *testing.T, transport string) {
		s := serve(t, expiring(until))
		tab := chromium.Open(t, s.proxy.url()+"/page")
		got := inPage[struct {
			Sent   []string
			Events []string
			Asked  int
		}](t, tab, loaded+`
			let asked = 0
			const token = () => { asked++; return 'ann.' + (Date.now() + 300) }
			const ann = await here.follow({ ...%s, token, backoff: here.quick })
			await here.until(() => ann.chat.online)
			const sent = []
			while (asked < 5) {
				sent.push(ann.room.send('m' + sent.length))
				await new Promise((resolve) => setTimeout(resolve, 20)) // tokens end by the clock
			}
			const ids = (await Promise.all(sent)).map((event) => event.id)
			await here.until(() => ann.events.at(-1)?.id >= ids.at(-1))
			return { sent: ids, events: ann.events.map((e) => e.id), asked }`, map[string]any{"url": "/api", "transport": transport})
		_, texts := s.log(chat.Start)
		t.Logf("%d tokens for %d messages", got.Asked, len(got.Sent))
		if want := numbered("m", len(got.Sent)); !slices.Equal(by("ann", texts), want) {
			t.Errorf("%d sends became %q", len(want), by("ann", texts))
		}
		if !slices.Equal(got.Events, got.Sent) {
			t.Errorf("the page has had %d events of %d", len(got.Events), len(got.Sent))
		}
	})
}
