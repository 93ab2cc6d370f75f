package client

import (
	"encoding/json"
	"strings"
	"time"
)

// ID is the id of an event: a ULID in upper case. IDs of one store rise in the order
// of commits, and compare as text.
type ID string

// Cursor is where a reader stands: behind an event. It is opaque text, to be kept
// together with what was made of the events up to it. An ID is a cursor too, of the
// store that the client is connected to.
type Cursor string

// Words that stand for a cursor. An empty Cursor is Latest.
const (
	Earliest Cursor = "earliest" // before everything that is kept
	Latest   Cursor = "latest"   // from now on
)

// earliestID stands for Earliest where IDs are compared: it is less than each.
const earliestID ID = "!"

// idSize is how long an ID is.
const idSize = 26

// cursor returns the ID as the server takes it for a cursor.
func (id ID) cursor() string {
	switch id {
	case "":
		return string(Latest)
	case earliestID:
		return string(Earliest)
	}
	return string(id)
}

// ID returns the event that the cursor stands behind; empty for Earliest, Latest and
// what is no cursor.
func (c Cursor) ID() ID {
	_, id, _ := c.parse()
	if id == earliestID {
		return ""
	}
	return id
}

// Store returns the store that the cursor is of; empty if it names none.
func (c Cursor) Store() string {
	store, _, _ := c.parse()
	return store
}

func cursorOf(store string, id ID) Cursor {
	if store == "" {
		return Cursor(id)
	}
	return Cursor(store + "/" + string(id))
}

// parse returns the store, if the cursor names one, and the id; empty is the
// present. ok is false for what is no cursor.
func (c Cursor) parse() (store string, id ID, ok bool) {
	text := string(c)
	if i := strings.LastIndexByte(text, '/'); i >= 0 {
		store, text = text[:i], text[i+1:]
	}
	switch {
	case text == "", strings.EqualFold(text, string(Latest)):
		return store, "", true
	case strings.EqualFold(text, string(Earliest)):
		return store, earliestID, true
	}
	id = ID(strings.ToUpper(text))
	if len(text) != idSize || text[0] > '7' {
		return store, "", false
	}
	for _, r := range id {
		if !strings.ContainsRune("0123456789ABCDEFGHJKMNPQRSTVWXYZ", r) {
			return store, "", false
		}
	}
	return store, id, true
}

// User is somebody, under the name of a moment.
type User struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Event is a fact as it is stored.
type Event struct {
	ID     ID
	Room   string
	Type   string    // name of the fact, such as "MessagePosted"
	At     time.Time // wall clock of the commit; for display only
	User   User      // the actor
	Key    string    // the sender's idempotency key, or empty
	Erased bool      // its text was erased by a later deletion

	data  json.RawMessage
	raw   []byte
	store string
}

// Cursor returns the position behind the event. It is of the event's store.
func (e Event) Cursor() Cursor { return cursorOf(e.store, e.ID) }

// JSON returns the event as it came, one line of JSON. It must not be changed.
func (e Event) JSON() []byte { return e.raw }

// Fact decodes what the event says. A type that this version does not know comes as
// Custom. Of an erased event only references are left.
func (e Event) Fact() (Fact, error) { return decode(e.Type, e.data) }

// MarshalJSON returns e.JSON(), and null for the zero Event.
func (e Event) MarshalJSON() ([]byte, error) {
	if e.raw == nil {
		return []byte("null"), nil
	}
	return e.raw, nil
}

// UnmarshalJSON reads an event of the wire.
func (e *Event) UnmarshalJSON(raw []byte) error {
	var wire struct {
		ID     ID              `json:"id"`
		Room   string          `json:"room"`
		Type   string          `json:"type"`
		At     time.Time       `json:"at"`
		User   User            `json:"user"`
		Key    string          `json:"key"`
		Erased bool            `json:"erased"`
		Data   json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(raw, &wire); err != nil {
		return err
	}
	*e = Event{
		ID: wire.ID, Room: wire.Room, Type: wire.Type, At: wire.At, User: wire.User,
		Key: wire.Key, Erased: wire.Erased, data: wire.Data, raw: append([]byte(nil), raw...),
	}
	return nil
}
