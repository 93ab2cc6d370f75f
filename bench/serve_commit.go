package main

import (
	"encoding/json"
	"io"
	"net/http"
	"sync"
)

// serveCommit is the floor of durable posts by HTTP: the least handler that takes
// the JSON of a post, and the bare group commit. It asks nobody who they are.
func serveCommit(o order) (*backend, error) {
	f, err := openFloor(o.Dir, nil)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("POST /rooms/{room}/messages", f.handler())
	return &backend{http: mux, close: f.close}, nil
}

// handler puts each post through the floor and answers with the event.
func (f *floor) handler() http.Handler {
	return takePosts(func(w http.ResponseWriter, room, text string) error {
		c := callers.Get().(*caller)
		defer callers.Put(c)
		var id int
		c.record, id = appendEvent(c.record[:0], room, "user-000000", text)
		c.id, c.room = c.record[id:][:len(blank)], room
		if err := f.post(c); err != nil {
			return err
		}
		answerEvent(w, c.record)
		return nil
	})
}

var callers = sync.Pool{New: func() any { return &caller{answer: make(chan error, 1)} }}

// takePosts is the handler of posts that all servers but the chat have: post
// answers with the event, or returns why there is none.
func takePosts(post func(w http.ResponseWriter, room, text string) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		var message struct{ Text string }
		if err := json.Unmarshal(body, &message); err != nil || message.Text == "" {
			http.Error(w, "a post is a JSON object with a text", http.StatusBadRequest)
			return
		}
		if err := post(w, r.PathValue("room"), message.Text); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
}

func answerEvent(w http.ResponseWriter, event []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_, _ = w.Write(event) // who does not take it has gone
}
