package mount_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/internal/wiretest"
)

// These tests are named in "Bugs that others had" of docs/reliability.md.

// visit is one connection of a reader: what it was told up to live, and what
// reads on and cuts it.
type visit struct {
	verdict string
	missed  []string // the ids of the events before live
	live    string   // the cursor that comes with live
	next    func() string
	cut     func()
}

// doors open visits to a room, by transport.
var doors = map[string]func(s *wiretest.Server, room, token, after string) *visit{
	"stream": byStream,
	"socket": bySocket,
}

func byStream(s *wiretest.Server, room, token, after string) *visit {
	st := s.Stream("/rooms/"+room+"/events", token, "Last-Event-ID", after)
	st.Next() // retry
	var hello struct{ Verdict string }
	if err := json.Unmarshal([]byte(st.Want("chat.hello").Data), &hello); err != nil {
		return &visit{verdict: err.Error()}
	}
	v := &visit{
		verdict: hello.Verdict,
		next:    func() string { return st.Want("").ID },
		cut:     func() { _ = st.TCP.SetLinger(0); st.Conn.Close() },
	}
	for {
		switch f := st.Next(); f.Event {
		case "":
			v.missed = append(v.missed, f.ID)
		case "chat.live":
			var data struct{ Cursor string }
			_ = json.Unmarshal([]byte(f.Data), &data) // one that is not read is a cursor that is none
			v.live = data.Cursor
			return v
		}
	}
}

func bySocket(s *wiretest.Server, room, token, after string) *visit {
	k := s.Socket(token)
	var ok struct{ Verdict string }
	if err := json.Unmarshal(k.WantOK("s", fmt.Sprintf(`{"id":"s","op":"subscribe","room":%q,"after":%q}`, room, after)).OK, &ok); err != nil {
		return &visit{verdict: err.Error()}
	}
	var queue []string
	take := func(m wiretest.Message) {
		for _, raw := range m.Events {
			var e struct{ ID string }
			_ = json.Unmarshal(raw, &e) // one that is not read is an id that is not there
			queue = append(queue, e.ID)
		}
	}
	v := &visit{verdict: ok.Verdict}
	for v.live == "" {
		m := k.Next()
		take(m)
		v.live = m.Live
	}
	v.missed, queue = queue, nil
	v.next = func() (id string) {
		for len(queue) == 0 {
			take(k.Next())
		}
		id, queue = queue[0], queue[1:]
		return id
	}
	v.cut = func() { _ = k.Conn.(*net.TCPConn).SetLinger(0); k.Conn.Close() }
	return v
}

// idsAfter are the ids of a room's log behind a cursor.
func idsAfter(t *testing.T, c *chat.Chat, room string, after chat.ID) (ids []string) {
	t.Helper()
	for e, err := range c.Room(room).Replay(t.Context(), after) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, e.ID.String())
	}
	return ids
}

// Mercure 1382: behind 10,000 stored events the cursor of a reader was found no
// more, if it was not among the oldest.
func TestReader_resumesAnywhereInALogOfTenThousand(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{Chat: chat.Options{TailBytes: 1}, Options: transport.Options{NoLimits: true}}) // all of it is read from the file
	ann, token := s.User("Ann")
	const writers, each = 128, 80
	var work sync.WaitGroup
	for range writers {
		work.Go(func() {
			for range each {
				if _, err := s.Chat.Room("general").Post(context.Background(), ann, "one of many"); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	work.Wait()
	ids := idsAfter(t, s.Chat, "general", chat.Start)
	if len(ids) <= 10_000 {
		t.Fatalf("void: there are %d events", len(ids))
	}
	for name, open := range doors {
		for _, at := range []int{0, 1, 9_999, 10_000, 10_001, len(ids) - 2, len(ids) - 1} {
			v := open(s, "general", token, ids[at])
			if v.verdict != "resumed" || !slices.Equal(v.missed, ids[at+1:]) {
				t.Errorf("%s: after event %d of %d it is %s, and gets %d events", name, at+1, len(ids), v.verdict, len(v.missed))
			}
			v.cut()
		}
	}
}

// Mercure 704 and 1321: a reader with a cursor that the server had never seen got
// nothing of what was newer, and was told of the newest event as if it had got it.
func TestReader_withACursorThatIsNoEventMissesNothing(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	ann, token := s.User("Ann")
	all := s.Post("general", ann, "one", "two", "three")
	elsewhere := s.Post("other", ann, "of another room")[0]
	all = append(all, s.Post("general", ann, "four")...)
	between := all[1].ID // just below an event
	for i := len(between) - 1; ; i-- {
		if between[i]--; between[i] != 0xff {
			break
		}
	}
	ids := idsAfter(t, s.Chat, "general", chat.Start)
	for name, open := range doors {
		for _, test := range []struct {
			after, verdict string
			missed         []string
		}{
			{between.String(), "resumed", ids[1:]},
			{elsewhere.ID.String(), "resumed", ids[3:]},
			{"0000000000ZZZZZZZZZZZZZZZZ", "resumed", ids},
			{"7ZZZZZZZZZZZZZZZZZZZZZZZZZ", "reset", nil},
			{"1665666647", "reset", nil},
			{"does-not-exist", "reset", nil},
		} {
			v := open(s, "general", token, test.after)
			if v.verdict != test.verdict || !slices.Equal(v.missed, test.missed) {
				t.Errorf("%s: after %s it is %s, and gets %v", name, test.after, v.verdict, v.missed)
			}
			v.cut()
		}
	}
}

// Mercure 1215: an event that was stored while a reader subscribed was told as the
// one that it stands at, most of all where there was none before. Whoever begins in
// a room while its first events are written stands where it is told: it gets all
// behind that, and comes back with it.
func TestReader_beginsWhereItIsToldWhileTheFirstEventsAreWritten(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{Options: transport.Options{NoLimits: true}})
	ann, token := s.User("Ann")
	within := 0
	for name, open := range doors {
		for i := range 100 {
			room := fmt.Sprint(name, i)
			if _, err := s.Chat.Room(room).Join(t.Context(), ann); err != nil {
				t.Fatal(err)
			}
			begun, live, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
			go func() {
				post := func() error {
					_, err := s.Chat.Room(room).Post(context.Background(), ann, "one of the first")
					return err
				}
				err := post()
				close(begun)
				for more := 2; err == nil && more > 0; { // and two when the reader is live
					select {
					case <-live:
						more--
					default:
					}
					err = post()
				}
				done <- err
			}()
			if i%2 == 0 { // the others may come before the first
				<-begun
			}
			v := open(s, room, token, "")
			close(live)
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			at, ok := transport.ParseID(v.live)
			if !ok {
				t.Fatalf("%s: live gives the cursor %q", name, v.live)
			}
			want := idsAfter(t, s.Chat, room, at)
			if n := len(want); n > 0 && n < len(idsAfter(t, s.Chat, room, chat.Start))-1 { // without the join
				within++
			}
			got := v.missed
			for range len(want) - len(got) {
				got = append(got, v.next())
			}
			if v.verdict != "fresh" || len(v.missed) > 0 || !slices.Equal(got, want) {
				t.Fatalf("%s: it is %s at %s, and gets %v and not %v", name, v.verdict, v.live, got, want)
			}
			v.cut()
			back := open(s, room, token, v.live)
			if back.verdict != "resumed" || !slices.Equal(back.missed, want) {
				t.Fatalf("%s: back at %s it is %s, and gets %v and not %v", name, v.live, back.verdict, back.missed, want)
			}
			back.cut()
		}
	}
	if within < 100 {
		t.Errorf("void: only %d of the readers began in the midst of the writing", within)
	}
}

// socket.io 4880: the state of a connection was recovered once, and not the second
// time. A reader comes back forty times, be its last connection cut, still open,
// or ended before it brought an event, and be there something new or not.
func TestReader_resumesEachTimeItComesBack(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	ann, token := s.User("Ann")
	s.Post("general", ann, "first")
	for name, open := range doors {
		from := s.Chat.Head()
		cursor := from.String()
		var got []string
		for i := range 40 {
			var missed []string
			for n := range i % 3 {
				missed = append(missed, s.Post("general", ann, fmt.Sprint("away ", n))[0].ID.String())
			}
			v := open(s, "general", token, cursor)
			if v.verdict != "resumed" || !slices.Equal(v.missed, missed) {
				t.Fatalf("%s: back for the %dth time it is %s, and gets %v and not %v", name, i+1, v.verdict, v.missed, missed)
			}
			got, cursor = append(got, v.missed...), v.live
			if i%4 > 1 {
				s.Post("general", ann, "live")
				cursor = v.next()
				got = append(got, cursor)
			}
			if i%2 == 0 { // the others stay open until the test ends
				v.cut()
			}
		}
		if want := idsAfter(t, s.Chat, "general", from); !slices.Equal(got, want) {
			t.Errorf("%s: over all visits it got %d events of %d", name, len(got), len(want))
		}
	}
}
