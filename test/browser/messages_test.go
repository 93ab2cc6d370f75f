package browser_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

func TestPage_showsWhatIsAnswered(t *testing.T) {
	overBoth(t, func(t *testing.T, query string) {
		s := startServer(t)
		for i := range 70 {
			s.post("general", fmt.Sprintf("Number %d.", i))
		}
		ann := signIn(t, "Ann", s.url("general", query))
		bob := signIn(t, "Bob", s.url("general", query))
		ann.say("Tea or cofee?")
		bob.sees("Tea or cofee?")
		bob.act("Tea or cofee?", ".tool.reply")
		bob.wait(`document.querySelector('#reply').innerText.includes('Reply to Ann Tea or cofee?')`)
		bob.say("Tea.")
		ann.sees("Tea.")
		quote := func(p *page, want string) {
			t.Helper()
			p.wait(fmt.Sprintf(`[...document.querySelectorAll('#timeline .quote')].some((quote) => quote.textContent.includes(%q))`, want))
		}
		quote(ann, "Tea or cofee?")
		quote(bob, "Tea or cofee?")
		ann.act("Tea or cofee?", ".tool.edit")
		ann.do(chromedp.SetValue(".edit-text", "Tea or coffee?"), chromedp.SendKeys(".edit-text", "\r"))
		quote(ann, "Tea or coffee?")
		quote(bob, "Tea or coffee?")

		// One who comes later has the parent on an older page, and goes there.
		for i := range 60 {
			s.post("general", fmt.Sprintf("And %d.", i))
		}
		bob.sees("And 59.")
		bob.act("And 59.", ".tool.reply")
		bob.say("An answer to Cleo.")
		ann.sees("An answer to Cleo.")
		carl := signIn(t, "Carl", s.url("general", query))
		for i := range 49 {
			s.post("general", fmt.Sprintf("More %d.", i))
		}
		eve := signIn(t, "Eve", s.url("general", query))
		dave := signIn(t, "Dave", s.url("general", query))
		dave.sees("An answer to Cleo.")
		quote(dave, "And 59.")
		dave.script(`document.querySelector('#timeline .quote').click()`)
		dave.sees("And 59.")
		dave.wait(`document.querySelector('.message.sought')?.innerText.includes('And 59.')`)
		quote(eve, "And 59.")
		s.erase("general", "And 59.")
		for _, p := range []*page{ann, dave, eve} {
			quote(p, "This message was deleted")
			p.wait(`!document.body.innerText.includes('And 59.')`)
		}
		carl.act("An answer to Cleo.", ".tool.reply")
		bob.act("An answer to Cleo.", ".tool.trash")
		bob.act("An answer to Cleo.", ".tool.trash")
		carl.wait(`document.querySelector('#reply').hidden`) // there is nothing to answer any more
	})
}

func TestPage_keepsThreadsAtTheSide(t *testing.T) {
	overBoth(t, func(t *testing.T, query string) {
		s := startServer(t)
		ann := signIn(t, "Ann", s.url("general", query))
		bob := signIn(t, "Bob", s.url("general", query))
		ann.say("Where shall we meet?")
		bob.sees("Where shall we meet?")
		bob.act("Where shall we meet?", ".tool.thread")
		bob.wait(`threadTexts().join() === 'Where shall we meet?'`)
		bob.do(chromedp.SendKeys("#thread-text", "At the lake.\r"))
		for _, p := range []*page{ann, bob} {
			p.wait(`document.querySelector('#timeline .replies')?.innerText.trim() === '1 reply'`)
			if in := eval[int](p, `messages().length`); in != 1 {
				t.Errorf("%s shows the thread in the room", p.name)
			}
		}
		ann.script(`document.querySelector('#timeline .replies').click()`)
		ann.wait(`threadTexts().join() === 'Where shall we meet?,At the lake.'`)
		ann.do(chromedp.SendKeys("#thread-text", "At noon?\r"))
		bob.wait(`threadTexts().at(-1) === 'At noon?'`)
		bob.wait(`document.querySelector('#timeline .replies').innerText.trim() === '2 replies'`)
		ann.wait(`threadTexts().at(-1) === 'At noon?' && !document.querySelector('#thread .pending')`)
		ann.script(`document.querySelector('#thread .own:last-child .tool.trash').click(); document.querySelector('#thread .own:last-child .tool.trash').click()`)
		bob.wait(`document.querySelector('#timeline .replies').innerText.trim() === '1 reply' && !document.querySelector('#thread').innerText.includes('At noon?')`)
		carl := signIn(t, "Carl", s.url("general", query))
		carl.wait(`document.querySelector('#timeline .replies')?.innerText.trim() === '1 reply'`)
		carl.wait(`!document.querySelector('#timeline').innerText.includes('At the lake.')`)
		bob.do(chromedp.Click("#close-panel"))
		if left := eval[int](bob, `document.querySelectorAll('#thread .message').length`); left != 0 {
			t.Errorf("the closed thread still has %d messages in the page", left)
		}
	})
}

func TestPage_mentionsMembers(t *testing.T) {
	overBoth(t, func(t *testing.T, query string) {
		s := startServer(t)
		ann := signIn(t, "Ann", s.url("general", query))
		bob := signIn(t, "Bob the Builder", s.url("general", query))
		ann.line("Bob the Builder joined")
		ann.do(chromedp.SendKeys("#text", "Can we fix it, @bu"))
		ann.wait(`document.querySelector('#names [aria-selected=true]')?.innerText.includes('Bob the Builder')`)
		bob.do(chromedp.SendKeys("#room-name", "elsewhere\r"))
		bob.wait(`document.querySelector('#room-title').innerText === 'elsewhere'`)
		bob.connected()
		ann.say("\r") // the first Enter takes the name
		ann.wait(`document.querySelector('#timeline .mention')?.innerText === '@Bob the Builder'`)
		bob.wait(`document.querySelector('[data-room=general] .badge')?.innerText === '@ 1'`)
		bob.do(chromedp.Click("#open-mentions"))
		bob.wait(`document.querySelector('#mentions-found .found-item')?.innerText.includes('Can we fix it')`)
		bob.do(chromedp.Click("#mentions-found .found-item"))
		bob.wait(`document.querySelector('#room-title').innerText === 'general' && document.querySelector('.message.sought.to-me .mention.self')`)

		ann.do(chromedp.SendKeys("#text", ""))
		ann.script(`document.querySelector('#timeline .own .tool.edit').click()`)
		ann.do(chromedp.SetValue(".edit-text", "Never mind."), chromedp.SendKeys(".edit-text", "\r"))
		bob.wait(`!document.querySelector('.to-me') && messages().at(-1).text === 'Never mind.'`)
	})
}

func TestPage_showsWhatAMessageSaidBefore(t *testing.T) {
	s := startServer(t)
	ann := signIn(t, "Ann", s.url("general", ""))
	bob := signIn(t, "Bob", s.url("general", ""))
	ann.say("One.")
	ann.sees("One.")
	for _, text := range []string{"Two.", "Three."} {
		ann.script(`document.querySelector('#timeline .own .tool.edit').click()`)
		ann.do(chromedp.SetValue(".edit-text", text), chromedp.SendKeys(".edit-text", "\r"))
		bob.sees(text)
		ann.sees(text)
	}
	bob.do(chromedp.Click("#timeline .edited"))
	bob.wait(`[...document.querySelectorAll('.version')].map((version) => version.innerText).join() === 'Three.,Two.,One.'`)
	ann.act("Three.", ".tool.trash")
	ann.act("Three.", ".tool.trash")
	bob.wait(`!document.body.textContent.includes('Two.')`) // also where it is being looked at
}

func TestPage_findsWords(t *testing.T) {
	s := startServer(t)
	for i := range 30 {
		s.post("general", fmt.Sprintf("Plum %d.", i))
		s.post("general", fmt.Sprintf("Pear %d.", i))
	}
	ann := signIn(t, "Ann", s.url("general", ""))
	ann.do(chromedp.Click("#open-search"), chromedp.WaitVisible("#search-words"), chromedp.SendKeys("#search-words", "pLUM\r"))
	ann.wait(`document.querySelectorAll('.found-item').length === 20 && document.querySelector('.found-item mark').innerText === 'Plum'`)
	ann.do(chromedp.Click("#search-found .more"))
	ann.wait(`document.querySelectorAll('.found-item').length === 30 && !document.querySelector('#search-found .more')`)
	ann.script(`document.querySelector('.found-item:not(li:not(:last-child) > *)').click()`)
	ann.wait(`document.querySelector('.message.sought')?.innerText.includes('Plum 0.')`)
	s.erase("general", "Plum 29.")
	ann.wait(`document.querySelectorAll('.found-item').length === 29 && !document.body.innerText.includes('Plum 29.')`)
	ann.do(chromedp.SetValue("#search-words", "quince"), chromedp.SendKeys("#search-words", "\r"))
	ann.wait(`document.querySelector('#search-found').innerText === 'Nothing has been found.'`)
}

// Titles, topics and names are shown as the text that they are, wherever.
func TestPage_showsTitlesTopicsAndNamesAsText(t *testing.T) {
	s := startServer(t)
	const hostile = `<img src=x onerror="document.title='owned'">`
	bob := signIn(t, hostile, s.url("general", ""))
	ann := signIn(t, "Ann", s.url("general", ""))
	bob.line("Ann joined")
	ann.makeRoom("private", hostile+"T", hostile+"P", hostile)
	ann.do(chromedp.SendKeys("#text", "@<im"))
	ann.wait(`document.querySelector('#names li')`)
	ann.say("\r")
	bob.enter(hostile + "T")
	bob.wait(`document.querySelector('.mention.self') && document.querySelector('#room-topic').innerText.includes('onerror')`)
	bob.act("@"+hostile, ".tool.reply")
	bob.say("An answer.")
	ann.sees("An answer.")
	ann.act("An answer.", ".tool.reply")
	ann.do(chromedp.Click("#people-button"))
	ann.member(hostile, "Ban")
	ann.wait(`document.querySelector('#dialog').open`)
	ann.do(chromedp.Click("#open-settings", chromedp.NodeVisible))
	ann.script(`document.querySelector('#dialog').close(); document.querySelector('#open-settings').click()`)
	ann.wait(`document.querySelector('#set-title').value.includes('onerror')`)
	ann.script(`document.querySelector('#dialog').close()`)
	ann.member(hostile, "Remove")
	ann.agree()
	bob.wait(`document.querySelector('#notice').innerText.includes('onerror')`)
	for _, p := range []*page{ann, bob} {
		if made := eval[int](p, `document.querySelectorAll('#chat img, #dialog img').length`); made != 0 {
			t.Errorf("%s: %d elements were made of text", p.name, made)
		}
		if title := eval[string](p, `document.title`); strings.HasPrefix(title, "owned") {
			t.Errorf("%s: a script ran", p.name)
		}
	}
}
