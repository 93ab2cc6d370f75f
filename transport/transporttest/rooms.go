package transporttest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

func severalRooms(t testing.TB, tr *Transport) {
	var d denied
	s := serve(t, tr, setting{
		options: transport.Options{Heartbeat: beat},
		grant:   func(g *transport.Grant) { g.May = d.may },
	})
	d.set(map[string]error{"hidden": chat.ErrRoomNotFound, "forbidden": errors.New("members only")})
	rooms := []string{room, "b", "c"}
	var old []chat.Event
	for i := range 30 {
		old = append(old, s.post(rooms[i%5%3], fmt.Sprint("old ", i))...)
	}
	s.post("hidden", "not for you")
	s.post("forbidden", "not for you")

	l := s.open(old[3].ID.String(), room, "b", "hidden", missing, "c", "forbidden")
	l.wantVerdicts(map[string]transport.Verdict{
		room: transport.Resumed, "b": transport.Resumed, "c": transport.Resumed,
		"hidden": transport.NotFound, missing: transport.NotFound, "forbidden": transport.NotFound,
	})
	if l.hello.Verdict != transport.Resumed {
		t.Errorf("of rooms that resume, and some that are not there, the verdict is %s", l.hello.Verdict)
	}
	l.wantEvents(old[4:]...)
	l.want(Live)
	var all sync.WaitGroup
	for _, name := range append(slices.Clone(rooms), "hidden") {
		all.Go(func() { s.numbered(name, 40, " at once") })
	}
	all.Wait()
	l.wantEvents(s.merged(old[len(old)-1].ID, rooms...)...)

	// A cursor that any of the rooms gave is good for all of them.
	cut := s.open(old[10].ID.String(), "c", room, "b")
	cut.wantEvents(s.merged(old[10].ID, rooms...)[:7]...)
	_ = cut.line.Close()
	at := cut.last
	s.open(at.String(), "b", "c", room).wantEvents(s.merged(at, rooms...)...)

	d.set(map[string]error{"b": errors.New("banned"), "hidden": chat.ErrRoomNotFound, "forbidden": errors.New("members only")})
	if f := l.want(End); f.Room != "b" || f.Reason != "forbidden" {
		t.Errorf("the end of one room is %v", f)
	}
	s.post("b", "not for you")
	l.wantEvents(slices.Concat(s.post("c", "for you"), s.post(room, "for you"))...)

	if p := s.refusal(ask(ann, "", missing, "hidden")); p.Code != chat.ErrRoomNotFound.Code {
		t.Errorf("where none of the rooms is there the refusal is %v", &p)
	}
}

// merged returns what is stored of rooms behind a cursor, in the order of the
// store.
func (s *site) merged(after chat.ID, rooms ...string) (events []chat.Event) {
	s.Helper()
	for _, name := range rooms {
		events = append(events, s.log(name, after)...)
	}
	slices.SortFunc(events, func(a, b chat.Event) int { return a.ID.Compare(b.ID) })
	return events
}
