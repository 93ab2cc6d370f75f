package main

import (
	"net/http"

	"github.com/gobwas/ws"
)

// serveTail is the floor of deliveries: the bare group commit, and behind it a
// log of frames in memory for each room, from which each reader is written all
// that it is behind at once. There are no users, no rights, no history, no
// heartbeat, and nobody listens to what a socket says.
func serveTail(o order) (*backend, error) { return openTail(o, newTail(false)) }

// serveAlone is the same with a goroutine for each reader, as one would write it
// first.
func serveAlone(o order) (*backend, error) { return openTail(o, newTail(true)) }

func openTail(o order, t *tail) (*backend, error) {
	f, err := openFloor(o.Dir, func(batch []*caller) { t.append(batch) })
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("POST /rooms/{room}/messages", f.handler())
	mux.HandleFunc("GET /rooms/{room}/events", func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		if _, err := conn.Write([]byte(streamHead)); err != nil {
			conn.Close()
			return
		}
		t.room(r.PathValue("room")).streams.join(conn)
	})
	mux.HandleFunc("GET /ws", func(w http.ResponseWriter, r *http.Request) {
		conn, _, _, err := ws.UpgradeHTTP(r, w)
		if err != nil {
			return
		}
		t.room(r.URL.Query().Get("room")).sockets.join(conn)
	})
	return &backend{http: mux, close: func() error {
		err := f.close()
		t.close()
		return err
	}}, nil
}

// streamHead is how a stream begins that leaves the http.Server.
const streamHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
