package chat

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/roomlog/chat/store"
)

func TestApply_aPostWritesNoRows(t *testing.T) {
	m := newMemory()
	for range 3 {
		if _, err := m.do(t, "general", Command{User: ann, Key: "k", Fact: MessagePosted{Text: "a"}}); err != nil {
			t.Fatal(err)
		}
	}
	if len(m.rows) != 0 {
		t.Errorf("rows after posts: %q", m.rows)
	}
}

func TestApply_aDeletionLeavesOneRow(t *testing.T) {
	m := newMemory()
	e, _ := m.do(t, "general", Command{User: ann, Fact: MessagePosted{Text: "a"}})
	for _, cmd := range []Command{
		{User: ann, Fact: MessageEdited{Message: e.ID, Text: "b"}},
		{User: bob, Fact: ReactionAdded{Message: e.ID, Emoji: "👍"}},
		{User: cat, Fact: ReactionAdded{Message: e.ID, Emoji: "👎"}},
		{User: ann, Fact: MessageDeleted{Message: e.ID}},
	} {
		if _, err := m.do(t, "general", cmd); err != nil {
			t.Fatal(err)
		}
	}
	if len(m.rows) != 1 || !getMessageState(m, 1, e.ID).deleted {
		t.Errorf("rows after a deletion: %q", m.rows)
	}
}

func TestApply_reactionsNameTheFirstFewInOrder(t *testing.T) {
	m := newMemory()
	e, _ := m.do(t, "general", Command{User: ann, Fact: MessagePosted{Text: "a"}})
	react := func(by User, emoji string) {
		t.Helper()
		if _, err := m.do(t, "general", Command{User: by, Fact: ReactionAdded{Message: e.ID, Emoji: emoji}}); err != nil {
			t.Fatal(err)
		}
	}
	unreact := func(by User, emoji string) {
		t.Helper()
		if _, err := m.do(t, "general", Command{User: by, Fact: ReactionRemoved{Message: e.ID, Emoji: emoji}}); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(want string) {
		t.Helper()
		list, err := m.sight("general", "ann").messages([]ID{e.ID})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, r := range list[0].Reactions {
			got += fmt.Sprintf("%s%d", r.Emoji, r.Count)
			for _, u := range r.Users {
				got += " " + u.Name
			}
			if r.Mine {
				got += " mine"
			}
			got += ";"
		}
		if got != want {
			t.Errorf("reactions are %q, want %q", got, want)
		}
	}
	react(dan, "z")
	react(cat, "a")
	expect("z1 Dan;a1 Cat;")
	react(cat, "z")
	react(bob, "z")
	react(ann, "z")
	expect("z4 Dan Cat Bob mine;a1 Cat;")
	unreact(cat, "z") // the fourth moves up
	expect("z3 Dan Bob Ann mine;a1 Cat;")
	unreact(dan, "z") // the emoji's first reaction is now younger than the other's
	expect("a1 Cat;z2 Bob Ann mine;")
	react(dan, "z")
	expect("a1 Cat;z3 Bob Ann Dan mine;")
	unreact(ann, "z")
	unreact(bob, "z")
	unreact(dan, "z")
	expect("a1 Cat;")
	unreact(cat, "a")
	expect("")
	if len(m.rows) != 0 {
		t.Errorf("rows are left: %q", m.rows)
	}
}

// A fold of what retention left, over the rows it kept, ends in the rows of
// the fold that saw everything.
func TestApply_rebuiltFromATrimmedLogIsTheSame(t *testing.T) {
	for seed := range uint64(50) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		m := newMemory()
		rooms := []string{"general", "other"}
		randomCommands(t, rnd, m, rooms, 150)
		for _, room := range rooms {
			m.trimTo(room, m.log[rnd.IntN(len(m.log))])
		}
		randomCommands(t, rnd, m, rooms, 100)

		rebuilt := newMemory()
		rebuilt.records = m.records
		// The base: members, as all events up to the floor left them.
		for id, r := range m.rooms {
			rebuilt.rooms[id] = store.Room{ID: id, Number: r.Number}
		}
		for _, id := range m.log {
			if r, gone := m.gone[id]; gone {
				rebuilt.fold(&r)
			}
		}
		for id, r := range m.rooms {
			base := rebuilt.rooms[id]
			base.Floor = r.Floor
			rebuilt.rooms[id] = base
			trim(rebuilt, base)
		}
		for _, id := range m.log {
			if r, kept := m.records[id]; kept {
				rebuilt.fold(&r)
			}
		}
		if !maps.Equal(rebuilt.rows, m.rows) {
			t.Fatalf("seed %d: rows differ:\n%q\n%q", seed, rebuilt.rows, m.rows)
		}
		for id, r := range m.rooms {
			if rebuilt.rooms[id].Tag != r.Tag {
				t.Fatalf("seed %d: tags of room %s differ: %q %q", seed, id, rebuilt.rooms[id].Tag, r.Tag)
			}
		}
	}
}

func randomCommands(t *testing.T, rnd *rand.Rand, m *memory, rooms []string, n int) {
	users := []User{ann, bob, cat, dan}
	for range n {
		var message ID
		if len(m.log) > 0 {
			message = m.log[rnd.IntN(len(m.log))]
		}
		emoji := string(rune('a' + rnd.IntN(3)))
		slow := rnd.IntN(2)
		facts := []Fact{
			MessagePosted{Text: "a"},
			MessagePosted{Text: "b"},
			MessageEdited{Message: message, Text: emoji},
			MessageDeleted{Message: message},
			ReactionAdded{Message: message, Emoji: emoji},
			ReactionAdded{Message: message, Emoji: emoji},
			ReactionRemoved{Message: message, Emoji: emoji},
			UserJoined{},
			UserLeft{},
			UserJoined{Member: users[rnd.IntN(4)], Role: []Role{Owner, Admin, Ordinary}[rnd.IntN(3)]},
			UserLeft{Member: users[rnd.IntN(4)]},
			UserBanned{Member: users[rnd.IntN(4)]},
			UserUnbanned{Member: users[rnd.IntN(4)]},
			UserMuted{Member: users[rnd.IntN(4)]},
			UserUnmuted{Member: users[rnd.IntN(4)]},
			MessagePosted{Text: "c", ReplyTo: message, Mentions: []string{"ann", "bob"}},
			MessagePosted{Text: "d", Thread: message},
			MessageEdited{Message: message, Text: emoji, Mentions: []string{"cat"}},
			RoomChanged{SlowMode: &slow},
			RoomCreated{RoomKind: Private, Title: "x"},
			RoomChanged{History: SeeFromJoin, Archived: new(false)},
			RoomArchived{},
			RoleChanged{Member: users[rnd.IntN(4)], Role: Admin},
			Custom{Type: "x.note"},
		}
		// Refusals are part of the game.
		_, _ = m.do(t, rooms[rnd.IntN(len(rooms))], Command{
			User: users[rnd.IntN(len(users))], Fact: facts[rnd.IntN(len(facts))], Host: rnd.IntN(3) == 0,
		})
	}
}
