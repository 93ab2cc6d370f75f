package chat

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/roomlog/chat/store"
)

// Error is a refusal or a failure with a code that programs can act on. The
// codes are those of the wire protocol. errors.Is compares codes alone, so
// errors.Is(err, ErrForbidden) holds whatever the detail; the error of the
// store that caused it, if any, is wrapped.
type Error struct {
	Code   string // one of the protocol's codes, such as "room_not_found"
	Detail string // what this case was about, for people; may be empty
	// Reason is the host's own code for a refusal of its hook: see Reject.
	Reason string
	// RetryAfter is when it is worth trying again, if that is known: slow mode
	// says so. 0 if not.
	RetryAfter time.Duration

	cause error
}

// Error returns the code in words and the detail.
func (e *Error) Error() string {
	s := strings.ReplaceAll(e.Code, "_", " ")
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

// Is reports whether target is an Error of the same code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// Unwrap returns the error of the store that caused e, or nil.
func (e *Error) Unwrap() error { return e.cause }

// because returns an error of the same code with a detail.
func (e *Error) because(format string, args ...any) *Error {
	return &Error{Code: e.Code, Detail: fmt.Sprintf(format, args...)}
}

// What a command or a query may be answered with. Compare with errors.Is.
var (
	ErrRoomNotFound          = &Error{Code: "room_not_found"}
	ErrMessageNotFound       = &Error{Code: "message_not_found"}
	ErrRoomExists            = &Error{Code: "room_exists"}
	ErrRoomArchived          = &Error{Code: "room_archived"}
	ErrForbiddenLastOwner    = &Error{Code: "forbidden_last_owner"}
	ErrRateLimited           = &Error{Code: "rate_limited"} // slow mode
	ErrRejected              = &Error{Code: "rejected"}     // by Options.BeforeAppend
	ErrMessageDeleted        = &Error{Code: "message_deleted"}
	ErrEmptyMessage          = &Error{Code: "empty_message"}
	ErrMessageTooLong        = &Error{Code: "message_too_long"}
	ErrControlCharacter      = &Error{Code: "control_character"}
	ErrInvalidUTF8           = &Error{Code: "invalid_utf8"}
	ErrInvalidReaction       = &Error{Code: "invalid_reaction"}
	ErrInvalidRoomID         = &Error{Code: "invalid_room_id"}
	ErrInvalidField          = &Error{Code: "invalid_field"}
	ErrForbidden             = &Error{Code: "forbidden"}
	ErrCursorExpired         = &Error{Code: "cursor_expired"}
	ErrCursorAhead           = &Error{Code: "cursor_ahead"}
	ErrIdempotencyKeyInvalid = &Error{Code: "idempotency_key_invalid"}
	ErrIdempotencyKeyReused  = &Error{Code: "idempotency_key_reused"}
	ErrStorageFull           = &Error{Code: "storage_full"}   // refused, nothing was written
	ErrStoreFailed           = &Error{Code: "store_failed"}   // refused, nothing was written
	ErrCommitUnknown         = &Error{Code: "commit_unknown"} // may be in the log after reopening: retry with the same key
	ErrShuttingDown          = &Error{Code: "shutting_down"}
	ErrInternal              = &Error{Code: "internal"}
)

// What Open, Create, Restore and Compact may fail with, beside errors of the
// file system. They name the file; compare with errors.Is.
var (
	ErrLocked  = store.ErrLocked  // another process has the file open
	ErrForeign = store.ErrForeign // the file is not a chat log
	ErrVersion = store.ErrVersion // a newer version wrote the file
	ErrDamaged = store.ErrDamaged // the file is damaged
)

// storeErrors says which of our codes stands for an error of the store.
var storeErrors = []struct{ store, chat error }{
	{store.ErrClosed, ErrShuttingDown},
	{store.ErrFull, ErrStorageFull},
	{store.ErrFailed, ErrStoreFailed},
	{store.ErrUnknown, ErrCommitUnknown},
	{store.ErrKeyReused, ErrIdempotencyKeyReused},
	{store.ErrExpired, ErrCursorExpired},
}

// wrap turns an error of the store into one of ours that wraps it. Errors that
// are ours already, and those of a context, pass as they are.
func wrap(err error) error {
	var ours *Error
	switch {
	case err == nil, errors.As(err, &ours),
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	for _, e := range storeErrors {
		if errors.Is(err, e.store) {
			return &Error{Code: e.chat.(*Error).Code, Detail: err.Error(), cause: err}
		}
	}
	return &Error{Code: ErrInternal.Code, Detail: err.Error(), cause: err}
}
