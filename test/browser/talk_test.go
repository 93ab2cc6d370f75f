package browser_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// links are the two ways of the page to the server, as queries of its address.
var links = map[string]string{"socket": "", "stream": "?sse=1"}

// overBoth runs a test over the WebSocket and over server-sent events.
func overBoth(t *testing.T, test func(t *testing.T, query string)) {
	for name, query := range links {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, query)
		})
	}
}

func TestPage_showsLiveWhatOthersSay(t *testing.T) {
	overBoth(t, func(t *testing.T, query string) {
		s := startServer(t)
		ann := signIn(t, "Ann", s.url("general", query))
		bob := signIn(t, "Bob", s.url("general", query))
		ann.wait(`document.querySelector('#timeline').innerText.includes('Bob joined')`)

		ann.say("Hello, Bob.")
		bob.sees("Hello, Bob.")
		bob.say("Hello, Ann.")
		ann.sees("Hello, Ann.")

		for _, p := range []*page{ann, bob} {
			p.shows(s, "general", 2)
			p.wait(`document.querySelector('#status').innerText === 'Connected — 2 messages'`)
			p.wait(`document.querySelector('#people-button').innerText === '2 here'`)
		}
		if m := ann.messages(); !m[0].Own || m[1].Own {
			t.Errorf("Ann's page takes for her own: %+v", m)
		}
	})
}

func TestPage_sendsWithEnterButNothingEmpty(t *testing.T) {
	s := startServer(t)
	ann := signIn(t, "Ann", s.url("general", ""))
	ann.say("")
	ann.say("  ")
	ann.do(chromedp.SendKeys("#text", "two"), chromedp.KeyEvent(kb.Enter, chromedp.KeyModifiers(kb.ModifierShift)))
	ann.say("lines")
	ann.sees("two\nlines")
	if left := eval[string](ann, `document.querySelector('#text').value`); left != "" {
		t.Errorf("the input still holds %q", left)
	}
	if _, texts := s.posted("general"); !slices.Equal(texts, []string{"two\nlines"}) {
		t.Errorf("posted were %q", texts)
	}
}

func TestPage_showsTextAsText(t *testing.T) {
	s := startServer(t)
	const hostile = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script> &amp;`
	s.post("general", hostile)
	s.post("general", "javascript:alert(1) https://example.com/<b>")
	ann := signIn(t, "<b>Ann</b>", s.url("general", ""))
	ann.sees(hostile)
	if made := eval[int](ann, `document.querySelectorAll('#timeline :is(img, script, b)').length`); made != 0 {
		t.Errorf("%d elements were made of text", made)
	}
	if hrefs := eval[[]string](ann, `[...document.querySelectorAll('#timeline a')].map((a) => a.href)`); !slices.Equal(hrefs, []string{"https://example.com/"}) {
		t.Errorf("links go to %q", hrefs)
	}
}

func TestPage_editsAndDeletesOnesOwn(t *testing.T) {
	overBoth(t, func(t *testing.T, query string) {
		s := startServer(t)
		ann := signIn(t, "Ann", s.url("general", query))
		bob := signIn(t, "Bob", s.url("general", query))
		ann.say("Helo")
		ann.say("Never mind")
		ann.sees("Never mind")

		ann.act("Helo", ".tool.edit")
		ann.do(chromedp.SendKeys(".edit-text", "…o\r"))
		bob.sees("Helo…o")
		ann.sees("Helo…o")
		ann.act("Never mind", ".tool.trash") // asks
		ann.act("Never mind", ".tool.trash")
		for _, p := range []*page{ann, bob} {
			p.wait(`messages().some(({deleted}) => deleted)`)
			m := p.messages()
			if len(m) != 2 || !m[0].Edited || m[0].Deleted || !m[1].Deleted {
				t.Errorf("%s shows %+v", p.name, m)
			}
			p.wait(`document.querySelector('#status').innerText === 'Connected — 1 message'`)
		}
		if tools := eval[int](bob, `document.querySelectorAll('.tool:is(.edit, .trash)').length`); tools != 0 {
			t.Errorf("Bob has %d buttons to change what Ann said", tools)
		}
	})
}

func TestPage_countsReactions(t *testing.T) {
	overBoth(t, func(t *testing.T, query string) {
		s := startServer(t)
		ann := signIn(t, "Ann", s.url("general", query))
		bob := signIn(t, "Bob", s.url("general", query))
		ann.say("Cake?")
		bob.sees("Cake?")
		bob.act("Cake?", ".tool.smile")
		bob.do(chromedp.Click(`#palette button[aria-label="Party"]`))
		reactions := func(p *page, want string) {
			t.Helper()
			p.wait(fmt.Sprintf(`messages()[0].reactions.join() === %q && !messages()[0].pending`, want))
		}
		reactions(bob, "🎉 1 mine")
		reactions(ann, "🎉 1")
		ann.act("Cake?", ".reaction")
		reactions(ann, "🎉 2 mine")
		reactions(bob, "🎉 2 mine")
		bob.act("Cake?", ".reaction")
		reactions(bob, "🎉 1")
		carl := signIn(t, "Carl", s.url("general", query)) // reads it from history
		reactions(carl, "🎉 1")
		ann.act("Cake?", ".reaction")
		for _, p := range []*page{ann, bob, carl} {
			reactions(p, "")
		}
	})
}

func TestPage_switchesRooms(t *testing.T) {
	overBoth(t, func(t *testing.T, query string) {
		s := startServer(t)
		s.post("garden", "The beans are up.")
		ann := signIn(t, "Ann", s.url("general", query))
		ann.do(chromedp.Click(`[data-room="garden"]`))
		ann.sees("The beans are up.")
		if title := eval[string](ann, `document.querySelector('#room-title').innerText`); title != "garden" {
			t.Errorf("the title is %q", title)
		}
		ann.do(chromedp.SendKeys("#room-name", "my kitchen\r"))
		ann.wait(`location.hash === '#my-kitchen' && document.querySelector('#timeline').innerText.includes('Ann joined')`)

		s.post("garden", "And the peas.")
		ann.wait(`document.querySelector('[data-room="garden"] .badge')?.innerText === '1'`)
		ann.do(chromedp.NavigateBack())
		ann.sees("And the peas.")
		ann.wait(`!document.querySelector('[data-room="garden"] .badge')`)
		ann.shows(s, "garden", 2)
	})
}

func TestPage_leavesARoom(t *testing.T) {
	s := startServer(t)
	ann := signIn(t, "Ann", s.url("general", ""))
	bob := signIn(t, "Bob", s.url("general", ""))
	bob.do(chromedp.Click("#people-button"), chromedp.WaitVisible("#people li"), chromedp.Click("#people .leave"))
	ann.wait(`document.querySelector('#timeline').innerText.includes('Bob left')`)
	bob.wait(`document.querySelector('#room-title').innerText !== 'general'`)
}

// A message that the server will not have stays, with the reason.
func TestPage_showsWhatTheServerRefused(t *testing.T) {
	overBoth(t, func(t *testing.T, query string) {
		s := startServer(t)
		ann := signIn(t, "Ann", s.url("general", query))
		ann.script(`document.querySelector('#text').value = '\u200b'; document.querySelector('#composer').requestSubmit()`)
		ann.wait(`document.querySelector('.failed .refusal')?.innerText.startsWith('Not sent: ')`)
		ann.say("This one is fine.") // what was refused does not hold up the rest
		ann.sees("This one is fine.")
		ann.do(chromedp.Click(".refusal button:last-child"))
		ann.wait(`!document.querySelector('.failed')`)
		ann.shows(s, "general", 1)
	})
}
