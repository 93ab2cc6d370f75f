package browser_test

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// settle lets the page lay out and paint all that it has been told.
const settle = `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))`

func TestPage_loadsOlderMessagesWithoutAJump(t *testing.T) {
	s := startServer(t)
	for i := range 120 {
		s.post("general", fmt.Sprintf("Number %d.", i))
	}
	ann := signIn(t, "Ann", s.url("general", ""))
	ann.wait(`document.querySelector('#status').innerText === 'Connected — 50+ messages'`)
	for pages, count := range []int{100, 120} {
		ann.script(`document.querySelector('#scroller').scrollTop = 0`)
		ann.script(settle)
		ann.script(`globalThis.mark = document.querySelectorAll('.message')[2].dataset.id; globalThis.place = placeOf(mark)`)
		ann.do(chromedp.Click("#load-older"))
		ann.wait(fmt.Sprintf(`messages().length === %d`, count))
		if moved := eval[float64](ann, `placeOf(mark) - place`); math.Abs(moved) > 1 {
			t.Errorf("page %d: what was read has moved by %v px", pages+1, moved)
		}
	}
	ann.shows(s, "general", 120)
	if hidden := eval[bool](ann, `document.querySelector('#older').hidden`); !hidden {
		t.Error("there is a button for older messages, but there are none")
	}
}

func TestPage_staysPutWhileOldMessagesAreRead(t *testing.T) {
	s := startServer(t)
	for i := range 60 {
		s.post("general", fmt.Sprintf("Number %d.", i))
	}
	ann := signIn(t, "Ann", s.url("general", ""))
	const fromEnd = `(({scrollTop, scrollHeight, clientHeight}) => scrollHeight - scrollTop - clientHeight)(document.querySelector('#scroller'))`
	if distance := eval[float64](ann, fromEnd); distance > 1 {
		t.Errorf("a room opens %v px from its end", distance)
	}
	ann.script(`document.querySelector('#scroller').scrollTop -= 700`)
	ann.script(settle)
	ann.script(`globalThis.mark = messages().find(({id}) => placeOf(id) > 100).id; globalThis.place = placeOf(mark)`)
	s.post("general", "New one.")
	s.post("general", "New two.")
	ann.wait(`document.querySelector('#pill').innerText === '2 new messages'`)
	if moved := eval[float64](ann, `placeOf(mark) - place`); math.Abs(moved) > 1 {
		t.Errorf("what was read has moved by %v px", moved)
	}
	ann.do(chromedp.Click("#pill"))
	ann.wait(fromEnd + ` < 1 && document.querySelector('#pill').hidden`)
	s.post("general", "New three.")
	ann.sees("New three.")
	ann.wait(fromEnd + ` < 1`)
}

// With -keep the place where a page left off may be gone when it comes back.
func TestPage_startsOverWhenItsCursorHasExpired(t *testing.T) {
	const kept = 10
	overBoth(t, func(t *testing.T, query string) {
		s := startServer(t, "-keep", strconv.Itoa(kept))
		front := startProxy(t, s)
		ann := signIn(t, "Ann", front.URL+"/"+query+"#general")
		ann.say("Long gone.")
		ann.sees("Long gone.")

		front.failing.Store(true)
		front.CloseClientConnections()
		s.kill()
		s.start("-keep", strconv.Itoa(kept))
		for i := range 4 * kept {
			s.post("general", fmt.Sprintf("Number %d.", i))
		}
		for deadline := time.Now().Add(patience); len(s.log("general")) > kept; <-time.After(50 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("the log still has %d events", len(s.log("general")))
			}
		}
		seen := ann.watch(`document.querySelectorAll('#timeline .message').length === 0 || !document.querySelector('#timeline').checkVisibility()`)
		asked, answer := front.holdHistory()
		front.failing.Store(false)
		select {
		case <-asked: // the page knows that it has missed something, and not what
		case <-time.After(patience):
			t.Fatal("the page does not ask for what is kept")
		}
		for range 10 { // frames in which something else would be seen
			ann.script(settle)
		}
		if shown := ann.messages(); len(shown) != 1 || shown[0].Text != "Long gone." {
			t.Errorf("meanwhile it shows %+v", shown)
		}
		answer()

		ann.sees(fmt.Sprintf("Number %d.", 4*kept-1))
		ann.connected()
		ids, _ := s.posted("general")
		if shown := ann.ids(); !slices.Equal(shown, ids) {
			t.Errorf("shown is not what is kept:\n%v\n%v", shown, ids)
		}
		if values := seen(); !slices.Equal(values, []string{"false"}) {
			t.Errorf("between the old list and the new one there was nothing: %q", values)
		}
		s.post("general", "And it goes on.")
		ann.sees("And it goes on.")
	})
}
