package browser_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// badge waits until the list shows a room with that badge; none if it is empty.
func (p *page) badge(room, want string) {
	p.t.Helper()
	p.wait(fmt.Sprintf(`document.querySelector('[data-room=%q]') && (document.querySelector('[data-room=%[1]q] .badge')?.innerText ?? '') === %q`, room, want))
}

// lookAway has the page without the focus, as behind another window; lookBack gives it back.
func (p *page) lookAway() {
	p.t.Helper()
	p.script(`document.hasFocus = () => false; dispatchEvent(new Event('blur'))`)
}

func (p *page) lookBack() {
	p.t.Helper()
	p.script(`delete document.hasFocus; dispatchEvent(new Event('focus'))`)
}

func (p *page) titled(want string) {
	p.t.Helper()
	p.wait(fmt.Sprintf(`document.title === %q`, want))
}

func TestPage_countsWhatIsUnreadInOtherRooms(t *testing.T) {
	overBoth(t, func(t *testing.T, query string) {
		s := startServer(t)
		s.post("garden", "The beans are up.")
		s.post("attic", "Nobody has joined Cleo here.")
		ann := signIn(t, "Ann", s.url("general", query))
		ann.enter("garden")
		ann.enter("general")
		ann.wait(`document.querySelector('#other-rooms [data-room=attic]') && document.querySelector('#rooms [data-room=garden]')`)
		second := ann.another(s.url("general", query))
		for range 3 {
			s.post("garden", "And more of them.")
		}
		for _, p := range []*page{ann, second} {
			p.badge("garden", "3")
			p.titled("(3) general · Chat")
			p.badge("attic", "") // it is none of hers
		}
		if first := eval[string](ann, `document.querySelector('#rooms .room').dataset.room`); first != "garden" {
			t.Errorf("the newest activity is in garden, the list begins with %s", first)
		}
		s.erase("garden", "And more of them.")
		s.post("garden", "Just one.")
		ann.badge("garden", "1")
		ann.enter("garden")
		ann.sees("Just one.")
		for _, p := range []*page{ann, second} { // the second tab has not opened it
			p.badge("garden", "")
		}
		second.titled("general · Chat")
		ann.titled("garden · Chat")
	})
}

func TestPage_countsUpToAThousand(t *testing.T) {
	s := startServer(t, "-limits", "off")
	s.post("garden", "The first.")
	ann := signIn(t, "Ann", s.url("general", ""))
	ann.enter("garden")
	ann.enter("general")
	for i := range 1000 {
		s.post("garden", fmt.Sprintf("Number %d.", i))
	}
	ann.badge("garden", "1,000")
	s.post("garden", "One more.")
	ann.badge("garden", "1,000+")
	ann.titled("(1,000+) general · Chat")
	ann.enter("garden")
	ann.badge("garden", "")
	ann.titled("garden · Chat")
}

// Nothing is read that is not before the user's eyes: behind another window, or
// below what they are reading.
func TestPage_readsOnlyWhatIsInSight(t *testing.T) {
	overBoth(t, func(t *testing.T, query string) {
		s := startServer(t)
		for i := range 60 {
			s.post("general", fmt.Sprintf("Number %d.", i))
		}
		ann := signIn(t, "Ann", s.url("general", query))
		ann.lookAway()
		s.post("general", "While she looked away.")
		ann.badge("general", "1")
		ann.titled("(1) general · Chat")
		ann.wait(`document.querySelector('.new-line')?.nextElementSibling.innerText.includes('While she looked away.')`)
		ann.lookBack()
		ann.badge("general", "")
		ann.titled("general · Chat")
		// It is marked when it has been before her eyes for a moment.
		ann.script(`(async () => { while ((await (await fetch('/api/rooms/general')).json()).room.unread) await new Promise(requestAnimationFrame) })()`)

		ann.script(`document.querySelector('#scroller').scrollTop -= 700`)
		ann.script(settle)
		s.post("general", "While she read above.")
		ann.badge("general", "1")
		ann.do(chromedp.Click("#pill"))
		ann.badge("general", "")
	})
}

func TestPage_drawsALineAboveWhatIsNew(t *testing.T) {
	overBoth(t, func(t *testing.T, query string) {
		s := startServer(t)
		s.post("garden", "The beans are up.")
		ann := signIn(t, "Ann", s.url("general", query))
		ann.enter("garden")
		ann.sees("The beans are up.")
		ann.enter("general")
		s.post("garden", "The peas too.")
		s.post("garden", "And a snail.")
		ann.badge("garden", "2")
		above := func(p *page, text string) {
			t.Helper()
			p.wait(fmt.Sprintf(`document.querySelectorAll('#timeline .new-line').length === 1 && document.querySelector('#timeline .new-line').nextElementSibling.innerText.includes(%q)`, text))
		}
		ann.enter("garden")
		above(ann, "The peas too.")
		ann.badge("garden", "")
		above(ann, "The peas too.") // it has been read; the line stays
		s.post("garden", "A second one!")
		ann.sees("A second one!")
		above(ann, "The peas too.")
		ann.say("Oh dear.")
		ann.wait(`!document.querySelector('.new-line')`)

		// It is told by the server, so it is there after a reload, and gone with the room.
		ann.enter("general")
		s.post("garden", "They have friends.")
		ann.badge("garden", "1")
		ann.do(chromedp.Navigate("about:blank"), chromedp.Navigate(s.url("garden", query)))
		above(ann, "They have friends.")
		ann.badge("garden", "")
		ann.enter("general")
		ann.enter("garden")
		ann.sees("They have friends.")
		if line := eval[bool](ann, `Boolean(document.querySelector('.new-line'))`); line {
			t.Error("what was read before is said to be new")
		}
	})
}

func TestPage_showsWhoHasRead(t *testing.T) {
	overBoth(t, func(t *testing.T, query string) {
		s := startServer(t)
		ann := signIn(t, "Ann", s.url("general", query))
		bob := signIn(t, "Bob", s.url("general", query))
		carl := signIn(t, "Carl", s.url("general", query))
		ann.line("Carl joined")
		ann.makeRoom("private", "Crew", "", "Bob", "Carl")
		bob.enter("Crew")
		ann.say("Before.")
		bob.sees("Before.")
		bob.badge("general", "")
		seen := func(text, want string) {
			t.Helper()
			ann.wait(fmt.Sprintf(`[...document.querySelectorAll('.seen')].map((node) => node.closest('.message').querySelector('.text').firstChild.textContent + node.innerText).join() === %q`, text+want))
		}
		ann.script(settle)
		if there := eval[bool](ann, `Boolean(document.querySelector('.seen'))`); there {
			t.Error("the room does not show who has read, but the page does")
		}
		ann.do(chromedp.Click("#open-settings"), chromedp.WaitVisible("#dialog"), chromedp.Click("#set-receipts"))
		ann.agree()
		seen("Before.", "Seen by Bob")
		carl.enter("Crew")
		seen("Before.", "Seen by Bob, Carl")
		carl.lookAway()
		ann.say("After.")
		bob.sees("After.")
		seen("After.", "Seen by Bob")
		carl.lookBack()
		seen("After.", "Seen by Bob, Carl")
		ann.do(chromedp.Reload())
		seen("After.", "Seen by Bob, Carl")

		ann.do(chromedp.Click("#open-settings"), chromedp.WaitVisible("#dialog"), chromedp.Click("#set-receipts"))
		ann.agree()
		ann.wait(`!document.querySelector('.seen')`)
	})
}

// The list puts nothing else below a pointer, and swallows no click while it changes.
func TestPage_keepsTheListStillUnderThePointer(t *testing.T) {
	s := startServer(t)
	for _, room := range []string{"attic", "barn", "cellar"} {
		s.post(room, "Hello.")
	}
	ann := signIn(t, "Ann", s.url("general", ""))
	for _, room := range []string{"attic", "barn", "cellar"} {
		ann.enter(room)
	}
	ann.wait(`document.querySelectorAll('#rooms .room').length === 4`)
	const order = `[...document.querySelectorAll('#rooms .room')].map(({dataset}) => dataset.room).join()`
	ann.wait(order + `.startsWith('cellar,')`) // she has joined it last
	last := eval[string](ann, `[...document.querySelectorAll('#rooms .room')].at(-1).dataset.room`)
	before := eval[string](ann, order)
	x := eval[float64](ann, `document.querySelector('#rooms').getBoundingClientRect().left + 40`)
	y := eval[float64](ann, `[...document.querySelectorAll('#rooms .room')][1].getBoundingClientRect().top + 20`)
	ann.do(chromedp.MouseEvent("mouseMoved", x, y))
	s.post(last, "Here is news.")
	ann.badge(last, "1")
	if now := eval[string](ann, order); now != before {
		t.Errorf("under the pointer the list was put in order: %s, then %s", before, now)
	}
	ann.do(chromedp.MouseEvent("mouseMoved", x+500, y))
	ann.wait(fmt.Sprintf(`%s.startsWith(%q)`, order, last+","))
	if strings.Count(eval[string](ann, order), ",") != 3 {
		t.Error("a room is there twice, or not at all")
	}
}
