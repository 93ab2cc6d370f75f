package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/client"
)

// What was not answered when the program ended is sent by the next client of the same
// user, with the same keys, and nobody else's; also a message that was stored already.
func TestStorage_outlivesTheProgram(t *testing.T) {
	inBubbles(t, func(t *testing.T, as client.Transport) {
		b := inBubble(t, nil)
		kept := client.Dir(filepath.Join(t.TempDir(), "made", "when needed"))
		c := b.dial("Ann", &client.Options{Transport: as, Storage: kept})
		must[client.Event](t)(send(t, c.Room("general"), "before")[0].Wait(t.Context()))
		none := send(t, c.Room("none"), "to nobody")[0]
		<-none.Done()
		b.cut()
		synctest.Wait()
		list := send(t, c.Room("general"), "one", "two", "three", "four")
		// The second was stored, and nobody has heard of it.
		_, err := b.chat.Room("general").Do(t.Context(), chat.Command{User: user("Ann"), Key: list[1].Key, Fact: chat.MessagePosted{Text: "two"}})
		if err != nil {
			t.Fatal(err)
		}
		list[2].Drop()
		_ = c.Close()
		for _, i := range []int{0, 1, 3} {
			var u *client.Unanswered
			if _, err := list[i].Wait(t.Context()); list[i].State() != client.GivenUp || !errors.As(err, &u) || u.Key != list[i].Key || !errors.Is(err, client.ErrClosed) {
				t.Errorf("%q is %s: %v", list[i].Message.Text, list[i].State(), err)
			}
		}
		if _, err := c.Room("general").Send("too late"); !errors.Is(err, client.ErrClosed) {
			t.Errorf("a message behind the end comes to %v", err)
		}
		b.mend()

		bob := b.dial("Bob", &client.Options{Transport: as, Storage: kept})
		must[client.Event](t)(send(t, bob.Room("general"), "not hers")[0].Wait(t.Context()))
		if n := len(bob.Outbox()); n != 0 {
			t.Errorf("Bob has %d messages in his outbox", n)
		}

		c = b.dial("Ann", &client.Options{Transport: as, Storage: kept})
		again := c.Outbox()
		last := send(t, c.Room("general"), "five")[0]
		must[client.Event](t)(last.Wait(t.Context()))
		if got := b.posted("general"); !slices.Equal(got, []string{"before", "two", "not hers", "one", "four", "five"}) {
			t.Errorf("what is stored is %q", got)
		}
		if len(again) != 4 || again[0].State() != client.Failed || again[0].Key != none.Key || again[0].Room != "none" ||
			!errors.Is(again[0].Err(), &client.Problem{Code: "room_not_found"}) || !again[0].At.Equal(none.At) {
			t.Fatalf("what was kept is %q", stands(again))
		}
		for i, o := range again[1:] {
			if e := must[client.Event](t)(o.Wait(t.Context())); e.Key != list[[]int{0, 1, 3}[i]].Key {
				t.Errorf("%q has another key", o.Message.Text)
			}
		}
		again[0].Drop()
		if left := must[[]client.Stored](t)(kept.Load()); len(left) != 0 {
			t.Errorf("%d messages are kept that are answered", len(left))
		}
	})
}

// The server knows a key for 7 days. What was tried before that is not repeated by
// itself, neither after a restart nor after a long time offline.
func TestSend_repeatsNothingAfterSevenDays(t *testing.T) {
	t.Parallel()
	const week = 7 * 24 * time.Hour
	synctest.Test(t, func(t *testing.T) {
		var deaf atomic.Bool
		deaf.Store(true)
		b := inBubble(t, func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost && deaf.Load() {
					http.Error(w, "", http.StatusBadGateway)
					return
				}
				h.ServeHTTP(w, r)
			})
		})
		kept := client.Dir(t.TempDir())
		c := b.dial("Ann", &client.Options{Transport: client.Streams, Storage: kept})
		list := send(t, c.Room("general"), "tried", "not tried")
		time.Sleep(time.Hour)
		b.cut()
		time.Sleep(week)
		deaf.Store(false)
		b.mend()
		must[client.Event](t)(list[1].Wait(t.Context())) // nobody can have stored it
		if _, err := list[0].Wait(t.Context()); !errors.Is(err, client.ErrTooOld) || list[0].State() != client.Failed {
			t.Errorf("what is too old is %s: %v", list[0].State(), err)
		}
		if err := list[0].Retry(); err != nil { // the user says so
			t.Fatal(err)
		}
		must[client.Event](t)(list[0].Wait(t.Context()))

		b.cut()
		synctest.Wait()
		send(t, c.Room("general"), "kept for long")
		time.Sleep(time.Hour)
		send(t, c.Room("general"), "kept")
		_ = c.Close()
		time.Sleep(week - time.Minute)
		b.mend()
		c = b.dial("Ann", &client.Options{Transport: client.Streams, Storage: kept})
		again := c.Outbox()
		must[client.Event](t)(again[1].Wait(t.Context()))
		if _, err := again[0].Wait(t.Context()); !errors.Is(err, client.ErrTooOld) {
			t.Errorf("what was kept for more than 7 days comes to %v", err)
		}
		if got := b.posted("general"); !slices.Equal(got, []string{"not tried", "tried", "kept"}) {
			t.Errorf("what is stored is %q", got)
		}
	})
}

// A message is of who has queued it: it is not sent under another name.
func TestSend_isOfItsUser(t *testing.T) {
	inBubbles(t, func(t *testing.T, as client.Transport) {
		b := inBubble(t, nil)
		var name atomic.Value
		name.Store("Ann")
		c := b.dial("", &client.Options{Transport: as, Token: func(context.Context) (string, error) {
			return b.guest.Token(user(name.Load().(string)), time.Now().Add(time.Hour)), nil
		}})
		b.cut()
		synctest.Wait()
		o := send(t, c.Room("general"), "of Ann")[0]
		name.Store("Bob")
		time.Sleep(2 * time.Hour) // and so the first token has expired
		b.mend()
		if _, err := o.Wait(t.Context()); !errors.Is(err, client.ErrOtherUser) {
			t.Errorf("it comes to %v, and the client is %v", err, c.User())
		}
		must[client.Event](t)(send(t, c.Room("general"), "of Bob")[0].Wait(t.Context()))
		if got := b.posted("general"); !slices.Equal(got, []string{"of Bob"}) {
			t.Errorf("what is stored is %q", got)
		}
	})
}

// broken is a Storage that fails.
type broken struct{ load, put bool }

var errFull = errors.New("the disk is full")

func (b broken) Load() ([]client.Stored, error) {
	if b.load {
		return nil, errFull
	}
	return nil, nil
}

func (b broken) Put(client.Stored) error {
	if b.put {
		return errFull
	}
	return nil
}

func (b broken) Remove(string, string) error { return errFull }

// What cannot be kept is not queued, and what cannot be loaded is an error of Dial.
func TestStorage_isNotLeftInSilence(t *testing.T) {
	t.Parallel()
	s := serve(t, setup{})
	o := quick(client.WebSocket)
	o.Storage = broken{put: true}
	c := s.dial("Ann", o)
	if _, err := c.Room("general").Send("one"); !errors.Is(err, errFull) || len(c.Outbox()) != 0 {
		t.Errorf("what cannot be kept comes to %v", err)
	}
	o = quick(client.WebSocket)
	o.Storage = broken{}
	c = s.dial("Ann", o)
	must[client.Event](t)(send(t, c.Room("general"), "two")[0].Wait(within(t))) // it is sent, though it stays kept

	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, storage := range []client.Storage{broken{load: true}, client.Dir(dir)} {
		o = quick(client.WebSocket)
		o.Token, o.Storage = client.Token(s.token("ann")), storage
		_, err := client.Dial(within(t), s.url(), o)
		if err == nil || !errors.Is(err, errFull) && !strings.Contains(err.Error(), "x.json") {
			t.Errorf("an outbox that cannot be loaded comes to %v", err)
		}
	}
}

// A Dir has one file for each message, for the user of the system alone, whatever the
// room and the key are called.
func TestDir_keepsWhatItIsGiven(t *testing.T) {
	t.Parallel()
	dir := client.Dir(filepath.Join(t.TempDir(), "outbox"))
	if all, err := dir.Load(); len(all) != 0 || err != nil {
		t.Errorf("a directory that is not there has %v, %v", all, err)
	}
	var want []client.Stored
	for n, key := range []string{"a", "A", "../x", strings.Repeat("k", 255), "a/b", ""} {
		s := client.Stored{
			Room: "general", Key: key, User: "ann", At: time.Unix(int64(n), 0).UTC(), Number: uint64(n),
			Message: json.RawMessage(fmt.Sprintf(`{"text":%q}`, key)), Failed: &client.Problem{Code: "forbidden", Status: 403},
		}
		for range 2 { // the second takes the place of the first
			if err := dir.Put(s); err != nil {
				t.Fatal(err)
			}
		}
		want = append(want, s)
	}
	files, _ := os.ReadDir(string(dir))
	for _, f := range files {
		if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s is %v, %v", f.Name(), info.Mode(), err)
		}
	}
	all := must[[]client.Stored](t)(dir.Load())
	slices.SortFunc(all, func(a, b client.Stored) int { return int(a.Number) - int(b.Number) })
	if !reflect.DeepEqual(all, want) || len(files) != len(want) {
		t.Errorf("it has\n%+v in %d files, not\n%+v", all, len(files), want)
	}
	for range 2 {
		if err := dir.Remove("general", "a"); err != nil {
			t.Error(err)
		}
	}
	if all := must[[]client.Stored](t)(dir.Load()); len(all) != len(want)-1 {
		t.Errorf("then it has %d", len(all))
	}
}
