package chat_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/store"
)

func TestOpen_createsOnceAndCreateNeverOpens(t *testing.T) {
	path := filepath.Join(t.TempDir(), "chat.db")
	c, err := chat.Create(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	id, e := c.StoreID(), post(t, c.Room("general"), ann, "Hello.")
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := chat.Create(path, nil); !errors.Is(err, fs.ErrExist) {
		t.Errorf("create over a file: %v", err)
	}
	c = openAt(t, path, nil)
	if c.StoreID() != id || len(id) != 32 || c.Head() != e.ID {
		t.Errorf("opened store %q at %s, want %q at %s", c.StoreID(), c.Head(), id, e.ID)
	}
}

func TestOpen_refusesWhatIsNotItsFile(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"empty": "", "text": "Hello.", "zeros": strings.Repeat("\x00", 1<<16)} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if c, err := chat.Open(path, nil); err == nil {
			_ = c.Close()
			t.Errorf("%s file was opened", name)
		} else if !errors.Is(err, chat.ErrForeign) && !errors.Is(err, chat.ErrDamaged) {
			t.Errorf("%s file: %v", name, err)
		}
	}
	if _, err := chat.Open(filepath.Join(dir, "missing", "chat.db"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("file in a missing folder: %v", err)
	}
}

func TestOpen_namesTheFileThatIsLocked(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "chat.db")
	openAt(t, path, nil)
	if _, err := chat.Open(path, nil); !errors.Is(err, chat.ErrLocked) || !strings.Contains(err.Error(), path) {
		t.Errorf("second open: %v", err)
	}
}

func TestClose_endsEverythingAndMayBeCalledTwice(t *testing.T) {
	c := open(t, nil)
	room := c.Room("general")
	message := post(t, room, ann, "Hello.").ID
	ended := make(chan error)
	started := make(chan struct{})
	go func() {
		for e, err := range room.Follow(context.Background(), chat.Start) {
			if err != nil {
				ended <- err
				return
			}
			if e.ID == message {
				close(started)
			}
		}
	}()
	<-started
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, chat.ErrShuttingDown) {
		t.Errorf("follow ended with %v", err)
	}
	if err := c.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
	_, post := room.Post(t.Context(), ann, "Hello.")
	_, react := room.React(t.Context(), ann, message, "👍")
	_, history := room.History(t.Context(), chat.HistoryQuery{})
	for name, err := range map[string]error{"post": post, "react": react, "history": history} {
		if !errors.Is(err, chat.ErrShuttingDown) || !errors.Is(err, store.ErrClosed) {
			t.Errorf("%s after close: %v", name, err)
		}
	}
	select {
	case <-c.Draining():
	default:
		t.Error("a closed chat is not draining")
	}
}

func TestDrain_tellsTransportsAndStopsNobodyElse(t *testing.T) {
	c := open(t, nil)
	select {
	case <-c.Draining():
		t.Fatal("draining from the start")
	default:
	}
	c.Drain()
	c.Drain()
	<-c.Draining()
	post(t, c.Room("general"), ann, "Hello.")
	if n := len(logOf(t, c.Room("general"))); n != 1 {
		t.Errorf("the log has %d events", n)
	}
}

func TestDo_anErrorMeansThatNothingWasStored(t *testing.T) {
	c := open(t, &chat.Options{MaxSize: 1 << 20})
	room := c.Room("general")
	stored := 0
	for {
		_, err := room.Post(within(t), ann, strings.Repeat("x", 4000))
		if err != nil {
			if !errors.Is(err, chat.ErrStorageFull) || !errors.Is(err, store.ErrFull) {
				t.Fatalf("post into a full file: %v", err)
			}
			break
		}
		if stored++; stored > 1000 {
			t.Fatal("the file never filled up")
		}
	}
	if n := len(logOf(t, room)); n != stored || stored == 0 {
		t.Errorf("the log has %d events, %d were answered", n, stored)
	}
	if err := c.Failed(); err != nil {
		t.Errorf("a full file is no failure: %v", err)
	}
}

func TestBackup_restoresAsAnotherStore(t *testing.T) {
	dir := t.TempDir()
	c := open(t, nil)
	room := c.Room("general")
	message := post(t, room, ann, "Hello.").ID
	do(t, room, bob, chat.ReactionAdded{Message: message, Emoji: "👍"})
	do(t, room, bob, chat.UserJoined{})
	if err := c.Verify(within(t), nil); err != nil {
		t.Fatal(err)
	}
	backup, restored := filepath.Join(dir, "backup.db"), filepath.Join(dir, "restored.db")
	if err := c.Backup(within(t), backup, nil); err != nil {
		t.Fatal(err)
	}
	post(t, room, ann, "After the backup.")
	if err := chat.Restore(backup, restored, nil); err != nil {
		t.Fatal(err)
	}
	if err := chat.Compact(restored, nil); err != nil {
		t.Fatal(err)
	}
	other := openAt(t, restored, nil)
	if other.StoreID() == c.StoreID() {
		t.Error("a restored store has the identity of the old one")
	}
	want, got := logOf(t, room), logOf(t, other.Room("general"))
	if fmt.Sprint(lines(got)) != fmt.Sprint(lines(want[:3])) {
		t.Errorf("restored %q, want %q", lines(got), lines(want[:3]))
	}
	m, err := other.Room("general").Message(within(t), message, "bob")
	if err != nil || len(m.Reactions) != 1 || !m.Reactions[0].Mine {
		t.Errorf("restored message is %+v, %v", m, err)
	}
	if s := c.Stats(); s.Head != c.Head() || s.Records != 4 {
		t.Errorf("stats are %+v", s)
	}
}

func TestError_comparesByCode(t *testing.T) {
	_, err := open(t, nil).Room("general").Post(t.Context(), ann, "")
	var e *chat.Error
	if !errors.As(err, &e) || e.Code != "empty_message" || e.Detail == "" {
		t.Errorf("got %#v", err)
	}
	if errors.Is(err, chat.ErrMessageTooLong) || !errors.Is(fmt.Errorf("posting: %w", err), chat.ErrEmptyMessage) {
		t.Error("errors are not compared by their code")
	}
	if want := "empty message: " + e.Detail; err.Error() != want {
		t.Errorf("message is %q, want %q", err, want)
	}
}
