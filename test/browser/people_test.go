package browser_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// makeRoom makes a room in the dialog, with members chosen by their names.
func (p *page) makeRoom(kind, title, topic string, members ...string) {
	p.t.Helper()
	p.do(chromedp.Click("#new-room"), chromedp.WaitVisible("#new-title"),
		chromedp.SendKeys("#new-title", title), chromedp.SendKeys("#new-topic", topic),
		chromedp.Click(fmt.Sprintf(`#dialog [value=%s]`, kind)))
	for _, name := range members {
		p.do(chromedp.SendKeys(`#dialog .picker input`, name+"\r"))
	}
	p.do(chromedp.Click(`#dialog [type=submit]`))
	p.wait(fmt.Sprintf(`document.querySelector('#room-title').innerText === %q && !document.querySelector('#dialog').open`, title))
	p.connected()
}

// member unfolds what can be done about a member in the open panel of members,
// and presses the button with that text.
func (p *page) member(name, button string) {
	p.t.Helper()
	p.wait(fmt.Sprintf(`memberOf(%q)`, name))
	p.script(fmt.Sprintf(`if (!memberOf(%[1]q).querySelector('.member-tools')) memberOf(%[1]q).querySelector('.icon-button').click()`, name))
	p.wait(fmt.Sprintf(`buttonOf(memberOf(%q), %q)`, name, button))
	p.script(fmt.Sprintf(`buttonOf(memberOf(%q), %q).click()`, name, button))
}

// agree confirms what the dialog asks.
func (p *page) agree() {
	p.t.Helper()
	p.wait(`document.querySelector('#dialog').open`)
	p.script(`document.querySelector('#dialog [type=submit]').click()`)
	p.wait(`!document.querySelector('#dialog').open`)
}

// enter opens a room of the list by the name that it has there.
func (p *page) enter(name string) {
	p.t.Helper()
	p.script(`document.dispatchEvent(new Event('visibilitychange'))`) // it looks for new ones at once
	p.wait(fmt.Sprintf(`roomNamed(%q)`, name))
	p.script(fmt.Sprintf(`roomNamed(%q).click()`, name))
	p.wait(fmt.Sprintf(`document.querySelector('#room-title').innerText === %q`, name))
	p.connected()
}

// lines waits for a line of the timeline that holds the text.
func (p *page) line(text string) {
	p.t.Helper()
	p.wait(fmt.Sprintf(`[...document.querySelectorAll('#timeline .line')].some((line) => line.innerText.includes(%q))`, text))
}

func TestPage_holdsAPrivateRoomUntilOneIsRemoved(t *testing.T) {
	overBoth(t, func(t *testing.T, query string) {
		s := startServer(t)
		bob := signIn(t, "Bob", s.url("general", query))
		frames := bob.record()
		ann := signIn(t, "Ann", s.url("general", query))
		carl := signIn(t, "Carl", s.url("general", query))
		bob.line("Ann joined")
		ann.makeRoom("private", "Kitchen", "Secret sauces", "Bob")
		bob.wait(`roomNamed('Kitchen')?.querySelector('.badge')?.innerText === 'New'`)
		ann.say("Only for us.")
		bob.enter("Kitchen")
		bob.sees("Only for us.")
		bob.say("I am all ears.")
		ann.sees("I am all ears.")
		bob.wait(`document.querySelector('#room-topic').innerText.includes('Secret sauces')`)
		carl.script(`document.dispatchEvent(new Event('visibilitychange'))`) // it looks at the list
		carl.script(settle)
		if there := eval[bool](carl, `Boolean(roomNamed('Kitchen'))`); there {
			t.Error("Carl's list has a private room that he is not in")
		}

		ann.do(chromedp.Click("#people-button"))
		ann.member("Bob", "Remove")
		ann.agree()
		ann.line("Ann removed Bob")
		bob.wait(`document.querySelector('#notice').innerText.includes('Ann removed you from Kitchen.')`)
		bob.wait(`!roomNamed('Kitchen') && document.querySelector('#room-title').innerText === 'general'`)
		bob.connected()
		ann.say("The cinnamon is the trick.")
		ann.sees("The cinnamon is the trick.")
		ann.enter("general")
		ann.say("Lunch?")
		bob.sees("Lunch?") // it came after
		if html := eval[string](bob, `document.documentElement.outerHTML`); strings.Contains(html, "cinnamon") || strings.Contains(html, "Only for us") {
			t.Error("what is said in the room that Bob was removed from is in his page")
		}
		if all := frames(); strings.Contains(all, "cinnamon") || !strings.Contains(all, "Only for us") || !strings.Contains(all, "Lunch?") {
			t.Errorf("Bob's page was sent %s", all)
		}
		bob.do(chromedp.Reload())
		bob.connected()
		if html := eval[string](bob, `document.documentElement.outerHTML`); strings.Contains(html, "cinnamon") || strings.Contains(html, "Kitchen") {
			t.Error("after a reload Bob's page has the room that he was removed from")
		}
	})
}

func TestPage_offersWhatOnesRoleAllows(t *testing.T) {
	s := startServer(t)
	ann := signIn(t, "Ann", s.url("general", ""))
	bob := signIn(t, "Bob", s.url("general", ""))
	carl := signIn(t, "Carl", s.url("general", ""))
	ann.line("Carl joined")
	ann.makeRoom("private", "Crew", "", "Bob", "Carl")
	for _, p := range []*page{ann, bob, carl} {
		p.enter("Crew")
		p.do(chromedp.Click("#people-button"))
		p.wait(`document.querySelectorAll('#people .member').length === 3`)
	}
	offered := func(p *page, name string) string {
		p.script(fmt.Sprintf(`if (!memberOf(%[1]q).querySelector('.member-tools')) memberOf(%[1]q).querySelector('.icon-button').click()`, name))
		return eval[string](p, fmt.Sprintf(`[...memberOf(%q).querySelectorAll('.member-tools > *')].map((tool) => tool.tagName === 'SELECT' ? 'role' : tool.innerText).join()`, name))
	}
	if got := offered(bob, "Carl"); got != "Message" {
		t.Errorf("Bob, a member, is offered %s", got)
	}
	if got := offered(ann, "Bob"); got != "Message,role,Mute,Remove,Ban" {
		t.Errorf("Ann, the owner, is offered %s", got)
	}
	for _, hidden := range []string{".adding", "#open-settings"} {
		if visible := eval[bool](bob, fmt.Sprintf(`Boolean(document.querySelector(%q)?.checkVisibility())`, hidden)); visible {
			t.Errorf("Bob, a member, is offered %s", hidden)
		}
	}
	if leave := eval[bool](ann, `Boolean(document.querySelector('#people .leave'))`); leave {
		t.Error("the last owner is offered to leave")
	}

	ann.choose(`memberOf('Bob').querySelector('select')`, "admin")
	bob.line("Ann made Bob an admin")
	bob.wait(`document.querySelector('.adding')?.checkVisibility() && document.querySelector('#open-settings').checkVisibility()`)
	if got := offered(bob, "Carl"); got != "Message,Mute,Remove,Ban" {
		t.Errorf("Bob, an admin, is offered %s", got)
	}
	if got := offered(bob, "Ann"); got != "Message" {
		t.Errorf("Bob, an admin, is offered %s about the owner", got)
	}

	bob.member("Carl", "Mute")
	bob.agree()
	carl.line("Bob muted Carl")
	carl.wait(`!document.querySelector('#composer').checkVisibility() && document.querySelector('#composer-note').innerText.startsWith('You are muted here until')`)
	bob.member("Carl", "Unmute")
	carl.wait(`document.querySelector('#composer').checkVisibility()`)
	carl.say("I can speak again.")
	bob.sees("I can speak again.")
	bob.act("I can speak again.", ".tool.trash")
	bob.act("I can speak again.", ".tool.trash")
	carl.wait(`messages().some(({deleted}) => deleted)`)

	bob.member("Carl", "Ban")
	bob.agree()
	carl.wait(`document.querySelector('#notice').innerText.includes('Bob banned you from Crew.')`)
	bob.wait(`document.querySelector('.bans')?.innerText.includes('Carl')`)
	bob.script(`buttonOf(document.querySelector('.bans'), 'Unban').click()`)
	bob.wait(`!document.querySelector('.bans')`)
	bob.do(chromedp.SendKeys(`.adding input`, "Carl\r"))
	bob.line("Bob added Carl")
	carl.enter("Crew")

	bob.do(chromedp.Click("#people .leave"))
	bob.agree()
	ann.line("Bob left")
	bob.wait(`document.querySelector('#room-title').innerText !== 'Crew' && !roomNamed('Crew')`)
}

// Two change the room at once: what was offered a moment ago may be refused.
func TestPage_tellsWhatTheServerRefusedAboutPeople(t *testing.T) {
	s := startServer(t)
	ann := signIn(t, "Ann", s.url("general", ""))
	bob := signIn(t, "Bob", s.url("general", ""))
	ann.line("Bob joined")
	ann.makeRoom("private", "Crew", "", "Bob")
	ann.do(chromedp.Click("#people-button"))
	ann.wait(`memberOf('Bob')`)
	ann.script(`fetch = () => Promise.resolve(Response.json({code: 'forbidden', title: 'You may not do this', detail: 'only an owner gives roles'}, {status: 403}))`)
	ann.script(`memberOf('Bob').querySelector('.icon-button').click()`)
	ann.choose(`memberOf('Bob').querySelector('select')`, "admin")
	ann.wait(`document.querySelector('#members-error').innerText === 'You may not do this: only an owner gives roles.'`)
	if role := eval[string](ann, `memberOf('Bob').querySelector('select').value`); role != "member" {
		t.Errorf("the role that was refused is shown: %s", role)
	}
	bob.enter("Crew")
}

func TestPage_sendsDirectMessages(t *testing.T) {
	s := startServer(t)
	ann := signIn(t, "Ann", s.url("general", ""))
	bob := signIn(t, "Bob", s.url("general", ""))
	ann.line("Bob joined")
	ann.do(chromedp.Click("#people-button"))
	ann.member("Bob", "Message")
	ann.wait(`document.querySelector('#room-title').innerText === 'Bob'`)
	ann.connected()
	ann.say("Between us.")
	bob.wait(`roomNamed('Ann')?.dataset.kind === 'direct'`)
	bob.enter("Ann")
	bob.sees("Between us.")
	bob.do(chromedp.Click("#people-button"))
	bob.wait(`document.querySelectorAll('#people .member').length === 2`)
	if leave := eval[bool](bob, `Boolean(document.querySelector('#people .leave, .adding'))`); leave {
		t.Error("a direct room keeps its members, but others are offered")
	}
	ann.enter("general")
	ann.do(chromedp.Click("#people-button"))
	ann.member("Bob", "Message") // it is the same room
	ann.wait(`document.querySelector('#room-title').innerText === 'Bob'`)
	ann.sees("Between us.")
}

func TestPage_changesArchivesAndDeletesARoom(t *testing.T) {
	overBoth(t, func(t *testing.T, query string) {
		s := startServer(t)
		ann := signIn(t, "Ann", s.url("general", query))
		bob := signIn(t, "Bob", s.url("general", query))
		ann.line("Bob joined")
		ann.makeRoom("public", "Workshop", "", "Bob")
		bob.enter("Workshop")
		settings := func() {
			ann.do(chromedp.Click("#open-settings"), chromedp.WaitVisible("#dialog"))
		}
		settings()
		ann.script(`document.querySelector('#set-title').value = 'Shed'; document.querySelector('#set-topic').value = 'Wood and glue'; document.querySelector('#set-slow').value = '3600'`)
		ann.agree()
		for _, p := range []*page{ann, bob} {
			p.wait(`document.querySelector('#room-title').innerText === 'Shed' && roomNamed('Shed') && document.querySelector('#room-topic').innerText.includes('Wood and glue')`)
		}
		bob.say("The only one for an hour.")
		bob.sees("The only one for an hour.")
		bob.wait(`document.querySelector('#composer-note').innerText.includes('You can write again in')`)
		bob.say("Too soon.")
		if left := eval[string](bob, `document.querySelector('#text').value`); !strings.HasPrefix(left, "Too soon.") {
			t.Errorf("what came too soon was not kept: %q", left)
		}

		settings()
		ann.script(`buttonOf(document.querySelector('#dialog'), 'Archive').click()`)
		ann.agree()
		for _, p := range []*page{ann, bob} {
			p.wait(`document.querySelector('#composer-note').innerText.includes('archived') && !document.querySelector('#composer').checkVisibility()`)
		}
		if tools := eval[int](ann, `document.querySelectorAll('.tool:is(.smile, .edit, .reply)').length`); tools != 0 {
			t.Errorf("%d buttons write in an archived room", tools)
		}
		settings()
		ann.script(`buttonOf(document.querySelector('#dialog'), 'Open it again').click()`)
		bob.wait(`document.querySelector('#composer').checkVisibility()`)

		ann.wait(`!document.querySelector('#dialog').open`)
		settings()
		ann.script(`buttonOf(document.querySelector('#dialog'), 'Delete the room').click()`)
		ann.agree()
		bob.wait(`document.querySelector('#notice').innerText.includes('Ann deleted Shed.')`)
		for _, p := range []*page{ann, bob} {
			p.wait(`!roomNamed('Shed') && document.querySelector('#room-title').innerText === 'general'`)
			p.connected()
			p.say("Still here.")
			p.sees("Still here.")
			if html := eval[string](p, `document.documentElement.outerHTML`); strings.Contains(html, "only one for an hour") {
				t.Errorf("%s still has what was said in the deleted room", p.name)
			}
		}
	})
}
