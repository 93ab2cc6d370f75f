package client

import (
	"errors"
	"fmt"
	"net/http"
)

// Errors of the client's own.
var (
	// ErrClosed is what everything returns after Close.
	ErrClosed = errors.New("client: closed")
	// ErrOutboxFull refuses a command while Options.Outbox others wait for an
	// answer, and a message while so many are pending. It was not sent.
	ErrOutboxFull = errors.New("client: the outbox is full")
	// ErrOffline refuses what is only worth saying now, while there is no
	// connection.
	ErrOffline = errors.New("client: not connected")
)

// Problem is a refusal of the server's: RFC 9457. Act on Code. errors.Is finds one
// of the same code:
//
//	errors.Is(err, &client.Problem{Code: "room_not_found"})
type Problem struct {
	Type   string `json:"type"`
	Code   string `json:"code"`
	Title  string `json:"title"`            // for people
	Status int    `json:"status"`           // as of HTTP
	Detail string `json:"detail,omitempty"` // for people, of this case
	// RetryAfter is after how many seconds it may be worth trying again.
	RetryAfter int    `json:"retry_after,omitempty"`
	Reason     string `json:"reason,omitempty"` // the host's own code of what is "rejected"
}

// Error returns the code and the detail.
func (p *Problem) Error() string {
	if p.Detail == "" {
		return "chat: " + p.Code
	}
	return "chat: " + p.Code + ": " + p.Detail
}

// Is reports whether target is a Problem of the same code.
func (p *Problem) Is(target error) bool {
	t, ok := target.(*Problem)
	return ok && t.Code == p.Code
}

// passes reports whether the same may be granted later.
func (p *Problem) passes() bool {
	return p.Status == http.StatusRequestTimeout || p.Status == http.StatusTooManyRequests || p.Status >= 500
}

// Reset says that a cursor is of no use: what lies between it and Cursor has not
// been read. Load the history again. A loop over Follow that goes on goes on
// behind Cursor: a page that is read now has all up to its own cursor, and events
// that are not greater than that are in it.
type Reset struct {
	Room string
	// Reason is "expired": retention has taken what comes next; "ahead": the store
	// is older than the cursor; "store": the cursor is of another store; "invalid":
	// it is no cursor.
	Reason string
	Cursor Cursor
}

// Error tells the room and the reason.
func (r *Reset) Error() string {
	return fmt.Sprintf("client: the cursor of room %q is of no use: %s", r.Room, r.Reason)
}

// Ended says that the server has ended the room for this reader, such as behind their
// removal, or its deletion.
type Ended struct {
	Room   string
	Reason string // "forbidden", or what the server says
	// Missed says that there may be events up to the end that were not yielded: the
	// reader was behind, or not connected, when it came, and may not read them now.
	Missed bool
	Err    error // the *Problem by which one who was behind has found out; else nil
}

// Error tells the room and the reason.
func (e *Ended) Error() string { return fmt.Sprintf("client: room %q has ended: %s", e.Room, e.Reason) }

// Unwrap returns Err.
func (e *Ended) Unwrap() error { return e.Err }

// Unanswered says that a command's context, or the client, has ended before the
// command was answered. It may have been stored, and may still be. To send it again
// with the same key is safe for 7 days.
type Unanswered struct {
	Key  string
	Err  error // why it was given up: the error of the context, or ErrClosed
	Last error // what the last attempt came to; nil if it got no answer
}

// Error tells both.
func (u *Unanswered) Error() string {
	if u.Last == nil {
		return fmt.Sprintf("client: not answered: %v", u.Err)
	}
	return fmt.Sprintf("client: not answered: %v; the last attempt: %v", u.Err, u.Last)
}

// Unwrap returns both.
func (u *Unanswered) Unwrap() []error {
	if u.Last == nil {
		return []error{u.Err}
	}
	return []error{u.Err, u.Last}
}
