package chat

import (
	"errors"
	"testing"
)

// Each case is a story of commands; the last one is judged.
func TestDecide_rules(t *testing.T) {
	const changed = "changed"
	const nothing = "nothing changed"
	post := func(by User) Command { return Command{User: by, Fact: MessagePosted{Text: "Hello."}} }
	// Facts about a message are about the first event of the story.
	edit := func(by User, text string) Command { return Command{User: by, Fact: MessageEdited{Text: text}} }
	remove := func(by User) Command { return Command{User: by, Fact: MessageDeleted{}} }
	react := func(by User, emoji string) Command { return Command{User: by, Fact: ReactionAdded{Emoji: emoji}} }
	unreact := func(by User, emoji string) Command {
		return Command{User: by, Fact: ReactionRemoved{Emoji: emoji}}
	}
	join := func(by User) Command { return Command{User: by, Fact: UserJoined{}} }
	leave := func(by User) Command { return Command{User: by, Fact: UserLeft{}} }

	for _, c := range []struct {
		name  string
		story []Command
		want  any
	}{
		{"a post begins a room", []Command{post(ann)}, changed},
		{"a post where the room must exist", []Command{{User: ann, Fact: MessagePosted{Text: "a"}, MustExist: true}}, ErrRoomNotFound},
		{"the same text again", []Command{post(ann), post(ann)}, changed},
		{"the author edits", []Command{post(ann), edit(ann, "Bye.")}, changed},
		{"the author edits into what it was", []Command{post(ann), edit(ann, " Hello.\r\n")}, nothing},
		{"the author edits twice into the same", []Command{post(ann), edit(ann, "Bye."), edit(ann, "Bye.")}, nothing},
		{"the author edits back", []Command{post(ann), edit(ann, "Bye."), edit(ann, "Hello.")}, changed},
		{"another one edits", []Command{post(ann), edit(bob, "Bye.")}, ErrForbidden},
		{"an edit of no message", []Command{join(ann), edit(ann, "Bye.")}, ErrMessageNotFound},
		{"an edit in a room without events", []Command{edit(ann, "Bye.")}, ErrRoomNotFound},
		{"an edit after a deletion", []Command{post(ann), remove(ann), edit(ann, "Bye.")}, ErrMessageDeleted},
		{"an edit after a deletion, of the same text", []Command{post(ann), remove(ann), edit(ann, "Hello.")}, ErrMessageDeleted},
		{"the author deletes", []Command{post(ann), remove(ann)}, changed},
		{"the author deletes twice", []Command{post(ann), remove(ann), remove(ann)}, nothing},
		{"another one deletes", []Command{post(ann), remove(bob)}, ErrForbidden},
		{"another one deletes what is deleted", []Command{post(ann), remove(ann), remove(bob)}, ErrForbidden},
		{"a reaction", []Command{post(ann), react(bob, "👍")}, changed},
		{"the same reaction again", []Command{post(ann), react(bob, "👍"), react(bob, "👍")}, nothing},
		{"another emoji", []Command{post(ann), react(bob, "👍"), react(bob, "👎")}, changed},
		{"another user", []Command{post(ann), react(bob, "👍"), react(ann, "👍")}, changed},
		{"a reaction after a deletion", []Command{post(ann), remove(ann), react(bob, "👍")}, ErrMessageDeleted},
		{"a reaction to no message", []Command{join(ann), react(ann, "👍")}, ErrMessageNotFound},
		{"a reaction taken back", []Command{post(ann), react(bob, "👍"), unreact(bob, "👍")}, changed},
		{"a reaction taken back twice", []Command{post(ann), react(bob, "👍"), unreact(bob, "👍"), unreact(bob, "👍")}, nothing},
		{"a reaction that was never there", []Command{post(ann), unreact(bob, "👍")}, nothing},
		{"a reaction taken back after a deletion", []Command{post(ann), react(bob, "👍"), remove(ann), unreact(bob, "👍")}, ErrMessageDeleted},
		{"a reaction again after it was taken back", []Command{post(ann), react(bob, "👍"), unreact(bob, "👍"), react(bob, "👍")}, changed},
		{"a join", []Command{join(ann)}, changed},
		{"a join of one who is in", []Command{join(ann), join(ann)}, nothing},
		{"a join after leaving", []Command{join(ann), leave(ann), join(ann)}, changed},
		{"a leave", []Command{join(ann), leave(ann)}, changed},
		{"a leave of one who is not in", []Command{join(ann), leave(bob)}, nothing},
		{"a leave of a room without events", []Command{leave(ann)}, ErrRoomNotFound},
		{"adding another where no room is", []Command{{User: ann, Fact: UserJoined{Member: bob}}}, ErrRoomNotFound},
		{"adding another as a member", []Command{join(ann), {User: ann, Fact: UserJoined{Member: bob}}}, ErrForbidden},
		{"joining as owner", []Command{{User: ann, Fact: UserJoined{Role: "owner"}}}, ErrForbidden},
		{"removing another as a stranger", []Command{join(bob), {User: ann, Fact: UserLeft{Member: bob}}}, ErrForbidden},
		{"removing another as a member", []Command{join(bob), join(ann), {User: ann, Fact: UserLeft{Member: bob}}}, ErrForbidden},
		{"leaving as banned", []Command{join(ann), {User: ann, Fact: UserLeft{Reason: "banned"}}}, ErrInvalidField},
		{"a custom fact", []Command{{User: ann, Fact: Custom{Type: "x.poll"}}}, changed},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMemory()
			var first, last Event
			var err error
			for i, cmd := range c.story {
				cmd.Fact = about(cmd.Fact, first.ID)
				last, err = m.do(t, "general", cmd)
				if i < len(c.story)-1 && err != nil {
					t.Fatalf("command %d: %v", i, err)
				}
				if i == 0 {
					first = last
				}
			}
			var got any
			switch {
			case err != nil:
				got = err
			case last.ID == Start:
				got = nothing
			default:
				got = changed
			}
			if want, ok := c.want.(error); ok {
				if !errors.Is(err, want) {
					t.Errorf("got %v, want error %v", got, want)
				}
			} else if got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// about fills in the message of a fact.
func about(fact Fact, message ID) Fact {
	switch f := fact.(type) {
	case MessageEdited:
		f.Message = message
		return f
	case MessageDeleted:
		f.Message = message
		return f
	case ReactionAdded:
		f.Message = message
		return f
	case ReactionRemoved:
		f.Message = message
		return f
	}
	return fact
}

func TestDecide_knowsMessagesOfItsOwnRoomAlone(t *testing.T) {
	m := newMemory()
	e, _ := m.do(t, "general", Command{User: ann, Fact: MessagePosted{Text: "Hello."}})
	_, _ = m.do(t, "other", Command{User: ann, Fact: MessagePosted{Text: "Hello."}})
	if _, err := m.do(t, "other", Command{User: ann, Fact: MessageDeleted{Message: e.ID}}); !errors.Is(err, ErrMessageNotFound) {
		t.Errorf("deletion from another room: %v", err)
	}
}

func TestDecide_deletionNamesPostAndEditsToErase(t *testing.T) {
	m := newMemory()
	var want []ID
	for _, fact := range []Fact{MessagePosted{Text: "a"}, MessageEdited{Text: "b"}, MessageEdited{Text: "c"}} {
		if len(want) > 0 {
			fact = about(fact, want[0])
		}
		e, err := m.do(t, "general", Command{User: ann, Fact: fact})
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, e.ID)
	}
	// Another message between them is left alone.
	other, _ := m.do(t, "general", Command{User: ann, Fact: MessagePosted{Text: "d"}})
	_, _ = m.do(t, "general", Command{User: ann, Fact: MessageEdited{Message: other.ID, Text: "e"}})
	if _, err := m.do(t, "general", Command{User: ann, Fact: MessageDeleted{Message: want[0]}}); err != nil {
		t.Fatal(err)
	}
	for id, r := range m.records {
		expected := id == want[0] || id == want[1] || id == want[2]
		if r.Erased != expected {
			t.Errorf("%s %s: erased is %v", r.Type, id, r.Erased)
		}
	}
}

func TestDecide_messagesAtOrBelowTheFloorAreNotFound(t *testing.T) {
	m := newMemory()
	e, _ := m.do(t, "general", Command{User: ann, Fact: MessagePosted{Text: "a"}})
	_, _ = m.do(t, "general", Command{User: ann, Fact: MessagePosted{Text: "b"}})
	m.trimTo("general", e.ID)
	if _, err := m.do(t, "general", Command{User: bob, Fact: ReactionAdded{Message: e.ID, Emoji: "👍"}}); !errors.Is(err, ErrMessageNotFound) {
		t.Errorf("reaction to what retention took: %v", err)
	}
}
