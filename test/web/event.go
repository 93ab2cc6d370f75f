package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
)

// Event is what the tests look at in an event.
type Event struct {
	ID, Room, Type, Key string
	Erased              bool
	Data                struct{ Text string }
	Sum                 uint64 // of its bytes
}

// ParseEvent reads an event as it came over the wire.
func ParseEvent(raw []byte) (Event, error) {
	var e Event
	if err := json.Unmarshal(raw, &e); err != nil {
		return e, fmt.Errorf("event %.100q: %w", raw, err)
	}
	e.Sum = Sum(raw)
	return e, nil
}

// Sum is a hash of the bytes of an event, without the white space around it.
func Sum(raw []byte) uint64 {
	h := fnv.New64a()
	_, _ = h.Write(bytes.TrimSpace(raw))
	return h.Sum64()
}
