package store

import (
	"time"

	"github.com/oklog/ulid/v2"
)

// ID is the identity of a record, its place in the order of the store and the
// cursor of a reader: a ULID minted by the committer. IDs of one store rise
// strictly, across rooms, steps of the clock and restarts.
type ID = ulid.ULID

// Lane says which of the two indexes of its room a record stands in. A page of
// lane Messages costs the page, however much else the room's log holds.
type Lane byte

// The lanes of a room. A room's log is both of them, merged by id.
const (
	Messages Lane = 0
	Others   Lane = 1
)

// A Record is one fact of the log as it is stored. Its strings and its body
// share memory with the page it was read in; none of it may be changed.
type Record struct {
	ID       ID        // place in the order of the store
	Prev     ID        // the record before it in its room, zero for the first
	At       time.Time // wall clock of the commit, UTC, milliseconds; for display only
	Room     string    // room id
	Type     string    // name of the fact
	UserID   string    // the actor
	UserName string    // the actor's name at that time
	Key      string    // idempotency key, or empty
	Body     []byte    // the event as JSON on one line: what every transport serves
	Erased   bool      // the body was overwritten by a later fact
	Ends     bool      // all earlier records of the room are gone: see Draft.Ends
	Lane     Lane
	link     uint32 // CRC-32C over the chain of the room up to here
}

// A Draft is a record that has yet to be given its id, its time and its place:
// what a command proposes. The caller makes it, so that the committer has only
// to fill in blanks.
type Draft struct {
	Room, Type       string
	UserID, UserName string
	Key              string
	Lane             Lane

	// Body is the event's JSON with 26 bytes left for the id at IDAt and 24
	// bytes for the time (RFC 3339, three decimals, UTC) at TimeAt. The store
	// keeps and fills this very slice.
	Body         []byte
	IDAt, TimeAt int

	// Erase names records whose bodies the same commit overwrites with what
	// Options.Erase makes of them.
	Erase []ID

	// Ends ends the room: from the commit on no reader, page or view shows an
	// earlier record of it, Room.Floor is the record before this one, and a reader
	// that has not yet come so far gets ErrExpired. Within seconds the earlier
	// records are removed from the log with all that retention folded of them. The
	// record itself stays, and the room may go on after it, with its number.
	Ends bool
}

// ParseID reads the text of an id, in either case.
func ParseID(s string) (ID, error) { return ulid.ParseStrict(s) }
