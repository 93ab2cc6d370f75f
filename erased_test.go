package chat_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/roomlog/chat"
)

// A text that was deleted is returned by nothing that can be asked, and after
// Compact it is in neither file.
func TestDelete_leavesTheTextNowhere(t *testing.T) {
	const unique = "xyzzy-7431"
	path := filepath.Join(t.TempDir(), "chat.db")
	c, err := chat.OpenFlushing(path, nil, 10)
	if err != nil {
		t.Fatal(err)
	}
	room, ctx := c.Room("r"), within(t)
	posted := chat.Command{User: ann, Key: "k", Fact: chat.MessagePosted{
		Text: unique + " one", MessageKind: "image", Mentions: []string{"bob"},
		Attachments: json.RawMessage(`[{"url":"` + unique + `"}]`), Meta: json.RawMessage(`"` + unique + `"`),
	}}
	res, err := room.Do(ctx, posted)
	if err != nil {
		t.Fatal(err)
	}
	m := res.Event
	reply := do(t, room, bob, chat.MessagePosted{Text: "reply", ReplyTo: m.ID})
	edit := chat.Command{User: ann, Key: "e", Fact: chat.MessageEdited{Message: m.ID, Text: unique + " two"}}
	if _, err := room.Do(ctx, edit); err != nil {
		t.Fatal(err)
	}
	do(t, room, bob, chat.ReactionAdded{Message: m.ID, Emoji: "👍"})
	for range 30 { // so that views are flushed in between
		do(t, room, bob, chat.UserJoined{})
		do(t, room, bob, chat.UserLeft{})
	}
	past := []*chat.Room{room.As(m.ID), room.As(reply.ID), room.As(c.Head())}

	last := do(t, room, ann, chat.MessageDeleted{Message: m.ID})

	check := func(when string, c *chat.Chat) {
		t.Helper()
		room := c.Room("r")
		got := map[string]any{}
		for name, r := range map[string]*chat.Room{"": room, " past 1": past[0], " past 2": past[1], " past 3": past[2], " as of now": room.As(last.ID)} {
			got["history"+name], _ = r.History(ctx, chat.HistoryQuery{})
			got["around"+name], _ = r.History(ctx, chat.HistoryQuery{Around: m.ID})
			got["thread"+name], _ = r.Thread(ctx, m.ID, chat.HistoryQuery{})
			got["message"+name], _ = r.Message(ctx, m.ID, "")
			got["reply"+name], _ = r.Message(ctx, reply.ID, "")
			got["versions"+name], _ = r.MessageVersions(ctx, m.ID, "")
			got["info"+name], _ = r.Info(ctx, "")
			got["overview"+name], _ = r.Overview(ctx, "bob")
			got["log"+name], _ = r.Log(ctx, "", chat.Start, 1000)
			p, err := r.Search(ctx, chat.SearchQuery{Words: unique})
			if err == nil && len(p.Messages) > 0 {
				t.Errorf("%s: search%s finds it", when, name)
			}
		}
		got["mentions"], _ = c.Mentions(ctx, "bob", chat.MentionsQuery{})
		got["rooms"], _ = c.Rooms(ctx, chat.RoomsQuery{})
		got["replay"] = logOf(t, room)
		got["backward"] = collect(t, room.Backward(ctx, chat.End))
		for _, cmd := range []chat.Command{posted, edit} {
			res, err := room.Do(ctx, cmd)
			if err != nil || !res.Replayed || !res.Event.Erased {
				t.Errorf("%s: a retry is answered with %s, %v", when, res.Event.JSON(), err)
			}
			got["retry of "+cmd.Key] = res.Event
		}
		var seen []chat.Event
		_, _ = observe(t, c, chat.Observer{Name: when, Handle: func(_ context.Context, e chat.Event) error {
			seen = append(seen, e)
			return nil
		}}, len(logOf(t, room)))
		got["observer"] = seen
		for name, v := range got {
			b, err := json.Marshal(v)
			if err != nil || strings.Contains(string(b), unique) || len(b) < 10 {
				t.Errorf("%s: %s: %s, %v", when, name, b, err)
			}
			if strings.Contains(fmt.Sprintf("%+v", v), unique) {
				t.Errorf("%s: %s holds it: %+v", when, name, v)
			}
		}
	}
	check("live", c)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := chat.Compact(path, nil); err != nil {
		t.Fatal(err)
	}
	expectNowhere(t, path, unique)
	c = openAt(t, path, nil)
	past = []*chat.Room{c.Room("r").As(m.ID), c.Room("r").As(reply.ID), c.Room("r").As(c.Head())}
	check("opened again", c)
	if err := c.Verify(ctx, nil); err != nil {
		t.Error(err)
	}
}
