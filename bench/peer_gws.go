package main

import (
	"net/http"
	"sync"

	"github.com/lxzan/gws"
)

// serveGWS is the Broadcaster of gws, over all connections.
func serveGWS(order) (*backend, error) {
	h := &gwsRoom{conns: make(map[*gws.Conn]struct{})}
	upgrader := gws.NewUpgrader(h, &gws.ServerOption{})
	join := func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r)
		if err != nil {
			return
		}
		go conn.ReadLoop() // leaves the http.Server's buffers to be collected
	}
	return peer(socketPath, join, h.publish, nothing), nil
}

// gwsRoom is a room of gws.
type gwsRoom struct {
	gws.BuiltinEventHandler
	mu    sync.Mutex
	conns map[*gws.Conn]struct{}
}

func (r *gwsRoom) OnOpen(c *gws.Conn) {
	r.mu.Lock()
	r.conns[c] = struct{}{}
	r.mu.Unlock()
}

func (r *gwsRoom) OnClose(c *gws.Conn, _ error) {
	r.mu.Lock()
	delete(r.conns, c)
	r.mu.Unlock()
}

func (r *gwsRoom) publish(event []byte) error {
	b := gws.NewBroadcaster(gws.OpcodeText, event)
	defer b.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.conns {
		_ = b.Broadcast(c) // one that has gone is taken out when it closes
	}
	return nil
}
