package protocol_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/roomlog/chat"
)

// gallery has a room of each kind, as the matrix wants it.
type gallery struct {
	*server
	rooms map[byte]*place
}

// place is a room of a gallery.
type place struct {
	id    string
	head  chat.ID // of the room, when it was made
	own   map[string]string
	other string
}

// at returns the room of that letter, a new one if something has happened in
// that of the last time.
func (g *gallery) at(letter byte) *place {
	g.t.Helper()
	if letter == 'm' {
		return &place{id: strings.ToLower(rand.Text()), other: noMessage}
	}
	if p := g.rooms[letter]; p != nil {
		if access, err := g.chat.Room(p.id).Access(g.t.Context(), ""); err == nil && access.Head == p.head {
			return p
		}
	}
	p := g.make(map[byte]chat.RoomKind{'v': chat.Private, 'p': chat.Public, 'd': chat.Direct, 'a': chat.Public}[letter])
	if letter == 'a' {
		g.must(p, owner, chat.RoomArchived{})
	}
	access, err := g.chat.Room(p.id).Access(g.t.Context(), "")
	if err != nil {
		g.t.Fatal(err)
	}
	p.head = access.Head
	g.rooms[letter] = p
	return p
}

// make makes a room in which all of the columns have written, the stranger and
// the banned one before they were that.
func (g *gallery) make(kind chat.RoomKind) *place {
	g.t.Helper()
	p := &place{own: map[string]string{}}
	by, members := owner, []chat.User{stranger, member, banned, admin, target}
	if kind == chat.Direct {
		by, members = member, []chat.User{target, {ID: rand.Text()}} // there is only one of the same members
	}
	res, err := g.chat.CreateRoom(g.t.Context(), "", chat.Command{User: by, Fact: chat.RoomCreated{RoomKind: kind, Members: members}})
	if err != nil {
		g.t.Fatal(err)
	}
	p.id = res.Event.Room
	for _, u := range append(members, by) {
		p.own[u.ID] = g.must(p, u, chat.MessagePosted{Text: "Hello."})
	}
	p.other = p.own[target.ID]
	if kind != chat.Direct {
		g.must(p, owner, chat.RoleChanged{Member: admin, Role: chat.Admin})
		g.must(p, stranger, chat.UserLeft{})
		g.must(p, admin, chat.UserBanned{Member: banned})
	}
	return p
}

func (g *gallery) must(p *place, by chat.User, fact chat.Fact) (id string) {
	g.t.Helper()
	res, err := g.chat.Room(p.id).Do(g.t.Context(), chat.Command{User: by, Fact: fact})
	if err == nil && !res.Changed {
		err = errors.New("nothing has changed")
	}
	if err != nil {
		g.t.Fatalf("%s by %s: %v", fact.Kind(), by.ID, err)
	}
	return res.Event.ID.String()
}

// fill puts into a text what stands for itself between { and }.
func (p *place) fill(by chat.User, text string) string {
	own := p.own[by.ID]
	if own == "" {
		own = noMessage
	}
	me := by.ID
	if me == "" {
		me = "nobody"
	}
	return strings.NewReplacer(
		"{room}", p.id, "{own}", own, "{other}", p.other, "{me}", me,
		"{target}", target.ID, "{absent}", "absent", "{owner}", owner.ID, "{banned}", banned.ID,
	).Replace(text)
}

// readAnswer reads the body of an answer.
func readAnswer(t *testing.T, resp *http.Response) (*http.Response, []byte) {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, bytes.TrimSpace(body)
}

// eventID returns the id of the event that is an answer.
func eventID(t *testing.T, body []byte) string {
	t.Helper()
	var e struct{ ID string }
	if err := json.Unmarshal(body, &e); err != nil || e.ID == "" {
		t.Fatalf("%s is no event: %v", body, err)
	}
	return e.ID
}
