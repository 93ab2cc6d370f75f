// Command bot is a chat with a bot in it, which answers whoever mentions it.
//
//	go run ./examples/bot -db chat.db
//
// Then, in another terminal:
//
//	api=http://127.0.0.1:8080/api json='Content-Type: application/json'
//	curl -s -c ann -H "$json" -d '{"name":"Ann"}' $api/guest
//	curl -s -b ann -H "$json" -d '{}' $api/rooms/general/join
//	curl -s -b ann -H "$json" -d '{"text":"@bot hello"}' $api/rooms/general/messages
//	curl -s -b ann $api/rooms/general/messages
//
// The bot is in the process of the server, and not a client of it: an observer sees all
// rooms in one order, and its place is kept in the file of the chat, so that there is
// neither a token, nor a list of rooms, nor a cursor to look after. What it
// must not do is answer twice, and that is one line: the Key of the answer.
package main

import (
	"context"
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
	"github.com/roomlog/chat/transport/mount"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "`address` to listen on")
	db := flag.String("db", "bot.db", "`file` that holds the chat; made if there is none")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	in, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("The chat is at http://%s/api\n", in.Addr())
	if err := run(ctx, in, *db); err != nil {
		log.Fatal(err)
	}
}

// run serves the chat, and lets the bot answer, until ctx ends.
func run(ctx context.Context, in net.Listener, db string) error {
	defer in.Close()
	c, err := chat.Open(db, nil)
	if err != nil {
		return err
	}
	defer c.Close()

	guest := transport.NewGuest([]byte("anybody may be anybody here")) // in earnest: a secret of your own
	api := mount.Handler(c, guest.Auth, &transport.Options{Guest: guest})
	srv := &http.Server{Handler: api.Under("/api", http.NotFoundHandler())}
	srv.RegisterOnShutdown(c.Drain)

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	served, observed := make(chan error, 1), make(chan error, 1)
	go func() { served <- srv.Serve(in) }()
	go func() { observed <- c.Observe(ctx, bot(c)) }()
	select {
	case err = <-served:
		cancel()
		return errors.Join(err, ignore(<-observed))
	case err = <-observed: // ctx has ended, or an answer could not be stored
	}
	patience, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	return errors.Join(ignore(err), srv.Shutdown(patience), api.Drain(patience), c.Close())
}

// ignore returns nil for the end that was asked for.
func ignore(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
