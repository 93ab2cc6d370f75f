package model_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"pgregory.net/rapid"
)

const people = 5

func person(id string) chat.User { return chat.User{ID: id, Name: strings.ToUpper(id)} }

func personOf(i int) string { return fmt.Sprint("u", i) }

// Whatever is asked by whomever: the chat answers as the model does.
func TestChat_isAsItsModelSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "model")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		r := &run{T: t, path: filepath.Join(dir, "chat.db"), ids: []string{"a", "b"}, ctx: context.Background()}
		r.model = &model{
			rooms: map[string]*room{}, now: time.UnixMilli(1_767_323_045_678).UTC(),
			reactions: chat.ReactionPolicy(uniform(3).Draw(t, "reactions")),
		}
		r.open()
		defer func() { _ = r.chat.Close() }()
		for range rapid.IntRange(100, 160).Draw(t, "steps") {
			r.next()
		}
		r.reopen()
	})
}

// A run is one chat beside one model.
type run struct {
	*rapid.T
	path  string
	chat  *chat.Chat
	model *model
	ids   []string // of rooms that are, were or may be
	ctx   context.Context
	steps int
}

func (r *run) open() {
	c, err := chat.Open(r.path, &chat.Options{
		Reactions: r.model.reactions, Now: func() time.Time { return r.model.now },
	})
	if err != nil {
		r.Fatal(err)
	}
	r.chat = c
}

// reopen compares everything before and after the views were made anew.
func (r *run) reopen() {
	r.compareAll()
	if err := r.chat.Close(); err != nil {
		r.Fatal(err)
	}
	if err := os.Remove(r.path + ".views"); err != nil {
		r.Fatal(err)
	}
	r.open()
	r.compareAll()
}

func (r *run) next() {
	r.steps++
	r.model.now = r.model.now.Add([]time.Duration{0, 1, 300, 1000, 5000}[uniform(5).Draw(r.T, "ms")] * time.Millisecond)
	cmd := r.draw()
	if _, direct := cmd.fact.(chat.RoomCreated); direct && cmd.room == "" {
		r.createDirect(cmd)
		return
	}
	key := ""
	if uniform(4).Draw(r.T, "key") == 0 {
		key = fmt.Sprint("key ", r.steps)
	}
	ask := chat.Command{User: person(cmd.by), Host: cmd.host, Fact: cmd.fact, Key: key}
	want := r.model.do(cmd)
	res, err := r.chat.Room(cmd.room).Do(r.ctx, ask)
	if got := verdictOf(res, err); got != want {
		r.Fatalf("%+v: got %s (%v), want %s", cmd, got, err, want)
	}
	if _, posted := cmd.fact.(chat.MessagePosted); posted && want == changed {
		room := r.model.rooms[cmd.room]
		room.messages[len(room.messages)-1].id = res.Event.ID
	}
	if _, deleted := cmd.fact.(chat.RoomDeleted); key != "" && want == changed && !deleted {
		again, err := r.chat.Room(cmd.room).Do(r.ctx, ask)
		if err != nil || !again.Replayed || again.Event.ID != res.Event.ID {
			r.Fatalf("%+v again: %+v, %v", cmd, again, err)
		}
	}
	r.compare(cmd.room, personOf(r.steps%people))
	r.compare(cmd.room, personOf((r.steps+1)%people))
	r.compare(cmd.room, "")
	r.compareMentions(personOf(r.steps % people))
	r.compareRooms(personOf(r.steps % people))
	if uniform(80).Draw(r.T, "reopen") == 0 {
		r.reopen()
	}
}

func verdictOf(res chat.Result, err error) string {
	var e *chat.Error
	switch {
	case errors.As(err, &e):
		return e.Code
	case err != nil:
		return err.Error()
	case res.Changed:
		return changed
	}
	return nothing
}

// createDirect makes a direct room, or finds the one that is.
func (r *run) createDirect(cmd command) {
	f := cmd.fact.(chat.RoomCreated)
	res, err := r.chat.CreateRoom(r.ctx, "", chat.Command{User: person(cmd.by), Fact: f})
	if err != nil {
		r.Fatal(err)
	}
	if there := r.model.direct(cmd.by, f.Members); there != nil {
		if res.Changed || res.Event.Room != there.id {
			r.Fatalf("direct room %+v, want %s", res, there.id)
		}
		return
	}
	cmd.room = res.Event.Room
	if verdict := r.model.do(cmd); verdict != changed || !res.Changed {
		r.Fatalf("direct room: %s, %+v", verdict, res)
	}
	r.ids = append(r.ids, cmd.room)
	r.compare(cmd.room, cmd.by)
}

// equal compares what was read with what the model says.
func (r *run) equal(what string, got, want any, err error) {
	g, _ := json.Marshal(got)
	w, _ := json.Marshal(want)
	if err != nil || string(g) != string(w) {
		r.Fatalf("%s:\ngot  %s, %v\nwant %s", what, g, err, w)
	}
}

func (r *run) compareAll() {
	for i := range people {
		for _, id := range r.ids {
			r.compare(id, personOf(i))
		}
		r.compareMentions(personOf(i))
		r.compareRooms(personOf(i))
	}
	for _, id := range r.ids {
		r.compare(id, "")
	}
	r.compareRooms("")
}

// compare compares all that a viewer can read of a room.
func (r *run) compare(id, viewer string) {
	room, m := r.chat.Room(id), r.model.rooms[id]
	want := "room_not_found"
	if m != nil {
		want = m.sees(viewer, r.model.now)
	}
	all := chat.HistoryQuery{Viewer: viewer, Limit: 200}
	page, err := room.History(r.ctx, all)
	o, err2 := room.Overview(r.ctx, viewer)
	if want != "" {
		for _, err := range []error{err, err2} {
			var e *chat.Error
			if !errors.As(err, &e) || e.Code != want {
				r.Fatalf("%s reads %s: %v, want %s", viewer, id, err, want)
			}
		}
		return
	}
	who := fmt.Sprintf("%s for %q", id, viewer)
	list := m.visible(viewer)
	r.equal("history of "+who, page.Messages, m.shown(list, viewer), err)
	r.equal("members of "+who, o.Members, m.roster(), err2)
	info := o.Room
	if info.Kind != m.kind || info.Title != m.title || info.SlowMode != m.slow || info.History != m.history || info.Archived != m.archived ||
		info.Members != len(m.members) || info.Role != m.roleOf(viewer) || !info.LastActivity.Equal(m.at) {
		r.Fatalf("%s: %+v, want %+v", who, info, m)
	}
	if n := len(list); n > 0 {
		r.equal("last message of "+who, info.Last, m.show(list[n-1], viewer), nil)
		r.compareMessage(room, m, list, viewer)
	} else if info.Last != nil {
		r.Fatalf("%s has a last message: %+v", who, info.Last)
	}
	var found []chat.Message
	for _, message := range slices.Backward(list) {
		if !message.deleted && strings.Contains(message.text(), "1") {
			found = append(found, m.show(message, viewer))
		}
	}
	p, err := room.Search(r.ctx, chat.SearchQuery{Words: "TEXT 1", Viewer: viewer, Limit: 200})
	r.equal("search in "+who, append([]chat.Message(nil), p.Messages...), found, err)
}

// compareMessage compares pages around, the thread and the versions of one message.
func (r *run) compareMessage(room *chat.Room, m *room, list []*message, viewer string) {
	i, limit := r.steps%len(list), 1+r.steps%7
	one := list[i]
	page, err := room.History(r.ctx, chat.HistoryQuery{Viewer: viewer, Before: one.id, Limit: limit})
	r.equal("page before", page.Messages, m.shown(list[max(0, i-limit):i], viewer), err)
	page, err = room.History(r.ctx, chat.HistoryQuery{Viewer: viewer, After: one.id, Limit: limit})
	r.equal("page after", page.Messages, m.shown(list[i+1:min(len(list), i+1+limit)], viewer), err)
	page, err = room.Thread(r.ctx, one.id, chat.HistoryQuery{Viewer: viewer, Limit: 200})
	r.equal("thread", page.Messages, m.shown(m.replies(one), viewer), err)
	got, err := room.MessageVersions(r.ctx, one.id, viewer)
	var versions []string
	for _, v := range got.Versions {
		versions = append(versions, v.Text)
	}
	want := one.versions
	if one.deleted {
		want = nil
	}
	r.equal("versions", versions, want, err)
}

func (r *run) compareMentions(user string) {
	want := []chat.Message{}
	for _, room := range r.model.rooms {
		if room.sees(user, r.model.now) != "" {
			continue
		}
		for _, m := range room.visible(user) {
			if slices.Contains(m.mentions, user) {
				want = append(want, room.show(m, user))
			}
		}
	}
	slices.SortFunc(want, func(a, b chat.Message) int { return a.ID.Compare(b.ID) })
	page, err := r.chat.Mentions(r.ctx, user, chat.MentionsQuery{Limit: 200})
	r.equal("mentions of "+user, page.Messages, want, err)
}

func (r *run) compareRooms(user string) {
	var list []*room
	for _, m := range r.model.rooms {
		if m.sees(user, r.model.now) == "" {
			list = append(list, m)
		}
	}
	slices.SortFunc(list, func(a, b *room) int { return b.active - a.active })
	for _, scope := range []chat.Scope{chat.Visible, chat.Mine, chat.PublicOnly} {
		var want, got []string
		for _, m := range list {
			if scope == chat.Visible || scope == chat.Mine && m.members[user] != nil || scope == chat.PublicOnly && m.kind == chat.Public {
				want = append(want, m.id)
			}
		}
		page, err := r.chat.Rooms(r.ctx, chat.RoomsQuery{Viewer: user, Scope: scope})
		for _, info := range page.Rooms {
			got = append(got, info.ID)
		}
		r.equal(fmt.Sprintf("%q rooms of %s", scope, user), got, want, err)
	}
}

func (r *room) roster() []chat.Member {
	list := []chat.Member{}
	for id, m := range r.members {
		list = append(list, chat.Member{ID: id, Name: person(id).Name, Role: m.role})
	}
	slices.SortFunc(list, func(a, b chat.Member) int { return strings.Compare(a.ID, b.ID) })
	return list
}

func (r *room) roleOf(user string) chat.Role {
	if m := r.members[user]; m != nil && user != "" {
		return m.role
	}
	return ""
}
