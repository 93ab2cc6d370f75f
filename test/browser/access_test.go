package browser_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/chromedp"
)

// controls are the roles of what one can use, or must be able to find.
var controls = []string{
	"button", "link", "textbox", "searchbox", "checkbox", "radio", "combobox", "listbox", "option", "dialog", "log",
	"navigation", "complementary", "heading", "img", "image", "group", "radiogroup", "menuitem", "tab", "switch", "slider", "spinbutton", "article",
}

// named fails for each control of the accessibility tree that has no name, and
// returns how many of each role there are.
func (p *page) named(where string) map[string]int {
	p.t.Helper()
	tree, err := chromedp.Call(p.ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	if err != nil {
		p.t.Fatal(err)
	}
	found := map[string]int{}
	for _, node := range tree.Nodes {
		role, name := textOf(p.t, node.Role), textOf(p.t, node.Name)
		if node.Ignored || !slices.Contains(controls, role) {
			continue
		}
		found[role]++
		if strings.TrimSpace(name) == "" {
			p.t.Errorf("%s: a %s has no name (node %d)", where, role, node.BackendDOMNodeID)
		}
	}
	return found
}

func textOf(t *testing.T, value *accessibility.Value) string {
	t.Helper()
	if value == nil {
		return ""
	}
	var text string
	if err := json.Unmarshal(value.Value, &text); err != nil {
		t.Fatal(err)
	}
	return text
}

// Whatever is open, all that one can use has a name for those who do not see it.
func TestPage_hasANameForEveryControl(t *testing.T) {
	s := startServer(t)
	ann := openPage(t, "Ann", s.url("general", ""))
	ann.do(chromedp.WaitVisible("#name"))
	if found := ann.named("welcome"); found["textbox"] != 1 || found["button"] != 1 {
		t.Errorf("the welcome has %v", found)
	}
	ann.do(chromedp.SendKeys("#name", "Ann\r"), chromedp.WaitVisible("#chat"))
	ann.connected()
	s.post("garden", "The beans are up.")
	bob := signIn(t, "Bob", s.url("general", ""))
	ann.line("Bob joined")
	ann.say("A first one.")
	bob.sees("A first one.")
	bob.act("A first one.", ".tool.smile")
	bob.named("reactions")
	bob.do(chromedp.Click(`#palette button[aria-label="Heart"]`))
	bob.act("A first one.", ".tool.reply")
	bob.named("reply")
	bob.say("An answer.")
	ann.sees("An answer.")
	ann.act("A first one.", ".tool.edit")
	ann.named("editor")
	ann.do(chromedp.SendKeys(".edit-text", "!\r"))
	ann.wait(`messages()[0].edited && !messages()[0].pending`)
	ann.script(`document.querySelector('#text').value = '\u200b'; document.querySelector('#composer').requestSubmit()`)
	ann.wait(`document.querySelector('.failed .refusal')`)
	if found := ann.named("messages"); found["article"] != 3 || found["button"] < 20 {
		t.Errorf("the conversation has %v", found)
	}
	ann.do(chromedp.SendKeys("#text", "@b"))
	ann.wait(`document.querySelector('#names [aria-selected=true]')`)
	if found := ann.named("names"); found["option"] != 1 || found["listbox"] != 1 {
		t.Errorf("the names are %v", found)
	}
	ann.script(`document.querySelector('#text').value = ''; document.querySelector('#text').dispatchEvent(new Event('input'))`)

	open := func(where, button, shown string, roles ...string) {
		t.Helper()
		ann.script(`document.querySelector('` + button + `').click()`)
		ann.do(chromedp.WaitVisible(shown))
		found := ann.named(where)
		for _, role := range roles {
			if found[role] == 0 {
				t.Errorf("%s has no %s: %v", where, role, found)
			}
		}
	}
	open("members", "#people-button", "#people .member", "complementary")
	open("search", "#open-search", "#search-words", "searchbox")
	ann.do(chromedp.SendKeys("#search-words", "first\r"))
	ann.wait(`document.querySelectorAll('.found-item').length === 1`)
	ann.named("found")
	open("mentions", "#open-mentions", "#mentions-panel", "complementary")
	open("thread", "#timeline .replies", "#thread-text", "complementary")
	open("versions", "#timeline .edited", "#dialog", "dialog")
	ann.script(`document.querySelector('#dialog').close()`)
	open("new room", "#new-room", "#new-title", "dialog", "radio")
	ann.script(`document.querySelector('#dialog').close()`)
	open("status", ".status-button", "#status-text", "dialog", "radio")
	ann.script(`document.querySelector('#dialog').close()`)
	ann.makeRoom("private", "Crew", "", "Bob")
	open("settings", "#open-settings", "#set-title", "dialog", "checkbox", "combobox")
	ann.script(`document.querySelector('#dialog').close()`)
	s.kill()
	ann.wait(`document.body.classList.contains('cut-off')`)
	ann.named("cut off")
	s.start()
	ann.connected()
	ann.do(chromedp.EmulateViewport(360, 640, chromedp.EmulateMobile, chromedp.EmulateTouch))
	ann.script(`document.querySelector('#close-panel').checkVisibility() && document.querySelector('#close-panel').click()`)
	open("rooms on a phone", "#open-rooms", "#close-rooms", "navigation")
}
