package js_test

import (
	"testing"
	"time"

	"github.com/roomlog/chat/test/internal/chromium"
)

// A client that would wait for an hour tries at once when the network is back, or
// the page is looked at again; while nobody looks it goes on waiting.
func TestWake_triesAtOnce(t *testing.T) {
	both(t, func(t *testing.T, transport string) {
		s := serve(t)
		tab := chromium.Open(t, s.proxy.url()+"/page")
		inPage[bool](t, tab, loaded+`
			Math.random = () => 0.9 // no pause is short by chance
			here.ann = await here.follow({ ...%s, backoff: { base: 3_600_000, cap: 3_600_000 } })
			await here.until(() => here.ann.chat.online)
			return true`, map[string]any{"url": "/api", "transport": transport})
		for _, wake := range []string{
			`window.dispatchEvent(new Event('online'))`,
			`window.dispatchEvent(new Event('pageshow'))`,
			`document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))`, // as browsers tell it
		} {
			s.proxy.set(func() { s.proxy.closed = true })
			s.proxy.sever()
			inPage[bool](t, tab, `await here.until(() => here.ann.chat.state.until > Date.now() + 100_000); return true`)
			s.proxy.set(func() { s.proxy.closed = false })
			early := inPage[bool](t, tab, `
				const show = (hidden) => Object.defineProperty(document, 'hidden', { value: hidden, configurable: true })
				const told = here.ann.states.length
				show(true)
				`+wake+`
				await new Promise((resolve) => setTimeout(resolve, 20))
				const early = here.ann.states.length > told
				show(false)
				`+wake+`
				await here.until(() => here.ann.chat.online)
				return early`)
			if early {
				t.Errorf("%s: it tried while nobody looked", wake)
			}
		}
	})
}

// A socket whose other side is gone without a word is noticed soon after the page
// is looked at again: the server is asked, and 5 s are enough for its answer. By
// itself it would be noticed after 15 s at the earliest.
func TestWake_findsADeadSocket(t *testing.T) {
	s := serve(t)
	tab := chromium.Open(t, s.proxy.url()+"/page")
	inPage[bool](t, tab, loaded+`
		here.ann = await here.follow({ url: '/api', transport: 'socket', backoff: here.quick })
		await here.until(() => here.ann.chat.online)
		window.dispatchEvent(new Event('online')) // one that lives answers, and stays
		await here.ann.room.send('there')
		return true`)
	s.proxy.freeze()
	got := inPage[struct {
		Reason string
		Took   int
		Opened int
	}](t, tab, `
		const began = Date.now()
		document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))
		await here.until(() => !here.ann.chat.online)
		await here.until(() => here.ann.states.some((s) => s.phase == 'waiting'))
		return { took: Date.now() - began, reason: here.ann.states.find((s) => s.phase == 'waiting').reason,
			opened: here.ann.states.filter((s) => s.phase == 'open').length }`)
	if limit := 13 * time.Second; got.Reason != "timeout" || time.Duration(got.Took)*time.Millisecond > limit || got.Opened != 1 {
		t.Errorf("it was open %d times, and left for %q after %d ms", got.Opened, got.Reason, got.Took)
	}
	s.proxy.sever()
	s.proxy.thaw()
	missed := s.post("bob", "missed")
	inPage[bool](t, tab, `await here.until(() => here.ann.events.at(-1).id == %s); return true`, missed)
}
