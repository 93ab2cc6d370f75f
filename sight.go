package chat

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"runtime/debug"
	"time"

	"github.com/roomlog/chat/internal/panics"
	"github.com/roomlog/chat/store"
)

// snapshot is a state of the store that can be read: that of now, or of one
// room in the past.
type snapshot interface {
	store.View
	Index(room store.Room, lane store.Lane, after, before ID, back bool) iter.Seq[ID]
	Head() ID
	Marker(room, user string) (at ID, ok bool)
	Markers(room string) iter.Seq2[string, ID]
	CountOthers(room store.Room, after ID, user string, atMost int) int
}

// sight is what a viewer sees of a room.
type sight struct {
	view   snapshot
	head   ID // the position
	room   store.Room
	rules  rules
	viewer string // user id, or empty for the host, who sees everything
	past   bool   // it is not the present that they see
	from   ID     // what is at or below is not the viewer's to see
}

// look returns what a viewer sees of a room. ErrRoomNotFound where it is not
// there, or must seem so, and what else the policy says.
func (c *Chat) look(v snapshot, id, viewer string) (*sight, error) {
	room, rules, ok := findRoom(v, id)
	if !ok {
		return nil, ErrRoomNotFound.because("%s", id)
	}
	s := &sight{view: v, head: v.Head(), room: room, rules: rules, viewer: viewer, from: room.Floor}
	if rules.again {
		if err := s.skipDeletion(); err != nil {
			return nil, err
		}
	}
	if viewer == "" {
		return s, nil
	}
	if err := c.mayRead(v, room, rules, viewer); err != nil {
		return nil, err
	}
	if rules.joined {
		m, ok := getMember(v, room.Number, viewer)
		if !ok { // a policy of the host's let a stranger in
			return s, nil
		}
		if before := predecessor(m.since); before.Compare(s.from) > 0 {
			s.from = before
		}
	}
	return s, nil
}

// skipDeletion passes over the RoomDeleted that a room which has begun anew is
// preceded by: it was for those who read the old one.
func (s *sight) skipDeletion() error {
	for id := range s.view.Index(s.room, store.Others, s.room.Floor, Start, false) {
		r, err := s.view.Record(id)
		if err == nil && r.Type == kindRoomDeleted {
			s.from = id
		}
		return err
	}
	return nil
}

// mayRead asks the policy whether a user may read a room.
func (c *Chat) mayRead(v store.View, room store.Room, rules rules, user string) error {
	r := &Request{
		Action: ActRead, User: User{ID: user}, Now: c.now(),
		Room: rules.state(room.ID, true), view: v, number: room.Number, rules: rules,
	}
	return c.ask(r)
}

// ask asks the policy, in the caller's goroutine.
func (c *Chat) ask(r *Request) (err error) {
	defer func() {
		if p := recover(); p != nil {
			c.logger.Error("policy panicked", "panic", panics.Text(p), "stack", string(debug.Stack()))
			err = ErrInternal.because("policy panicked")
		}
	}()
	return verdict(r, c.policy.Allow(r))
}

// verdict is the answer of a policy as one of our errors.
func verdict(r *Request, err error) error {
	var ours *Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrRoomNotFound):
		return ErrRoomNotFound.because("%s", r.Room.ID) // exactly as if it were not there
	case errors.As(err, &ours):
		return err
	}
	return ErrForbidden.because("%v", err)
}

func (r rules) state(id string, exists bool) RoomState {
	return RoomState{ID: id, Exists: exists, Kind: r.kind, Archived: r.archived}
}

// index yields the ids of a lane that the viewer sees in (after, before), in
// rising order, or in falling order with back. A zero before is no bound.
func (s *sight) index(lane store.Lane, after, before ID, back bool) iter.Seq[ID] {
	if after.Compare(s.from) < 0 {
		after = s.from
	}
	return s.view.Index(s.room, lane, after, before, back)
}

// message returns the record and the state of a message that the viewer sees.
func (s *sight) message(id ID) (store.Record, messageState, error) {
	if id.Compare(s.from) <= 0 {
		return store.Record{}, messageState{}, ErrMessageNotFound.because("%s", id)
	}
	return findMessage(s.view, s.room, id)
}

// now is the chat's clock.
func (c *Chat) now() time.Time { return c.clock() }

// Access says how far a user may read a room.
type Access struct {
	// From is a cursor: what is at or below it is not theirs to read. It is the
	// room's floor, or lies just before their join where the room shows its
	// members no more than that.
	From ID
	Head ID // the newest event of the room
	// Floor is the smallest cursor that still resumes; Start while nothing has
	// expired.
	Floor ID
}

// Access tells whether a user may read the room now, by the same policy as all
// queries with that user as viewer: for transports, which serve events and not
// queries. An empty viewer is the host, who may read everything. ErrRoomNotFound
// where the room is not there or must seem so; ErrForbidden, and what else a
// policy answers.
func (r *Room) Access(ctx context.Context, viewer string) (Access, error) {
	var a Access
	err := r.read(ctx, viewer, func(s *sight) error {
		a = Access{From: s.from, Head: s.room.Last, Floor: s.room.Floor}
		return nil
	})
	return a, err
}

// Concerns reports whether after this event the user may have another right to
// read the room than before: what a transport asks of each event before it goes
// on, so that nothing behind a removal reaches the one who was removed. It may
// report true for nothing. It parses nothing but what it must.
func (e Event) Concerns(user string) bool {
	switch e.Type {
	case kindRoomChanged, kindRoomDeleted:
		return true
	case kindUserLeft, kindUserBanned, kindUserJoined, kindUserUnbanned, kindRoleChanged:
	default:
		return false
	}
	var room [192]byte // for most ids: it is asked for every reader of the event
	return bytes.Contains(e.body, appendString(append(room[:0], `"member":{"id":`...), user))
}
