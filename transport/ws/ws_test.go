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

const (
	noID    = "01K6ABCDEFGHJKMNPQRSTVWXYZ"
	aheadID = "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"
)

// wantEvents reads frames of a room until all the events have come, in order.
func wantEvents(t *testing.T, k *wiretest.Socket, events ...chat.Event) {
	t.Helper()
	for len(events) > 0 {
		m := k.Next()
		if len(m.Events) == 0 {
			t.Fatalf("the frame is %s", m.Raw)
		}
		for _, e := range m.Events {
			if m.Room != events[0].Room || string(e) != string(events[0].JSON()) {
				t.Fatalf("the frame is %s, the event is %s", m.Raw, events[0].JSON())
			}
			events = events[1:]
		}
	}
}

func wantLive(t *testing.T, k *wiretest.Socket, room string, cursor chat.ID) {
	t.Helper()
	if m := k.Next(); m.Raw != fmt.Sprintf(`{"room":%q,"live":%q}`, room, cursor) {
		t.Fatalf("the frame is %s, not live from %s", m.Raw, cursor)
	}
}

func TestSocket_beginsWithHello(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{})
	ann, token := s.User("Ann")
	k := s.RawSocket(token)
	var hello struct {
		V      int
		Store  string
		User   chat.User
		HBs    int `json:"heartbeat_ms"`
		Limits map[string]int
	}
	if err := json.Unmarshal(k.Next().Hello, &hello); err != nil {
		t.Fatal(err)
	}
	if hello.V != 1 || hello.Store != s.Chat.StoreID() || hello.User != ann || hello.HBs != 15000 || hello.Limits["message"] != 64<<10 || hello.Limits["text"] != 4000 {
		t.Errorf("hello is %+v", hello)
	}
}

func TestSubscribe_hasAVerdict(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{})
	ann, token := s.User("Ann")
	events := s.Post("general", ann, "one", "two", "three")
	first, last := events[0].ID.String(), events[2].ID
	for _, test := range []struct {
		after, more, verdict, reason string
		replay                       []chat.Event
	}{
		{"", "", "fresh", "", nil},
		{"latest", "", "fresh", "", nil},
		{"earliest", "", "resumed", "", events},
		{first, "", "resumed", "", events[1:]},
		{strings.ToLower(first), "", "resumed", "", events[1:]},
		{chat.Start.String(), "", "resumed", "", events},
		{last.String(), "", "resumed", "", nil},
		{"rubbish", "", "reset", "invalid", nil},
		{aheadID, "", "reset", "ahead", nil},
		{first, `,"store":"0123"`, "reset", "store", nil},
	} {
		t.Run(test.after+test.more, func(t *testing.T) {
			k := s.In(t).Socket(token)
			m := k.WantOK("1", fmt.Sprintf(`{"id":"1","op":"subscribe","room":"general","after":%q%s}`, test.after, test.more))
			want := fmt.Sprintf(`{"re":"1","ok":{"verdict":%q,"head":%q,"floor":%q}}`, test.verdict, last, chat.Start)
			if m.Raw != want {
				t.Errorf("the answer is %s, not %s", m.Raw, want)
			}
			if test.reason != "" {
				want := fmt.Sprintf(`{"room":"general","reset":{"reason":%q,"floor":%q,"head":%q}}`, test.reason, chat.Start, last)
				if m := k.Next(); m.Raw != want {
					t.Errorf("the frame is %s, not %s", m.Raw, want)
				}
			}
			wantEvents(t, k, test.replay...)
			wantLive(t, k, "general", last)
		})
	}
	k := s.Socket(token)
	k.WantOK("1", `{"id":"1","op":"subscribe","room":"general"}`)
	wantLive(t, k, "general", last)
	wantEvents(t, k, s.Post("general", ann, "four", "five")...)
}

func TestSocket_carriesManyRooms(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{})
	ann, token := s.User("Ann")
	k := s.Socket(token)
	rooms := []string{"a", "b", "c"}
	for _, room := range rooms {
		s.Post(room, ann, "first")
		k.WantOK(room, fmt.Sprintf(`{"id":%q,"op":"subscribe","room":%q}`, room, room))
		k.Next() // live
	}
	got := make(map[string][]string)
	want := make(map[string][]string)
	n := 0
	for i := range 300 {
		e := s.Post(rooms[i%3], ann, fmt.Sprint(i))[0]
		want[e.Room] = append(want[e.Room], string(e.JSON()))
	}
	for n < 300 {
		m := k.Next()
		for _, e := range m.Events {
			got[m.Room] = append(got[m.Room], string(e))
			n++
		}
	}
	for _, room := range rooms {
		if !slices.Equal(got[room], want[room]) {
			t.Errorf("of room %s there came %v", room, got[room])
		}
	}
}

func TestReplay_putsManyEventsIntoAFrame(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{})
	ann, token := s.User("Ann")
	var events []chat.Event
	for i := range 600 {
		events = append(events, s.Post("general", ann, fmt.Sprint(i, strings.Repeat(" long", 200)))...)
	}
	k := s.Socket(token)
	k.WantOK("1", `{"id":"1","op":"subscribe","room":"general","after":"earliest"}`)
	frames, n := 0, 0
	for n < len(events) {
		m := k.Next()
		frames++
		if len(m.Raw) > 64<<10+100 {
			t.Errorf("a frame has %d bytes", len(m.Raw))
		}
		for _, e := range m.Events {
			if string(e) != string(events[n].JSON()) {
				t.Fatalf("event %d is %s", n, e)
			}
			n++
		}
	}
	wantLive(t, k, "general", events[n-1].ID)
	if frames > 30 {
		t.Errorf("there were %d frames", frames)
	}
}

func TestCommands_areThoseOfHTTP(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{})
	_, token := s.User("Ann")
	k := s.Socket(token)
	type answer struct {
		Event struct {
			ID, Type, Key string
			Data          struct{ Text, Emoji, Message string }
		}
		Replayed *bool
		Users    []chat.Member
		Cursor   string
	}
	n := 0
	ask := func(format string, args ...any) (a answer) {
		t.Helper()
		n++
		id := fmt.Sprint(n)
		m := k.WantOK(id, fmt.Sprintf(`{"id":%q,`, id)+fmt.Sprintf(format, args...)+`}`)
		if err := json.Unmarshal(m.OK, &a); err != nil {
			t.Fatal(err)
		}
		return a
	}
	if a := ask(`"op":"join","room":"general"`); a.Event.Type != "UserJoined" || len(a.Users) != 1 || a.Cursor == "" {
		t.Errorf("join: %+v", a)
	}
	if a := ask(`"op":"join","room":"general"`); a.Event.Type != "" || len(a.Users) != 1 {
		t.Errorf("join again: %+v", a)
	}
	posted := ask(`"op":"post","room":"general","key":"k","text":" Hello. ","meta":{"a":1}`)
	if posted.Event.Data.Text != "Hello." || posted.Event.Key != "k" || posted.Replayed == nil || *posted.Replayed {
		t.Errorf("post: %+v", posted)
	}
	if a := ask(`"op":"post","room":"general","key":"k","text":"Hello.","meta":{"a":1}`); a.Event.ID != posted.Event.ID || !*a.Replayed {
		t.Errorf("post again: %+v", a)
	}
	id := posted.Event.ID
	if a := ask(`"op":"edit","room":"general","message":%q,"text":"Bye."`, id); a.Event.Type != "MessageEdited" || a.Event.Data.Message != id {
		t.Errorf("edit: %+v", a)
	}
	if a := ask(`"op":"edit","room":"general","message":%q,"text":"Bye."`, id); a.Event.ID != "" {
		t.Errorf("edit again: %+v", a)
	}
	if a := ask(`"op":"react","room":"general","message":%q,"emoji":"👍"`, strings.ToLower(id)); a.Event.Data.Emoji != "👍" || a.Event.Data.Message != id {
		t.Errorf("react: %+v", a)
	}
	var page struct {
		Messages []struct {
			Text      string
			Reactions []struct{ Mine bool }
		}
		Cursor string
	}
	m := k.WantOK("h", `{"id":"h","op":"history","room":"general","limit":10}`)
	if err := json.Unmarshal(m.OK, &page); err != nil || len(page.Messages) != 1 || page.Messages[0].Text != "Bye." || !page.Messages[0].Reactions[0].Mine {
		t.Errorf("history: %s", m.Raw)
	}
	if a := ask(`"op":"unreact","room":"general","message":%q,"emoji":"👍"`, id); a.Event.Type != "ReactionRemoved" {
		t.Errorf("unreact: %+v", a)
	}
	if a := ask(`"op":"delete","room":"general","message":%q`, id); a.Event.Type != "MessageDeleted" {
		t.Errorf("delete: %+v", a)
	}
	if a := ask(`"op":"leave","room":"general"`); a.Event.Type != "UserLeft" {
		t.Errorf("leave: %+v", a)
	}
	if m := k.WantOK("p", `{"id":"p","op":"ping"}`); m.Raw != `{"re":"p","ok":{}}` {
		t.Errorf("ping: %s", m.Raw)
	}
}

func TestRequests_areRefusedWithTheProblemsOfHTTP(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{Options: transport.Options{MaxRooms: 1}})
	ann, token := s.User("Ann")
	_, bobs := s.User("Bob")
	own := s.Post("general", ann, "one")[0].ID.String()
	s.Post("other", ann, "one")
	k := s.Socket(bobs)
	_ = token
	if m, _ := k.Ask("n", `{"id":"n","op":"subscribe","room":"nothing"}`); m.Error == nil || m.Error.Code != "room_not_found" {
		t.Errorf("a missing room is answered %s", m.Raw)
	}
	k.WantOK("s", `{"id":"s","op":"subscribe","room":"general"}`)
	for _, test := range []struct{ fields, code string }{
		{`"op":"fly"`, "invalid_field"},
		{`"room":"general"`, "invalid_field"},
		{`"op":5`, "invalid_field"},
		{`"op":"ping","room":"general"`, "invalid_field"},
		{`"op":"ping","op":"ping"`, "invalid_field"},
		{`"op":"post","room":"general"`, "invalid_field"},
		{`"op":"post","room":"general","text":"a","user":"ann"`, "invalid_field"},
		{`"op":"post","room":"general","text":"\ud83d"`, "invalid_utf8"},
		{`"op":"post","room":"general","text":" "`, "empty_message"},
		{`"op":"post","room":"nothing","text":"a"`, "room_not_found"},
		{`"op":"post","room":"-","text":"a"`, "room_not_found"},
		{`"op":"post","room":"general","text":"a","key":""`, "idempotency_key_invalid"},
		{`"op":"join","room":"-"`, "invalid_room_id"},
		{`"op":"edit","room":"general","message":"x","text":"a"`, "message_not_found"},
		{`"op":"edit","room":"general","message":"` + noID + `","text":"a"`, "message_not_found"},
		{`"op":"edit","room":"general","message":"` + own + `","text":"a"`, "forbidden"},
		{`"op":"react","room":"general","message":"` + own + `","emoji":""`, "invalid_reaction"},
		{`"op":"history","room":"general","limit":0`, "invalid_field"},
		{`"op":"history","room":"general","before":"x"`, "invalid_cursor"},
		{`"op":"history","room":"nothing"`, "room_not_found"},
		{`"op":"subscribe","room":"general"`, "already_subscribed"},
		{`"op":"subscribe","room":"other"`, "too_many_connections"},
		{`"op":"subscribe","room":"general","after":5`, "invalid_field"},
		{`"op":"auth","token":"rubbish"`, "unauthenticated"},
		{`"op":"auth","token":"` + token + `"`, "forbidden"},
	} {
		head := s.Chat.Head()
		m, _ := k.Ask("x", `{"id":"x",`+test.fields+`}`)
		if m.Error == nil || m.Error.Code != test.code || !strings.Contains(m.Raw, `"urn:chat:problem:`+test.code) {
			t.Errorf("%s is answered %s, not %s", test.fields, m.Raw, test.code)
		}
		if s.Chat.Head() != head {
			t.Errorf("%s has stored something", test.fields)
		}
	}
}

func TestRequests_areAnsweredOnceAndInOrder(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{})
	ann, token := s.User("Ann")
	s.Post("general", ann, "first")
	k := s.Socket(token)
	const n = 200
	for i := range n {
		k.Send(fmt.Sprintf(`{"op":"post","room":"general","text":"unanswered %d"}`, i))
		k.Send(fmt.Sprintf(`{"id":"%d","op":"post","room":"general","text":"%d"}`, i, i))
	}
	k.Send(`{"id":"\u0041\"","op":"ping"}`)
	var last string
	for i := range n {
		m := k.Next()
		var ok struct {
			Event struct {
				ID   string
				Data struct{ Text string }
			}
		}
		if m.Re == nil || *m.Re != fmt.Sprint(i) {
			t.Fatalf("frame %d is %s", i, m.Raw)
		}
		if err := json.Unmarshal(m.OK, &ok); err != nil || ok.Event.Data.Text != fmt.Sprint(i) || ok.Event.ID <= last {
			t.Fatalf("answer %d is %s", i, m.Raw)
		}
		last = ok.Event.ID
	}
	if m := k.Next(); m.Re == nil || *m.Re != `A"` {
		t.Errorf("the last answer is %s", m.Raw)
	}
	page, err := s.Chat.Room("general").Log(t.Context(), "", chat.Start, 1000)
	if err != nil || len(page.Events) != 2*n+1 {
		t.Errorf("%d events are stored, %v", len(page.Events), err)
	}
}

func TestUnsubscribe_isTheLastOfTheRoom(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{})
	ann, token := s.User("Ann")
	s.Post("general", ann, "first")
	k := s.Socket(token)
	stop := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				s.Post("general", ann, "more")
			}
		}
	}()
	for i := range 50 {
		k.WantOK("s", `{"id":"s","op":"subscribe","room":"general","after":"earliest"}`)
		k.Next()
		k.WantOK("u", `{"id":"u","op":"unsubscribe","room":"general"}`)
		if m, before := k.Ask("p", `{"id":"p","op":"ping"}`); len(before) > 0 || m.OK == nil {
			t.Fatalf("round %d: after the answer came %v", i, before)
		}
	}
	close(stop)
	<-stopped
	k.WantOK("u", `{"id":"u","op":"unsubscribe","room":"general"}`)
}

func TestAuth_renewsInPlace(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{})
	ann, _ := s.User("Ann")
	k := s.Socket(s.Guest.Token(ann, time.Now().Add(2*time.Second)))
	k.WantOK("a", `{"id":"a","op":"auth","token":"`+s.Guest.Token(ann, time.Now().Add(time.Hour))+`"}`)
	timer := time.After(3 * time.Second)
	for {
		k.WantOK("p", `{"id":"p","op":"ping"}`)
		select {
		case <-timer:
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}
