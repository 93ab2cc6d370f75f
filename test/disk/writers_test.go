package disk_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/test/web"
)

const (
	writers = 8
	room    = "general"
)

// outcome is what is known of a post.
type outcome int

const (
	refused outcome = iota // answered that nothing was stored
	unknown                // no answer, or one that says so
	stored
)

// A book holds what was answered, over all servers on a file.
type book struct {
	t    *testing.T
	text string // that makes posts large
	http *http.Client

	mu      sync.Mutex
	posts   map[string]outcome // by key
	ids     map[string]string
	codes   map[string]int
	next    [writers]int
	stopped time.Time // when the first answer came that says that the store has stopped
	refusal time.Time // when the newest 507 came
	success time.Time // when the newest post was acknowledged
}

func newBook(t *testing.T, text string) *book {
	return &book{t: t, text: text, http: web.NewHTTP(20 * time.Second), posts: map[string]outcome{}, ids: map[string]string{}, codes: map[string]int{}}
}

// begin forgets what was so of the last server.
func (b *book) begin() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.codes, b.stopped, b.refusal, b.success = map[string]int{}, time.Time{}, time.Time{}, time.Time{}
}

// write has all writers post until enough says so, or the server is gone.
func (b *book) write(url string, enough func() bool) {
	var working sync.WaitGroup
	for w := range writers {
		working.Go(func() {
			c := web.Client{URL: url, Token: web.Token(fmt.Sprint("u", w)), HTTP: b.http}
			pause := time.NewTimer(time.Hour)
			defer pause.Stop()
			for !enough() {
				key := fmt.Sprintf("w%d-%d", w, b.next[w])
				b.next[w]++
				sent := time.Now()
				a, err := c.Post(b.t.Context(), room, key, key+b.text)
				if !b.note(key, a, err, sent) {
					return
				}
				if a.Code == "storage_full" { // it is tried again once a second
					pause.Reset(10 * time.Millisecond)
					<-pause.C
				}
			}
		})
	}
	working.Wait()
}

// note enters an answer. It returns false if there was none.
func (b *book) note(key string, a web.Answer, err error, sent time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err != nil {
		b.posts[key] = unknown
		return false
	}
	b.codes[a.Code]++
	switch {
	case a.Status == http.StatusCreated:
		if !b.stopped.IsZero() && sent.After(b.stopped) {
			b.t.Errorf("post %s was stored by a store that has stopped", key)
		}
		e, err := web.ParseEvent(a.Body)
		if err != nil {
			b.t.Error(err)
		}
		b.posts[key], b.ids[key], b.success = stored, e.ID, time.Now()
	case a.Status == http.StatusInsufficientStorage && a.Code == "storage_full":
		if !b.stopped.IsZero() && sent.After(b.stopped) {
			b.t.Errorf("post %s was answered that the disk is full, by a store that has stopped", key)
		}
		b.refusal = time.Now()
	case a.Status == http.StatusServiceUnavailable && (a.Code == "commit_unknown" || a.Code == "store_failed"):
		if a.Header.Get("Retry-After") == "" {
			b.t.Errorf("post %s: %s has no Retry-After", key, a.Code)
		}
		if a.Code == "commit_unknown" {
			b.posts[key] = unknown
			if !b.stopped.IsZero() && sent.After(b.stopped) {
				b.t.Errorf("post %s was tried by a store that has stopped", key)
			}
		}
		if b.stopped.IsZero() {
			b.stopped = time.Now()
		}
	case a.Status == http.StatusServiceUnavailable && a.Code == "shutting_down":
	default:
		b.t.Errorf("post %s: status %d %s", key, a.Status, a.Code)
	}
	if _, known := b.posts[key]; !known {
		b.posts[key] = refused
	}
	return true
}

func (b *book) count(code string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.codes[code]
}

// checkServed: all that was acknowledged is read from the server now, once, and
// nothing that was refused.
func (b *book) checkServed(url string) {
	b.t.Helper()
	c := web.Client{URL: url, Token: web.Token("inspector"), HTTP: b.http}
	events, err := c.Log(b.t.Context(), room)
	if err != nil {
		b.t.Errorf("read the log: %v", err)
		return
	}
	there := map[string]string{}
	for _, e := range events {
		if e.Type == "MessagePosted" {
			b.enter(there, e.Key, e.ID, e.Data.Text)
		}
	}
	b.check(there, "served")
}

func (b *book) enter(there map[string]string, key, id, text string) {
	if was, twice := there[key]; twice {
		b.t.Errorf("post %s is there twice: %s and %s", key, was, id)
	}
	if text != key+b.text {
		b.t.Errorf("post %s has another text", key)
	}
	there[key] = id
}

func (b *book) check(there map[string]string, where string) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for key, was := range b.posts {
		id, is := there[key]
		switch {
		case was == stored && !is:
			b.t.Errorf("%s: post %s was acknowledged as %s and is lost", where, key, b.ids[key])
		case was == stored && id != b.ids[key]:
			b.t.Errorf("%s: post %s was acknowledged as %s and is %s", where, key, b.ids[key], id)
		case was == refused && is:
			b.t.Errorf("%s: post %s was refused and is there", where, key)
		}
	}
	for key := range there {
		if _, ok := b.posts[key]; !ok {
			b.t.Errorf("%s: post %s is there and nobody made it", where, key)
		}
	}
}

// reopen opens the file on a sound disk, and holds it against the book. What is
// not known to be stored is posted again under its key, and then is there once.
func (b *book) reopen(db string) {
	b.t.Helper()
	c, err := chat.Open(db, nil)
	if err != nil {
		b.t.Errorf("reopen: %v", err)
		return
	}
	defer func() {
		if err := c.Close(); err != nil {
			b.t.Errorf("close: %v", err)
		}
	}()
	b.check(b.read(c), "reopened")
	if err := c.Verify(b.t.Context(), nil); err != nil {
		b.t.Errorf("reopened: %v", err)
	}
	again := 0
	for key, was := range b.posts {
		if was == refused {
			again++
		}
		if was == stored || was == refused && again > 100 {
			continue
		}
		name, _, _ := strings.Cut(key[1:], "-")
		by := chat.User{ID: "u" + name, Name: "u" + name}
		res, err := c.Room(room).Do(context.Background(), chat.Command{User: by, Key: key, Fact: chat.MessagePosted{Text: key + b.text}})
		if err != nil {
			b.t.Errorf("post %s again: %v", key, err)
			continue
		}
		if was == refused && res.Replayed {
			b.t.Errorf("post %s was refused, and its key is known", key)
		}
		b.posts[key], b.ids[key] = stored, res.Event.ID.String()
	}
	b.check(b.read(c), "in the end")
	b.sameHistory(c)
}

func (b *book) read(c *chat.Chat) map[string]string {
	b.t.Helper()
	there := map[string]string{}
	for e, err := range c.Room(room).Replay(context.Background(), chat.Start) {
		if err != nil {
			b.t.Errorf("replay: %v", err)
			break
		}
		if fact, err := e.Fact(); err != nil {
			b.t.Error(err)
		} else if p, ok := fact.(chat.MessagePosted); ok {
			b.enter(there, e.Key, e.ID.String(), p.Text)
		}
	}
	return there
}

// sameHistory: the views show what the log ends with.
func (b *book) sameHistory(c *chat.Chat) {
	b.t.Helper()
	var ids []chat.ID
	for e, err := range c.Room(room).Backward(context.Background(), chat.End) {
		if err != nil {
			b.t.Error(err)
			return
		}
		if e.Type == "MessagePosted" {
			ids = append(ids, e.ID)
		}
		if len(ids) == 100 {
			break
		}
	}
	page, err := c.Room(room).History(context.Background(), chat.HistoryQuery{Limit: 100})
	if err != nil || len(page.Messages) != len(ids) {
		b.t.Errorf("history shows %d messages of %d: %v", len(page.Messages), len(ids), err)
		return
	}
	for i, m := range page.Messages {
		if want := ids[len(ids)-1-i]; m.ID != want {
			b.t.Errorf("message %d of history is %s, of the log %s", i, m.ID, want)
			return
		}
	}
}
