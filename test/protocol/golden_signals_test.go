package protocol_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// lounge is a room that shows receipts, in which Ann and Bob are.
func lounge(s *server) *chat.Room {
	s.t.Helper()
	room := s.chat.Room("lounge")
	for _, f := range []chat.Fact{
		chat.RoomCreated{RoomKind: chat.Private, Title: "Lounge", Receipts: true, Members: []chat.User{bob}},
		chat.MessagePosted{Text: "Hello, Bob.", Mentions: []string{"bob"}},
	} {
		if _, err := room.Do(s.t.Context(), chat.Command{User: ann, Fact: f}); err != nil {
			s.t.Fatal(err)
		}
	}
	return room
}

// called makes a call that succeeds, and returns it with its answer.
func (s *server) called(docs *schemas, by chat.User, operation, body string) string {
	s.t.Helper()
	method, path, _ := strings.Cut(operation, " ")
	path = strings.Replace(path, "{room}", "lounge", 1)
	resp, answer := s.do(s.request(by, method, path, body))
	docs.wantAnswer(operation, resp, answer)
	if resp.StatusCode > 204 {
		s.t.Fatalf("%s is answered %d %s", operation, resp.StatusCode, answer)
	}
	return strings.TrimSpace(fmt.Sprintf("%s: %s %s %s\n%d %s", by.Name, method, path, body, resp.StatusCode, answer)) + "\n"
}

// Every signal, as it comes to Ann on a stream and on a socket, and the calls that
// bring it about. Both have the same, in the same order.
func TestGolden_signals(t *testing.T) {
	t.Parallel()
	docs := loadSchemas(t)
	srv := serveSetup(t, setup{chat: chat.Options{PresenceGrace: time.Millisecond}})
	room := lounge(srv)
	var calls, onStream, onSocket strings.Builder
	one := docs.open(srv, "GET /rooms/{room}/events", "/rooms/lounge/events")
	one.until("chat.live")
	k, _ := docs.dial(srv, ann)
	k.ask(`"op":"subscribe","room":"lounge"`)
	// both writes what comes up to a signal of that name.
	both := func(name string) {
		t.Helper()
		f, ok := one.any()
		for ; ok; f, ok = one.any() {
			onStream.WriteString(f.text + "\n")
			if strings.Contains(f.text, "event: chat."+name+"\n") || strings.Contains(f.data, `"signal":"`+name+`"`) {
				break
			}
		}
		if !ok {
			t.Fatalf("the stream ended before %s", name)
		}
		k.until(func(m message) bool {
			if m.Live == "" {
				onSocket.WriteString("S " + m.text + "\n")
			}
			return m.Signal == name
		})
	}
	call := func(by chat.User, operation, body string) { calls.WriteString(srv.called(docs, by, operation, body)) }

	both("presence") // and the marker before it
	call(bob, "POST /rooms/{room}/typing", "")
	both("typing")
	call(bob, "POST /rooms/{room}/signals", `{"kind":"x.cursor","data":{"line":5}}`)
	both("x.cursor")
	call(bob, "POST /rooms/{room}/signals", `{"kind":"x.cursor","data":null}`)
	both("x.cursor")
	posted := time.Now()
	if _, err := room.Post(t.Context(), bob, "Hello, Ann."); err != nil {
		t.Fatal(err)
	}
	if both("typing"); time.Since(posted) > 5*time.Second { // behind the message, and for its sake
		t.Error("typing ends with its time, not with the message")
	}
	call(bob, "PUT /rooms/{room}/read", `{"up_to":"latest"}`)
	both("read")
	call(ann, "PUT /rooms/{room}/read", `{"up_to":"latest"}`)
	both("read") // her own marker
	call(ann, "GET /rooms/{room}/receipts", "")
	his, _ := docs.dial(srv, bob)
	his.ask(`"op":"subscribe","room":"lounge"`)
	both("presence")
	call(bob, "PUT /me/status", `{"status":"busy","text":"In a meeting"}`)
	both("presence")
	call(ann, "GET /rooms/{room}/presence", "")
	his.conn.Close()
	both("presence")
	call(ann, "GET /rooms/{room}/presence", "")
	wantGolden(t, "sse-signals.txt", onStream.String())
	wantGolden(t, "ws-signals.txt", onSocket.String())
	wantGolden(t, "signals.txt", calls.String())
}

// The list of Ann's rooms on a stream and on a socket: the whole, a message, her
// marker, a new room, and one that she is removed from.
func TestGolden_listOfRooms(t *testing.T) {
	t.Parallel()
	docs := loadSchemas(t)
	srv := serveSetup(t, setup{})
	room := lounge(srv)
	one := docs.open(srv, "GET /me/events", "/me/events")
	f, _ := one.any()
	hello, _ := one.any()
	onStream, onSocket := f.text+"\n"+hello.text+"\n", ""
	k, _ := docs.dial(srv, ann)
	k.ask(`"op":"watch_rooms"`)
	both := func(with string) {
		t.Helper()
		f := one.signal("chat.rooms")
		for !strings.Contains(f.data, with) {
			f = one.signal("chat.rooms")
		}
		onStream += f.text + "\n"
		m := k.until(func(m message) bool { return m.Signal == "rooms" && strings.Contains(string(m.Data), with) })
		onSocket += "S " + m.text + "\n"
	}
	must := func(room *chat.Room, by chat.User, f chat.Fact) {
		t.Helper()
		if _, err := room.Do(t.Context(), chat.Command{User: by, Fact: f}); err != nil {
			t.Fatal(err)
		}
	}
	both(`"full":true`)
	must(room, bob, chat.MessagePosted{Text: "Hello, Ann.", Mentions: []string{"ann"}})
	both(`"unread":1`)
	srv.called(docs, ann, "PUT /rooms/{room}/read", `{"up_to":"latest"}`)
	both(`"unread":0`)
	club := srv.chat.Room("club")
	must(club, bob, chat.RoomCreated{RoomKind: chat.Private, Members: []chat.User{ann}})
	both(`"id":"club"`)
	must(club, bob, chat.UserLeft{Member: ann})
	both(`"removed":["club"]`)
	wantGolden(t, "sse-my-rooms.txt", onStream)
	wantGolden(t, "ws-my-rooms.txt", onSocket)
}

// Of more than 100 only the number is told. When they are 100 again the whole is.
func TestPresence_ofManyIsANumber(t *testing.T) {
	t.Parallel()
	docs := loadSchemas(t)
	srv := serveSetup(t, setup{chat: chat.Options{PresenceGrace: time.Millisecond}})
	room, bell := lounge(srv), chat.NewBell()
	var many []*chat.Attendance
	for i := range 100 {
		many = append(many, room.Attend(chat.User{ID: fmt.Sprint("user", i), Name: "U"}, bell))
		defer many[i].Close()
	}
	one := docs.open(srv, "GET /rooms/{room}/events", "/rooms/lounge/events")
	if f := one.signal("chat.presence"); !strings.HasSuffix(f.data, `"count":101,"users":[]}`) {
		t.Errorf("the presence of 101 is %s", f.data)
	}
	many[0].Close()
	if f := one.signal("chat.presence"); strings.Contains(f.data, `"from"`) || strings.Count(f.data, `"online"`) != 100 {
		t.Errorf("the presence of 100 is %s", f.data)
	}
	many[1].Close()
	if f := one.signal("chat.presence"); !strings.Contains(f.data, `"from"`) || !strings.Contains(f.data, `"count":99`) || strings.Count(f.data, `"status"`) != 1 {
		t.Errorf("the presence of 99 is %s", f.data)
	}
}

// Who asks for no signals gets none, and is not there for others.
func TestSignals_canBeLeftOut(t *testing.T) {
	docs := loadSchemas(t)
	srv := serveSetup(t, setup{})
	room := lounge(srv)
	one := docs.open(srv, "GET /rooms/{room}/events", "/rooms/lounge/events?signals=0")
	one.until("chat.live")
	k, _ := docs.dial(srv, ann)
	k.ask(`"op":"subscribe","room":"lounge","signals":false`)
	k.until(func(m message) bool { return m.Live != "" })
	srv.called(docs, bob, "POST /rooms/{room}/typing", "")
	srv.called(docs, ann, "PUT /rooms/{room}/read", `{"up_to":"latest"}`)
	if _, err := room.Post(t.Context(), bob, "Hello."); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if f, _ := one.any(); f.id == "" {
			t.Errorf("the stream has %s", f.text)
		}
		if m := k.any(); m.Events == nil {
			t.Errorf("the socket has %s", m.text)
		}
		if _, err := room.Post(t.Context(), bob, "Hello again."); err != nil {
			t.Fatal(err)
		}
	}
	if p := srv.called(docs, bob, "GET /rooms/{room}/presence", ""); !strings.Contains(p, `"count":0`) {
		t.Errorf("the presence is %s", p)
	}
}

// A reader who has missed that signals were over is told to forget those that it
// has seen, and then those that hold.
func TestSignals_aLateReaderIsToldToForget(t *testing.T) {
	t.Parallel()
	docs := loadSchemas(t)
	srv := serveSetup(t, setup{transport: transport.Options{WriteTimeout: time.Minute}}) // the late are not to be cut off here
	room := srv.chat.Room("general")
	give := func(user, kind, data string) {
		t.Helper()
		if err := room.Signal(t.Context(), chat.User{ID: user, Name: user}, kind, json.RawMessage(data)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := room.Join(t.Context(), ann); err != nil {
		t.Fatal(err)
	}
	one := docs.open(srv, "GET /rooms/{room}/events", "/rooms/general/events")
	k, _ := docs.dial(srv, ann)
	k.ask(`"op":"subscribe","room":"general"`)
	give("bob", "x.call", `{"to":"ann"}`)
	one.signal("chat.signal")
	k.signal("x.call")
	one.watchdog.Stop() // until it reads again
	long := `"` + strings.Repeat("x", 1000) + `"`
	for i := range 12_000 { // more than their connections hold, and the room
		user := fmt.Sprint("user", i)
		give(user, "x.cursor", long)
		give(user, "x.cursor", "null")
	}
	one.watchdog.Reset(patience)
	_ = k.conn.SetDeadline(time.Now().Add(patience))
	docs.known.unchecked = true
	for f := one.signal("chat.signal"); !strings.Contains(f.data, `"signal":"cleared"`); f = one.signal("chat.signal") {
	}
	docs.known.unchecked = false
	if f := one.signal("chat.signal"); !strings.Contains(f.data, `"signal":"x.call"`) {
		t.Errorf("what still holds begins with %s", f.data)
	}
	docs.known.unchecked = true
	m := k.signal("cleared")
	docs.known.unchecked = false
	docs.want("schemas/ws-server.json", []byte(m.text))
	if m := k.until(func(m message) bool { return m.Signal != "" }); m.Signal != "x.call" {
		t.Errorf("what still holds begins with %s", m.text)
	}
}
