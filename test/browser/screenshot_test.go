package browser_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// A conversation of two, as the README shows it. The pictures go to the
// directory of -screenshots, else into the test's own.
func TestScreenshot(t *testing.T) {
	s := startServer(t)
	dir := *screenshots
	if dir == "" {
		dir = t.ArtifactDir()
	}
	s.post("garden", "The beans are up 🌱")
	ann := signIn(t, "Ann", s.url("general", ""))
	bob := signIn(t, "Bob", s.url("general", ""))
	say := func(p *page, text string) {
		p.say(text)
		ann.sees(text)
		bob.sees(text)
	}
	ann.line("Bob joined")
	ann.enter("garden")
	ann.enter("general")
	ann.makeRoom("private", "Release crew", "What is left before 0.4", "Bob")
	ann.say("Notes for 0.4 are in the repository.")
	ann.sees("Notes for 0.4 are in the repository.")
	ann.enter("general")
	ann.do(chromedp.Click("#people-button"))
	ann.member("Bob", "Message")
	ann.wait(`document.querySelector('#room-title').innerText === 'Bob'`)
	ann.connected()
	ann.say("See you at nine?")
	ann.sees("See you at nine?")
	ann.enter("general")
	say(bob, "Morning! Did the server survive the night?")
	say(ann, "It did not have to. I pulled the plug twice, just to be sure.")
	say(ann, "Every message is there. Once.")
	bob.act("Every message is there. Once.", ".tool.reply")
	say(bob, "And the browsers?")
	say(ann, "They came back by themselves, each from its own cursor.")
	bob.act("They came back by themselves, each from its own cursor.", ".tool.thread")
	bob.do(chromedp.SendKeys("#thread-text", "Also the one behind nginx?\r"))
	ann.wait(`document.querySelectorAll('.replies').length === 2`)
	ann.act("They came back by themselves, each from its own cursor.", ".replies")
	ann.do(chromedp.SendKeys("#thread-text", "That one too. It had even missed the restart.\r"))
	bob.wait(`threadTexts().length === 3`)
	bob.do(chromedp.SendKeys("#thread-text", "Lovely.\r"))
	ann.wait(`threadTexts().length === 4`)
	s.post("garden", "First harvest on Saturday")
	ann.badge("garden", "1")
	bob.enter("Release crew")
	bob.say("0.4 is tagged, @Ann")
	bob.sees("0.4 is tagged, @Ann")
	bob.enter("general")
	bob.wait(`messages().length === 5`)
	bob.act("Every message is there. Once.", ".tool.smile")
	bob.do(chromedp.Click(`#palette button[aria-label="Heart"]`))
	bob.act("They came back by themselves, each from its own cursor.", ".tool.smile")
	bob.do(chromedp.Click(`#palette button[aria-label="Party"]`))
	ann.wait(`messages().filter(({reactions}) => reactions.length).length === 2`)
	ann.act("They came back by themselves, each from its own cursor.", ".reaction")
	say(bob, "Then let us ship it, @Ann.")
	say(bob, "🚀")
	say(ann, "On it. Coffee first?")
	bob.wait(`messages().some(({reactions}) => reactions.includes('🎉 2 mine'))`)

	wide := func(p *page) { p.do(chromedp.EmulateViewport(1280, 800)) }
	phone := func(p *page) {
		p.script(`document.querySelector('#close-panel').click()`)
		p.do(chromedp.EmulateViewport(390, 780, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulateScale(1)))
	}
	for _, picture := range []struct {
		file, scheme string
		size         func(*page)
	}{
		{"web.png", "light", wide},
		{"web-dark.png", "dark", wide},
		{"web-phone.png", "light", phone},
		{"web-phone-dark.png", "dark", phone},
	} {
		picture.size(ann)
		bob.do(chromedp.SendKeys("#text", "."))
		ann.wait(`document.querySelector('#typing').innerText === 'Bob is typing…'`)
		ann.scheme(picture.scheme)
		ann.script(`document.activeElement.blur(); getSelection().removeAllRanges()`)
		ann.script(settle)
		file := filepath.Join(dir, picture.file)
		ann.shoot(file)
		if info, err := os.Stat(file); err != nil || info.Size() > 300<<10 {
			t.Errorf("%s is missing or too large: %v %v", picture.file, info, err)
		}
	}
}

// scheme makes the page light or dark.
func (p *page) scheme(name string) {
	p.t.Helper()
	p.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}, {Name: "prefers-reduced-motion", Value: "reduce"}},
		})
		if err != nil {
			return fmt.Errorf("emulate %s: %w", name, err)
		}
		return nil
	}))
}
