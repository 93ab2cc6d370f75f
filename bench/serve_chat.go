package main

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/mount"
)

// guests is how both processes make credentials.
var guests = transport.NewGuest([]byte("a secret of the benchmarks"))

func token(user string) string {
	return guests.Token(chat.User{ID: user, Name: "Somebody"}, time.Time{})
}

// serveChat is what is measured: the whole API, with authentication by signed
// tokens, and without limits on rates and connections, as for every load test.
func serveChat(o order) (*backend, error) {
	c, err := chat.Open(filepath.Join(o.Dir, "chat.db"), nil)
	if err != nil {
		return nil, err
	}
	api := mount.Handler(c, guests.Auth, &transport.Options{NoLimits: true})
	return &backend{http: api, conns: transport.ConnContext, close: func() error {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		return errors.Join(api.Drain(ctx), c.Close())
	}}, nil
}
