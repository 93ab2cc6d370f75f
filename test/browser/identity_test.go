package browser_test

import (
	"testing"

	"github.com/chromedp/chromedp"
)

func TestPage_remembersWhoIsChatting(t *testing.T) {
	s := startServer(t)
	ann := signIn(t, "Ann", s.url("general", ""))
	ann.say("It is me.")
	ann.sees("It is me.")
	s.kill()
	s.start() // tokens outlive it
	ann.do(chromedp.Reload())
	ann.wait(`messages().length === 1`)
	ann.connected()
	if m := ann.messages(); !m[0].Own {
		t.Error("after a reload and a restart Ann's message is not her own")
	}
}

func TestPage_asksForTheNameAgainWhenTheTokenIsUnknown(t *testing.T) {
	overBoth(t, func(t *testing.T, query string) {
		s := startServer(t)
		ann := signIn(t, "Ann", s.url("general", query))
		s.kill()
		ann.say("I will be back.")
		s.start("-secret", "another key altogether")
		ann.wait(`document.querySelector('#welcome')?.hidden === false`)
		if name := eval[string](ann, `document.querySelector('#name').value`); name != "Ann" {
			t.Errorf("the name in the field is %q", name)
		}
		ann.do(chromedp.Click("#welcome-form button"), chromedp.WaitVisible("#chat"))
		ann.sees("I will be back.")
		ann.shows(s, "general", 1)
	})
}
