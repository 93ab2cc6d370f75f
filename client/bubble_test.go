package client_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/client"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/mount"
)

// bubble is a chat that is served over pipes, so that it can be in a bubble of
// synctest, where time passes as soon as nobody has anything to do. Its network can be
// taken away.
type bubble struct {
	t     *testing.T
	chat  *chat.Chat
	guest *transport.Guest

	mu    sync.Mutex
	gone  bool
	conns []net.Conn
	in    chan net.Conn
	done  chan struct{}
}

// inBubble serves a chat with the room general until the test ends.
func inBubble(t *testing.T, wrap func(http.Handler) http.Handler) *bubble {
	t.Helper()
	b := &bubble{t: t, guest: transport.NewGuest([]byte("a secret of the tests")), in: make(chan net.Conn), done: make(chan struct{})}
	var err error
	if b.chat, err = chat.Open(filepath.Join(t.TempDir(), "chat.db"), nil); err != nil {
		t.Fatal(err)
	}
	b.join("Ann", "general")
	api := mount.Handler(b.chat, b.guest.Auth, &transport.Options{Guest: b.guest, NoLimits: true})
	h := api.Under("/api", http.NotFoundHandler())
	if wrap != nil {
		h = wrap(h)
	}
	srv := &http.Server{Handler: h, ConnContext: transport.ConnContext}
	over := make(chan struct{})
	go func() {
		defer close(over)
		_ = srv.Serve(b)
	}()
	t.Cleanup(func() {
		if err := errors.Join(api.Drain(context.Background()), srv.Close(), b.chat.Close()); err != nil {
			t.Error(err)
		}
		<-over
	})
	return b
}

func (b *bubble) join(name string, rooms ...string) {
	b.t.Helper()
	for _, room := range rooms {
		if _, err := b.chat.Room(room).Join(b.t.Context(), user(name)); err != nil {
			b.t.Fatal(err)
		}
	}
}

// dial connects somebody, until the test ends.
func (b *bubble) dial(name string, o *client.Options) *client.Client {
	b.t.Helper()
	o.HTTPClient = &http.Client{Transport: &http.Transport{DialContext: b.connect}}
	if o.Token == nil {
		o.Token = client.Token(b.guest.Token(user(name), time.Time{}))
	}
	c, err := client.Dial(b.t.Context(), "http://chat/api", o)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() {
		_ = c.Close()
		o.HTTPClient.CloseIdleConnections()
	})
	return c
}

func (b *bubble) connect(context.Context, string, string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	b.mu.Lock()
	gone := b.gone
	b.conns = append(b.conns, ours)
	b.mu.Unlock()
	if gone {
		return nil, errors.New("there is no network")
	}
	select {
	case b.in <- theirs:
		return ours, nil
	case <-b.done:
		return nil, net.ErrClosed
	}
}

// cut takes the network away, and mend gives it back.
func (b *bubble) cut() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gone = true
	for _, conn := range b.conns {
		_ = conn.Close()
	}
	b.conns = nil
}

func (b *bubble) mend() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gone = false
}

// posted returns the texts in a room, in their order.
func (b *bubble) posted(room string) (texts []string) {
	b.t.Helper()
	for e, err := range b.chat.Room(room).Replay(context.Background(), chat.Start) {
		if err != nil {
			b.t.Fatal(err)
		}
		if posted, ok := must[chat.Fact](b.t)(e.Fact()).(chat.MessagePosted); ok {
			texts = append(texts, posted.Text)
		}
	}
	return texts
}

// Accept, Close and Addr make a bubble a net.Listener.
func (b *bubble) Accept() (net.Conn, error) {
	select {
	case conn := <-b.in:
		return conn, nil
	case <-b.done:
		return nil, net.ErrClosed
	}
}

func (b *bubble) Close() error {
	close(b.done)
	return nil
}

func (b *bubble) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }
