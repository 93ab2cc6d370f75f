package main

import (
	"context"
	"errors"
	"net/http"

	"github.com/tmaxmax/go-sse"
)

// serveGoSSE is go-sse's Server with its own provider. With o.Last it has so many
// stamped events in memory, of which it replays those behind a Last-Event-ID;
// the first has the id 0, and is none of them.
func serveGoSSE(o order) (*backend, error) {
	joe := &sse.Joe{}
	if o.Last > 0 {
		replay, err := sse.NewFiniteReplayer(o.Last+1, true)
		if err != nil {
			return nil, err
		}
		joe.Replayer = replay
	}
	s := &sse.Server{Provider: joe}
	publish := func(event []byte) error {
		m := &sse.Message{}
		m.AppendData(string(event))
		return s.Publish(m)
	}
	if o.Last > 0 {
		err := publish([]byte(primer))
		for i := range o.Last {
			err = errors.Join(err, publish(stampedEvent(i)))
		}
		if err != nil {
			return nil, err
		}
	}
	live := publish
	if o.Last == 0 {
		live = func(event []byte) error {
			m := &sse.Message{ID: sse.ID(string(event[len(`{"id":"`):][:len(blank)]))}
			m.AppendData(string(event))
			return s.Publish(m)
		}
	}
	end := func() error { return s.Shutdown(context.Background()) }
	return peer(streamPath, func(w http.ResponseWriter, r *http.Request) { s.ServeHTTP(w, r) }, live, end), nil
}

// stampedEvent returns the event of a number, from the first room.
func stampedEvent(n int) []byte {
	text := []byte(stampedText())
	putStamp(text[1:], uint64(n), 0)
	event, _ := appendEvent(nil, roomName(0), "user-000000", string(text))
	return event
}
