package browser_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
)

// statusOf is how a page shows a member of the open room in the panel.
func statusOf(name string) string {
	return fmt.Sprintf(`memberOf(%q)?.querySelector('.dot:not([hidden])')?.dataset.status`, name)
}

// watch keeps all values that an expression has had, each once in a row; the
// function returns them.
func (p *page) watch(expression string) func() []string {
	p.t.Helper()
	p.script(fmt.Sprintf(`globalThis.values = []; (function look() {
		const value = String(%s);
		if (values.at(-1) !== value) values.push(value);
		requestAnimationFrame(look);
	})()`, expression))
	return func() []string { return eval[[]string](p, `values`) }
}

func TestPage_showsWhoIsHere(t *testing.T) {
	overBoth(t, func(t *testing.T, query string) {
		s := startServer(t)
		ann := signIn(t, "Ann", s.url("general", query))
		bob := signIn(t, "Bob", s.url("general", query))
		for _, p := range []*page{ann, bob} {
			p.wait(`document.querySelector('#people-button').innerText === '2 here'`)
			p.do(chromedp.Click("#people-button"))
			p.wait(statusOf("Ann") + ` === 'online' && ` + statusOf("Bob") + ` === 'online'`)
		}
		status := func(value, text string) {
			bob.do(chromedp.Click(".status-button"), chromedp.WaitVisible("#status-text"))
			bob.script(fmt.Sprintf(`document.querySelector('#status-text').value = %q; document.querySelector('#dialog [value=%s]').click()`, text, value))
			bob.agree()
		}
		status("busy", "In a <meeting>")
		ann.wait(statusOf("Bob") + ` === 'busy' && memberOf('Bob').querySelector('.member-status').innerText === 'Busy · In a <meeting>'`)
		bob.wait(`document.querySelector('.status-words').innerText === 'Busy · In a <meeting>'`)

		// One who appears offline is told apart from nobody else who is.
		status("offline", "")
		ann.wait(statusOf("Bob") + ` === 'offline' && memberOf('Bob').innerText.includes('Last seen') && document.querySelector('#people-button').innerText === '1 here'`)
		bob.do(chromedp.Reload())
		bob.connected()
		bob.wait(`document.querySelector('.status-words').innerText === 'You appear offline'`)
		status("online", "")
		ann.wait(statusOf("Bob") + ` === 'online' && document.querySelector('#people-button').innerText === '2 here'`)
	})
}

// Within the grace time one who loads the page anew has not been away.
func TestPage_staysPresentOverAReload(t *testing.T) {
	overBoth(t, func(t *testing.T, query string) {
		s := startServer(t)
		ann := signIn(t, "Ann", s.url("general", query))
		bob := signIn(t, "Bob", s.url("general", query))
		ann.do(chromedp.Click("#people-button"))
		ann.wait(statusOf("Bob") + ` === 'online'`)
		seen := ann.watch(statusOf("Bob") + ` + document.querySelector('#people-button').innerText`)
		for range 3 {
			bob.do(chromedp.Reload())
			bob.connected()
		}
		bob.say("Here I am.")
		ann.sees("Here I am.")
		if values := seen(); len(values) != 1 {
			t.Errorf("Ann has seen %q", values)
		}
	})
}

// A server that has started anew counts its versions anew.
func TestPage_knowsWhoIsHereAfterARestart(t *testing.T) {
	overBoth(t, func(t *testing.T, query string) {
		s := startServer(t)
		s.post("garden", "The beans are up.")
		ann := signIn(t, "Ann", s.url("general", query))
		bob := signIn(t, "Bob", s.url("general", query))
		ann.enter("garden")
		ann.enter("general")
		ann.do(chromedp.Click("#people-button"))
		ann.wait(statusOf("Bob") + ` === 'online'`)
		bob.do(chromedp.Navigate("about:blank"))
		s.kill()
		ann.wait(`document.body.classList.contains('cut-off')`)
		s.start()
		ann.connected()
		ann.wait(statusOf("Bob") + ` === 'offline' && document.querySelector('#people-button').innerText === '1 here'`)
		bob.do(chromedp.Navigate(s.url("general", query)))
		ann.wait(statusOf("Bob") + ` === 'online' && document.querySelectorAll('#people .member').length === 2`)
		s.post("garden", "The peas too.")
		ann.badge("garden", "1")
		if rooms := eval[string](ann, `[...document.querySelectorAll('.room')].map(({dataset}) => dataset.room).join()`); rooms != "garden,general" {
			t.Errorf("the list has %s", rooms)
		}
	})
}

// A change that was missed is noticed by its version, and made good.
func TestPage_asksWhoIsHereWhenItHasMissedAChange(t *testing.T) {
	s := startServer(t)
	front := startProxy(t, s)
	ann := signIn(t, "Ann", front.URL+"/?sse=1#general")
	ann.do(chromedp.Click("#people-button"))
	ann.wait(statusOf("Ann") + ` === 'online'`)
	// What the stream tells of the first who comes is lost on the way.
	ann.script(`globalThis.lost = 0; (() => { const real = JSON.parse;
		JSON.parse = (text) => {
			const value = real(text);
			if (value?.from && value.users && lost++ === 0) value.users = value.from = value.version = value.version + 1;
			return value;
		} })()`)
	bob := signIn(t, "Bob", s.url("general", ""))
	_ = bob
	ann.wait(`lost > 0`)
	ann.wait(statusOf("Bob") + ` === 'online' && document.querySelector('#people-button').innerText === '2 here'`)
}

// Of more than a hundred only the number is told.
func TestPage_countsACrowd(t *testing.T) {
	s := startServer(t, "-limits", "off")
	ann := signIn(t, "Ann", s.url("general", ""))
	ann.do(chromedp.Click("#people-button"))
	ann.wait(statusOf("Ann") + ` === 'online'`)
	var last *server
	for i := range 100 {
		last = &server{t: t, addr: s.addr}
		last.call("POST", "rooms/general/join", nil, nil)
		last.follow("general")
		if i == 98 {
			ann.wait(`document.querySelector('#people-button').innerText === '100 here' && ` + statusOf("Ann") + ` === 'online'`)
		}
	}
	ann.wait(`document.querySelector('#people-button').innerText === '101 here' && !` + statusOf("Ann"))
	last.call("PUT", "me/status", map[string]string{"status": "offline"}, nil)
	ann.wait(`document.querySelector('#people-button').innerText === '100 here' && ` + statusOf("Ann") + ` === 'online'`)
	ann.wait(`document.querySelectorAll('#people .dot[data-status=online]').length === 100`)
}

func TestPage_showsWhoIsTyping(t *testing.T) {
	overBoth(t, func(t *testing.T, query string) {
		s := startServer(t)
		ann := signIn(t, "Ann", s.url("general", query))
		bob := signIn(t, "Bob", s.url("general", query))
		carl := signIn(t, "Carl", s.url("general", query))
		dora := signIn(t, "Dora", s.url("general", query))
		line := func(p *page, want string) {
			t.Helper()
			p.wait(fmt.Sprintf(`document.querySelector('#typing').innerText === %q`, want))
		}
		top := eval[float64](dora, `document.querySelector('#composer').getBoundingClientRect().top`)
		ann.do(chromedp.SendKeys("#text", "  ")) // an empty draft is not told
		ann.do(chromedp.SendKeys("#text", "I was"))
		line(dora, "Ann is typing…")
		dora.wait(`document.querySelector('#typing-said').textContent === 'Ann is typing…'`)
		bob.do(chromedp.SendKeys("#text", "So"))
		line(dora, "Ann and Bob are typing…")
		line(ann, "Bob is typing…")
		carl.do(chromedp.SendKeys("#text", "Well"))
		line(dora, "Several people are typing…")
		if said := eval[string](dora, `document.querySelector('#typing-said').textContent`); said != "Ann is typing…" {
			t.Errorf("every change is read out: %s", said)
		}
		if now := eval[float64](dora, `document.querySelector('#composer').getBoundingClientRect().top`); now != top {
			t.Errorf("the composer has moved by %v px", now-top)
		}
		for _, p := range []*page{carl, bob, ann} {
			p.say(" so it is.")
		}
		line(dora, "")
		dora.wait(`messages().length === 3`)
		line(ann, "")
	})
}

// Whoever looks at a thread sees it there too, and what is typed there is told.
func TestPage_showsWhoIsTypingBelowAThread(t *testing.T) {
	s := startServer(t)
	ann := signIn(t, "Ann", s.url("general", ""))
	bob := signIn(t, "Bob", s.url("general", ""))
	ann.say("Where shall we meet?")
	bob.sees("Where shall we meet?")
	bob.act("Where shall we meet?", ".tool.thread")
	bob.wait(`threadTexts().length === 1`)
	ann.do(chromedp.SendKeys("#text", "I"))
	bob.wait(`document.querySelector('#thread-typing').innerText === 'Ann is typing…'`)
	ann.say(" know a lake.")
	bob.wait(`document.querySelector('#thread-typing').innerText === ''`)
	bob.do(chromedp.SendKeys("#thread-text", "Good"))
	ann.wait(`document.querySelector('#typing').innerText === 'Bob is typing…'`)
}

// While somebody writes, others are told every three seconds at most.
func TestPage_tellsSeldomThatOneIsTyping(t *testing.T) {
	s := startServer(t)
	ann := signIn(t, "Ann", s.url("general", "?sse=1"))
	ann.script(`globalThis.told = []; (() => { const real = fetch;
		globalThis.fetch = (url, options) => { if (String(url).endsWith('/typing')) told.push(performance.now()); return real(url, options) } })()`)
	ann.do(chromedp.SendKeys("#text", "   "))
	if told := eval[int](ann, `told.length`); told != 0 {
		t.Errorf("an empty draft was told %d times", told)
	}
	ann.script(`globalThis.pen = setInterval(() => document.execCommand('insertText', false, 'x'), 50)`)
	ann.wait(`told.length === 3`)
	ann.script(`clearInterval(pen)`)
	if least := eval[float64](ann, `Math.min(told[1] - told[0], told[2] - told[1])`); least < 2990 {
		t.Errorf("told again after %v ms", least)
	}
}
