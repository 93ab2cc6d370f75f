package transport_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// What has been put off while a long list was on its way is told when it is due:
// to a reader who asks only when the list is pending, or has said when.
func TestRoomList_tellsInTimeWhatWasPutOff(t *testing.T) {
	path := filepath.Join(t.TempDir(), "chat.db")
	synctest.Test(t, func(t *testing.T) {
		c, err := chat.Open(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		ann, bob := chat.User{ID: "ann", Name: "Ann"}, chat.User{ID: "bob", Name: "Bob"}
		const rooms = 150
		for i := range rooms {
			if _, err := c.Room(fmt.Sprint("r", i)).Join(t.Context(), ann); err != nil {
				t.Fatal(err)
			}
		}
		grant := transport.Grant{User: ann}
		auth := func(*http.Request) (transport.Grant, error) { return grant, nil }
		list := transport.NewGate(c, auth, nil).RoomList(&grant, nil)
		defer list.Close()
		next := func() transport.Batch {
			t.Helper()
			b, err := list.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		next()
		newest := c.Room(fmt.Sprint("r", rooms-1)) // among those that have been told
		if _, err := newest.Post(t.Context(), bob, "Hello."); err != nil {
			t.Fatal(err)
		}
		next() // the other rooms
		began := time.Now()
		var due <-chan time.Time
		for {
			for list.Pending() {
				b := next()
				due = nil
				if len(b.Signals) > 0 && strings.Contains(string(b.Signals[0].Data), `"Hello."`) {
					if d := time.Since(began); d != 250*time.Millisecond {
						t.Errorf("told after %v", d)
					}
					return
				}
				if b.Empty() {
					if b.Wait > 0 {
						due = time.After(b.Wait)
					}
					break
				}
			}
			select {
			case <-list.Bell().C:
			case <-due:
			case <-time.After(time.Minute):
				t.Fatal("not told at all")
			}
		}
	})
}
