package js_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/roomlog/chat"
)

// Rooms that are opened, closed and opened again beside one another, while there
// is talk in all of them and connections are cut, each have every event from
// their beginning on once, and in order.
func TestRooms_shareAConnection(t *testing.T) {
	both(t, func(t *testing.T, transport string) {
		s := serve(t)
		rooms := []string{"general", "second", "third"}
		for _, room := range rooms {
			if _, err := s.chat.Room(room).Join(t.Context(), user("ann")); err != nil {
				t.Fatal(err)
			}
		}
		n := runNode(t)
		n.do(`
			here.chat = new here.Chat({ ...%s, backoff: here.quick })
			here.told = {}
			here.open = async (id) => {
				const room = here.chat.room(id)
				if (!here.told[id]) room.on('event', (event) => here.told[id].push(event.id))
				here.told[id] = []
				await room.open()
			}
			await here.open('general')`, s.options("ann", transport))
		talk, quiet := context.WithCancel(t.Context())
		var talking sync.WaitGroup
		talking.Go(func() {
			for i := 0; talk.Err() == nil; i++ {
				_, _ = s.chat.Room(rooms[i%3]).Post(talk, user("bob"), fmt.Sprint(i))
				time.Sleep(time.Millisecond) // people type no faster
			}
		})
		s.proxy.set(func() { s.proxy.cutting = true })
		s.proxy.sever()
		n.do(`
			const heard = (id, n) => here.until(() => here.told[id].length > n)
			await heard('general', 5)
			await here.open('second')
			await here.open('third')
			await heard('third', 5)
			here.chat.room('second').close()
			await heard('general', 40)
			await here.open('second')
			await heard('second', 20)
			here.chat.room('third').close()
			await here.open('third')
			await heard('third', 20)`)
		eventually(t, "some cuts", func() bool { return s.proxy.cut() >= 20 })
		quiet()
		talking.Wait()
		s.proxy.set(func() { s.proxy.cutting = false })
		for _, room := range rooms {
			last, err := s.chat.Room(room).Post(t.Context(), user("bob"), "last")
			if err != nil {
				t.Fatal(err)
			}
			told := run[[]string](n, `await here.until(() => here.told[%s].at(-1) >= %s); return here.told[%s]`, room, last.ID.String(), room)
			var ids []string
			for after, more := chat.Start, true; more; {
				page, err := s.chat.Room(room).Log(t.Context(), "", after, 1000)
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range page.Events {
					ids = append(ids, e.ID.String())
					after = e.ID
				}
				more = len(page.Events) > 0
			}
			if from := slices.Index(ids, told[0]); from < 0 || !slices.Equal(ids[from:], told) {
				t.Errorf("%s has %d events, it was told %d, from the %d. on", room, len(ids), len(told), from)
			}
		}
	})
}
