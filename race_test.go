package chat_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/roomlog/chat"
)

// rounds is how often each pair of commands races.
const rounds = 1000

// answered is what a command was answered with.
type answered struct {
	event chat.Event
	err   error
}

// atOnce gives commands at the same moment, and returns their answers in order.
func atOnce(t testing.TB, commands ...func() (chat.Event, error)) []answered {
	t.Helper()
	list := make([]answered, len(commands))
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i, ask := range commands {
		wg.Go(func() {
			<-start
			list[i].event, list[i].err = ask()
		})
	}
	close(start)
	wg.Wait()
	return list
}

// passed counts the answers that stored something; the others must be refused
// with the error, or, if that is nil, have changed nothing.
func passed(t *testing.T, list []answered, refused error) (n int) {
	t.Helper()
	for _, a := range list {
		switch {
		case a.err == nil && a.event.ID != chat.Start:
			n++
		case a.err == nil && refused != nil, a.err != nil && !errors.Is(a.err, refused):
			t.Fatalf("refused with %v, want %v", a.err, refused)
		}
	}
	return n
}

func TestRace_ofTwoOwnersWhoLeaveOneStays(t *testing.T) {
	t.Parallel()
	c, ctx := open(t, nil), within(t)
	for i := range rounds {
		room := create(t, c, fmt.Sprint("r", i), chat.RoomCreated{RoomKind: chat.Private, Members: []chat.User{bob, cat}})
		do(t, room, ann, chat.RoleChanged{Member: bob, Role: chat.Owner})
		list := atOnce(t,
			func() (chat.Event, error) { return room.Leave(ctx, ann) },
			func() (chat.Event, error) { return room.Leave(ctx, bob) },
		)
		if n := passed(t, list, chat.ErrForbiddenLastOwner); n != 1 {
			t.Fatalf("round %d: %d owners left", i, n)
		}
	}
}

func TestRace_ofTwoWhoMakeARoomOneDoes(t *testing.T) {
	t.Parallel()
	c, ctx := open(t, nil), within(t)
	for i := range rounds {
		ask := func(by chat.User) func() (chat.Event, error) {
			return func() (chat.Event, error) {
				res, err := c.CreateRoom(ctx, fmt.Sprint("r", i), chat.Command{User: by, Fact: chat.RoomCreated{}})
				return res.Event, err
			}
		}
		list := atOnce(t, ask(ann), ask(bob))
		if n := passed(t, list, chat.ErrRoomExists); n != 1 {
			t.Fatalf("round %d: %d made it", i, n)
		}
	}
}

func TestRace_bothSidesMakeOneDirectRoom(t *testing.T) {
	t.Parallel()
	c, ctx := open(t, nil), within(t)
	for i := range rounds {
		one, other := chat.User{ID: fmt.Sprint("one", i)}, chat.User{ID: fmt.Sprint("other", i)}
		changed := make([]bool, 2)
		ask := func(i int, by, with chat.User) func() (chat.Event, error) {
			return func() (chat.Event, error) {
				res, err := c.CreateRoom(ctx, "", chat.Command{User: by, Fact: chat.RoomCreated{RoomKind: chat.Direct, Members: []chat.User{with}}})
				changed[i] = res.Changed
				return res.Event, err
			}
		}
		list := atOnce(t, ask(0, one, other), ask(1, other, one))
		if list[0].err != nil || list[1].err != nil || list[0].event.ID != list[1].event.ID || changed[0] == changed[1] {
			t.Fatalf("round %d: %+v, changed %v", i, list, changed)
		}
	}
}

// After a ban the banned one is out, whatever the order.
func TestRace_ofABanAndAJoin(t *testing.T) {
	t.Parallel()
	c, ctx := open(t, nil), within(t)
	room := create(t, c, "r", chat.RoomCreated{})
	for i := range rounds {
		u := chat.User{ID: fmt.Sprint("u", i), Name: "U"}
		list := atOnce(t,
			func() (chat.Event, error) { return room.Ban(ctx, ann, u, never) },
			func() (chat.Event, error) { return room.Join(ctx, u) },
		)
		ban, join := list[0], list[1]
		if ban.err != nil {
			t.Fatal(ban.err)
		}
		switch {
		case join.err == nil:
			if join.event.ID.Compare(ban.event.ID) > 0 || ban.event.Type != "UserLeft" {
				t.Fatalf("round %d: joined by %s, banned by %s", i, join.event.JSON(), ban.event.JSON())
			}
		case !errors.Is(join.err, chat.ErrForbidden) || ban.event.Type != "UserBanned":
			t.Fatalf("round %d: join %v, ban %s", i, join.err, ban.event.JSON())
		}
		if _, err := room.Access(ctx, u.ID); !errors.Is(err, chat.ErrForbidden) {
			t.Fatalf("round %d: %v", i, err)
		}
	}
	if info, err := room.Info(ctx, ""); err != nil || info.Members != 1 {
		t.Errorf("%d members, %v", info.Members, err)
	}
}

// No post stands behind the archiving of its room.
func TestRace_ofAnArchivingAndAPost(t *testing.T) {
	t.Parallel()
	c, ctx := open(t, nil), within(t)
	room := create(t, c, "r", chat.RoomCreated{})
	for i := range rounds {
		list := atOnce(t,
			func() (chat.Event, error) { return room.Archive(ctx, ann) },
			func() (chat.Event, error) { return room.Post(ctx, bob, "a") },
		)
		archived, posted := list[0], list[1]
		if archived.err != nil {
			t.Fatal(archived.err)
		}
		if posted.err == nil && posted.event.ID.Compare(archived.event.ID) > 0 || posted.err != nil && !errors.Is(posted.err, chat.ErrRoomArchived) {
			t.Fatalf("round %d: %+v", i, posted)
		}
		do(t, room, ann, chat.RoomChanged{Archived: new(false)})
	}
}

// Reactions of many users to one message, given at once, are all counted.
func TestRace_noReactionIsLost(t *testing.T) {
	for name, policy := range map[string]chat.ReactionPolicy{"one of each": chat.OneOfEach, "any number": chat.AnyNumber, "one per user": chat.OnePerUser} {
		c, ctx := open(t, &chat.Options{Reactions: policy}), within(t)
		room := c.Room("r")
		m := post(t, room, ann, "Hello.")
		const users, times = 20, 5
		var commands []func() (chat.Event, error)
		for u := range users {
			by := chat.User{ID: fmt.Sprint("u", u)}
			for i := range times {
				emoji := fmt.Sprint("e", i%2)
				commands = append(commands, func() (chat.Event, error) { return room.React(ctx, by, m.ID, emoji) })
			}
		}
		for _, a := range atOnce(t, commands...) {
			if a.err != nil {
				t.Fatal(a.err)
			}
		}
		got, err := room.Message(ctx, m.ID, "u3")
		if err != nil {
			t.Fatal(err)
		}
		sum := 0
		for _, r := range got.Reactions {
			sum += r.Count
		}
		want := map[chat.ReactionPolicy]int{chat.OneOfEach: 2 * users, chat.AnyNumber: times * users, chat.OnePerUser: users}[policy]
		if sum != want {
			t.Errorf("%s: %d reactions, want %d", name, sum, want)
		}
	}
}
