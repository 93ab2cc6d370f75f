package chattest_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/chattest"
	"github.com/roomlog/chat/client"
)

func TestRecord_hasAllFromTheFirstEventOn(t *testing.T) {
	t.Parallel()
	s := chattest.New(t, nil)
	early := s.Record("general", "random") // neither is there
	ann := s.User("Ann").Join("general", "random")
	want := []string{"general 1", "random 1", "general 2"}
	for _, text := range want {
		room, _, _ := strings.Cut(text, " ")
		ann.Post(room, text)
	}
	late := s.Record("random", "general")
	bob := s.User("Bob").Record("general", "random")
	for name, rec := range map[string]*chattest.Recorder{"early": early, "late": late, "Bob's": bob} {
		if events := rec.Wait(5); events[0].Type != "UserJoined" {
			t.Errorf("the %s begins with a %s", name, events[0].Type)
		}
		got := rec.Texts()
		if name == "Bob's" { // of each room in order
			slices.Sort(got)
			want = []string{"general 1", "general 2", "random 1"}
		} else {
			want = []string{"general 1", "random 1", "general 2"}
		}
		if !slices.Equal(got, want) || rec.Err() != nil {
			t.Errorf("the %s has %v, %v", name, got, rec.Err())
		}
	}
	if e := late.WaitFor(chattest.Text("random 1")); e.Room != "random" || e.User.ID != "ann" {
		t.Errorf("it finds %s", e.JSON())
	}
}

func TestRecord_readsPrivateRoomsAndUsersOnlyTheirOwn(t *testing.T) {
	t.Parallel()
	s := chattest.New(t, &chattest.Options{Patience: 2 * time.Second})
	private := chat.Command{User: chat.User{ID: "host", Name: "Host"}, Fact: chat.RoomCreated{RoomKind: chat.Private}}
	if _, err := s.Chat().CreateRoom(t.Context(), "secret", private); err != nil {
		t.Fatal(err)
	}
	s.Record("secret").Wait(1)
	got := try(t, func(t testing.TB) {
		chattest.New(t, nil).User("Ann").Record("secret").Wait(1)
	})
	if !strings.Contains(got, "Ann's client has ended\n\terror: chat: room_not_found") {
		t.Errorf("the failure is %s", got)
	}
}

func TestRecorder_tellsWhatCameInstead(t *testing.T) {
	t.Parallel()
	setup := &chattest.Options{Patience: 200 * time.Millisecond}
	began := time.Now()
	got := try(t, func(t testing.TB) {
		s := chattest.New(t, setup)
		s.User("Ann").Join("general").Post("general", "Helo.")
		rec := s.Record("general")
		rec.Wait(2)
		rec.WaitFor(chattest.Text("Hello."))
	})
	for _, part := range []string{
		"waiting for an event that matches of general: the log did not get it within 200ms",
		"2 came:", "1. general: UserJoined by Ann: {", `2. general: MessagePosted by Ann: "Helo."`,
	} {
		if !strings.Contains(got, part) {
			t.Errorf("%q is not in the failure\n%s", part, got)
		}
	}
	got = try(t, func(t testing.TB) {
		s := chattest.New(t, setup)
		ann := s.User("Ann").Join("general")
		rec := ann.Record("general")
		rec.Wait(1)
		for i := range 40 {
			ann.Post("general", fmt.Sprint("message ", i))
		}
		rec.Wait(41)
		s.Cut()
		rec.Wait(99)
	})
	for _, part := range []string{
		"waiting for 99 events of general: Ann's client did not get it", "the client is connected",
		"41 came:", "(11 older ones)", `41. general: MessagePosted by Ann: "message 39"`,
	} {
		if !strings.Contains(got, part) {
			t.Errorf("%q is not in the failure\n%s", part, got)
		}
	}
	if took := time.Since(began); took < 400*time.Millisecond {
		t.Errorf("both have waited for %s", took)
	}
}

func TestRecorder_waitsForWhatIsYetToCome(t *testing.T) {
	t.Parallel()
	s := chattest.New(t, nil)
	ann := s.User("Ann").Join("general")
	for name, rec := range map[string]*chattest.Recorder{"log": s.Record("general"), "user": s.User("Bob").Record("general")} {
		rec.Wait(1)
		asked := make(chan struct{})
		var work sync.WaitGroup
		work.Go(func() {
			<-asked
			if _, err := ann.Room("general").Post(t.Context(), name); err != nil {
				t.Error(err)
			}
		})
		calls := 0
		e := rec.WaitFor(func(e client.Event) bool {
			if calls++; calls == 1 {
				close(asked)
			}
			return chattest.Text(name)(e)
		})
		work.Wait()
		if calls != len(rec.Events()) || string(e.ID) != string(rec.Events()[calls-1].ID) {
			t.Errorf("%s: it was asked %d times for %d events", name, calls, len(rec.Events()))
		}
	}
}

// What retention has taken from a client that was away is no silent gap.
func TestRecorder_tellsOfAReset(t *testing.T) {
	t.Parallel()
	s := chattest.New(t, &chattest.Options{Chat: chat.Options{Keep: 5}})
	ann, bob := s.User("Ann").Join("general"), s.User("Bob").Join("general")
	rec := bob.Record("general")
	seen := rec.Wait(2)[1].ID
	s.Freeze()
	s.Cut()
	for i := range 20 {
		if _, err := s.Chat().Room("general").Post(t.Context(), ann.User, fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "retention takes what Bob has not seen", func() bool {
		info, err := s.Chat().Room("general").Info(t.Context(), "")
		return err == nil && info.Floor.String() > string(seen)
	})
	s.Thaw()
	eventually(t, "Bob is told", func() bool {
		reset, ok := errors.AsType[*client.Reset](rec.Err())
		return ok && reset.Reason == "expired" && reset.Room == "general"
	})
	ann.Post("general", "Go on.")
	rec.WaitFor(chattest.Text("Go on."))
}
