package store

import "errors"

// Errors of the store. They are wrapped with what was tried and on which file:
// compare with errors.Is.
var (
	ErrNotFound  = errors.New("record not found")
	ErrClosed    = errors.New("store is closed")
	ErrLocked    = errors.New("file is in use by another process")
	ErrForeign   = errors.New("file is not a chat log")
	ErrVersion   = errors.New("file was written by a newer version")
	ErrDamaged   = errors.New("file is damaged")
	ErrFull      = errors.New("no space left for the log")        // refused, nothing was written
	ErrFailed    = errors.New("store has failed, reopen it")      // refused, nothing was written
	ErrUnknown   = errors.New("outcome of the commit is unknown") // may be in the log after reopening
	ErrKeyReused = errors.New("idempotency key was used for something else")
	ErrExpired   = errors.New("cursor is older than what is kept")
	ErrPanic     = errors.New("command panicked")
)
