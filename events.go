package chat

import (
	"time"

	"github.com/roomlog/chat/store"
)

// Event is a fact as it is stored: who said it, where, when, and its place in
// the order of the store. Events are values and safe for concurrent use; the
// memory behind them is shared and must not be changed.
type Event struct {
	ID     ID        // place in the order of the store; a cursor
	Room   string    // room id
	Type   string    // name of the fact, such as "MessagePosted"
	At     time.Time // wall clock of the commit, UTC, milliseconds; for display only
	User   User      // the actor
	Key    string    // the sender's idempotency key, or empty
	Erased bool      // its text was erased by a later deletion

	body  []byte
	entry *store.Entry // where it came from a page or a tail, else nil
}

// eventOf returns the event of a record without parsing anything.
func eventOf(r *store.Record) Event {
	return Event{
		ID: r.ID, Room: r.Room, Type: r.Type, At: r.At,
		User: User{ID: r.UserID, Name: r.UserName},
		Key:  r.Key, Erased: r.Erased, body: r.Body,
	}
}

func eventOfEntry(e *store.Entry) (event Event) {
	event.set(e)
	return event
}

// set makes the event that of an entry.
func (e *Event) set(entry *store.Entry) {
	r := entry.Record()
	*e = eventOf(&r)
	e.entry = entry
}

// Fact decodes what the event says. A type that this version does not know
// comes as Custom. Of an erased event only references are left: a
// MessagePosted has no text then.
func (e Event) Fact() (Fact, error) { return decode(e.Type, e.body) }

// JSON returns the event as one line of JSON: the stored form, the same bytes
// on every transport. It must not be changed.
func (e Event) JSON() []byte { return e.body }

// MarshalJSON returns e.JSON(), and null for the zero Event. The bytes come
// through encoding/json unchanged.
func (e Event) MarshalJSON() ([]byte, error) {
	if e.body == nil {
		return []byte("null"), nil
	}
	return e.body, nil
}

// Frame returns what encode makes of the event. Where the event comes from
// memory that readers share, it is made once for each owner, which is compared
// by identity, and the same bytes are handed to all; they must not be changed.
func (e Event) Frame(owner any, encode func(Event) []byte) []byte {
	if e.entry == nil {
		return encode(e)
	}
	entry := e.entry
	return entry.Frame(owner, func(*store.Entry) []byte { return encode(eventOfEntry(entry)) })
}
