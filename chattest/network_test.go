package chattest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/chattest"
	"github.com/roomlog/chat/client"
)

func TestCut_resetsWhatIsOpenAndNobodyMissesAnything(t *testing.T) {
	t.Parallel()
	for _, as := range []client.Transport{client.WebSocket, client.Streams} {
		t.Run(string(as), func(t *testing.T) {
			t.Parallel()
			s := chattest.New(t, &chattest.Options{Client: client.Options{Transport: as}})
			ann, bob := s.User("Ann").Join("general"), s.User("Bob").Join("general")
			rec := bob.Record("general")
			rec.Wait(2)
			lost := make(chan struct{})
			go func() {
				defer close(lost)
				for state := range bob.Client().States(within(t)) {
					if state.Phase == client.Reconnecting {
						return
					}
				}
				t.Error("the client has not noticed the cut")
			}()
			eventually(t, "the state is watched and the connection lost", func() bool {
				s.Cut()
				select {
				case <-lost:
					return true
				default:
					return as == client.Streams // the next attempt is some seconds away
				}
			})
			var want []string
			for i := range 10 {
				want = append(want, fmt.Sprint("message ", i))
				ann.Post("general", want[i])
			}
			rec.WaitFor(chattest.Text("message 9"))
			if got := rec.Texts(); !slices.Equal(got, want) {
				t.Errorf("Bob has %v", got)
			}
			<-lost
		})
	}
}

// serveText serves a text of n bytes.
func serveText(n int) func(*chat.Chat) http.Handler {
	return func(*chat.Chat) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, strings.Repeat("x", n))
		})
	}
}

// get reads the text over a connection of its own.
func get(ctx context.Context, s *chattest.Server) (int, error) {
	r, err := http.NewRequestWithContext(ctx, "GET", s.URL+"/text", nil)
	if err != nil {
		return 0, err
	}
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return len(body), err
}

func TestSlow_boundsTheBytesASecond(t *testing.T) {
	t.Parallel()
	s := chattest.New(t, &chattest.Options{Handler: serveText(40_000)})
	s.Slow(100_000)
	began := time.Now()
	if n, err := get(within(t), s); n != 40_000 || err != nil {
		t.Fatal(n, err)
	}
	if took := time.Since(began); took < 350*time.Millisecond { // the pause behind the last step is not waited for
		t.Errorf("40,000 bytes at 100,000 a second took %s", took)
	}
	s.Slow(1) // 11 hours
	slow := make(chan error, 1)
	go func() {
		_, err := get(within(t), s)
		slow <- err
	}()
	select {
	case err := <-slow:
		t.Fatalf("at a byte a second it has ended: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	s.Slow(0)
	if err := <-slow; err != nil {
		t.Errorf("without a bound: %v", err)
	}
}

func TestFreeze_letsNothingPassUntilThaw(t *testing.T) {
	t.Parallel()
	s := chattest.New(t, &chattest.Options{Handler: serveText(10)})
	ann, bob := s.User("Ann").Join("general"), s.User("Bob").Join("general")
	rec := bob.Record("general")
	rec.Wait(2)
	s.Freeze()
	if _, err := s.Chat().Room("general").Post(t.Context(), ann.User, "Down."); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := ann.Room("general").Post(ctx, "Up."); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a post is answered %v", err)
	}
	if _, err := get(ctx, s); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a new connection is answered %v", err)
	}
	if got := rec.Texts(); len(got) > 0 {
		t.Errorf("Bob has %v", got)
	}
	s.Thaw()
	rec.WaitFor(chattest.Text("Down."))
	if n, err := get(within(t), s); n != 10 || err != nil {
		t.Errorf("after the thaw: %d, %v", n, err)
	}
	if state := bob.Client().State(); state.Phase != client.Connected {
		t.Errorf("Bob is %s", state.Phase)
	}
}
