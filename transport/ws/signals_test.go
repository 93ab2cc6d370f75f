package ws_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/internal/wiretest"
)

// subscribed returns a socket that is subscribed to a room and has been told who is
// there.
func subscribed(s *wiretest.Server, token, room string) *wiretest.Socket {
	k := s.Socket(token)
	k.WantOK("s", `{"id":"s","op":"subscribe","room":"`+room+`"}`)
	k.NextSignal("presence")
	return k
}

// present returns who is in a room, and the version.
func present(t *testing.T, s *wiretest.Server, room string) (ids string, version uint64) {
	t.Helper()
	p, err := s.Chat.Room(room).Presence(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range p.Users {
		ids += u.ID + " "
	}
	return strings.TrimSpace(ids), p.Version
}

func TestSignalOps_doWhatTheCallsDo(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{})
	ann, anns := s.User("Ann")
	_, bobs := s.User("Bob")
	events := s.Post("general", ann, "one", "two")
	first, head := events[0].ID.String(), events[1].ID.String()
	k, other := subscribed(s, bobs, "general"), subscribed(s, anns, "general")

	for _, test := range []struct{ request, ok string }{
		{`{"id":"1","op":"read","room":"general","up_to":"` + first + `"}`, `{"up_to":"` + first + `","unread":1,"mentions":0}`},
		{`{"id":"1","op":"read","room":"general","up_to":"latest"}`, `{"up_to":"` + head + `","unread":0,"mentions":0}`},
		{`{"id":"1","op":"read","room":"general","up_to":"` + first + `"}`, `{"up_to":"` + head + `","unread":0,"mentions":0}`},
		{`{"id":"1","op":"typing","room":"general"}`, `{}`},
		{`{"id":"1","op":"signal","room":"general","kind":"x.dot","data":{"at":1}}`, `{}`},
		{`{"id":"1","op":"status","status":"away","text":"  at lunch"}`, `{"status":"away","text":"at lunch"}`},
	} {
		if m := k.WantOK("1", test.request); string(m.OK) != test.ok {
			t.Errorf("%s is answered %s, not %s", test.request, m.Raw, test.ok)
		}
	}
	var p chat.Presence
	m := k.WantOK("2", `{"id":"2","op":"presence","room":"general"}`)
	if err := json.Unmarshal(m.OK, &p); err != nil || p.Count != 2 || len(p.Users) != 2 || p.Users[1].ID != "bob" || p.Users[1].Status != chat.Away || p.Users[1].Text != "at lunch" {
		t.Errorf("presence is answered %s", m.Raw)
	}
	told := map[string]bool{}
	for len(told) < 3 {
		switch m := other.NextSignal(""); m.Raw {
		case `{"room":"general","signal":"typing","data":{"users":[{"id":"bob","name":"Bob"}]}}`,
			`{"room":"general","signal":"x.dot","data":{"user":{"id":"bob","name":"Bob"},"data":{"at":1}}}`:
			told[m.Signal] = true
		default:
			var p chat.Presence
			if json.Unmarshal(m.Data, &p) == nil && p.From > 0 && len(p.Users) == 1 && p.Users[0].Text == "at lunch" {
				told["presence"] = true
			}
		}
	}
}

func TestSignalOps_refuse(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{})
	_, anns := s.User("Ann")
	_, bobs := s.User("Bob")
	s.Call("POST", "/rooms", anns, `{"id":"general"}`).Want(201)
	s.Call("POST", "/rooms", anns, `{"id":"secret","kind":"private"}`).Want(201)
	s.Call("POST", "/rooms", anns, `{"id":"muted","members":["bob"]}`).Want(201)
	s.Call("PUT", "/rooms/muted/mutes/bob", anns, "").Want(200)
	s.Call("POST", "/rooms", anns, `{"id":"old"}`).Want(201)
	s.Call("PATCH", "/rooms/old", anns, `{"archived":true}`).Want(200)
	k := s.Socket(bobs)
	for _, test := range []struct{ request, code string }{
		{`"op":"read","room":"general"`, "invalid_field"},
		{`"op":"read","up_to":"latest"`, "invalid_field"},
		{`"op":"read","room":"general","up_to":"rubbish"`, "invalid_cursor"},
		{`"op":"read","room":"general","up_to":""`, "invalid_cursor"},
		{`"op":"read","room":"general","up_to":"7ZZZZZZZZZZZZZZZZZZZZZZZZZ"`, "cursor_ahead"},
		{`"op":"read","room":"general","up_to":"latest","user":"ann"`, "invalid_field"},
		{`"op":"read","room":"secret","up_to":"latest"`, "room_not_found"},
		{`"op":"typing"`, "invalid_field"},
		{`"op":"typing","room":"general","user":"ann"`, "invalid_field"},
		{`"op":"typing","room":"muted"`, "forbidden"},
		{`"op":"typing","room":"old"`, "room_archived"},
		{`"op":"typing","room":"secret"`, "room_not_found"},
		{`"op":"signal","room":"general","data":1`, "invalid_field"},
		{`"op":"signal","room":"general","kind":"read","data":1`, "invalid_field"},
		{`"op":"signal","room":"general","kind":"x.a","data":"` + strings.Repeat("a", 1023) + `"`, "invalid_field"},
		{`"op":"signal","room":"muted","kind":"x.a"`, "forbidden"},
		{`"op":"signal","room":"old","kind":"x.a"`, "room_archived"},
		{`"op":"presence","room":"secret"`, "room_not_found"},
		{`"op":"presence","room":"general","after":"latest"`, "invalid_field"},
		{`"op":"status","status":"asleep"`, "invalid_field"},
		{`"op":"status","status":"away","text":5`, "invalid_field"},
		{`"op":"watch_rooms","room":"general"`, "invalid_field"},
		{`"op":"unwatch_rooms","room":"general"`, "invalid_field"},
		{`"op":"subscribe","room":"general","signals":"no"`, "invalid_field"},
		{`"op":"unsubscribe","room":"\u0000rooms","x":1`, "invalid_field"},
	} {
		if m, _ := k.Ask("1", `{"id":"1",`+test.request+`}`); m.Error == nil || m.Error.Code != test.code {
			t.Errorf("%s is answered %s, not %s", test.request, m.Raw, test.code)
		}
	}
	if ids, version := present(t, s, "general"); ids != "" || version != 0 {
		t.Errorf("there are %q in version %d, and nobody has subscribed", ids, version)
	}
}

func TestSignals_areLimitedOnASocketToo(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{Options: transport.Options{SignalRate: 0.01, SignalBurst: 1}})
	ann, anns := s.User("Ann")
	s.Post("general", ann, "one")
	k := s.Socket(anns)
	k.WantOK("1", `{"id":"1","op":"typing","room":"general"}`)
	for _, request := range []string{`{"id":"2","op":"typing","room":"general"}`, `{"id":"2","op":"signal","room":"general","kind":"x.a","data":1}`} {
		if m, _ := k.Ask("2", request); m.Error == nil || m.Error.Code != "rate_limited" || m.Error.RetryAfter != 100 {
			t.Errorf("%s is answered %s", request, m.Raw)
		}
	}
	k.WantOK("3", `{"id":"3","op":"read","room":"general","up_to":"latest"}`)
}

// Signals come behind live, and none where none are asked for.
func TestSubscribe_tellsSignalsBehindLive(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{})
	ann, anns := s.User("Ann")
	_, bobs := s.User("Bob")
	first := s.Post("general", ann, "one", "two")[0].ID.String()
	s.Call("PUT", "/rooms/general/read", bobs, `{"up_to":"`+first+`"}`).Want(200)
	s.Call("POST", "/rooms/general/typing", anns, "").Want(204)
	k, quiet := s.Socket(bobs), s.Socket(anns)
	k.Send(`{"id":"1","op":"subscribe","room":"general","after":"` + first + `"}`)
	var order []string
	for len(order) < 6 {
		m := k.NextMessage()
		switch {
		case m.Re != nil:
			order = append(order, "answer")
		case m.Live != "":
			order = append(order, "live")
		case m.Events != nil:
			order = append(order, "events")
		default:
			order = append(order, m.Signal)
		}
	}
	if got := strings.Join(order, " "); got != "answer events live read presence typing" {
		t.Errorf("a socket is told %s", got)
	}
	quiet.WantOK("1", `{"id":"1","op":"subscribe","room":"general","signals":false}`)
	if m := quiet.NextMessage(); m.Live == "" {
		t.Errorf("instead of live comes %s", m.Raw)
	}
	if ids, _ := present(t, s, "general"); ids != "bob" {
		t.Errorf("there are %q", ids)
	}
	s.Call("POST", "/rooms/general/signals", bobs, `{"kind":"x.a","data":1}`).Want(204)
	k.NextSignal("x.a")
	s.Post("general", ann, "three")
	if m := quiet.NextMessage(); m.Events == nil {
		t.Errorf("who wants no signals is told %s", m.Raw)
	}
}

// After the answer to unsubscribe comes nothing more of the room, signals included.
func TestUnsubscribe_endsTheSignals(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{Chat: chat.Options{PresenceGrace: time.Millisecond}, Options: transport.Options{NoLimits: true}})
	ann, _ := s.User("Ann")
	_, bobs := s.User("Bob")
	s.Post("general", ann, "one")
	stop, done := make(chan struct{}), make(chan error, 1)
	go func() {
		room := s.Chat.Room("general")
		for i := 0; ; i++ {
			select {
			case <-stop:
				done <- nil
				return
			default:
			}
			if err := room.Signal(t.Context(), ann, "x.dot", json.RawMessage(fmt.Sprint(i))); err != nil {
				done <- err
				return
			}
		}
	}()
	k := s.Socket(bobs)
	for range 20 {
		k.WantOK("1", `{"id":"1","op":"subscribe","room":"general"}`)
		k.NextSignal("x.dot")
		k.WantOK("2", `{"id":"2","op":"unsubscribe","room":"general"}`)
		k.Send(`{"id":"3","op":"ping"}`)
		if m := k.NextMessage(); m.Re == nil || *m.Re != "3" {
			t.Fatalf("after the answer to unsubscribe comes %s", m.Raw)
		}
	}
	close(stop)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	wiretest.Eventually(t, "nobody is there", func() bool {
		ids, _ := present(t, s, "general")
		return ids == ""
	})
}

func TestPresence_countsTheSocketsOfAUser(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{Chat: chat.Options{PresenceGrace: time.Millisecond}})
	ann, anns := s.User("Ann")
	_, bobs := s.User("Bob")
	_, eves := s.User("Eve")
	s.Post("general", ann, "one")
	bob := subscribed(s, bobs, "general")
	phone, tab := subscribed(s, anns, "general"), subscribed(s, anns, "general")
	wait := func(id string, status chat.Status) (all []string) {
		t.Helper()
		for {
			m := bob.NextSignal("presence")
			var p chat.Presence
			if err := json.Unmarshal(m.Data, &p); err != nil {
				t.Fatal(err)
			}
			for _, u := range p.Users {
				all = append(all, u.ID+" "+string(u.Status))
			}
			if slices.Contains(all, id+" "+string(status)) {
				return all
			}
		}
	}
	wait("ann", chat.Online)
	phone.WantOK("2", `{"id":"2","op":"unsubscribe","room":"general"}`)
	phone.WantOK("3", `{"id":"3","op":"ping"}`) // by now the writer has closed the session
	subscribed(s, eves, "general")
	if told := wait("eve", chat.Online); len(told) != 1 {
		t.Errorf("while Ann has another socket there, Bob is told of %v", told)
	}
	tab.Conn.Close()
	wait("ann", chat.Offline)
}

// A session that is left without a word, in the midst of whatever, is not kept.
func TestSocketsThatHaveEnded_leaveNothing(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{Chat: chat.Options{PresenceGrace: time.Millisecond}})
	ann, anns := s.User("Ann")
	s.Post("general", ann, "one")
	s.Post("other", ann, "one")
	for i := range 20 {
		k := s.Socket(anns)
		for _, room := range []string{"general", "other"} {
			k.Send(`{"id":"1","op":"subscribe","room":"` + room + `"}`)
		}
		k.Send(`{"id":"2","op":"watch_rooms"}`)
		k.Send(`{"op":"typing","room":"general"}`)
		if i%2 == 0 {
			k.NextSignal("presence")
		}
		k.Conn.Close()
	}
	wiretest.Eventually(t, "the lobbies are empty", func() bool {
		_, general := present(t, s, "general")
		_, other := present(t, s, "other")
		return general == 0 && other == 0
	})
}

// What was put off is told when it is due, whatever has been told meanwhile.
func TestWhatWasPutOff_isToldWhenItIsDue(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{Options: transport.Options{Heartbeat: time.Hour, IdleTimeout: time.Hour}})
	ann, anns := s.User("Ann")
	bob, bobs := s.User("Bob")
	s.Post("general", ann, "one")
	k := subscribed(s, anns, "general") // and so the next change is put off
	began := time.Now()
	subscribed(s, bobs, "general")
	s.Post("general", ann, "two")
	s.Call("POST", "/rooms/general/signals", bobs, `{"kind":"x.a","data":1}`).Want(204)
	k.NextSignal("x.a")
	k.NextSignal("presence") // else nothing would come any more
	s.Call("POST", "/rooms/general/typing", bobs, "").Want(204)
	k.NextSignal("typing")
	s.Post("general", bob, "three") // which ends it
	for m := k.NextSignal("typing"); !strings.Contains(m.Raw, `{"users":[]}`); m = k.NextSignal("typing") {
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
}
