package transport_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/internal/wiretest"
)

// house is a chat with private rooms of ann's, of which bob is a member.
type house struct {
	*wiretest.Server
	t        *testing.T
	gate     *transport.Gate
	ann, bob chat.User
}

func newHouse(t *testing.T, rooms ...string) *house {
	h := &house{Server: wiretest.New(t, wiretest.Setup{}), t: t}
	h.gate = transport.NewGate(h.Chat, h.Guest.Auth, &transport.Options{NoLimits: true}) // several feeds are read in turn
	h.ann, _ = h.User("Ann")
	h.bob, _ = h.User("Bob")
	for _, room := range rooms {
		h.do(room, chat.RoomCreated{RoomKind: chat.Private, Members: []chat.User{h.bob}})
	}
	return h
}

// do gives a command of ann's and returns the id of its event.
func (h *house) do(room string, f chat.Fact) string {
	h.t.Helper()
	res, err := h.Chat.Room(room).Do(context.Background(), chat.Command{User: h.ann, Fact: f})
	if err != nil || !res.Changed {
		h.t.Fatalf("%T in %s: changed: %t, %v", f, room, res.Changed, err)
	}
	return res.Event.ID.String()
}

func (h *house) say(room string, n int) []string {
	h.t.Helper()
	return ids(h.Post(room, h.ann, slices.Repeat([]string{"hello"}, n)...))
}

func (h *house) remove(room string) string { return h.do(room, chat.UserLeft{Member: h.bob}) }

// open opens a feed of bob's.
func (h *house) open(g *transport.Grant, cursor string, rooms ...string) *transport.Feed {
	h.t.Helper()
	if g == nil {
		g = &transport.Grant{}
	}
	g.User = h.bob
	f, err := h.gate.Open(context.Background(), transport.FeedQuery{
		Rooms: rooms, Many: len(rooms) > 1, Grant: g, Cursor: transport.ParseCursor(cursor),
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(f.Close)
	return f
}

func (h *house) want(f *transport.Feed, want ...string) {
	h.t.Helper()
	if got := drain(h.t, f); !slices.Equal(got, want) {
		h.t.Errorf("the feed is\n%s\nand not\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestFeed_endsWithTheRemoval(t *testing.T) {
	for _, read := range []bool{true, false} { // before the removal, or after all of it
		for name, change := range map[string]func(*house) []string{
			"removed":        func(h *house) []string { return []string{h.remove("a")} },
			"banned":         func(h *house) []string { return []string{h.do("a", chat.UserBanned{Member: h.bob})} },
			"changed before": func(h *house) []string { return []string{h.do("a", title("new")), h.say("a", 1)[0], h.remove("a")} },
			"promoted before": func(h *house) []string {
				return []string{h.do("a", chat.RoleChanged{Member: h.bob, Role: chat.Admin}), h.say("a", 1)[0], h.remove("a")}
			},
		} {
			h := newHouse(t, "a")
			first := h.say("a", 1)
			f := h.open(nil, first[0], "a")
			if read {
				h.want(f, "live")
			}
			want := append(h.say("a", 3), change(h)...)
			h.say("a", 5)
			if !read {
				want = append([]string{"live"}, want...)
			}
			t.Log(name, "read before:", read)
			h.want(f, append(want, "gone a")...)
			if !f.Over() || f.Pending() {
				t.Errorf("%s: it goes on", name)
			}
		}
	}
}

func title(s string) chat.RoomChanged { return chat.RoomChanged{Title: &s} }

func TestFeed_endsForStrangersWhenARoomIsMadePrivate(t *testing.T) {
	h := newHouse(t)
	h.do("a", chat.RoomCreated{RoomKind: chat.Public})
	f := h.open(nil, "", "a")
	want := append([]string{"live"}, h.say("a", 2)...)
	want = append(want, h.do("a", title("soon private")), h.do("a", chat.RoomChanged{RoomKind: chat.Private}))
	h.say("a", 2)
	h.do("a", chat.UserJoined{Member: h.bob})
	h.say("a", 2)
	h.remove("a")
	h.want(f, append(want, "gone a")...)
}

func TestFeed_endsForABannedStranger(t *testing.T) {
	h := newHouse(t)
	h.do("a", chat.RoomCreated{RoomKind: chat.Public})
	f := h.open(nil, "", "a")
	want := append([]string{"live"}, h.say("a", 2)...)
	want = append(want, h.do("a", chat.UserBanned{Member: h.bob, Until: time.Now().Add(time.Hour)}))
	h.say("a", 2)
	h.want(f, append(want, "gone a")...)
}

func TestFeed_keepsTheOtherRooms(t *testing.T) {
	h := newHouse(t, "a", "b", "c")
	old := h.say("b", 2)
	f := h.open(nil, old[0], "a", "b", "c")
	want := append(old[1:], "live")
	want = append(want, h.say("a", 1)...)
	want = append(want, h.say("b", 1)...)
	want = append(want, h.remove("a"), "gone a")
	h.say("a", 2)
	want = append(want, h.say("c", 1)...)
	h.want(f, want...)
	h.say("a", 1) // readers are rung after the writer was answered: now all has been rung for that came before
	select {
	case <-f.Bell().C:
	default:
	}
	h.say("a", 2)
	select {
	case <-f.Bell().C:
		t.Error("the bell rings for the room that is gone")
	default:
	}
	if f.Pending() {
		t.Error("something is pending")
	}
	h.want(f, h.do("b", chat.RoomDeleted{}), "gone b")
	h.want(f, h.say("c", 1)...)
}

// The store refuses what is below the end of a room, so a reader may be told of
// a deletion by its event, or by the room not being there.
func TestFeed_endsWithTheDeletionOfItsRoom(t *testing.T) {
	for _, where := range []string{"waiting", "at the head", "behind"} {
		h := newHouse(t, "a", "b")
		one := h.say("a", 1)
		f := h.open(nil, one[0], "a", "b")
		h.want(f, "live")
		if where == "behind" {
			h.say("a", 3)
		}
		b := h.say("b", 1)
		if where == "waiting" {
			h.want(f, b...)
		}
		h.do("a", chat.RoomDeleted{})
		after := h.say("b", 1)
		got := drain(t, f)
		if n := len(got); n == 0 || !slices.Contains(got, "gone a") || slices.Contains(got, "live") || got[n-1] != after[0] {
			t.Errorf("%s: the feed is %v", where, got)
		}
	}
}

func TestFeed_endsARoomThoughOthersAreNeverSilent(t *testing.T) {
	h := newHouse(t, "a", "b")
	refuse := false
	g := &transport.Grant{May: func(_ transport.Action, room string) error {
		if refuse && room == "a" {
			return errors.New("no")
		}
		return nil
	}}
	f := h.open(g, "", "a", "b")
	h.want(f, "live")
	refuse = true
	h.say("b", 1)
	f.Ask(t.Context(), g)
	for range 5 {
		h.say("b", 1)
		b, err := f.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if slices.Equal(b.Gone, []string{"a"}) {
			return
		}
	}
	t.Error("room a does not end")
}

func TestFeed_isNotOfARoomThatWasLostWhileItWasOpened(t *testing.T) {
	h := newHouse(t, "a", "b")
	h.say("a", 1)
	asked := 0
	f := h.open(&transport.Grant{May: func(_ transport.Action, room string) error {
		if asked++; asked == 2 { // a has been looked at
			h.remove("a")
		}
		return nil
	}}, "", "a", "b")
	h.say("a", 1)
	h.want(f, append([]string{"live"}, h.say("b", 1)...)...)
	if v := f.Standings()[0].Verdict; v != transport.NotFound {
		t.Errorf("the verdict of room a is %s", v)
	}
}

func TestFeed_showsWhoJoinsAnewNothingOfWhatLiesBetween(t *testing.T) {
	for _, several := range []bool{false, true} {
		h := newHouse(t, "all", "joined", "other")
		h.do("joined", chat.RoomChanged{History: chat.SeeFromJoin})
		for _, room := range []string{"all", "joined"} {
			rooms := []string{room}
			if several {
				rooms = append(rooms, "other")
			}
			old := h.say(room, 2)
			open, behind := h.open(nil, old[0], rooms...), h.open(nil, old[0], rooms...)
			h.want(open, old[1], "live")
			want := append(h.say(room, 1), h.remove(room))
			between := h.say(room, 2)
			joined := append([]string{h.do(room, chat.UserJoined{Member: h.bob})}, h.say(room, 1)...)
			if room == "all" {
				want = append(want, between...)
			}
			want = append(want, joined...)
			h.want(open, want...)
			h.want(behind, append([]string{old[1], "live"}, want...)...)
			// Who comes now sees what their present membership shows.
			want = append([]string{old[1]}, want...)
			if room == "joined" {
				want = joined
			}
			h.want(h.open(nil, old[0], rooms...), append(want, "live")...)
		}
	}
}

func TestFeed_saysNothingWhileItCannotKnow(t *testing.T) {
	h := newHouse(t, "a")
	now := time.Now()
	h.gate = transport.NewGate(h.Chat, h.Guest.Auth, &transport.Options{NoLimits: true, Now: func() time.Time { return now }})
	expires, closes := h.open(&transport.Grant{Expires: now.Add(time.Hour)}, "", "a"), h.open(nil, "", "a")
	h.want(expires, "live")
	h.want(closes, "live")
	want := h.remove("a")
	h.say("a", 3)
	for _, f := range []*transport.Feed{expires, closes} {
		b, err := f.Next(t.Context())
		if err != nil || !slices.Equal(ids(b.Events), []string{want}) {
			t.Fatalf("the removal comes as %v, %v", ids(b.Events), err)
		}
	}
	now = now.Add(2 * time.Hour)
	h.want(expires)
	_ = h.Chat.Close()
	if b, err := closes.Next(t.Context()); !errors.Is(err, chat.ErrShuttingDown) || !b.Empty() {
		t.Errorf("once the chat is closed comes %v, %v", ids(b.Events), err)
	}
}

func TestGate_opensNoFeedForNobody(t *testing.T) {
	h := newHouse(t, "a")
	_, err := h.gate.Open(t.Context(), transport.FeedQuery{Rooms: []string{"a"}, Grant: &transport.Grant{}})
	if !errors.Is(err, transport.ErrUnauthenticated) {
		t.Errorf("a grant without a user opens a feed: %v", err)
	}
}

// What is kept moves on between the opening of a feed and its first page.
func TestFeed_fromTheEarliestIsNotOvertakenBeforeItHasRead(t *testing.T) {
	for _, rooms := range [][]string{{"a"}, {"a", "b"}} {
		t.Run(fmt.Sprint(rooms), func(t *testing.T) {
			t.Parallel()
			s := wiretest.New(t, wiretest.Setup{Chat: chat.Options{Keep: 5, TailBytes: 1}})
			ann, _ := s.User("Ann")
			s.Post("b", ann, "hello")
			var floor chat.ID
			for range 2 { // the second time there is a floor to begin with
				s.Post("a", ann, slices.Repeat([]string{"hello"}, 20)...)
				f := open(t, s, "earliest", rooms...)
				s.Post("a", ann, slices.Repeat([]string{"hello"}, 20)...)
				wiretest.Eventually(t, "what is kept moves on", func() bool {
					info, err := s.Chat.Room("a").Info(context.Background(), "")
					page, _ := s.Chat.Room("a").Log(context.Background(), "", chat.Start, 100)
					moved := err == nil && info.Floor.Compare(floor) > 0 && len(page.Events) == 5
					if moved {
						floor = info.Floor
					}
					return moved
				})
				for _, line := range drain(t, f) {
					if strings.HasPrefix(line, "lost") {
						t.Errorf("of %v: %s", rooms, line)
					}
				}
				s.Post("a", ann, "next")
			}
		})
	}
}
