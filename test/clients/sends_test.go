package clients_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/roomlog/chat/client"
	"github.com/roomlog/chat/test/internal/cutter"
	"github.com/roomlog/chat/test/internal/node"
)

const (
	leastCuts = 100   // a run of 2,000 sends has at least
	meanBytes = 1_000 // that most connections live for
	sendTime  = 5 * time.Minute
)

// While a client sends and follows, its connections are cut at random bytes, both
// ways, between it and a server that is a process of its own. In the end each send is
// exactly one message, in the order typed, and the client has had every event of the
// room once and in order.
func TestSends_areEachOneMessageInTheOrderTyped(t *testing.T) {
	addr := startServer(t)
	js := startNode(t)
	senders := map[string]func(t *testing.T, url, transport, room string, n int) (events []string){
		"go": sendByGo,
		"js": func(t *testing.T, url, transport, room string, n int) []string {
			return sendByJS(js.For(t), url, transport, room, n)
		},
	}
	direct, err := client.Dial(t.Context(), "http://"+addr+"/api", &client.Options{Token: client.Token("host")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = direct.Close() })
	for _, name := range []string{"go", "js"} {
		for _, transport := range []string{"socket", "stream"} {
			t.Run(name+"/"+transport, func(t *testing.T) {
				t.Parallel()
				room := name + "-" + transport
				if _, err := direct.Room(room).Join(t.Context()); err != nil {
					t.Fatal(err)
				}
				p := cutter.Start(t, addr, cutter.Random(t, *seed, meanBytes))
				began := time.Now()
				stop := chatter(t, direct.Room(room))
				seen := senders[name](t, "http://"+p.Addr()+"/api", transport, room, *sends)
				stop()
				t.Logf("%d sends, %d cuts of %d connections, %.1f s", *sends, p.Cuts(), p.Conns(), time.Since(began).Seconds())

				var stored, texts, want []string
				for e := range replay(t, direct.Room(room)) {
					stored = append(stored, string(e.ID))
					if e.User.ID != "ann" {
						continue
					}
					fact, err := e.Fact()
					if err != nil {
						t.Fatal(err)
					}
					texts = append(texts, fact.(client.MessagePosted).Text)
				}
				for i := range *sends {
					want = append(want, fmt.Sprint("m", i))
				}
				if !slices.Equal(texts, want) {
					t.Errorf("%d sends became %d messages%s", len(want), len(texts), difference(texts, want))
				}
				stored = stored[max(0, slices.Index(stored, seen[0])):] // behind what the page had
				stored = stored[:min(len(stored), len(seen))]           // what came after the last is another matter
				if len(seen) < *sends || !slices.Equal(seen, stored) {
					t.Errorf("the client has had %d events%s", len(seen), difference(seen, stored))
				}
				if least := leastCuts * *sends / 2000; p.Cuts() < least {
					t.Errorf("%d connections were cut, not %d", p.Cuts(), least)
				}
			})
		}
	}
}

// chatter has somebody else post now and then, so that there is more to miss. It returns
// what ends that.
func chatter(t *testing.T, room *client.Room) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var work sync.WaitGroup
	work.Go(func() {
		every := time.NewTicker(20 * time.Millisecond)
		defer every.Stop()
		for {
			select {
			case <-every.C:
			case <-ctx.Done():
				return
			}
			if _, err := room.Post(t.Context(), "By the way."); err != nil {
				t.Error(err)
				return
			}
		}
	})
	return func() { cancel(); work.Wait() }
}

// difference tells where two lists part.
func difference(got, want []string) string {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return fmt.Sprintf("; at %d there is %q, not %q", i, got[i], want[i])
		}
	}
	return ""
}

// replay yields what a room has.
func replay(t *testing.T, room *client.Room) func(yield func(client.Event) bool) {
	return func(yield func(client.Event) bool) {
		page, err := room.History(t.Context(), client.HistoryQuery{Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		last := page.Messages[0].ID
		for e, err := range room.Follow(t.Context(), client.Earliest) {
			if err != nil {
				t.Fatal(err)
			}
			if !yield(e) || e.ID == last {
				return
			}
		}
	}
}

// sendByGo sends from one goroutine, and follows. It returns the ids of the events.
func sendByGo(t *testing.T, url, transport, room string, n int) (events []string) {
	ctx, cancel := context.WithTimeout(t.Context(), sendTime)
	defer cancel()
	as := map[string]client.Transport{"socket": client.WebSocket, "stream": client.Streams}[transport]
	c, err := client.Dial(ctx, url, &client.Options{
		Transport: as, Token: client.Token("ann"), MinDelay: time.Millisecond, MaxDelay: 20 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	page, err := c.Room(room).History(ctx, client.HistoryQuery{})
	if err != nil {
		t.Fatal(err)
	}
	sent := make(chan error, 1)
	go func() {
		for i := range n {
			if _, err := c.Room(room).Post(ctx, fmt.Sprint("m", i)); err != nil {
				sent <- fmt.Errorf("send %d: %w", i, err)
				return
			}
		}
		sent <- nil
	}()
	last := fmt.Sprint("m", n-1)
	for e, err := range c.Room(room).Follow(ctx, page.Cursor) {
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, string(e.ID))
		if fact, err := e.Fact(); err == nil && fact.(client.MessagePosted).Text == last {
			break
		}
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	return events
}

// sendByJS sends all at once, as one who types faster than the network, and follows. It
// returns the ids of the events.
func sendByJS(p *node.Process, url, transport, room string, n int) []string {
	done := p.Go(`
		const { chat, room, messages, events } = await here.follow(%s, %s)
		const answers = []
		for (let i = 0; i < %s; i++) {
			answers.push(room.send('m' + i))
			if (i % 100 == 99) await here.until(() => room.pending.length < 100)
		}
		const sent = (await Promise.all(answers)).map((event) => event.id)
		await here.until(() => events.at(-1)?.id >= sent.at(-1) && !room.pending.length)
		const shown = messages.list.filter((m) => m.user.id == 'ann').map((m) => m.text).join()
		if (shown != sent.map((_, i) => 'm' + i).join()) throw new Error('it shows ' + shown)
		chat.close()
		return events.map((event) => event.id)`, map[string]any{"url": url, "token": "ann", "transport": transport}, room, n)
	return node.WaitFor[[]string](p, done, sendTime)
}
