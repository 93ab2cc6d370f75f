package main

import (
	"net/http"

	"github.com/olahol/melody"
)

// serveMelody is melody's Broadcast.
func serveMelody(order) (*backend, error) {
	m := melody.New()
	join := func(w http.ResponseWriter, r *http.Request) { _ = m.HandleRequest(w, r) }
	return peer(socketPath, join, m.Broadcast, nothing), nil
}
