package chat_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roomlog/chat"
)

// A roomList is a RoomList that a test reads, and what it has been told so far.
type roomList struct {
	*chat.RoomList
	t     testing.TB
	bell  *chat.Bell
	known map[string]chat.RoomInfo
}

func watch(t testing.TB, c *chat.Chat, user string) *roomList {
	bell := chat.NewBell()
	l := &roomList{RoomList: c.WatchRooms(user, bell), t: t, bell: bell}
	t.Cleanup(l.Close)
	return l
}

// hear returns in short all that the list is told just now.
func (l *roomList) hear() string {
	l.t.Helper()
	var list []string
	for {
		u, _, ok, err := l.Poll(l.t.Context())
		if err != nil {
			l.t.Fatal(err)
		}
		if !ok {
			return strings.Join(list, "; ")
		}
		list = append(list, l.take(u))
	}
}

func (l *roomList) expect(want string) {
	l.t.Helper()
	if got := l.hear(); got != want {
		l.t.Errorf("told\n%q, want\n%q", got, want)
	}
}

// take adds an update to what is known, and returns it in short.
func (l *roomList) take(u chat.RoomsUpdate) string {
	l.t.Helper()
	var words []string
	if u.Full {
		l.known = map[string]chat.RoomInfo{}
		words = append(words, "all")
	}
	for _, room := range u.Rooms {
		if room.Read == nil {
			l.t.Fatalf("room %+v without what is unread", room)
		}
		l.known[room.ID] = room
		words = append(words, room.ID+" "+shortState(*room.Read))
	}
	for _, id := range u.Removed {
		if _, ok := l.known[id]; !ok {
			l.t.Errorf("%s is removed, and was never there", id)
		}
		delete(l.known, id)
		words = append(words, "-"+id)
	}
	return strings.Join(words, " ")
}

// follow reads the list as a transport does, for some time.
func (l *roomList) follow(d time.Duration) (at []time.Time) {
	l.t.Helper()
	end := time.After(d)
	for {
		u, wait, ok, err := l.Poll(l.t.Context())
		if err != nil {
			l.t.Fatal(err)
		}
		if ok {
			at = append(at, time.Now())
			l.take(u)
			continue
		}
		var due <-chan time.Time
		if wait > 0 {
			due = time.After(wait)
		}
		select {
		case <-l.bell.C:
		case <-due:
		case <-end:
			return at
		}
	}
}

func TestWatchRooms_tellsAllAndThenWhatHappens(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, c *chat.Chat) {
		for _, id := range []string{"a", "b", "c"} {
			do(t, c.Room(id), ann, chat.UserJoined{})
		}
		post(t, c.Room("d"), bob, "not theirs")
		do(t, c.Room("b"), bob, chat.MessagePosted{Text: "Hello.", Mentions: []string{"ann"}})
		list := watch(t, c, "ann")
		list.expect("all b 1/1 c 0/0 a 0/0") // by last activity
		list.expect("")
		pass(time.Second)
		post(t, c.Room("a"), bob, "Hello.")
		list.expect("a 1/0")
		if last := list.known["a"].Last; last == nil || last.Text != "Hello." {
			t.Errorf("the last message is %+v", last)
		}
		post(t, c.Room("d"), bob, "not theirs")
		list.expect("")

		pass(time.Second)
		do(t, c.Room("d"), ann, chat.UserJoined{})
		list.expect("d 0/0")
		pass(time.Second)
		do(t, c.Room("c"), ann, chat.UserLeft{})
		list.expect("-c")
		do(t, c.Room("a"), ann, chat.UserLeft{})
		do(t, c.Room("a"), ann, chat.UserJoined{})
		list.expect("a 0/0")
		pass(time.Second)
		list.expect("a 0/0") // two things have happened in the room within a second
		pass(time.Second)
		title := "B"
		host(t, c.Room("b"), chat.RoomChanged{Title: &title})
		list.expect("b 1/1")
		pass(time.Second)
		host(t, c.Room("b"), chat.RoomDeleted{})
		list.expect("-b")
		pass(time.Second)
		post(t, c.Room("b"), bob, "anew")
		list.expect("")
		pass(time.Hour)
		list.expect("")
	})
}

func TestWatchRooms_ofNobodyIsEmpty(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, c *chat.Chat) {
		list := watch(t, c, "ann")
		list.expect("all")
		list.Renew()
		list.expect("all")
		pass(time.Second)
		res, err := c.CreateRoom(t.Context(), "", chat.Command{User: bob, Fact: chat.RoomCreated{RoomKind: chat.Direct, Members: []chat.User{ann}}})
		if err != nil {
			t.Fatal(err)
		}
		list.expect(res.Event.Room + " 0/0")
	})
}

// A list that is longer than an update comes in several, and whole again when it
// is begun anew halfway.
func TestWatchRooms_tellsManyRoomsInSeveralUpdates(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, c *chat.Chat) {
		var want []string
		for i := range 250 {
			id := fmt.Sprintf("r%03d", i)
			do(t, c.Room(id), ann, chat.UserJoined{})
			want = append([]string{id}, want...)
		}
		list := watch(t, c, "ann")
		poll := func() chat.RoomsUpdate {
			t.Helper()
			u, _, ok, err := list.Poll(t.Context())
			if err != nil || !ok {
				t.Fatal(ok, err)
			}
			list.take(u)
			return u
		}
		if u := poll(); !u.Full || len(u.Rooms) != 100 {
			t.Errorf("first %d rooms, full %v", len(u.Rooms), u.Full)
		}
		list.Renew()
		var got []string
		for i, n := range []int{100, 100, 50} {
			if !list.Pending() {
				t.Error("nothing is pending")
			}
			u := poll()
			if u.Full != (i == 0) || len(u.Rooms) != n {
				t.Errorf("%d rooms, full %v", len(u.Rooms), u.Full)
			}
			for _, room := range u.Rooms {
				got = append(got, room.ID)
			}
			post(t, c.Room("r249"), bob, "Hello.") // while the list is on its way
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		pass(time.Second)
		list.expect("r249 3/0")
		list.expect("")
	})
}

// A mark is told at once, whatever else waits.
func TestWatchRooms_aMarkIsNotPutOff(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, c *chat.Chat) {
		a, b := c.Room("a"), c.Room("b")
		do(t, a, ann, chat.UserJoined{})
		do(t, b, ann, chat.UserJoined{})
		one := post(t, a, bob, "one")
		list, others := watch(t, c, "ann"), watch(t, c, "bob")
		list.expect("all a 1/0 b 0/0")
		others.expect("all")
		post(t, b, bob, "two")
		list.expect("") // within 250 ms
		mark(t, a, "ann", one.ID)
		list.expect("a 0/0 b 1/0")
		others.expect("")
		post(t, a, bob, "three")
		pass(250 * time.Millisecond)
		list.expect("a 1/0")
	})
}

func TestWatchRooms_tellsFourTimesASecondAtMost(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, c *chat.Chat) {
		const rooms = 20
		for i := range rooms {
			do(t, c.Room(fmt.Sprint("r", i)), ann, chat.UserJoined{})
		}
		list := watch(t, c, "ann")
		go func() {
			for i := range 2000 { // 10 s
				time.Sleep(5 * time.Millisecond)
				post(t, c.Room(fmt.Sprint("r", i%rooms)), bob, fmt.Sprint(i))
			}
		}()
		at := list.follow(15 * time.Second)
		for i := 1; i < len(at); i++ {
			if d := at[i].Sub(at[i-1]); d < 250*time.Millisecond {
				t.Errorf("told again after %v", d)
			}
		}
		if len(at) < 20 || len(at) > 45 {
			t.Errorf("told %d times", len(at))
		}
		list.isRight(c, "ann")
	})
}

// However late a list is polled, it ends with what is so.
func TestWatchRooms_missesNothingWhenPolledLate(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, c *chat.Chat) {
		for i := range 5 {
			do(t, c.Room(fmt.Sprint("r", i)), ann, chat.UserJoined{})
		}
		list := watch(t, c, "ann")
		list.hear()
		for i := range 60 {
			room := c.Room(fmt.Sprint("r", i%7))
			post(t, room, bob, fmt.Sprint(i))
			switch i % 10 {
			case 3:
				do(t, room, ann, chat.UserLeft{})
			case 5:
				do(t, room, ann, chat.UserJoined{})
			case 7:
				mark(t, room, "ann", chat.End)
			}
			pass(time.Duration(i*37%600) * time.Millisecond)
			if i%20 == 19 {
				list.hear()
				pass(2 * time.Second)
				list.hear()
				list.isRight(c, "ann")
			}
		}
	})
}

// isRight compares what the list has been told with what a query says.
func (l *roomList) isRight(c *chat.Chat, user string) {
	l.t.Helper()
	page, err := c.Rooms(l.t.Context(), chat.RoomsQuery{Viewer: user, Scope: chat.Mine})
	if err != nil {
		l.t.Fatal(err)
	}
	short := func(r chat.RoomInfo) string {
		return fmt.Sprint(r.ID, " ", shortState(*r.Read), " ", r.Head)
	}
	var want, got []string
	for _, r := range page.Rooms {
		want = append(want, short(r))
	}
	for _, r := range l.known {
		got = append(got, short(r))
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		l.t.Errorf("told\n%q, want\n%q", got, want)
	}
}

// A room that is deleted and begun anew between two polls is no longer theirs.
func TestWatchRooms_losesARoomThatIsBegunAnew(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, c *chat.Chat) {
		room := c.Room("a")
		do(t, room, ann, chat.UserJoined{})
		list := watch(t, c, "ann")
		list.expect("all a 0/0")
		pass(time.Second)
		host(t, room, chat.RoomDeleted{})
		post(t, room, bob, "anew")
		list.expect("-a")
		pass(time.Second)
		do(t, room, ann, chat.UserJoined{})
		list.expect("a 0/0")
	})
}

func TestWatchRooms_endsWithClose(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, c *chat.Chat) {
		do(t, c.Room("a"), ann, chat.UserJoined{})
		list := watch(t, c, "ann")
		list.hear()
		list.Close()
		pass(time.Second)
		select {
		case <-list.bell.C:
		default:
		}
		post(t, c.Room("a"), bob, "Hello.")
		do(t, c.Room("b"), ann, chat.UserJoined{})
		mark(t, c.Room("a"), "ann", chat.End)
		pass(time.Minute)
		select {
		case <-list.bell.C:
			t.Error("the bell rang after Close")
		default:
		}
	})
}
