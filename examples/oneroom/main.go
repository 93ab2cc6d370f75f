// Command oneroom is a whole chat: one room, one file, one page.
//
//	go run ./examples/oneroom
package main

import (
	"context"
	"embed"
	"io/fs"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/mount"
)

//go:embed page
var files embed.FS

func main() {
	c, err := chat.Open("oneroom.db", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	guest := transport.NewGuest([]byte("anybody may be anybody here")) // in earnest: a secret of your own
	page, _ := fs.Sub(files, "page")
	api := mount.Handler(c, guest.Auth, &transport.Options{Guest: guest})

	srv := &http.Server{Addr: "127.0.0.1:8080", Handler: api.Under("/api", http.FileServerFS(page))}
	srv.RegisterOnShutdown(c.Drain) // ends the streams, so that Shutdown returns
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() {
		defer stop()
		log.Print(srv.ListenAndServe())
	}()
	log.Print("the chat is at http://", srv.Addr)
	<-ctx.Done()
	_ = srv.Shutdown(context.Background())
	_ = api.Drain(context.Background()) // and waits for streams and sockets, which the server does not know
}
