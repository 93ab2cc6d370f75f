package transport

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/oklog/ulid/v2"

	"github.com/roomlog/chat"
)

// Cursor is where a reader says that it stands. The zero Cursor is "latest".
type Cursor struct {
	kind cursorKind
	id   chat.ID
}

type cursorKind byte

const (
	latest cursorKind = iota
	earliest
	at
	malformed
)

// The words that stand for a cursor, in any letter case.
const (
	wordEarliest = "earliest"
	wordLatest   = "latest"
)

// The least and the greatest ULID are words of their own in package chat:
// "whatever is still kept" and "from now on". A client that sends them does not
// mean that; they become their neighbours, which stand for no event either.
var (
	afterNothing = chat.ID{15: 1}
	beforeEnd    = func() chat.ID { id := chat.End; id[15]--; return id }()
)

// ParseCursor reads a cursor: a ULID or one of the words earliest and latest, in
// either case. Text that is neither gives a malformed cursor. Empty text is
// latest.
func ParseCursor(s string) Cursor {
	switch {
	case s == "", isWord(s, wordLatest):
		return Cursor{kind: latest}
	case isWord(s, wordEarliest):
		return Cursor{kind: earliest}
	}
	id, ok := ParseID(s)
	switch {
	case !ok:
		return Cursor{kind: malformed}
	case id == chat.Start:
		id = afterNothing
	case id == chat.End:
		id = beforeEnd
	}
	return Cursor{kind: at, id: id}
}

// isWord reports whether s is the word, in any case of its ASCII letters: with
// as many bytes there is no room for others that fold to them, such as U+017F.
func isWord(s, word string) bool { return len(s) == len(word) && strings.EqualFold(s, word) }

// RequestCursor returns where the request for a stream says that it stands: the
// first that is not empty of the Last-Event-ID header and the parameters after
// and last_event_id, even if it is malformed. Where there is none in what can be
// read of the query, but not all of it can be read, the cursor is malformed: it
// may have been in the rest.
func RequestCursor(r *http.Request) Cursor {
	query, err := url.ParseQuery(r.URL.RawQuery)
	for _, s := range slices.Concat(r.Header.Values("Last-Event-ID"), query["after"], query["last_event_id"]) {
		if s != "" {
			return ParseCursor(s)
		}
	}
	if err != nil {
		return Cursor{kind: malformed}
	}
	return Cursor{}
}

// Position returns the cursor as package chat knows it: chat.Start for earliest
// and chat.End for latest. ErrInvalidCursor if it is malformed.
func (c Cursor) Position() (chat.ID, error) {
	switch c.kind {
	case latest:
		return chat.End, nil
	case earliest:
		return chat.Start, nil
	case malformed:
		return chat.ID{}, Errorf(ErrInvalidCursor, "a cursor is a ULID, %q or %q", wordEarliest, wordLatest)
	}
	return c.id, nil
}

// Bound returns the cursor as a bound of a page: never the zero ID, which
// stands for no bound there. ErrInvalidCursor if it is malformed.
func (c Cursor) Bound() (chat.ID, error) {
	id, err := c.Position()
	if id == chat.Start {
		id = afterNothing
	}
	return id, err
}

// ParseID reads the ID of an event, in either letter case.
func ParseID(s string) (chat.ID, bool) {
	id, err := ulid.ParseStrict(s)
	return id, err == nil
}
