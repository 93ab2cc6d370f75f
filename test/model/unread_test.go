package model_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/roomlog/chat"
)

// Whatever happens, and in whatever order: what is unread is what the definition
// says, and two devices that have been told all know it.
func TestUnread_isAsItsDefinitionSays(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp("", "unread")
		if err != nil {
			rt.Fatal(err)
		}
		defer os.RemoveAll(dir)
		var failed any // a failure is a panic, which must not leave the bubble's goroutine
		synctest.Test(t, func(*testing.T) {
			defer func() { failed = recover() }()
			checkUnread(rt, filepath.Join(dir, "chat.db"))
		})
		switch {
		case fmt.Sprintf("%T", failed) == "rapid.invalidData":
			panic(failed) // in a line of its own: rapid knows failures apart by their lines
		case failed != nil:
			panic(failed)
		}
	})
}

func checkUnread(t *rapid.T, path string) {
	r := &reading{
		run:     &run{T: t, path: path, ids: []string{"a", "b", "c"}, ctx: context.Background()},
		posted:  map[string][]*message{},
		markers: map[string]map[string]chat.ID{},
		joins:   map[string]map[string]chat.ID{},
		ends:    map[string]chat.ID{},
		keep:    []int{0, 0, 12}[uniform(3).Draw(t, "keep")],
	}
	r.model = &model{rooms: map[string]*room{}}
	r.open()
	defer func() { _ = r.chat.Close() }()
	r.devices = []*device{newDevice(r), newDevice(r)}
	for range rapid.IntRange(50, 120).Draw(t, "steps") {
		r.next()
		r.compareUnread()
	}
	r.rest()
}

// A reading is a run that people read beside: the first of them on two devices.
type reading struct {
	*run
	posted  map[string][]*message         // of each room, also what retention took
	markers map[string]map[string]chat.ID // of each room and user
	joins   map[string]map[string]chat.ID // the newest of each
	ends    map[string]chat.ID            // the newest event of a room before it was deleted
	keep    int
	devices []*device
}

func (r *reading) open() {
	c, err := chat.Open(r.path, &chat.Options{Keep: r.keep, Now: time.Now})
	if err != nil {
		r.Fatal(err)
	}
	r.chat = c
}

func (r *reading) reopen() {
	for _, d := range r.devices {
		d.close()
	}
	if err := r.chat.Close(); err != nil {
		r.Fatal(err)
	}
	if uniform(2).Draw(r.T, "views") == 0 {
		if err := os.Remove(r.path + ".views"); err != nil {
			r.Fatal(err)
		}
	}
	r.open()
}

func (r *reading) next() {
	time.Sleep([]time.Duration{0, 1, 100, 400, 1500}[uniform(5).Draw(r.T, "ms")] * time.Millisecond)
	switch k := uniform(40).Draw(r.T, "what"); {
	case k < 20:
		r.command()
	case k < 28:
		r.mark()
	case k < 36:
		r.devices[k%2].next(uniform(8).Draw(r.T, "device"))
	case k < 38:
		r.rest()
	case k < 39:
		r.reopen()
	default:
		time.Sleep(5 * time.Second) // retention
	}
	synctest.Wait()
	r.forget()
}

// forget takes from the model what retention has taken.
func (r *reading) forget() {
	for id, room := range r.model.rooms {
		floor := r.floor(id)
		for len(room.messages) > 0 && room.messages[0].id.Compare(floor) <= 0 {
			room.messages = room.messages[1:]
		}
	}
}

func (r *reading) info(id string) chat.RoomInfo {
	info, err := r.chat.Room(id).Info(r.ctx, "")
	if err != nil {
		r.Fatal(err)
	}
	return info
}

func (r *reading) floor(id string) chat.ID { return r.info(id).Floor }

// command gives a command to the chat and to the model.
func (r *reading) command() {
	synctest.Wait() // retention may have been at work in the time that has passed
	r.forget()
	r.model.now = time.Now().UTC().Truncate(time.Millisecond)
	cmd := r.drawCommand()
	var last chat.ID
	if r.model.rooms[cmd.room] != nil {
		last = r.info(cmd.room).Head
	}
	want := r.model.do(cmd)
	res, err := r.chat.Room(cmd.room).Do(r.ctx, chat.Command{User: person(cmd.by), Host: cmd.host, Fact: cmd.fact})
	if got := verdictOf(res, err); got != want {
		r.Fatalf("%+v: got %s (%v), want %s", cmd, got, err, want)
	}
	if want != changed {
		return
	}
	switch cmd.fact.(type) {
	case chat.MessagePosted:
		messages := r.model.rooms[cmd.room].messages
		m := messages[len(messages)-1]
		m.id = res.Event.ID
		r.posted[cmd.room] = append(r.posted[cmd.room], m)
	case chat.RoomDeleted:
		r.ends[cmd.room] = last
		delete(r.posted, cmd.room)
		delete(r.markers, cmd.room)
		return
	}
	page, err := r.chat.Room(cmd.room).Log(r.ctx, "", last, 0)
	if err != nil {
		r.Fatal(err)
	}
	for _, e := range page.Events { // one command may have several join
		if fact, _ := e.Fact(); fact != nil {
			if f, joined := fact.(chat.UserJoined); joined {
				put(r.joins, cmd.room, f.Member.ID, e.ID)
			}
		}
	}
}

func put(table map[string]map[string]chat.ID, room, user string, id chat.ID) {
	if table[room] == nil {
		table[room] = map[string]chat.ID{}
	}
	table[room][user] = id
}

func (r *reading) drawCommand() command {
	n := func(name string, below int) int { return uniform(below).Draw(r.T, name) }
	cmd := command{room: r.ids[n("room", len(r.ids))], by: personOf(n("by", 3)), host: n("host", 3) == 0}
	target := person(personOf(n("target", 3)))
	mentions := [][]string{nil, {}, {target.ID}, {"u0", "u1"}, {target.ID, "u9"}}[n("mentions", 5)]
	ref := r.message(cmd.room, n("message", 8))
	text := fmt.Sprint("text ", n("text", 4))
	switch k := n("fact", 40); {
	case k < 18:
		cmd.fact = chat.MessagePosted{Text: text, Mentions: mentions}
	case k < 22:
		cmd.fact = chat.MessageEdited{Message: ref, Text: text, Mentions: mentions}
	case k < 26:
		cmd.fact = chat.MessageDeleted{Message: ref}
	case k < 27:
		cmd.fact = chat.ReactionAdded{Message: ref, Emoji: "👍"}
	case k < 28:
		cmd.fact = chat.Custom{Type: "x.note"}
	case k < 33:
		cmd.fact = chat.UserJoined{Member: target, Role: chat.Ordinary}
	case k < 36:
		cmd.fact = chat.UserLeft{Member: target}
	case k < 37:
		cmd.fact = chat.UserBanned{Member: target}
	case k < 38:
		cmd.fact = chat.RoomCreated{RoomKind: chat.Private, History: chat.SeeFromJoin, Members: []chat.User{target}}
	case k < 39:
		cmd.fact = chat.RoomChanged{RoomKind: []chat.RoomKind{chat.Public, chat.Private}[n("kind", 2)]}
	default:
		cmd.fact = chat.RoomDeleted{}
	}
	return cmd
}

// mark moves a marker, or tries to.
func (r *reading) mark() {
	id, user := r.ids[uniform(len(r.ids)).Draw(r.T, "room")], personOf(uniform(3).Draw(r.T, "user"))
	upTo := r.drawCursor()
	head := r.chat.Head()
	at := upTo
	if at == chat.End {
		at = head
	}
	want := "room_not_found"
	if m := r.model.rooms[id]; m != nil {
		want = m.sees(user, time.Now())
	}
	if want == "" && at.Compare(head) > 0 {
		want = "cursor_ahead"
	}
	state, err := r.chat.Room(id).MarkRead(r.ctx, user, upTo)
	if err != nil {
		var e *chat.Error
		if !errors.As(err, &e) || e.Code != want {
			r.Fatalf("%s marks %s: %v, want %s", user, id, err, want)
		}
		return
	}
	if want != "" {
		r.Fatalf("%s marks %s up to %s, want %s", user, id, upTo, want)
	}
	if now, _ := r.marker(id, user); at.Compare(now) > 0 {
		if last := r.info(id).Head; at.Compare(last) > 0 {
			at = last // there is no more to read
		}
		if at.Compare(r.ends[id]) > 0 && at.Compare(r.markers[id][user]) > 0 {
			put(r.markers, id, user, at)
		}
	}
	r.equalState("marked", id, user, state, r.floor(id))
}

// drawCursor draws that of a message of whatever room, or an odd one.
func (r *reading) drawCursor() chat.ID {
	switch uniform(12).Draw(r.T, "cursor") {
	case 0:
		return chat.Start
	case 1:
		return chat.ID{15: 1} // of nothing
	case 2:
		id := r.chat.Head()
		id[5]++ // about a minute ahead
		return id
	case 3, 4, 5:
		return chat.End
	}
	list := r.posted[r.ids[uniform(len(r.ids)).Draw(r.T, "of room")]]
	if len(list) == 0 {
		return chat.End
	}
	id := list[uniform(len(list)).Draw(r.T, "message")].id
	if uniform(3).Draw(r.T, "between") == 0 {
		id[15]++ // between two events
	}
	return id
}

// marker is up to where a user has read: they marked it, or came then.
func (r *reading) marker(id, user string) (upTo chat.ID, ok bool) {
	upTo, ok = r.markers[id][user]
	if r.model.rooms[id].members[user] != nil && r.joins[id][user].Compare(upTo) > 0 {
		return r.joins[id][user], true
	}
	return upTo, ok
}

// definition is what is unread to a user of what is kept above the floor.
func (r *reading) definition(id, user string, floor chat.ID) (messages, mentions int) {
	upTo, ok := r.marker(id, user)
	for _, m := range r.posted[id] {
		if ok && m.by != user && !m.deleted && m.id.Compare(floor) > 0 && m.id.Compare(upTo) > 0 {
			messages++
			if slices.Contains(m.mentions, user) {
				mentions++
			}
		}
	}
	return messages, mentions
}

func (r *reading) equalState(what, id, user string, got chat.ReadState, floor chat.ID) {
	want := chat.ReadState{}
	want.Unread, want.Mentions = r.definition(id, user, floor)
	if upTo, ok := r.marker(id, user); ok {
		want.UpTo = &upTo
	}
	r.equal(fmt.Sprintf("%s: what is unread to %s in %s", what, user, id), got, want, nil)
}

// compareUnread compares what all can ask with the definition.
func (r *reading) compareUnread() {
	for _, id := range r.ids {
		m := r.model.rooms[id]
		for i := range 3 {
			user := personOf(i)
			if m == nil || m.sees(user, time.Now()) != "" {
				continue
			}
			state, err := r.chat.Room(id).Unread(r.ctx, user)
			if err != nil {
				r.Fatal(err)
			}
			r.equalState("unread", id, user, state, r.floor(id))
		}
	}
	page, err := r.chat.Rooms(r.ctx, chat.RoomsQuery{Viewer: "u1"})
	if err != nil {
		r.Fatal(err)
	}
	for _, info := range page.Rooms {
		r.equalState("rooms", info.ID, "u1", *info.Read, info.Floor)
	}
}
