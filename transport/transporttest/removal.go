package transporttest

import (
	"context"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

// reads is who reads in the suite, as a user.
var reads = chat.User{ID: ann, Name: "Ann"}

// do gives a command of the author's and returns its event.
func (s *site) do(room string, f chat.Fact) chat.Event {
	s.Helper()
	res, err := s.chat.Room(room).Do(context.Background(), chat.Command{User: author, Fact: f})
	if err != nil || !res.Changed {
		s.Fatalf("%s in room %s: changed: %t, %v", f.Kind(), room, res.Changed, err)
	}
	return res.Event
}

func removal(t testing.TB, tr *Transport) {
	// No heartbeat comes in the test: what ends, ends by its event.
	s := serve(t, tr, setting{options: transport.Options{Heartbeat: time.Minute}})
	private := chat.RoomCreated{RoomKind: chat.Private, Members: []chat.User{reads}}
	for _, test := range []struct {
		room   string
		is     chat.RoomCreated
		become chat.Fact
	}{
		{"removed", private, chat.UserLeft{Member: reads}},
		{"banned", private, chat.UserBanned{Member: reads}},
		{"stranger", chat.RoomCreated{}, chat.UserBanned{Member: reads}},
		{"closed", chat.RoomCreated{}, chat.RoomChanged{RoomKind: chat.Private}},
	} {
		s.do(test.room, test.is)
		first := s.post(test.room, "one")[0]
		live, behind := s.open("", test.room), s.open(first.ID.String(), test.room)
		live.want(Live)
		events := s.post(test.room, "two", "three")
		events = append(events, s.do(test.room, test.become))
		s.post(test.room, "not for you")
		for _, l := range []*listener{live, behind} {
			l.wantUpTo(events)
			f := l.next()
			if f.Kind != End || f.Reason != "forbidden" || f.Room != "" && f.Room != test.room {
				t.Fatalf("%s: behind the event that takes the room away comes %v", test.room, f)
			}
			_ = l.reader.Close()
		}
		for _, after := range []string{"", "earliest", first.ID.String()} {
			if p := s.refusal(ask(ann, after, test.room)); p.Code != chat.ErrRoomNotFound.Code && p.Code != chat.ErrForbidden.Code {
				t.Errorf("%s: who comes again after %q is refused with %v", test.room, after, &p)
			}
		}
	}
}

// wantUpTo is wantEvents, with the mark anywhere among them.
func (l *listener) wantUpTo(events []chat.Event) {
	l.Helper()
	for _, e := range events {
		f := l.nextFor("event " + e.ID.String())
		if f.Kind == Live {
			f = l.nextFor("event " + e.ID.String())
		}
		if f.Kind != Event || string(f.JSON) != string(e.JSON()) {
			l.Fatalf("instead of %s comes %v", e.JSON(), f)
		}
	}
}

func deletion(t testing.TB, tr *Transport) {
	s := serve(t, tr, setting{options: transport.Options{Heartbeat: time.Minute}})
	s.do(room, chat.RoomCreated{RoomKind: chat.Private, Members: []chat.User{reads}})
	first := s.post(room, "one")[0]
	live, behind := s.open(""), s.open(first.ID.String())
	live.want(Live)
	last := s.do(room, chat.RoomDeleted{})
	s.do(room, chat.RoomCreated{RoomKind: chat.Private})
	s.post(room, "not for you")
	for _, l := range []*listener{live, behind} {
		for f := l.nextFor(string(End)); ; f = l.nextFor(string(End)) {
			if f.Kind == End {
				l.isForbidden(f)
				break
			}
			if f.Kind == Event && l.last.Compare(last.ID) > 0 {
				t.Fatalf("behind the deletion comes %s", f.JSON)
			}
		}
	}
	if p := s.refusal(ask(ann, "earliest", room)); p.Code != chat.ErrRoomNotFound.Code {
		t.Errorf("the deleted room is refused with %v", &p)
	}
}

func joinedVisibility(t testing.TB, tr *Transport) {
	s := serve(t, tr, setting{})
	s.do(room, chat.RoomCreated{RoomKind: chat.Private, History: chat.SeeFromJoin})
	before := s.post(room, "not for you", "nor this")
	events := append([]chat.Event{s.do(room, chat.UserJoined{Member: reads})}, s.post(room, "for you")...)
	for _, after := range []string{"earliest", before[0].ID.String(), before[1].ID.String()} {
		l := s.open(after)
		l.wantEvents(events...)
		l.want(Live)
		_ = l.reader.Close()
	}
	if tr.OneRoom != "" {
		return
	}
	s.do("other", chat.RoomCreated{})
	l := s.open("earliest", room, "other")
	l.wantEvents(append(events, s.log("other", chat.Start)...)...)
	l.want(Live)
}
