package chat_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/roomlog/chat"
)

// textOf returns the text of a proposed message, empty for other facts.
func textOf(p chat.Proposed) string {
	f, _ := p.Fact.(chat.MessagePosted)
	return f.Text
}

func TestBeforeAppend_allowsRewritesAndRefuses(t *testing.T) {
	var seen []chat.Proposed
	c := open(t, &chat.Options{BeforeAppend: func(_ context.Context, p chat.Proposed) (chat.Fact, error) {
		seen = append(seen, p)
		switch text := textOf(p); {
		case text == "rewrite":
			return chat.MessagePosted{Text: " re\r\nwritten "}, nil
		case text == "reject":
			return nil, chat.Reject("spam", "no links, please")
		case text == "error":
			return nil, errors.New("not today")
		case text == "ours":
			return nil, chat.ErrRateLimited
		case text == "another fact":
			return chat.UserJoined{}, nil
		case text == "nil":
			return nil, nil
		case text == "unfit":
			return chat.MessagePosted{}, nil
		case text == "panic":
			panic("hook")
		case text == "goexit":
			runtime.Goexit()
		}
		return p.Fact, nil
	}})
	room := c.Room("r")
	if e := post(t, room, ann, " fine\r\n"); message(t, room, e.ID).Text != "fine" {
		t.Error("an allowed message is another one")
	}
	if p := seen[0]; p.Room != "r" || p.User != ann || p.Host || textOf(p) != "fine" {
		t.Errorf("the hook saw %+v", p)
	}
	if e := post(t, room, ann, "rewrite"); message(t, room, e.ID).Text != "re\nwritten" {
		t.Error("it was not rewritten, or not cleaned")
	}
	for text, want := range map[string]error{
		"reject": chat.ErrRejected, "error": chat.ErrRejected, "ours": chat.ErrRateLimited,
		"another fact": chat.ErrInternal, "nil": chat.ErrInternal, "unfit": chat.ErrEmptyMessage,
		"panic": chat.ErrInternal, "goexit": chat.ErrInternal,
	} {
		_, err := room.Post(within(t), ann, text)
		var e *chat.Error
		if !errors.Is(err, want) || !errors.As(err, &e) {
			t.Errorf("%s: %v", text, err)
		} else if text == "reject" && (e.Reason != "spam" || e.Detail != "no links, please") || text == "error" && (e.Reason != "" || e.Detail != "not today") {
			t.Errorf("%s: %+v", text, e)
		}
	}
	if n := len(logOf(t, room)); n != 2 {
		t.Errorf("%d events are stored", n)
	}
	// What is refused anyway it does not see, and the host's own it does.
	n := len(seen)
	if _, err := room.Edit(within(t), ann, chat.End, "a"); !errors.Is(err, chat.ErrMessageNotFound) || len(seen) != n {
		t.Errorf("%v, the hook saw %+v", err, seen[n:])
	}
	host(t, room, chat.MessagePosted{Text: "a", MessageKind: "system"})
	if len(seen) != n+1 || !seen[n].Host {
		t.Errorf("the hook saw %+v", seen[n:])
	}
}

// A hook that hangs refuses its command, in time, and no other.
func TestBeforeAppend_thatHangsHoldsUpNobodyElse(t *testing.T) {
	release := make(chan struct{})
	var returned sync.WaitGroup
	c := open(t, &chat.Options{HookTimeout: 20 * time.Millisecond, BeforeAppend: func(_ context.Context, p chat.Proposed) (chat.Fact, error) {
		if textOf(p) == "hang" {
			defer returned.Done()
			<-release
		}
		return p.Fact, nil
	}})
	room := c.Room("r")
	hang := func(n int) {
		returned.Add(n)
		var wg sync.WaitGroup
		for range n {
			wg.Go(func() {
				if _, err := room.Post(t.Context(), ann, "hang"); !errors.Is(err, chat.ErrInternal) {
					t.Errorf("a hook that hangs: %v", err)
				}
			})
		}
		wg.Wait()
	}
	hang(100)
	for range 10 {
		post(t, room, bob, "fine")
	}
	hang(156) // now all slots are taken
	before := runtime.NumGoroutine()
	for range 3 {
		if _, err := room.Post(t.Context(), bob, "fine"); !errors.Is(err, chat.ErrInternal) {
			t.Errorf("with all slots taken: %v", err)
		}
	}
	if after := runtime.NumGoroutine(); after > before+5 {
		t.Errorf("goroutines grew from %d to %d", before, after)
	}
	close(release)
	returned.Wait()
	eventually(t, func() bool { _, err := room.Post(t.Context(), bob, "fine"); return err == nil })
	if n := strings.Count(texts(history(t, room, chat.HistoryQuery{})), "hang"); n != 0 {
		t.Errorf("%d messages of a hook that hung are stored", n)
	}
}

// One who gives up waiting is told so, and not that the hook is at fault.
func TestBeforeAppend_isLeftWithItsContext(t *testing.T) {
	c := open(t, &chat.Options{BeforeAppend: func(ctx context.Context, p chat.Proposed) (chat.Fact, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}})
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(time.Millisecond, cancel)
	if _, err := c.Room("r").Post(ctx, ann, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := c.Room("r").Post(ctx, ann, "a"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("past its deadline: %v", err)
	}
}

// A command that is given again with its key gets its first answer, though the
// hook rewrites it, or has changed its mind.
func TestBeforeAppend_andARetry(t *testing.T) {
	var refuse, shout atomic.Bool
	c := open(t, &chat.Options{BeforeAppend: func(_ context.Context, p chat.Proposed) (chat.Fact, error) {
		if refuse.Load() {
			return nil, chat.Reject("changed", "")
		}
		if shout.Load() {
			return chat.MessagePosted{Text: strings.ToUpper(textOf(p))}, nil
		}
		if text := textOf(p); strings.HasPrefix(text, "rude") {
			return chat.MessagePosted{Text: strings.ReplaceAll(text, "rude", "****")}, nil
		}
		return p.Fact, nil
	}})
	room := c.Room("r")
	for _, text := range []string{"plain", "rude words"} {
		cmd := chat.Command{User: ann, Key: text, Fact: chat.MessagePosted{Text: text}}
		first, err := room.Do(within(t), cmd)
		if err != nil {
			t.Fatal(err)
		}
		again, err := room.Do(within(t), cmd)
		if err != nil || !again.Replayed || again.Event.ID != first.Event.ID {
			t.Errorf("%s again: %+v, %v", text, again, err)
		}
		if text == "plain" {
			refuse.Store(true)
			again, err = room.Do(within(t), cmd)
			if err != nil || !again.Replayed || again.Event.ID != first.Event.ID {
				t.Errorf("%s, refused now: %+v, %v", text, again, err)
			}
			refuse.Store(false)
			shout.Store(true)
			again, err = room.Do(within(t), cmd)
			if err != nil || !again.Replayed || again.Event.ID != first.Event.ID {
				t.Errorf("%s, rewritten now: %+v, %v", text, again, err)
			}
			shout.Store(false)
		}
		cmd.Fact = chat.MessagePosted{Text: text + "!"}
		if _, err := room.Do(within(t), cmd); !errors.Is(err, chat.ErrIdempotencyKeyReused) {
			t.Errorf("%s with another text: %v", text, err)
		}
	}
}

func TestValidate_judgesTheHostsOwnFacts(t *testing.T) {
	c := open(t, &chat.Options{Validate: func(room string, by chat.User, f chat.Custom) error {
		switch {
		case f.Type == "x.poll" && string(f.Data) == `{"a":1}`:
			return nil
		case f.Type == "x.ours":
			return chat.ErrForbidden
		case f.Type == "x.panic":
			panic("validate")
		}
		return fmt.Errorf("%s has no %s by %s", room, f.Type, by.ID)
	}})
	room := c.Room("r")
	do(t, room, ann, chat.Custom{Type: "x.poll", Data: []byte(`{ "a": 1 }`)})
	post(t, room, ann, "not asked")
	for kind, want := range map[string]error{"x.other": chat.ErrInvalidField, "x.ours": chat.ErrForbidden, "x.panic": chat.ErrInternal, "y": chat.ErrInvalidField} {
		_, err := room.Do(within(t), chat.Command{User: ann, Fact: chat.Custom{Type: kind}})
		if !errors.Is(err, want) {
			t.Errorf("%s: %v", kind, err)
		}
		if kind == "x.other" && !strings.Contains(fmt.Sprint(err), "r has no x.other by ann") {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestSlowMode_ofOrdinaryMembers(t *testing.T) {
	now := newClock()
	c := open(t, &chat.Options{Now: now.now})
	room, ctx := create(t, c, "r", chat.RoomCreated{SlowMode: 10, Members: []chat.User{bob, cat}}), within(t)
	do(t, room, ann, chat.RoleChanged{Member: cat, Role: chat.Admin})
	slow := func(by chat.User, wait time.Duration) {
		t.Helper()
		_, err := room.Post(ctx, by, "a")
		var e *chat.Error
		if wait == 0 {
			if err != nil {
				t.Errorf("%s: %v", by.ID, err)
			}
		} else if !errors.Is(err, chat.ErrRateLimited) || !errors.As(err, &e) || e.RetryAfter != wait {
			t.Errorf("%s: %v, retry after %s, want %s", by.ID, err, e.RetryAfter, wait)
		}
	}
	slow(bob, 0)
	slow(bob, 10*time.Second)
	slow(dan, 0) // a stranger in a public room
	slow(dan, 10*time.Second)
	for range 2 {
		slow(ann, 0)
		slow(cat, 0)
		host(t, room, chat.MessagePosted{Text: "a"})
	}
	now.step(3 * time.Second)
	slow(bob, 7*time.Second)
	now.step(7 * time.Second)
	slow(bob, 0)
	now.step(-time.Hour) // the clock steps back: nobody is shut out for an hour
	slow(bob, 0)
	slow(bob, 10*time.Second)
	if e, err := room.Edit(ctx, bob, logOf(t, room)[5].ID, "edits are free"); err != nil || e.ID == chat.Start {
		t.Errorf("edit: %v", err)
	}
	do(t, room, ann, chat.RoomChanged{SlowMode: new(0)})
	slow(bob, 0)
	slow(bob, 0)
}
