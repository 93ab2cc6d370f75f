package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/client"
)

// Every command and query does over both transports what it says.
func TestRoom_commandsAndQueries(t *testing.T) {
	onBoth(t, func(t *testing.T, as client.Transport) {
		s := serve(t, setup{})
		ctx := within(t)
		c, bob := s.dial("Ann", quick(as)), s.dial("Bob", quick(as))
		event := must[client.Event](t)
		created := event(c.Create(ctx, client.NewRoom{ID: "club", Kind: "private", Title: "Club", Receipts: true, Members: []string{"bob"}}))
		room := c.Room(created.Room)
		if c.User().ID != "ann" || created.User.ID != "ann" || room.ID() != "club" {
			t.Errorf("%v has made %q", c.User(), created.Room)
		}
		first := event(room.Post(ctx, "The first.", client.Mention("bob"), client.OfKind("image"),
			client.Attach(json.RawMessage(`[{"url":"x"}]`)), client.Meta(json.RawMessage(`{"a":1}`))))
		reply := event(room.Reply(ctx, first.ID, "An answer.", client.InThread(first.ID)))
		event(room.Edit(ctx, reply.ID, "Another answer."))
		event(bob.Room("club").React(ctx, first.ID, "👍"))
		m := must[client.Message](t)(room.Message(ctx, first.ID))
		if m.Text != "The first." || m.Kind != "image" || m.Replies != 1 || len(m.Mentions) != 1 || len(m.Reactions) != 1 || m.Reactions[0].Mine ||
			string(m.Meta) != `{"a":1}` || string(m.Attachments) != `[{"url":"x"}]` {
			t.Errorf("the message is %+v", m)
		}
		event(bob.Room("club").Unreact(ctx, first.ID, "👍"))
		if v := must[client.Message](t)(room.Versions(ctx, reply.ID)); len(v.Versions) != 2 || v.Parent.Text != "The first." {
			t.Errorf("the versions are %+v", v)
		}
		if p := must[client.Page](t)(room.Thread(ctx, first.ID, client.HistoryQuery{})); len(p.Messages) != 1 || p.Messages[0].ID != reply.ID {
			t.Errorf("the thread is %+v", p)
		}
		texts := func(messages func(func(client.Message, error) bool)) (list []string) {
			for m, err := range messages {
				if err != nil {
					t.Fatal(err)
				}
				list = append(list, m.Text)
			}
			return list
		}
		if got := texts(room.Messages(ctx, "")); !slices.Equal(got, []string{"Another answer.", "The first."}) {
			t.Errorf("the messages are %q", got)
		}
		if got := texts(room.Search(ctx, "ANSWER")); !slices.Equal(got, []string{"Another answer."}) {
			t.Errorf("found is %q", got)
		}
		if got := texts(bob.Mentions(ctx)); !slices.Equal(got, []string{"The first."}) {
			t.Errorf("mentions are %q", got)
		}
		if p := must[client.Page](t)(room.History(ctx, client.HistoryQuery{After: first.ID, Limit: 1})); len(p.Messages) != 1 || p.Prev == "" {
			t.Errorf("the page is %+v", p)
		}
		read := must[client.ReadState](t)(bob.Room("club").MarkRead(ctx, first.Cursor()))
		if read.Unread != 1 || read.UpTo != first.ID {
			t.Errorf("bob has read %+v", read)
		}
		if list := must[[]client.Receipt](t)(room.Receipts(ctx)); len(list) == 0 {
			t.Error("there are no receipts")
		}
		title := "The club"
		event(room.Change(ctx, client.Change{Title: &title}))
		event(room.SetMember(ctx, "cat", client.Admin))
		event(room.Mute(ctx, "bob", time.Now().Add(time.Hour)))
		if _, err := bob.Room("club").Post(ctx, "Mm."); !errors.Is(err, &client.Problem{Code: "forbidden"}) {
			t.Errorf("one who is muted posts, and it comes to %v", err)
		}
		event(room.Unmute(ctx, "bob"))
		event(room.Ban(ctx, "dan", time.Time{}))
		event(room.Unban(ctx, "dan"))
		event(room.Remove(ctx, "cat"))
		event(room.RemoveAndBan(ctx, "bob"))
		if list := must[[]client.Member](t)(room.Members(ctx)); len(list) != 1 || list[0].Role != client.Owner {
			t.Errorf("the members are %v", list)
		}
		event(room.Delete(ctx, reply.ID))
		if e, err := room.Delete(ctx, reply.ID); err != nil || e.ID != "" {
			t.Errorf("a second deletion is %v, %v", e, err)
		}
		if list := must[[]client.Member](t)(c.Room("general").Join(ctx)); len(list) != 2 {
			t.Errorf("in general are %v", list)
		}
		event(c.Room("general").Leave(ctx))
		rooms := must[client.RoomsPage](t)(c.Rooms(ctx, client.RoomsQuery{Scope: "mine", Limit: 10}))
		if len(rooms.Rooms) != 1 || rooms.Rooms[0].Title != title || rooms.Rooms[0].Role != client.Owner {
			t.Errorf("the rooms are %+v", rooms)
		}
		event(room.DeleteRoom(ctx))
	})
}

// One who is removed gets that event as the last of the room, and then the end.
func TestFollow_endsBehindTheRemoval(t *testing.T) {
	onBoth(t, func(t *testing.T, as client.Transport) {
		s := serve(t, setup{})
		ann, bob := s.dial("Ann", quick(as)), s.dial("Bob", quick(as))
		must[client.Event](t)(ann.Create(within(t), client.NewRoom{ID: "club", Kind: "private", Members: []string{"bob"}}))
		come := start(t, bob.Room("club"), client.Earliest)
		for range 3 { // the room, and its members
			next(t, come)
		}
		eventually(t, "bob is there", func() bool { return must[chat.Presence](t)(s.chat.Room("club").Presence(within(t), "")).Count == 1 })
		must[client.Event](t)(ann.Room("club").Remove(within(t), "bob"))
		must[client.Event](t)(ann.Room("club").Post(within(t), "He is gone."))
		var last client.Event
		for {
			f := next(t, come)
			if f.err == nil {
				last = f.event
				continue
			}
			var end *client.Ended
			if !errors.As(f.err, &end) || end.Reason != "forbidden" {
				t.Errorf("the follow ends with %v", f.err)
			}
			break
		}
		if fact := must[client.Fact](t)(last.Fact()); fact.Kind() != "UserLeft" || last.Room != "club" {
			t.Errorf("the last event is %s", last.JSON())
		}
		if f := next(t, start(t, bob.Room("none"), client.Latest)); !errors.Is(f.err, &client.Problem{Code: "room_not_found"}) {
			t.Errorf("a room that is not there is %v", f.err)
		}
	})
}

func TestSignals_tellWhatIsSo(t *testing.T) {
	onBoth(t, func(t *testing.T, as client.Transport) {
		s := serve(t, setup{})
		p := s.behind(0)
		c, bob := s.dialAt(p.url(), "Ann", quick(as)), s.dial("Bob", quick(as))
		ctx, cancel := context.WithCancel(t.Context())
		come, over := make(chan client.Signal, 100), make(chan struct{})
		go func() {
			defer close(over)
			for sig, err := range c.Room("general").Signals(ctx) {
				if err != nil {
					return
				}
				come <- sig
			}
		}()
		defer func() { cancel(); <-over }()
		await := func(what string, is func(client.Signal) bool) {
			t.Helper()
			for deadline := time.After(patience); ; {
				select {
				case sig := <-come:
					if is(sig) {
						return
					}
				case <-deadline:
					t.Fatalf("no signal tells of %s", what)
				}
			}
		}
		present := func(ids ...string) func(client.Signal) bool {
			return func(sig client.Signal) bool {
				p, ok := sig.(client.Presence)
				var list []string
				for _, u := range p.Users {
					list = append(list, u.ID)
				}
				return ok && slices.Equal(list, ids) && p.Count == len(ids)
			}
		}
		await("oneself", present("ann"))
		start(t, bob.Room("general"), client.Latest)
		await("bob's coming", present("ann", "bob"))
		if err := bob.Room("general").Typing(within(t)); err != nil {
			t.Fatal(err)
		}
		typing := func(n int) func(client.Signal) bool {
			return func(sig client.Signal) bool { typing, ok := sig.(client.Typing); return ok && len(typing.Users) == n }
		}
		await("bob's typing", typing(1))
		must[client.Event](t)(bob.Room("general").Post(within(t), "Here."))
		await("the end of it", typing(0))
		if err := bob.Room("general").Signal(within(t), "x.dice", json.RawMessage(`{"n":6}`)); err != nil {
			t.Fatal(err)
		}
		dice := func(sig client.Signal) bool {
			d, ok := sig.(client.CustomSignal)
			return ok && d.Kind == "x.dice" && d.User.ID == "bob" && string(d.Data) == `{"n":6}`
		}
		await("the dice", dice)
		must[client.ReadState](t)(c.Room("general").MarkRead(within(t), client.Latest))
		await("what is read", func(sig client.Signal) bool {
			r, ok := sig.(client.ReadState)
			return ok && r.UpTo != "" && r.Unread == 0
		})
		if err := bob.SetStatus(within(t), "busy", "Lunch."); err != nil {
			t.Fatal(err)
		}
		await("bob's status", func(sig client.Signal) bool {
			p, ok := sig.(client.Presence)
			return ok && len(p.Users) == 2 && p.Users[1].Status == "busy" && p.Users[1].Text == "Lunch."
		})
		p.cutAll() // and it goes on
		await("all over a cut", present("ann", "bob"))
	})
}

func TestWatchRooms_tellsWhatIsUnread(t *testing.T) {
	onBoth(t, func(t *testing.T, as client.Transport) {
		s := serve(t, setup{})
		s.join("general", "Ann")
		p := s.behind(0)
		c := s.dialAt(p.url(), "Ann", quick(as))
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		step := 0
		for rooms, err := range c.WatchRooms(ctx) {
			if err != nil {
				t.Fatalf("at step %d: %v", step, err)
			}
			switch {
			case step == 0 && len(rooms) == 1:
				s.post("general", "host", "Look.")
			case step == 1 && len(rooms) == 1 && rooms[0].Unread == 1 && rooms[0].Last.Text == "Look.":
				p.cutAll()
				s.join("second", "Ann")
			case step == 2 && len(rooms) == 2 && rooms[0].ID == "second":
				if _, err := s.chat.Room("second").Leave(ctx, user("Ann")); err != nil {
					t.Fatal(err)
				}
			case step == 3 && len(rooms) == 1:
				return
			default:
				continue
			}
			step++
		}
	})
}

// The types of this package are those of package chat, field by field.
func TestFacts_areThoseOfTheLibrary(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]any{
		{client.MessagePosted{}, chat.MessagePosted{}},
		{client.MessageEdited{}, chat.MessageEdited{}},
		{client.MessageDeleted{}, chat.MessageDeleted{}},
		{client.ReactionAdded{}, chat.ReactionAdded{}},
		{client.ReactionRemoved{}, chat.ReactionRemoved{}},
		{client.UserJoined{}, chat.UserJoined{}},
		{client.UserLeft{}, chat.UserLeft{}},
		{client.UserBanned{}, chat.UserBanned{}},
		{client.UserUnbanned{}, chat.UserUnbanned{}},
		{client.UserMuted{}, chat.UserMuted{}},
		{client.UserUnmuted{}, chat.UserUnmuted{}},
		{client.RoleChanged{}, chat.RoleChanged{}},
		{client.RoomCreated{}, chat.RoomCreated{}},
		{client.RoomChanged{}, chat.RoomChanged{}},
		{client.RoomArchived{}, chat.RoomArchived{}},
		{client.RoomDeleted{}, chat.RoomDeleted{}},
		{client.Reaction{}, chat.Reaction{}},
		{client.Parent{}, chat.Parent{}},
		{client.Receipt{}, chat.Receipt{}},
		{client.Present{}, chat.Present{}},
	} {
		ours, theirs := fieldsOf(pair[0]), fieldsOf(pair[1])
		if !slices.Equal(ours, theirs) {
			t.Errorf("%T has the fields %v, the library's %v", pair[0], ours, theirs)
		}
		if f, ok := pair[0].(client.Fact); ok && f.Kind() != pair[1].(chat.Fact).Kind() {
			t.Errorf("%T is %s", pair[0], f.Kind())
		}
	}
}

func fieldsOf(v any) (names []string) {
	of := reflect.TypeOf(v)
	for i := range of.NumField() {
		name, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}
