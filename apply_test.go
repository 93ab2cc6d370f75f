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
		list, err := readMessages(m, m.rooms["general"], []ID{e.ID}, "ann")
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
		for id, r := range m.rooms { // numbers and floors are in the base
			rebuilt.rooms[id] = r
		}
		// The base: members, as all events up to the floor left them.
		for _, id := range m.log {
			if r, gone := m.gone[id]; gone {
				apply(rebuilt, store.Room{ID: r.Room, Number: m.rooms[r.Room].Number}, &r)
			}
		}
		for _, r := range m.rooms {
			trim(rebuilt, r)
		}
		for _, id := range m.log {
			if r, kept := m.records[id]; kept {
				apply(rebuilt, m.rooms[r.Room], &r)
			}
		}
		if !maps.Equal(rebuilt.rows, m.rows) {
			t.Fatalf("seed %d: rows differ:\n%q\n%q", seed, rebuilt.rows, m.rows)
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
		}
		// Refusals are part of the game.
		_, _ = m.do(t, rooms[rnd.IntN(len(rooms))], Command{User: users[rnd.IntN(len(users))], Fact: facts[rnd.IntN(len(facts))]})
	}
}
