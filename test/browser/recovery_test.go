package browser_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/debugger"
	"github.com/chromedp/chromedp"
)

// Two people with two tabs each, and a server that is killed in the midst of it:
// in all tabs there is what the log has, once and in its order, and what one tab
// has said is in the order typed.
func TestPage_goesOnInAllTabsWhenTheServerIsKilled(t *testing.T) {
	overBoth(t, func(t *testing.T, query string) {
		s := startServer(t)
		ann := signIn(t, "Ann", s.url("general", query))
		bob := signIn(t, "Bob", s.url("general", query))
		tabs := []*page{ann, bob, ann.another(s.url("general", query)), bob.another(s.url("general", query))}
		for _, p := range tabs {
			p.say(p.name + " 0")
		}
		for _, p := range tabs {
			p.shows(s, "general", len(tabs))
		}
		s.kill()
		for i := range 3 {
			for _, p := range tabs {
				p.say(fmt.Sprintf("%s %d", p.name, i+1))
			}
		}
		for _, p := range tabs {
			p.wait(`messages().filter(({pending}) => pending).length === 3 && !document.querySelector('#status').innerText.startsWith('Connected')`)
		}
		s.start()
		s.post("general", "Cleo came first.")
		for _, p := range tabs {
			p.shows(s, "general", 4*len(tabs)+1)
			p.connected()
		}
		_, texts := s.posted("general")
		for _, p := range tabs {
			said := slices.DeleteFunc(slices.Clone(texts), func(text string) bool {
				name, _, _ := strings.Cut(text, " ")
				return name != p.name
			})
			if want := []string{p.name + " 0", p.name + " 1", p.name + " 2", p.name + " 3"}; !slices.Equal(said, want) {
				t.Errorf("%s has said %q", p.name, said)
			}
		}
		for _, p := range tabs { // as before, in each of them
			p.say(p.name + " is back.")
		}
		for _, p := range tabs {
			p.shows(s, "general", 5*len(tabs)+1)
		}
	})
}

// The network is gone without a word, as on a train. What is typed meanwhile
// stands there as pending; then it is there once, in the order typed, behind what
// others have said.
func TestPage_sendsOnceAndInOrderWhatWasTypedOffline(t *testing.T) {
	overBoth(t, func(t *testing.T, query string) {
		s := startServer(t)
		line := startCable(t, s)
		ann := signIn(t, "Ann", line.url("general", query))
		bob := signIn(t, "Bob", s.url("general", query))
		ann.say("Before.")
		bob.sees("Before.")

		line.cut()
		ann.offline(true)
		want := []string{"One.", "Two.", "Three.", "Four.", "Five."}
		for _, text := range want {
			ann.say(text)
		}
		ann.wait(`messages().filter(({pending}) => pending).map(({text}) => text).join() === 'One.,Two.,Three.,Four.,Five.'`)
		bob.say("Are you there?")
		bob.sees("Are you there?")
		ann.wait(`!document.querySelector('#status').innerText.startsWith('Connected')`)
		if there := eval[int](ann, `messages().length`); there != 6 {
			t.Errorf("offline there are %d messages", there)
		}
		line.mend()
		ann.offline(false)

		for _, p := range []*page{ann, bob} {
			p.shows(s, "general", 7)
		}
		if _, texts := s.posted("general"); !slices.Equal(texts, append([]string{"Before.", "Are you there?"}, want...)) {
			t.Errorf("posted were %q", texts)
		}
		ann.connected()
	})
}

// Where the connection is gone for more than a moment, a banner says what that means
// for what is written, and has the next attempt made now.
func TestPage_saysWhatBecomesOfWhatIsWrittenOffline(t *testing.T) {
	overBoth(t, func(t *testing.T, query string) {
		s := startServer(t)
		line := startCable(t, s)
		ann := signIn(t, "Ann", line.url("general", query))
		if shown := eval[bool](ann, `document.querySelector('#offline').checkVisibility()`); shown {
			t.Error("the banner is there from the beginning")
		}
		ann.script(`Math.random = () => 0.99`) // no pause is short by chance
		s.kill()
		ann.do(chromedp.WaitVisible("#offline button"))
		ann.wait(`document.querySelector('#offline').innerText.includes('There is no connection to the server. What you write is kept')`)
		ann.offline(true)
		ann.wait(`document.querySelector('#offline').innerText.startsWith('You are offline.') && !document.querySelector('#offline button')`)
		ann.offline(false)
		ann.wait(`!document.querySelector('#offline').innerText.startsWith('You are offline.')`)
		ann.say("Kept.")
		// Each attempt that fails makes the next pause longer, until somebody presses the button.
		ann.wait(`document.querySelector('#status').innerText.match(/in (\d+) s/)?.[1] > 5`)
		s.start()
		ann.do(chromedp.Click("#offline button"))
		before := time.Now()
		ann.connected()
		if took := time.Since(before); took > 4*time.Second {
			t.Errorf("asked to try now, it took %v", took)
		}
		ann.wait(`!document.querySelector('#offline').checkVisibility()`)
		ann.shows(s, "general", 1)
	})
}

// A tab that the browser has put to sleep runs nothing at all. When it is looked at
// again it has all that was said meanwhile, also by a server that was started anew.
func TestPage_catchesUpWhenItWakes(t *testing.T) {
	overBoth(t, func(t *testing.T, query string) {
		s := startServer(t)
		ann := signIn(t, "Ann", s.url("general", query))
		ann.say("Before.")
		ann.sees("Before.")
		ann.hidden(true)
		wake := ann.sleep()
		s.post("general", "While it slept.")
		s.kill()
		s.start()
		for i := range 60 { // more than a page of history
			s.post("general", fmt.Sprintf("Number %d.", i))
		}
		wake()
		ann.hidden(false)
		ann.sees("Number 59.")
		ann.shows(s, "general", 62)
		ann.connected()
		ann.say("Awake.")
		ann.shows(s, "general", 63)
	})
}

// hidden has the page behind another tab, or before the user's eyes again.
func (p *page) hidden(is bool) {
	p.t.Helper()
	p.script(fmt.Sprintf(`Object.defineProperty(document, 'hidden', { value: %t, configurable: true });
		document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))`, is))
}

// sleep stops all that the page does, timers and what comes over the network; the
// function lets it go on.
func (p *page) sleep() (wake func()) {
	p.t.Helper()
	asleep := make(chan struct{}, 1)
	if err := chromedp.Listen(p.ctx, func(event any) {
		if _, ok := event.(*debugger.EventPaused); ok {
			asleep <- struct{}{}
		}
	}); err != nil {
		p.t.Fatal(err)
	}
	if _, err := chromedp.Call(p.ctx, debugger.Enable, debugger.EnableParams{}); err != nil {
		p.t.Fatal(err)
	}
	p.script(`void setInterval(() => {}, 10)`) // there is something to be stopped in
	if _, err := chromedp.Call(p.ctx, debugger.Pause, cdp.Empty{}); err != nil {
		p.t.Fatal(err)
	}
	select {
	case <-asleep:
	case <-time.After(patience):
		p.t.Fatal("the page does not stop")
	}
	return func() {
		if _, err := chromedp.Call(p.ctx, debugger.Resume, debugger.ResumeParams{}); err != nil {
			p.t.Fatal(err)
		}
	}
}
