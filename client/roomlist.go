package client

import (
	"cmp"
	"context"
	"encoding/json"
	"iter"
	"maps"
	"slices"
)

// roomList is the list of the rooms that one has joined. It is guarded by the
// client's mu.
type roomList struct {
	c        *Client
	rooms    map[string]RoomInfo
	known    bool // the server has told it once
	watchers int
	changed  chan struct{} // closed at the next change
}

func newRoomList(c *Client) *roomList {
	return &roomList{c: c, rooms: map[string]RoomInfo{}, changed: make(chan struct{})}
}

// WatchRooms yields the list of the rooms that one has joined, by last activity,
// newest first, with what is unread: the whole, and again whenever it has changed.
// One who is slow gets the newest. It goes on over lost connections; an error is the
// end.
func (c *Client) WatchRooms(ctx context.Context) iter.Seq2[[]RoomInfo, error] {
	return func(yield func([]RoomInfo, error) bool) {
		c.list.enter()
		defer c.list.leave()
		for {
			list, known, changed := c.list.now()
			if known && !yield(list, nil) {
				return
			}
			select {
			case <-changed:
			case <-ctx.Done():
				yield(nil, context.Cause(ctx))
				return
			case <-c.ctx.Done():
				yield(nil, context.Cause(c.ctx))
				return
			}
		}
	}
}

func (l *roomList) enter() {
	l.c.mu.Lock()
	defer l.c.mu.Unlock()
	if l.watchers++; l.watchers == 1 {
		l.open()
	}
}

func (l *roomList) leave() {
	l.c.mu.Lock()
	defer l.c.mu.Unlock()
	if l.watchers--; l.watchers == 0 && l.c.link != nil {
		l.c.link.unwatch()
		if l.c.state.Transport == WebSocket { // nothing keeps it as it is
			l.rooms, l.known = map[string]RoomInfo{}, false
		}
	}
}

// open asks the present link for the list. The caller holds mu.
func (l *roomList) open() {
	if l.watchers > 0 && l.c.link != nil {
		l.c.link.watch()
	}
}

// again is open for one who does not hold mu.
func (l *roomList) again() {
	l.c.mu.Lock()
	defer l.c.mu.Unlock()
	l.open()
}

// update takes what the server tells.
func (l *roomList) update(data json.RawMessage) {
	var u struct {
		Full    bool       `json:"full"`
		Rooms   []RoomInfo `json:"rooms"`
		Removed []string   `json:"removed"`
	}
	if json.Unmarshal(data, &u) != nil {
		return
	}
	l.c.mu.Lock()
	defer l.c.mu.Unlock()
	if u.Full {
		l.rooms = map[string]RoomInfo{}
	}
	for _, r := range u.Rooms {
		l.rooms[r.ID] = r
	}
	for _, id := range u.Removed {
		delete(l.rooms, id)
	}
	l.known = true
	close(l.changed)
	l.changed = make(chan struct{})
}

// now returns the list.
func (l *roomList) now() (list []RoomInfo, known bool, changed <-chan struct{}) {
	l.c.mu.Lock()
	defer l.c.mu.Unlock()
	return slices.SortedFunc(maps.Values(l.rooms), func(a, b RoomInfo) int {
		return cmp.Or(b.LastActivity.Compare(a.LastActivity), cmp.Compare(a.ID, b.ID))
	}), l.known, l.changed
}
