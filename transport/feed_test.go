package transport_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/internal/wiretest"
)

// drain reads a feed until there is no more for now, and returns the texts of
// what it read: ids of events, "live", and "lost" and "gone" with rooms.
func drain(t *testing.T, f *transport.Feed) (read []string) {
	t.Helper()
	for {
		b, err := f.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if b.Empty() {
			return read
		}
		for _, s := range b.Lost {
			read = append(read, "lost "+s.Room+" "+s.Reason)
		}
		for _, e := range b.Events {
			read = append(read, e.ID.String())
		}
		if b.Live {
			read = append(read, "live")
		}
		for _, room := range b.Gone {
			read = append(read, "gone "+room)
		}
	}
}

func ids(events []chat.Event) (ids []string) {
	for _, e := range events {
		ids = append(ids, e.ID.String())
	}
	return ids
}

func open(t *testing.T, s *wiretest.Server, cursor string, rooms ...string) *transport.Feed {
	t.Helper()
	g := transport.NewGate(s.Chat, s.Guest.Auth, nil)
	f, err := g.Open(t.Context(), transport.FeedQuery{Rooms: rooms, Cursor: transport.ParseCursor(cursor)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return f
}

func TestFeed_marksLiveBetweenWhatWasAndWhatCame(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	ann, _ := s.User("Ann")
	for i, cursor := range []string{"latest", "earliest", "first", "last"} {
		room := fmt.Sprint("room", i)
		old := s.Post(room, ann, "1", "2", "3")
		want := []string{"live"}
		switch cursor {
		case "earliest":
			want = append(ids(old), "live")
		case "first":
			cursor = old[0].ID.String()
			want = append(ids(old[1:]), "live")
		case "last":
			cursor = old[2].ID.String()
		}
		f := open(t, s, cursor, room)
		came := ids(s.Post(room, ann, "4", "5")) // after it was opened, before it is read
		if got := drain(t, f); !slices.Equal(got, append(want, came...)) {
			t.Errorf("from %s: %v", cursor, got)
		}
		if f.Mark() != old[2].ID {
			t.Errorf("from %s: the mark is %s", cursor, f.Mark())
		}
		next := ids(s.Post(room, ann, "6"))
		if got := drain(t, f); !slices.Equal(got, next) {
			t.Errorf("from %s, live: %v", cursor, got)
		}
	}
}

func TestFeed_givesEachRoomItsVerdict(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{Chat: chat.Options{Keep: 5}})
	ann, _ := s.User("Ann")
	s.Post("a", ann, "0")
	first := s.Post("b", ann, "1")[0]
	for i := range 50 {
		s.Post("a", ann, fmt.Sprint(i))
	}
	wiretest.Eventually(t, "room a has a floor", func() bool {
		info, err := s.Chat.Room("a").Info(context.Background(), "")
		return err == nil && info.Floor.Compare(first.ID) > 0
	})
	second := s.Post("b", ann, "2")[0]

	f := open(t, s, first.ID.String(), "a", "b", "nothing", "not/a/room")
	var got []string
	for _, st := range f.Standings() {
		got = append(got, fmt.Sprintf("%s %s %s", st.Room, st.Verdict, st.Reason))
	}
	want := []string{"a reset expired", "b resumed ", "nothing not_found ", "not/a/room not_found "}
	if !slices.Equal(got, want) || f.Verdict() != transport.Reset {
		t.Fatalf("verdicts are %q, in all %s", got, f.Verdict())
	}
	inA := s.Post("a", ann, "3")[0]
	inB := s.Post("b", ann, "4")[0]
	if got := drain(t, f); !slices.Equal(got, []string{second.ID.String(), "live", inA.ID.String(), inB.ID.String()}) {
		t.Errorf("the feed is %v", got)
	}

	for cursor, verdict := range map[string]transport.Verdict{
		"latest": transport.Fresh, "earliest": transport.Resumed, second.ID.String(): transport.Resumed,
		"rubbish": transport.Reset, "7ZZZZZZZZZZZZZZZZZZZZZZZZZ": transport.Reset,
		"00000000000000000000000000": transport.Reset,
	} {
		if f := open(t, s, cursor, "a", "nothing"); f.Verdict() != verdict {
			t.Errorf("%s is %s, not %s", cursor, f.Verdict(), verdict)
		}
	}
	if f := open(t, s, "00000000000000000000000000", "b"); f.Verdict() != transport.Resumed {
		t.Errorf("the zero ULID is %s in a room that has lost nothing", f.Verdict())
	}
}

func TestFeed_isNotThereIfNoRoomIs(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	g := transport.NewGate(s.Chat, s.Guest.Auth, nil)
	for _, room := range []string{"nothing", "", "not/a/room"} {
		_, err := g.Open(t.Context(), transport.FeedQuery{Rooms: []string{room}})
		if !errors.Is(err, chat.ErrRoomNotFound) {
			t.Errorf("%q: %v", room, err)
		}
	}
}

func TestFeed_tellsOfRetentionThatOvertookIt(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{Chat: chat.Options{Keep: 5, TailBytes: 1}})
	ann, _ := s.User("Ann")
	cursor := s.Post("a", ann, "1")[0].ID.String()
	inB := s.Post("b", ann, "1")
	f := open(t, s, cursor, "a", "b")
	for i := range 400 {
		s.Post("a", ann, fmt.Sprint(i))
	}
	late := s.Post("b", ann, "2")
	wiretest.Eventually(t, "room a has lost what the feed has not read", func() bool {
		info, err := s.Chat.Room("a").Info(context.Background(), "")
		return err == nil && info.Floor.Compare(f.Mark()) > 0
	})
	got := drain(t, f)
	if !slices.Contains(got, "lost a expired") {
		t.Fatalf("the feed is %v", got)
	}
	for _, id := range append(ids(inB), ids(late)...) {
		if !slices.Contains(got, id) {
			t.Errorf("%s of the other room is missing in %v", id, got)
		}
	}
	if got[len(got)-1] != "live" {
		t.Errorf("it is not live again: %v", got)
	}
	next := s.Post("a", ann, "next")
	if got := drain(t, f); !slices.Equal(got, ids(next)) {
		t.Errorf("then comes %v", got)
	}
}

func TestFeed_ringsItsBell(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{})
	ann, _ := s.User("Ann")
	s.Post("general", ann, "1")
	f := open(t, s, "latest", "general")
	drain(t, f)
	if f.Pending() {
		t.Error("something is pending")
	}
	s.Post("general", ann, "2")
	select {
	case <-f.Bell().C:
	case <-time.After(wiretest.Patience):
		t.Fatal("the bell did not ring")
	}
	if !f.Pending() {
		t.Error("nothing is pending")
	}
}

// A feed of rooms of which one cannot be resumed reads the others up to the mark by
// a subscription that it then closes. What it hands out is of that one's last batch.
func TestFeed_keepsABatchOfTheReplayToItself(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{Chat: chat.Options{Keep: 5}})
	ann, _ := s.User("Ann")
	s.Post("a", ann, "0")
	first := s.Post("b", ann, "1")[0]
	for i := range 50 {
		s.Post("a", ann, fmt.Sprint(i))
	}
	wiretest.Eventually(t, "room a has a floor", func() bool {
		info, err := s.Chat.Room("a").Info(context.Background(), "")
		return err == nil && info.Floor.Compare(first.ID) > 0
	})
	missed := ids(s.Post("b", ann, "2"))
	s.Post("other", ann, "4", "5", "6")
	for range 3 { // memory that is given back may also be lost
		f := open(t, s, first.ID.String(), "a", "b")
		came := ids(s.Post("b", ann, "3")) // in one read with what was missed
		missed = append(missed, came...)
		var got []string
		for len(got) < len(missed) {
			b, err := f.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			other, err := s.Chat.Subscribe(chat.Start, nil, "other")
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := other.Poll(); err != nil {
				t.Fatal(err)
			}
			other.Close()
			if b.Empty() {
				break
			}
			got = append(got, ids(b.Events)...)
		}
		if !slices.Equal(got, missed) {
			t.Fatalf("the feed is %v, not %v", got, missed)
		}
	}
}
