package main

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// serveCoder is the loop that comes to mind first: to write to one connection
// after the other.
func serveCoder(order) (*backend, error) {
	var mu sync.Mutex
	conns := make(map[*websocket.Conn]struct{})
	join := func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		mu.Lock()
		conns[c] = struct{}{}
		mu.Unlock()
		<-c.CloseRead(context.Background()).Done()
		mu.Lock()
		delete(conns, c)
		mu.Unlock()
	}
	publish := func(event []byte) error {
		mu.Lock()
		defer mu.Unlock()
		for c := range conns {
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			if c.Write(ctx, websocket.MessageText, event) != nil {
				delete(conns, c)
			}
			cancel()
		}
		return nil
	}
	return peer(socketPath, join, publish, nothing), nil
}
