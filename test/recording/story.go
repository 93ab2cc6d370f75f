package main

import (
	"fmt"
	"time"

	"github.com/chromedp/chromedp"
)

// What they write.
const (
	morning = "Morning, Bob!"
	hello   = "Morning! I am in a terminal."
	answer  = "And I am in a browser 👋"
	patient = "Is it only me? I write on."
	calm    = "Me too. It will come back."
)

// list gives the page a function for the messages with a text.
const list = `globalThis.messages = (text) => [...document.querySelectorAll('#timeline .message')].filter((node) => node.querySelector('.text')?.innerText.startsWith(text))`

// once is whether the page shows a text once, and as sent or as waiting.
func once(text string, waiting bool) string {
	return fmt.Sprintf(`(([node, ...more]) => node && !more.length && node.classList.contains('pending') === %t)(messages(%q))`, waiting, text)
}

const (
	connected = `/^Connected/.test(document.querySelector('#status').innerText)`
	lost      = `!(` + connected + `)`
)

// play plays the story.
func (r *recorder) play() {
	r.said = "The server is running: go run ./examples/web"
	r.do(func() error { return r.ann.script(list) })
	r.annSees(connected)
	r.bobSees("2 here", 1)
	r.do(func() error { return r.ann.do(chromedp.SendKeys("#text", morning)) })
	r.annSends()
	r.bobSees(morning, 1)
	r.take(1200 * time.Millisecond)

	r.bobTypes(hello)
	r.annSees(`document.querySelector('#typing').innerText === 'Bob is typing…'`)
	r.take(500 * time.Millisecond)
	r.bobSends()
	r.annSees(once(hello, false))
	r.bobSees("Bob: "+hello, 1)
	r.take(1100 * time.Millisecond)

	r.annTypes(answer)
	r.bobSees("typing…", 1)
	r.take(700 * time.Millisecond)
	r.annSends()
	r.bobSees("Ann: "+answer, 1)
	r.annSees(once(answer, false))
	r.take(900 * time.Millisecond)
	r.annPresses(hello, ".tool.smile")
	r.take(600 * time.Millisecond)
	r.do(func() error {
		return r.ann.script(`document.querySelector('#palette button[aria-label="Party"]').click()`)
	})
	r.bobSees("🎉", 1)
	r.annSees(fmt.Sprintf(`messages(%q)[0].querySelector('.reaction')`, hello))
	r.take(1500 * time.Millisecond)

	r.do(func() error { r.server.kill(); return nil })
	r.said = "The server is killed: kill -9. Both write on."
	r.annSees(lost)
	r.bobSees("2 here", 0)
	r.take(1500 * time.Millisecond)
	r.bobTypes(patient)
	r.bobSends()
	r.bobSees("… "+patient, 1)
	r.take(700 * time.Millisecond)
	r.annTypes(calm)
	r.annSends()
	r.annSees(once(calm, true))
	r.take(1500 * time.Millisecond)

	r.do(r.server.start)
	r.said = "The server is started again, on the same file."
	r.take(800 * time.Millisecond)
	r.annSees(connected)
	r.bobSees("2 here", 1)
	for _, text := range []string{patient, calm} {
		r.annSees(once(text, false))
		r.bobSees(text, 1)
	}
	r.said = "Both are connected again, and each message is there once."
	r.take(4 * time.Second)
}
