package main

import (
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/roomlog/chat/client"
)

// maxRefs is how many messages have a number; the oldest lose theirs.
const maxRefs = 10_000

// ref is a message that was shown, under a number to speak of it.
type ref struct {
	number int
	id     client.ID
	room   string
	own    bool
	mine   map[string]bool // emoji that one has reacted with
}

// refs are the messages that were shown. Its methods may be called concurrently.
type refs struct {
	mu    sync.Mutex
	first int    // the number of list[0]
	list  []*ref // by number
	of    map[client.ID]*ref
	own   map[string]client.ID // one's own newest message, by room
	last  map[string]client.ID // the newest message of others, by room
}

func newRefs() *refs {
	return &refs{first: 1, of: map[client.ID]*ref{}, own: map[string]client.ID{}, last: map[string]client.ID{}}
}

// add gives a message a number, or returns the one that it has.
func (r *refs) add(room string, id client.ID, own bool) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	newest := r.last
	if own {
		newest = r.own
	}
	newest[room] = max(newest[room], id)
	if m := r.of[id]; m != nil {
		return m.number
	}
	m := &ref{number: r.first + len(r.list), id: id, room: room, own: own, mine: map[string]bool{}}
	r.of[id] = m
	r.list = append(r.list, m)
	if len(r.list) > maxRefs {
		delete(r.of, r.list[0].id)
		r.list[0], r.list = nil, r.list[1:]
		r.first++
	}
	return m.number
}

// wrote notes a message of one's own, which is not shown yet.
func (r *refs) wrote(room string, id client.ID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.own[room] = max(r.own[room], id)
}

// newest returns one's own newest message of a room; empty if there is none.
func (r *refs) newest(room string) client.ID {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.own[room]
}

// name returns "#3" for a message that was shown, and "a message" for another one.
func (r *refs) name(id client.ID) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m := r.of[id]; m != nil {
		return fmt.Sprint("#", m.number)
	}
	return "a message"
}

// reacted notes a reaction of one's own.
func (r *refs) reacted(id client.ID, emoji string, on bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m := r.of[id]; m != nil {
		m.mine[emoji] = on
	}
}

// has reports whether one has reacted so.
func (r *refs) has(id client.ID, emoji string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.of[id]
	return m != nil && m.mine[emoji]
}

// take reads "#3" in front of the text and returns that message, or else one's own
// newest of the room, or the newest of the others.
func (r *refs) take(room, text string, own bool) (id client.ID, rest string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if word, rest, _ := strings.Cut(text, " "); strings.HasPrefix(word, "#") {
		if n, err := strconv.Atoi(word[1:]); err == nil {
			if n < r.first || n >= r.first+len(r.list) || r.list[n-r.first].room != room {
				return "", "", fmt.Errorf("%s is no message of this room that was shown", word)
			}
			return r.list[n-r.first].id, strings.TrimSpace(rest), nil
		}
	}
	newest, what := r.last, "nobody else has written here"
	if own {
		newest, what = r.own, "you have written nothing here"
	}
	if newest[room] == "" {
		return "", "", fmt.Errorf("%s; say which message: #1", what)
	}
	return newest[room], text, nil
}
