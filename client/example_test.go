package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/client"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/mount"
)

// A client makes itself a guest, joins a room and posts.
func ExampleDial() {
	url, stop := serveExample()
	defer stop()
	ctx := context.Background()

	_, token, err := client.Guest(ctx, url, "Ann")
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := client.Dial(ctx, url, &client.Options{Token: client.Token(token)})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()

	room := c.Room("general")
	if _, err := room.Join(ctx); err != nil {
		fmt.Println(err)
		return
	}
	e, err := room.Post(ctx, "Hello.")
	fmt.Println(e.Type, "by", e.User.Name, err)
	// Output: MessagePosted by Ann <nil>
}

// A loop over Follow goes on over lost connections. What it keeps is the cursor of
// the last event that it has done with.
func ExampleRoom_Follow() {
	url, stop := serveExample()
	defer stop()
	ctx := context.Background()
	_, token, _ := client.Guest(ctx, url, "Ann")
	c, err := client.Dial(ctx, url, &client.Options{Token: client.Token(token)})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	room := c.Room("general")
	_, _ = room.Join(ctx)
	_, _ = room.Post(ctx, "One.")
	_, _ = room.Post(ctx, "Two.")

	var kept client.Cursor = client.Earliest
	for e, err := range room.Follow(ctx, kept) {
		var reset *client.Reset
		if errors.As(err, &reset) {
			fmt.Println("load the history again:", reset.Reason)
			continue
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		if fact, _ := e.Fact(); fact != nil {
			if posted, ok := fact.(client.MessagePosted); ok {
				fmt.Println(e.User.Name+":", posted.Text)
				if posted.Text == "Two." {
					break
				}
			}
		}
		kept = e.Cursor() // on disk, together with what was made of the event
	}
	fmt.Println(kept != client.Earliest)
	// Output:
	// Ann: One.
	// Ann: Two.
	// true
}

// A message that is sent without waiting is shown as pending, and settles later.
func ExampleRoom_Send() {
	url, stop := serveExample()
	defer stop()
	ctx := context.Background()
	_, token, _ := client.Guest(ctx, url, "Ann")
	c, err := client.Dial(ctx, url, &client.Options{Token: client.Token(token)})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	room := c.Room("general")
	_, _ = room.Join(ctx)

	var sent []*client.Outgoing
	for _, text := range []string{"One.", " ", "Two."} {
		o, err := room.Send(text)
		if err != nil { // the outbox is full, or the client closed
			fmt.Println(err)
			return
		}
		sent = append(sent, o)
	}
	for _, o := range sent {
		if _, err := o.Wait(ctx); err != nil {
			fmt.Printf("%q %s: %v\n", o.Message.Text, o.State(), err)
			o.Drop() // or o.Retry()
			continue
		}
		fmt.Printf("%q %s\n", o.Message.Text, o.State())
	}
	fmt.Println(len(c.Outbox()), "left")
	// Output:
	// "One." sent
	// " " failed: chat: empty_message: text shows nothing
	// "Two." sent
	// 0 left
}

// What a program has left when it ended is sent by the next one, with the same key.
func ExampleDir() {
	url, stop := serveExample()
	defer stop()
	ctx := context.Background()
	_, token, _ := client.Guest(ctx, url, "Ann")
	dir, err := os.MkdirTemp("", "outbox")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	options := &client.Options{Token: client.Token(token), Storage: client.Dir(dir)}

	first, err := client.Dial(ctx, url, options)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, _ = first.Room("general").Join(ctx)
	o, _ := first.Room("general").Send("Was this sent?")
	_ = first.Close() // before anybody has answered, or just behind that

	second, err := client.Dial(ctx, url, options)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer second.Close()
	for _, left := range second.Outbox() {
		_, _ = left.Wait(ctx)
	}
	for m, err := range second.Room("general").Messages(ctx, "") {
		fmt.Println(m.Text, err)
	}
	fmt.Println(o.Key != "")
	// Output:
	// Was this sent? <nil>
	// true
}

// serveExample serves a chat of guests.
func serveExample() (url string, stop func()) {
	dir, err := os.MkdirTemp("", "chat")
	if err != nil {
		panic(err)
	}
	c, err := chat.Open(filepath.Join(dir, "chat.db"), nil)
	if err != nil {
		panic(err)
	}
	guest := transport.NewGuest([]byte("a secret of the examples"))
	api := mount.Handler(c, guest.Auth, &transport.Options{Guest: guest})
	srv := httptest.NewServer(api)
	return srv.URL, func() {
		_ = api.Drain(context.Background())
		srv.Close()
		_ = c.Close()
		_ = os.RemoveAll(dir)
	}
}
