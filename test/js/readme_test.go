package js_test

import (
	"net/http"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/test/internal/chromium"
)

// readmePage serves the first page of the README, as it is there.
func readmePage(w http.ResponseWriter, r *http.Request) {
	text, err := os.ReadFile("../../js/README.md")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	found := regexp.MustCompile("(?s)```html\n(.*?)```").FindSubmatch(text)
	if found == nil {
		http.Error(w, "the README has no page", http.StatusInternalServerError)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: "token", Value: "dan.", Path: "/", HttpOnly: true})
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(found[1])
}

// The first example of the README is a chat, for one whom the room does not know
// yet: it shows what is typed at once, what others say, and how the connection
// stands, and it keeps what is typed while there is none.
func TestReadme_firstExampleIsAChat(t *testing.T) {
	s := serve(t)
	tab := chromium.Open(t, s.proxy.url()+"/readme")
	const tools = `
		const until = async (holds) => {
			for (const end = Date.now() + 30_000; !holds(); await new Promise((resolve) => setTimeout(resolve, 5)))
				if (Date.now() > end) throw new Error('never: ' + holds + ', ' + document.body.innerText)
		}
		const lines = () => [...document.querySelectorAll('#log p')].map((p) => (p.textContent + ' ' + p.className).trim())
		const banner = () => document.querySelector('#banner').textContent
	`
	say := func(text string) {
		t.Helper()
		if err := chromedp.Do(tab, chromedp.SendKeys("#input", text+"\r")); err != nil {
			t.Fatal(err)
		}
	}
	inPage[bool](t, tab, tools+`await until(() => document.querySelector('#form').onsubmit && !banner()); return true`)
	say("Hello <b>all</b>")
	inPage[bool](t, tab, tools+`await until(() => lines().at(-1) == 'Dan: Hello <b>all</b>'); return true`)
	s.post("bob", "Hello Dan")
	inPage[bool](t, tab, tools+`await until(() => lines().at(-1) == 'Bob: Hello Dan'); return true`)

	s.stop()
	inPage[bool](t, tab, tools+`await until(() => banner().startsWith('waiting')); return true`)
	say("kept")
	inPage[bool](t, tab, tools+`await until(() => lines().at(-1) == 'Dan: kept pending'); return true`)
	s.start()
	got := inPage[[]string](t, tab, tools+`await until(() => lines().at(-1) == 'Dan: kept' && !banner()); return lines()`)
	if want := []string{"Dan: Hello <b>all</b>", "Bob: Hello Dan", "Dan: kept"}; !slices.Equal(got, want) {
		t.Errorf("it shows %q", got)
	}
	if _, texts := s.log(chat.Start); !slices.Equal(by("dan", texts), []string{"Hello <b>all</b>", "kept"}) {
		t.Errorf("the log has %q", texts)
	}
}
