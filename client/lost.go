package client

import (
	"context"
	"errors"
	"strconv"
	"time"
)

// Lost is the end of a connection, or of an attempt to get one or an answer, that does
// not tell whether what was asked was done. Err is what has come to light.
type Lost struct {
	Err error

	advised time.Duration // the least time to wait before coming back
	expired bool          // the credentials have
	refused bool          // by an answer that is not the chat's
	final   bool          // there is no use in coming back
}

// Error tells Err.
func (l *Lost) Error() string { return "client: connection lost: " + l.Err.Error() }

// Unwrap returns Err.
func (l *Lost) Unwrap() error { return l.Err }

// Code says in a word why:
//
//   - "lost": the network, or nobody is there
//   - "timeout": nothing was heard for two and a half heartbeats, or no hello in time
//   - "draining": the server restarts, or sends its clients elsewhere
//   - "expired": the credentials have; others are asked for
//   - "too_many": there are too many connections
//   - "too_slow": what was sent was not taken in time
//   - "blocked": something else than the chat has answered, such as a proxy that lets
//     no socket pass
//   - "forbidden": the user has no right to be here
//   - "protocol": the server has found a mistake in what the client says
//   - "token": Options.Token has returned an error
//
// An event stream may be ended with another word of the server's.
func (l *Lost) Code() string {
	var frame *closeError
	var said streamEnd
	switch {
	case l.expired:
		return "expired"
	case l.refused:
		return "blocked"
	case errors.Is(l.Err, errSilent), errors.Is(l.Err, errLate), errors.Is(l.Err, context.DeadlineExceeded):
		return "timeout"
	case errors.Is(l.Err, errNoToken):
		return "token"
	case errors.As(l.Err, &frame):
		return frame.word()
	case errors.As(l.Err, &said):
		return string(said)
	}
	return "lost"
}

var (
	errSilent  = errors.New("nothing was heard for 2.5 heartbeats")
	errLate    = errors.New("there was no hello in time")
	errNoToken = errors.New("there is no token")
)

// streamEnd is why the server has ended an event stream.
type streamEnd string

func (e streamEnd) Error() string { return "the server has ended the stream: " + string(e) }

// closeError is an end by a close frame.
type closeError struct {
	code   int // 1005 if it had none
	reason string
}

func (e *closeError) Error() string {
	return "the server has closed the socket with " + strconv.Itoa(e.code) + ": " + e.reason
}

// word is the code in a word.
func (e *closeError) word() string {
	switch e.code {
	case 1001, 1012:
		return "draining"
	case 1002, 1003, 1007, 1008, 1009:
		return "protocol"
	case 4401:
		return "expired"
	case 4403:
		return "forbidden"
	case 4408:
		return "too_slow"
	case 4429:
		return "too_many"
	}
	return "lost"
}
