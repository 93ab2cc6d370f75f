package chattest_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/chattest"
	"github.com/roomlog/chat/client"
)

func TestKill_isACrashAndRestartIsNone(t *testing.T) {
	t.Parallel()
	var folded atomic.Int64
	o := &chattest.Options{}
	o.Chat.Progress = func(p chat.Progress) {
		if p.Phase == "rebuild" { // of what was not yet in the file of views
			folded.Add(p.Done)
		}
	}
	s := chattest.New(t, o)
	ann := s.User("Ann").Join("general")
	url, store, path, before := s.URL, s.Chat().StoreID(), s.Path(), s.Chat()
	s.Restart()
	if s.Path() != path || s.Chat() == before || folded.Load() > 0 {
		t.Errorf("a restart has folded %d events again, at %s", folded.Load(), s.Path())
	}
	ann.Post("general", "One.")
	before = s.Chat()
	s.Kill()
	if s.Path() == path || s.Chat() == before || folded.Load() == 0 {
		t.Errorf("a crash has left nothing to be folded again, at %s", s.Path())
	}
	if _, err := before.Room("general").Post(t.Context(), ann.User, "Late."); !errors.Is(err, chat.ErrShuttingDown) {
		t.Errorf("the chat that crashed answers %v", err)
	}
	ann.Post("general", "Two.")
	if s.URL != url || s.Chat().StoreID() != store {
		t.Error("the address or the store is another one")
	}
	if err := s.Chat().Verify(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

func TestRestart_tellsReadersToComeBack(t *testing.T) {
	t.Parallel()
	s := chattest.New(t, nil)
	ann := s.User("Ann").Join("general")
	told := make(chan error, 1)
	watched := make(chan struct{})
	go func() {
		once := sync.OnceFunc(func() { close(watched) })
		for state := range ann.Client().States(within(t)) {
			once()
			if state.Phase == client.Reconnecting {
				told <- state.Reason
				return
			}
		}
		told <- nil
	}()
	<-watched
	s.Restart()
	if err := <-told; err == nil || !strings.Contains(err.Error(), "draining") {
		t.Errorf("the reason is %v", err)
	}
}

// Whatever was answered or recorded before a crash is there after it, and what was not
// answered is stored once.
func TestKill_losesNothingThatWasAnswered(t *testing.T) {
	t.Parallel()
	s := chattest.New(t, nil)
	const writers, each = 4, 40
	var rooms []*client.Room
	for w := range writers {
		rooms = append(rooms, s.User(fmt.Sprint("writer ", w)).Join("general").Room("general"))
	}
	log, reader := s.Record("general"), s.User("Ann").Join("general").Record("general")
	answered := make(chan client.Event, writers*each)
	var work sync.WaitGroup
	for w, room := range rooms {
		work.Go(func() {
			for i := range each {
				e, err := room.Post(within(t), fmt.Sprint(w, " ", i))
				if err != nil {
					t.Error(err)
					return
				}
				answered <- e
			}
		})
	}
	for round := range 6 {
		for range writers * each / 8 {
			<-answered
		}
		switch round % 3 {
		case 0:
			s.Kill()
		case 1:
			s.Cut()
		case 2:
			s.Restart()
		}
	}
	work.Wait()
	const all = writers*each + writers + 1
	want := ids(log.Wait(all))
	if got := ids(reader.Wait(all)); !slices.Equal(got, want) {
		t.Errorf("the reader has\n%v\nand the log\n%v", got, want)
	}
	page, err := s.Chat().Room("general").Log(t.Context(), "", chat.Start, 500)
	if err != nil || len(page.Events) != all {
		t.Fatalf("%d events are stored, %v", len(page.Events), err)
	}
	for i, e := range page.Events {
		if e.ID.String() != want[i] {
			t.Fatalf("event %d is %s, and %s was recorded", i, e.ID, want[i])
		}
	}
	texts := log.Texts()
	slices.Sort(texts)
	if n := len(slices.Compact(texts)); n != writers*each {
		t.Errorf("%d different messages are stored", n)
	}
}

// What a test asks of the chat itself goes on while Kill copies the files: the copy is
// of one moment, with all that was recorded.
func TestKill_copiesWhileTheProgramWrites(t *testing.T) {
	t.Parallel()
	s := chattest.New(t, &chattest.Options{Patience: 3 * time.Second})
	user, rec := chat.User{ID: "host", Name: "Host"}, s.Record("general")
	write := func(c *chat.Chat, n int, text string) (last chat.ID) {
		for range n {
			e, err := c.Room("general").Post(within(t), user, text)
			if errors.Is(err, chat.ErrShuttingDown) {
				break
			}
			if err != nil {
				t.Error(err)
				break
			}
			last = e.ID
		}
		return last
	}
	var seed sync.WaitGroup // so much that it takes longer to copy than to commit
	for range 8 {
		seed.Go(func() { write(s.Chat(), 250, strings.Repeat("x", 4000)) })
	}
	seed.Wait()
	for range 3 {
		c := s.Chat()
		kept := write(c, 10, "kept")
		var work sync.WaitGroup
		work.Go(func() { write(c, 1_000_000, "beside") })
		s.Kill()
		work.Wait()
		if s.Chat().Head().Compare(kept) < 0 {
			t.Errorf("the copy ends at %s, before %s", s.Chat().Head(), kept)
		}
		if err := s.Chat().Verify(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		last := write(s.Chat(), 1, "after")
		rec.WaitFor(func(e client.Event) bool { return string(e.ID) == last.String() })
		var stored []string
		for e, err := range s.Chat().Room("general").Replay(t.Context(), chat.Start) {
			if err != nil {
				t.Fatal(err)
			}
			stored = append(stored, e.ID.String())
		}
		if got := ids(rec.Events()); !slices.Equal(got, stored) {
			t.Fatalf("%d events are recorded and %d stored, or others", len(got), len(stored))
		}
	}
}

func ids(events []client.Event) (ids []string) {
	for _, e := range events {
		ids = append(ids, string(e.ID))
	}
	return ids
}
