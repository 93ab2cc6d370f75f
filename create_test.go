package chat_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/roomlog/chat"
)

func TestCreateRoom_makesTheCreatorOwnerInTheSameCommit(t *testing.T) {
	c := open(t, nil)
	room := create(t, c, "r", chat.RoomCreated{
		RoomKind: chat.Private, Title: " T ", Topic: "a\nb", SlowMode: 3,
		History: chat.SeeFromJoin, Meta: json.RawMessage(`{"a": 1}`), Members: []chat.User{bob, ann, bob, {ID: "cat"}},
	})
	log := logOf(t, room)
	var kinds []string
	for _, e := range log {
		kinds = append(kinds, e.Type)
	}
	if got := strings.Join(kinds, " "); got != "RoomCreated UserJoined UserJoined UserJoined" {
		t.Errorf("the log is %s", got)
	}
	if n := c.Stats().Commits; n != 1 {
		t.Errorf("%d commits", n)
	}
	o, err := room.Overview(within(t), "bob")
	i := o.Room
	if err != nil || i.Kind != chat.Private || i.Title != "T" || i.Topic != "a\nb" || i.SlowMode != 3 ||
		i.History != chat.SeeFromJoin || string(i.Meta) != `{"a":1}` || i.Role != chat.Ordinary || i.Members != 3 {
		t.Errorf("room is %+v, %v", i, err)
	}
	if want := "[{ann Ann owner} {bob Bob member} {cat  member}]"; fmt.Sprint(o.Members) != want {
		t.Errorf("members are %v, want %s", o.Members, want)
	}
	if _, err := c.CreateRoom(within(t), "r", chat.Command{User: cat, Fact: chat.RoomCreated{}}); !errors.Is(err, chat.ErrRoomExists) {
		t.Errorf("again: %v", err)
	}
}

func TestCreateRoom_mintsIDs(t *testing.T) {
	c := open(t, nil)
	seen := map[string]bool{}
	for range 20 {
		id := create(t, c, "", chat.RoomCreated{RoomKind: chat.Private}).ID()
		if len(id) != 26 || seen[id] {
			t.Errorf("id is %q", id)
		}
		seen[id] = true
	}
	for id, fact := range map[string]chat.Fact{"r": chat.RoomCreated{RoomKind: chat.Direct, Members: []chat.User{bob}}, "/": chat.RoomCreated{}} {
		if _, err := c.CreateRoom(within(t), id, chat.Command{User: ann, Fact: fact}); !errors.Is(err, chat.ErrInvalidRoomID) {
			t.Errorf("%q: %v", id, err)
		}
	}
	if _, err := c.CreateRoom(within(t), "", chat.Command{User: ann, Fact: chat.UserJoined{}}); !errors.Is(err, chat.ErrInvalidField) {
		t.Errorf("another fact: %v", err)
	}
}

// A retry finds the room that the first attempt has made, also after a restart.
func TestCreateRoom_answersAKeyOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "chat.db")
	c := openAt(t, path, nil)
	cmd := chat.Command{User: ann, Key: "k", Fact: chat.RoomCreated{RoomKind: chat.Private, Title: "T", Members: []chat.User{bob}}}
	first, err := c.CreateRoom(within(t), "", cmd)
	if err != nil || !first.Changed {
		t.Fatal(first, err)
	}
	for range 2 {
		again, err := c.CreateRoom(within(t), "", cmd)
		if err != nil || again.Changed || !again.Replayed || again.Event.ID != first.Event.ID {
			t.Errorf("again: %+v, %v", again, err)
		}
		other := cmd
		other.Fact = chat.RoomCreated{RoomKind: chat.Private, Title: "U"}
		if _, err := c.CreateRoom(within(t), "", other); !errors.Is(err, chat.ErrIdempotencyKeyReused) {
			t.Errorf("with another title: %v", err)
		}
		other = cmd
		other.User = bob
		if res, err := c.CreateRoom(within(t), "", other); err != nil || res.Event.Room == first.Event.Room {
			t.Errorf("by another one: %+v, %v", res, err)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		c = openAt(t, path, nil)
	}
}

// There is one direct room for a set of members, whoever makes it and in
// whatever order they are named.
func TestCreateRoom_directIsOneForTheSameSet(t *testing.T) {
	c := open(t, nil)
	ask := func(by chat.User, members ...chat.User) (chat.Result, error) {
		return c.CreateRoom(within(t), "", chat.Command{User: by, Fact: chat.RoomCreated{RoomKind: chat.Direct, Members: members}})
	}
	first, err := ask(ann, bob, cat)
	if err != nil || !first.Changed {
		t.Fatal(first, err)
	}
	for name, again := range map[string]func() (chat.Result, error){
		"by the same":  func() (chat.Result, error) { return ask(ann, bob, cat) },
		"with oneself": func() (chat.Result, error) { return ask(ann, ann, cat, bob, cat) },
		"by another":   func() (chat.Result, error) { return ask(cat, ann, bob) },
	} {
		if res, err := again(); err != nil || res.Changed || res.Event.ID != first.Event.ID {
			t.Errorf("%s: %+v, %v", name, res, err)
		}
	}
	if res, err := ask(ann, bob); err != nil || !res.Changed || res.Event.Room == first.Event.Room {
		t.Errorf("another set: %+v, %v", res, err)
	}
	if _, err := ask(ann, ann); !errors.Is(err, chat.ErrInvalidField) {
		t.Errorf("with oneself alone: %v", err)
	}
	members, _, err := c.Room(first.Event.Room).Members(within(t))
	if err != nil || fmt.Sprint(members) != "[{ann Ann member} {bob Bob member} {cat Cat member}]" {
		t.Errorf("members are %v, %v", members, err)
	}
}

func TestCreateRoom_limits(t *testing.T) {
	c := open(t, nil)
	many := func(n int) (list []chat.User) {
		for i := range n {
			list = append(list, chat.User{ID: fmt.Sprint("u", i)})
		}
		return list
	}
	for name, fact := range map[string]chat.RoomCreated{
		"kind":                {RoomKind: "secret"},
		"title":               {Title: strings.Repeat("ä", 201)},
		"title of two lines":  {Title: "a\nb"},
		"topic":               {Topic: strings.Repeat("ä", 2001)},
		"slow mode":           {SlowMode: 86_401},
		"negative slow mode":  {SlowMode: -1},
		"visibility":          {History: "some"},
		"public from joining": {History: chat.SeeFromJoin},
		"meta":                {Meta: json.RawMessage(`{`)},
		"members":             {RoomKind: chat.Private, Members: many(1001)},
		"members of a direct": {RoomKind: chat.Direct, Members: many(33)},
		"a member's id":       {Members: []chat.User{{ID: "a b"}}},
	} {
		if _, err := c.CreateRoom(within(t), "", chat.Command{User: ann, Fact: fact}); !errors.Is(err, chat.ErrInvalidField) {
			t.Errorf("%s: %v", name, err)
		}
	}
	room := create(t, c, "r", chat.RoomCreated{Title: strings.Repeat("ä", 200), Topic: strings.Repeat("ä", 2000), SlowMode: 86_400, Members: many(1000)})
	if info, err := room.Info(within(t), ""); err != nil || info.Members != 1001 {
		t.Errorf("at the limits: %+v, %v", info, err)
	}
}

// Two changes of different fields, given at once, are both in the room.
func TestChange_mergesWhatRaces(t *testing.T) {
	c := open(t, nil)
	room := create(t, c, "r", chat.RoomCreated{Title: "t", Meta: json.RawMessage(`1`)})
	for round := range 100 {
		title, topic := fmt.Sprint("title ", round), fmt.Sprint("topic ", round)
		results := atOnce(t,
			func() (chat.Event, error) { return room.Change(within(t), ann, chat.RoomChanged{Title: &title}) },
			func() (chat.Event, error) { return room.Change(within(t), ann, chat.RoomChanged{Topic: &topic}) },
		)
		for _, r := range results {
			if r.err != nil {
				t.Fatal(r.err)
			}
		}
		info, err := room.Info(within(t), "")
		if err != nil || info.Title != title || info.Topic != topic || string(info.Meta) != "1" {
			t.Fatalf("round %d: %+v, %v", round, info, err)
		}
		fact, err := results[0].event.Fact()
		if f, ok := fact.(chat.RoomChanged); err != nil || !ok || f.Title == nil || f.Topic == nil || f.SlowMode == nil || f.Archived == nil {
			t.Fatalf("the change does not say all: %s", results[0].event.JSON())
		}
	}
	if e, err := room.Change(within(t), ann, chat.RoomChanged{Title: new("title 99")}); err != nil || e.ID != chat.Start {
		t.Errorf("a change into what is so: %s, %v", e.JSON(), err)
	}
	do(t, room, ann, chat.RoomChanged{Meta: json.RawMessage("null"), Title: new("")})
	if info, err := room.Info(within(t), ""); err != nil || info.Meta != nil || info.Title != "" || info.Topic != "topic 99" {
		t.Errorf("meta taken away: %+v, %v", info, err)
	}
	if _, err := room.Change(within(t), ann, chat.RoomChanged{Archived: new(true)}); !errors.Is(err, chat.ErrInvalidField) {
		t.Errorf("archived by a change: %v", err)
	}
}

func TestArchive_closesAndOpensAgain(t *testing.T) {
	c := open(t, nil)
	room := create(t, c, "r", chat.RoomCreated{Members: []chat.User{bob}})
	m := post(t, room, bob, "Hello.")
	do(t, room, ann, chat.RoomArchived{})
	if e, err := room.Archive(within(t), ann); err != nil || e.ID != chat.Start {
		t.Errorf("twice: %s, %v", e.JSON(), err)
	}
	for name, err := range map[string]error{
		"post":   second(room.Post(within(t), bob, "a")),
		"edit":   second(room.Edit(within(t), bob, m.ID, "a")),
		"react":  second(room.React(within(t), bob, m.ID, "a")),
		"join":   second(room.Join(within(t), cat)),
		"change": second(room.Change(within(t), ann, chat.RoomChanged{Title: new("a")})),
	} {
		if !errors.Is(err, chat.ErrRoomArchived) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, err := range reads(t, room, "cat") {
		if err != nil && !errors.Is(err, chat.ErrMessageNotFound) {
			t.Errorf("%s of an archived room: %v", name, err)
		}
	}
	if info, err := room.Info(within(t), "cat"); err != nil || !info.Archived {
		t.Errorf("%+v, %v", info, err)
	}
	do(t, room, ann, chat.RoomChanged{Archived: new(false), Title: new("back")})
	post(t, room, bob, "Again.")
	if info, err := room.Info(within(t), "cat"); err != nil || info.Archived || info.Title != "back" {
		t.Errorf("%+v, %v", info, err)
	}
}

func second[T any](_ T, err error) error { return err }
