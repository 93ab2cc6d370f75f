package shutdown_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/roomlog/chat/test/web"
)

// crowd is the readers and posters of a server, every second reader on a socket.
type crowd struct {
	t       *testing.T
	url     string
	http    *http.Client
	working sync.WaitGroup

	mu    sync.Mutex
	acked map[string]string // ids by key
	keys  map[string]bool   // of posts without an answer
	ends  map[string]int    // how readers have ended
	seen  int               // events, by all readers
}

// gather returns when all readers are there, and posts are made until the server
// says that it goes. A client that keeps connections may open one that it then
// does not need: with spare it does.
func gather(t *testing.T, url string, spare bool) *crowd {
	t.Helper()
	c := &crowd{t: t, url: url, http: web.NewHTTP(0), acked: map[string]string{}, keys: map[string]bool{}, ends: map[string]int{}}
	c.http.Transport.(*http.Transport).DisableKeepAlives = !spare
	maker := c.client("maker")
	if a, err := maker.Join(t.Context(), room); err != nil || a.Status >= 300 {
		t.Fatal(a.Status, err)
	}
	live := make(chan struct{}, readers)
	for r := range readers {
		c.working.Go(func() { c.read(r, live) })
	}
	late := time.After(time.Minute)
	for range readers {
		select {
		case <-live:
		case <-late:
			t.Fatal("the readers are not there within a minute")
		}
	}
	for p := range posters {
		c.working.Go(func() { c.post(p) })
	}
	return c
}

func (c *crowd) client(user string) *web.Client {
	return &web.Client{URL: c.url, Token: web.Token(user), HTTP: c.http}
}

// read reads until the server ends it, and notes how that was.
func (c *crowd) read(r int, live chan<- struct{}) {
	var said string
	take := func(f web.Frame) error {
		switch {
		case f.Live != "":
			live <- struct{}{}
		case f.End != "":
			said = "chat.end " + f.End
		case f.Event != nil:
			c.mu.Lock()
			c.seen++
			c.mu.Unlock()
		}
		return nil
	}
	client := c.client(fmt.Sprint("reader", r))
	ctx := context.Background() // it is the server that ends it
	var err error
	if r%2 == 0 {
		err = client.Stream(ctx, []string{room}, "latest", take)
		if !errors.Is(err, io.EOF) {
			said += fmt.Sprintf(" and then %v", err)
		}
	} else {
		var s *web.Socket
		if s, err = client.Socket(ctx); err == nil {
			err = s.Follow(ctx, map[string]string{room: "latest"}, take)
			s.Close()
		}
		if said = fmt.Sprint("close ", int(websocket.CloseStatus(err))); websocket.CloseStatus(err) < 0 {
			said = err.Error()
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ends[said]++
}

// post posts until the server goes.
func (c *crowd) post(p int) {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	client := c.client(fmt.Sprint("poster", p))
	for n := 0; ; n++ {
		key := fmt.Sprintf("p%d-%d", p, n)
		a, err := client.Post(context.Background(), room, key, key)
		c.mu.Lock()
		if err != nil || a.Status != http.StatusCreated {
			c.keys[key] = true
			c.mu.Unlock()
			if err == nil && a.Code != "shutting_down" {
				c.t.Errorf("post: status %d %s", a.Status, a.Code)
			}
			return
		}
		e, err := web.ParseEvent(a.Body)
		if err != nil {
			c.t.Error(err)
		}
		c.acked[key] = e.ID
		c.mu.Unlock()
		<-tick.C
	}
}

// over waits until all have ended, and holds that they were told why.
func (c *crowd) over() {
	c.t.Helper()
	c.working.Wait()
	c.http.CloseIdleConnections()
	told := c.ends["chat.end draining"] + c.ends["close 1001"] + c.ends["close 1012"]
	if told != readers {
		c.t.Errorf("%d of %d readers were told to come back: %v", told, readers, c.ends)
	}
}

// check holds the log of a server against what was acknowledged.
func (c *crowd) check(url string) {
	c.t.Helper()
	client := &web.Client{URL: url, Token: web.Token("inspector"), HTTP: c.http}
	events, err := client.Log(c.t.Context(), room)
	if err != nil {
		c.t.Fatal(err)
	}
	there := map[string]string{}
	for _, e := range events {
		if e.Type != "MessagePosted" {
			continue
		}
		if there[e.Key] != "" {
			c.t.Errorf("post %s is there twice", e.Key)
		}
		there[e.Key] = e.ID
		if c.acked[e.Key] == "" && !c.keys[e.Key] {
			c.t.Errorf("post %s is there, and nobody made it", e.Key)
		}
	}
	for key, id := range c.acked {
		if there[key] != id {
			c.t.Errorf("post %s was acknowledged as %s and is %q", key, id, there[key])
		}
	}
	c.http.CloseIdleConnections()
}
