package client_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/roomlog/chat/client"
)

// many is how many messages a slow iterator is behind, of which each has bigText.
const many = 600

var bigText = strings.Repeat("x", 3000)

// A slow iterator takes bounded memory, and delays nobody else: the fast one beside
// it gets all at once; it itself reads the log when it comes to it.
func TestFollow_slowIsBoundedAndAlone(t *testing.T) {
	onBoth(t, func(t *testing.T, as client.Transport) {
		var pages atomic.Int64
		s := serve(t, setup{wrap: func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, "/log") {
					pages.Add(1)
				}
				h.ServeHTTP(w, r)
			})
		}})
		o := quick(as)
		o.Buffer = 50
		c := s.dial("ann", o)
		slow := start(t, c.Room("general"), client.Earliest)
		fast := start(t, c.Room("general"), client.Earliest)
		next(t, slow) // and then nothing for long
		next(t, fast)
		go func() {
			for n := range many {
				if _, err := s.chat.Room("general").Post(t.Context(), user("host"), fmt.Sprint(n, " ", bigText)); err != nil {
					t.Error(err)
				}
			}
		}()
		for n := range many {
			if got := nextText(t, fast); got != fmt.Sprint(n, " ", bigText) {
				t.Fatalf("the fast one gets %.20q as number %d", got, n)
			}
		}
		before := pages.Load()
		for n := range many {
			if got := nextText(t, slow); got != fmt.Sprint(n, " ", bigText) {
				t.Fatalf("the slow one gets %.20q as number %d", got, n)
			}
		}
		// All that it did not hold in memory it had to read: that is what the
		// bound comes to.
		if n := pages.Load() - before; n < (many-3*50-100)/100 {
			t.Errorf("the slow one has read %d pages: the rest was held for it", n)
		}

		// Where many events may wait it is their bytes that are bounded.
		o = quick(as)
		o.Buffer = 10 * many
		c = s.dial("bob", o)
		at := client.Cursor(s.post("general", "host", "Here.").ID.String())
		slow, fast = start(t, c.Room("general"), at), start(t, c.Room("general"), at)
		s.post("general", "host", "It begins.")
		for _, come := range []<-chan followed{slow, fast} {
			nextText(t, come)
		}
		for n := range many {
			s.post("general", "host", fmt.Sprint(n, " ", bigText))
			if got := nextText(t, fast); got != fmt.Sprint(n, " ", bigText) {
				t.Fatalf("the fast one gets %.20q as number %d", got, n)
			}
		}
		before = pages.Load()
		for n := range many {
			if got := nextText(t, slow); got != fmt.Sprint(n, " ", bigText) {
				t.Fatalf("the slow one gets %.20q as number %d", got, n)
			}
		}
		if n := pages.Load() - before; n < (many-(1<<20)/3000-100)/100 {
			t.Errorf("the slow one has read %d pages: more than 1 MiB was held for it", n)
		}
	})
}

// One who is slow, and alone, lets the server keep what it has: nothing is sent that
// nobody takes.
func TestFollow_slowAndAloneIsNotSentTo(t *testing.T) {
	onBoth(t, func(t *testing.T, as client.Transport) {
		s := serve(t, setup{})
		p := s.behind(0)
		o := quick(as)
		o.Buffer = 50
		c := s.dialAt(p.url(), "ann", o)
		slow := start(t, c.Room("general"), client.Earliest)
		next(t, slow)
		for n := range many {
			s.post("general", "host", fmt.Sprint(n, " ", bigText))
		}
		if n, all := p.down.Load(), int64(many*len(bigText)); n > all/2 {
			t.Errorf("%d bytes of %d were sent to one who takes none", n, all)
		}
		for n := range many {
			if got := nextText(t, slow); got != fmt.Sprint(n, " ", bigText) {
				t.Fatalf("the slow one gets %.20q as number %d", got, n)
			}
		}
	})
}
