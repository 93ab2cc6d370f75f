package protocol_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/mount"
)

// backend is a server that can be stopped, and started again on the same file.
type backend struct {
	t     *testing.T
	path  string
	guest *transport.Guest
	addr  atomic.Value // string: where it listens now

	chat *chat.Chat
	stop func()
}

func (b *backend) start() {
	b.t.Helper()
	c, err := chat.Open(b.path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.t.Fatal(err)
	}
	api := mount.Handler(c, b.guest.Auth, &transport.Options{NoLimits: true})
	srv := &http.Server{Handler: api.Under("/api", http.NotFoundHandler())}
	srv.RegisterOnShutdown(c.Drain)
	go srv.Serve(l)
	b.chat = c
	b.addr.Store(l.Addr().String())
	b.stop = func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := errors.Join(srv.Shutdown(ctx), api.Drain(ctx), c.Close()); err != nil {
			b.t.Error(err)
		}
	}
}

// proxy passes connections on to the server and cuts each of them after some
// bytes of the answer, until it is told to have mercy. It returns its address.
func (b *backend) proxy(cuts *atomic.Int64, mercy *atomic.Bool) string {
	b.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.t.Fatal(err)
	}
	var all sync.WaitGroup
	b.t.Cleanup(func() { l.Close(); all.Wait() })
	serve := func(in net.Conn) {
		defer in.Close()
		out, err := net.Dial("tcp", b.addr.Load().(string))
		if err != nil {
			return
		}
		defer out.Close()
		all.Go(func() {
			_, _ = io.Copy(out, in)
			out.Close()
		})
		n := 6_000 + rand.Int64N(100_000) // in the midst of an event, if it gets that far
		if rand.N(3) == 0 {
			n = 100 + rand.Int64N(3_000) // of a head, of a hello, of an answer to a post, of a page
		}
		if mercy.Load() {
			n = 1 << 40
		}
		if _, err := io.CopyN(in, out, n); err == nil {
			cuts.Add(1)
		}
	}
	all.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { serve(in) })
		}
	})
	return l.Addr().String()
}

// What the example clients print at the end.
type report struct {
	Began   string
	Applied []string
	Shown   [][2]*string // id and text; null is deleted
	Unsent  int
}

// Clients that were written from the document alone, in another language, come
// through cuts at random places and a restart of the server with exactly the log.
func TestClient_ofTheDocumentEndsWithTheLog(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("there is no python3")
	}
	for _, name := range []string{"sse.py", "ws.py"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const own, others = 30, 600
			b := &backend{t: t, path: filepath.Join(t.TempDir(), "chat.db"), guest: transport.NewGuest([]byte("a secret of the tests"))}
			b.start()
			defer func() { b.stop() }()
			var cuts atomic.Int64
			var mercy atomic.Bool
			url := "http://" + b.proxy(&cuts, &mercy) + "/api"
			write := writer(t, b)
			write(20)

			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, python, filepath.Join("clients", name), url, b.guest.Token(bob, time.Time{}), "general", strconv.Itoa(own), "0.01")
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- cmd.Wait() }()
			write(others / 2)
			b.stop()
			b.start()
			write(others / 2)
			for n := 0; bobs(t, b.chat) < own; n++ {
				if n < others { // the others go on, but not for ever: what is behind a cut must fit before the next
					write(1)
				}
				select {
				case err := <-ended:
					t.Fatalf("the client ended early: %v\n%s", err, stderr.Bytes())
				default:
				}
			}
			mercy.Store(true)
			if _, err := b.chat.Room("general").Post(t.Context(), ann, "stop"); err != nil {
				t.Fatal(err)
			}
			if err := <-ended; err != nil {
				t.Fatalf("the client: %v\n%s", err, stderr.Bytes())
			}
			var got report
			if err := json.Unmarshal(stdout.Bytes(), &got); err != nil {
				t.Fatal(err)
			}
			log := b.log()
			want := log[slices.Index(log, got.Began)+1:]
			if !slices.Equal(got.Applied, want) {
				t.Errorf("the client has applied %d events of %d\n%v\nnot\n%v", len(got.Applied), len(want), got.Applied, want)
			}
			if shown, all := got.lines(), b.shown(); got.Unsent != 0 || len(shown) < own || !slices.Equal(shown, all[len(all)-len(shown):]) {
				t.Errorf("the client, with %d unsent, shows\n%q\nwhich is not the end of\n%q", got.Unsent, shown, all)
			}
			if n := bobs(t, b.chat); n != own {
				t.Errorf("%d messages of the client are stored, not %d", n, own)
			}
			t.Logf("%d events, %d cuts", len(want), cuts.Load())
		})
	}
}

// writer returns what posts a number of messages, edits some and deletes some.
func writer(t *testing.T, b *backend) func(n int) {
	total := 0
	return func(n int) {
		t.Helper()
		for range n {
			total++
			room := b.chat.Room("general")
			if total == 1 {
				if _, err := room.Join(t.Context(), ann); err != nil {
					t.Fatal(err)
				}
			}
			e, err := room.Post(t.Context(), ann, fmt.Sprintf("post %d 👍\u2028", total))
			if err == nil && total%5 == 0 {
				_, err = room.Edit(t.Context(), ann, e.ID, fmt.Sprintf("edit %d", total))
			}
			if err == nil && total%7 == 0 {
				_, err = room.Delete(t.Context(), ann, e.ID)
			}
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Millisecond) // a pace at which a client is cut while it is live, too
		}
	}
}

// all returns every message of the room, oldest first.
func all(t *testing.T, c *chat.Chat) (messages []chat.Message) {
	t.Helper()
	var after chat.ID
	after[15] = 1
	for {
		page, err := c.Room("general").History(t.Context(), chat.HistoryQuery{After: after, Limit: 200})
		if err != nil {
			t.Fatal(err)
		}
		messages = append(messages, page.Messages...)
		if !page.HasMore {
			return messages
		}
		after = *page.Next
	}
}

// bobs returns how many messages of the client are stored.
func bobs(t *testing.T, c *chat.Chat) (n int) {
	t.Helper()
	for _, m := range all(t, c) {
		if m.User.ID == bob.ID {
			n++
		}
	}
	return n
}

// log returns the ids of all events.
func (b *backend) log() (ids []string) {
	b.t.Helper()
	for after := chat.Start; ; {
		page, err := b.chat.Room("general").Log(b.t.Context(), "", after, 1000)
		if err != nil {
			b.t.Fatal(err)
		}
		if len(page.Events) == 0 {
			return ids
		}
		for i := range page.Events {
			ids = append(ids, page.Events[i].ID.String())
		}
		after = page.Next
	}
}

// shown returns the messages as a client should show them.
func (b *backend) shown() (lines []string) {
	b.t.Helper()
	for _, m := range all(b.t, b.chat) {
		text := "deleted"
		if !m.Deleted {
			text = m.Text
		}
		lines = append(lines, m.ID.String()+" "+text)
	}
	return lines
}

func (r *report) lines() (lines []string) {
	for _, m := range r.Shown {
		text := "deleted"
		if m[1] != nil {
			text = *m[1]
		}
		lines = append(lines, *m[0]+" "+text)
	}
	return lines
}
