package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"
)

// HistoryQuery asks for a page of messages. Without bounds it is the newest one.
type HistoryQuery struct {
	Before ID  // messages older than this, the nearest ones
	After  ID  // messages newer than this, the nearest ones
	Around ID  // the messages on both sides of this, and it itself
	Limit  int // 0 = 50, at most 200
}

func (q HistoryQuery) values() url.Values {
	v := url.Values{}
	set(v, "before", string(q.Before))
	set(v, "after", string(q.After))
	set(v, "around", string(q.Around))
	if q.Limit > 0 {
		v.Set("limit", strconv.Itoa(q.Limit))
	}
	return v
}

func set(v url.Values, name, value string) {
	if value != "" {
		v.Set(name, value)
	}
}

// get asks until it is answered.
func (c *Client) get(ctx context.Context, path string, query url.Values, answer any) error {
	return c.call(ctx, &request{method: http.MethodGet, path: path, query: query}, answer)
}

// page asks for a page of messages. The store is that of before: a newer one would
// make its cursor a Reset, and that is right.
func (c *Client) page(ctx context.Context, path string, query url.Values) (Page, error) {
	var p Page
	store := c.Store()
	err := c.get(ctx, path, query, &p)
	p.Cursor = cursorOf(store, ID(p.Cursor))
	return p, err
}

// History returns a page of the room's messages as they are now, oldest first.
func (r *Room) History(ctx context.Context, q HistoryQuery) (Page, error) {
	return r.c.page(ctx, path("rooms", r.id, "messages"), q.values())
}

// Messages yields the room's messages as they are now, newest first, from before a
// message or, if that is empty, from the newest one. An error is the end.
func (r *Room) Messages(ctx context.Context, before ID) iter.Seq2[Message, error] {
	return backwards(func(before ID) (Page, error) {
		return r.History(ctx, HistoryQuery{Before: before, Limit: 200})
	}, before, true)
}

// Thread returns a page of the messages of a thread.
func (r *Room) Thread(ctx context.Context, message ID, q HistoryQuery) (Page, error) {
	return r.c.page(ctx, path("rooms", r.id, "messages", string(message), "thread"), q.values())
}

// Search yields the messages whose present text holds all words, newest first. An
// error is the end.
func (r *Room) Search(ctx context.Context, words string) iter.Seq2[Message, error] {
	return backwards(func(before ID) (Page, error) {
		v := HistoryQuery{Before: before}.values()
		v.Set("q", words)
		return r.c.page(ctx, path("rooms", r.id, "search"), v)
	}, "", false)
}

// Mentions yields the messages that mention one, over all rooms, newest first. An
// error is the end.
func (c *Client) Mentions(ctx context.Context) iter.Seq2[Message, error] {
	return backwards(func(before ID) (Page, error) {
		return c.page(ctx, "/mentions", HistoryQuery{Before: before, Limit: 200}.values())
	}, "", true)
}

// backwards yields the messages of pages, each of which goes before the one before
// it. rising tells that a page has its oldest first.
func backwards(page func(before ID) (Page, error), before ID, rising bool) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		for {
			p, err := page(before)
			if err != nil {
				yield(Message{}, err)
				return
			}
			for i := range p.Messages {
				if rising {
					i = len(p.Messages) - 1 - i
				}
				if !yield(p.Messages[i], nil) {
					return
				}
			}
			if before = p.Prev; before == "" {
				return
			}
		}
	}
}

// Message returns a message as it is now.
func (r *Room) Message(ctx context.Context, id ID) (Message, error) {
	var m Message
	return m, r.c.get(ctx, path("rooms", r.id, "messages", string(id)), nil, &m)
}

// Versions is Message with all texts that the message has had.
func (r *Room) Versions(ctx context.Context, id ID) (Message, error) {
	var m Message
	return m, r.c.get(ctx, path("rooms", r.id, "messages", string(id)), url.Values{"history": {"1"}}, &m)
}

// Overview returns the room and its members, read at one position.
func (r *Room) Overview(ctx context.Context) (Overview, error) {
	var o Overview
	store := r.c.Store()
	err := r.c.get(ctx, path("rooms", r.id), nil, &o)
	o.Cursor = cursorOf(store, ID(o.Cursor))
	return o, err
}

// Members returns the members of the room, by id.
func (r *Room) Members(ctx context.Context) ([]Member, error) {
	o, err := r.Overview(ctx)
	return o.Members, err
}

// Presence returns who is in the room just now, and which members are away.
func (r *Room) Presence(ctx context.Context) (Presence, error) {
	var p Presence
	return p, r.c.get(ctx, path("rooms", r.id, "presence"), nil, &p)
}

// Receipts returns how far the members have read, where the room shows that.
func (r *Room) Receipts(ctx context.Context) ([]Receipt, error) {
	var list Receipts
	err := r.c.get(ctx, path("rooms", r.id, "receipts"), nil, &list)
	return list.List, err
}

// RoomsQuery asks for a page of the list of rooms.
type RoomsQuery struct {
	Scope string // "mine", "public", or empty for those that one may read
	After string // the Next of the page before
	Limit int    // 0 = 50, at most 200
}

// Rooms returns a page of the list of rooms.
func (c *Client) Rooms(ctx context.Context, q RoomsQuery) (RoomsPage, error) {
	v := url.Values{}
	set(v, "scope", q.Scope)
	set(v, "after", q.After)
	if q.Limit > 0 {
		v.Set("limit", strconv.Itoa(q.Limit))
	}
	var p RoomsPage
	store := c.Store()
	err := c.get(ctx, "/rooms", v, &p)
	p.Cursor = cursorOf(store, ID(p.Cursor))
	return p, err
}
