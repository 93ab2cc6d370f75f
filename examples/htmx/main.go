// Command htmx is a chat whose pages are made on the server.
//
//	go run ./examples/htmx
//
// The browser gets fragments of HTML: with the page those of the history, then
// those of an event stream that begins where the history ends. What makes a
// message into HTML is one template for both. There is no script of the chat but
// static/stream.js, which keeps the place in the stream.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "`address` to listen on")
	db := flag.String("db", "htmx.db", "`file` that holds the chat; made if there is none")
	secret := flag.String("secret", rand.Text(), "`key` that signs who people are; by default they sign in anew after a restart")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *addr, *db, *secret); err != nil {
		log.Fatal(err)
	}
}

// run serves the chat until ctx ends.
func run(ctx context.Context, addr, db, secret string) error {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	defer listener.Close()
	c, err := chat.Open(db, nil)
	if err != nil {
		return err
	}
	defer c.Close()
	s := newServer(c, transport.NewGuest([]byte(secret)))
	srv := &http.Server{Handler: s}
	srv.RegisterOnShutdown(c.Drain)
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(listener) }()
	fmt.Printf("The chat is at http://%s/\n", listener.Addr())
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	patience, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	return errors.Join(srv.Shutdown(patience), s.stream.Drain(patience), c.Close())
}
