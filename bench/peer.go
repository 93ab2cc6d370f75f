package main

import (
	"fmt"
	"net/http"
	"sync/atomic"
)

// The peers are other programs' ways to do the same, each written as its own
// documentation does it. They keep nothing on the disk, unless it says so, and
// deliver the event's JSON as it is. Where a peer drops messages, or readers, that
// its queues have no room for, the window of the posters must not be longer than
// the queue.

// peer returns the backend of a peer that publishes events and lets readers join
// at a path.
func peer(path string, join http.HandlerFunc, publish func(event []byte) error, end func() error) *backend {
	var posts atomic.Uint64
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+path, join)
	mux.Handle("POST /rooms/{room}/messages", takePosts(func(w http.ResponseWriter, room, text string) error {
		event, id := appendEvent(nil, room, "user-000000", text)
		copy(event[id:], fmt.Sprintf("%026d", posts.Add(1)))
		if err := publish(event); err != nil {
			return err
		}
		answerEvent(w, event)
		return nil
	}))
	return &backend{http: mux, close: end}
}

const (
	socketPath = "/ws"
	streamPath = "/rooms/{room}/events"
)

func nothing() error { return nil }
