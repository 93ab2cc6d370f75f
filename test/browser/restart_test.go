package browser_test

import (
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// The server is killed and started again while both write. Both go on by
// themselves, and what they wrote meanwhile is there once.
func TestPage_goesOnWhenTheServerIsKilled(t *testing.T) {
	overBoth(t, func(t *testing.T, query string) {
		s := startServer(t)
		ann := signIn(t, "Ann", s.url("general", query))
		bob := signIn(t, "Bob", s.url("general", query))
		ann.say("Before.")
		bob.sees("Before.")

		s.kill()
		for _, p := range []*page{ann, bob} {
			p.wait(`!document.querySelector('#status').innerText.startsWith('Connected')`)
			p.say(p.name + " writes into the void.")
			p.say(p.name + " is patient.")
			p.wait(`messages().filter(({pending}) => pending).length === 2`)
		}
		s.start()
		s.post("general", "Cleo came first.")

		for _, p := range []*page{ann, bob} {
			p.shows(s, "general", 6)
			p.connected()
		}
		ann.say("After.")
		bob.sees("After.")
		for _, p := range []*page{ann, bob} {
			p.shows(s, "general", 7)
		}
	})
}

// A command whose answer is lost with the server may have been carried out.
// It is repeated with its key, which settles that.
func TestPage_doublesNothingWhenKilledWhileWriting(t *testing.T) {
	const rounds, each = 4, 40
	overBoth(t, func(t *testing.T, query string) {
		s := startServer(t)
		ann := signIn(t, "Ann", s.url("general", query))
		bob := signIn(t, "Bob", s.url("general", query))
		write := func(p *page, round int) {
			p.script(fmt.Sprintf(`for (let i = 0; i < %d; i++) {
				document.querySelector('#text').value = '%s ' + %d + '.' + i;
				document.querySelector('#composer').requestSubmit();
			}`, each, p.name, round))
		}
		for round := range rounds {
			write(ann, round)
			write(bob, round)
			ann.wait(fmt.Sprintf(`messages().filter(({pending}) => !pending).length > %d`, (2*round+1)*each/2))
			s.kill()
			s.start()
		}
		for _, p := range []*page{ann, bob} {
			p.shows(s, "general", 2*rounds*each)
		}
		var next [2]int // each one's messages are in the order written
		_, texts := s.posted("general")
		for _, text := range texts {
			var name string
			var round, i int
			if _, err := fmt.Sscanf(text, "%s %d.%d", &name, &round, &i); err != nil {
				t.Fatalf("posted was %q: %v", text, err)
			}
			who := 0
			if name == "Bob" {
				who = 1
			}
			if want := next[who]; round*each+i != want {
				t.Errorf("%q comes where %d.%d was to come", text, want/each, want%each)
			}
			next[who] = round*each + i + 1
		}
	})
}

// What was not sent outlives the page.
func TestPage_sendsAfterAReloadWhatWasNotSent(t *testing.T) {
	s := startServer(t)
	ann := signIn(t, "Ann", s.url("general", ""))
	s.kill()
	ann.say("Do not forget me.")
	ann.wait(`messages().some(({pending}) => pending)`)
	s.start()
	ann.do(chromedp.Reload())
	ann.wait(`messages().length === 1`)
	ann.sees("Do not forget me.")
	ann.shows(s, "general", 1)
}

// Another file under the same address is another chat.
func TestPage_startsOverOnAnotherStore(t *testing.T) {
	overBoth(t, func(t *testing.T, query string) {
		s := startServer(t)
		ann := signIn(t, "Ann", s.url("general", query))
		ann.say("Gone with the file.")
		ann.sees("Gone with the file.")
		s.kill()
		for _, file := range []string{s.db, s.db + ".views"} { // but not its secret
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
		}
		s.start()
		ann.wait(`messages().length === 0`)
		ann.connected()
		ann.say("A new life.")
		ann.shows(s, "general", 1)
	})
}

// Asked to end, the server lets go of the pages, and they come back.
func TestServer_endsInTimeWhilePagesAreOpen(t *testing.T) {
	overBoth(t, func(t *testing.T, query string) {
		s := startServer(t)
		ann := signIn(t, "Ann", s.url("general", query))
		from := time.Now()
		if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if err := s.cmd.Wait(); err != nil || time.Since(from) > 5*time.Second {
			t.Errorf("ended after %v with %v", time.Since(from), err)
		}
		s.start()
		ann.say("Still here.")
		ann.shows(s, "general", 1)
		ann.connected()
	})
}
