package chat

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/roomlog/chat/internal/panics"
)

// Proposed is a fact that is about to be stored, as a hook sees it: cleaned, and
// found to be allowed.
type Proposed struct {
	Room string
	User User // the actor
	Fact Fact
	Host bool // the program itself acts: see Command.Host
}

// BeforeAppend looks at facts before they are stored. It returns the fact to
// store: the proposed one, or another of the same type; or why it is refused:
// what Reject returns carries a code of the host's, any other error is
// ErrRejected with its text as the detail.
//
// It is called in the goroutine of the command, many at a time; the command
// waits for it, all others do not. A panic, or no answer within
// Options.HookTimeout, refuses the command with ErrInternal. A command that is
// given again with its key is looked at again, so that a hook which rewrites
// should do so the same way each time; what it refuses then does not count.
type BeforeAppend func(context.Context, Proposed) (Fact, error)

// Reject returns an error for a hook to refuse with: reason is a code of the
// host's, which clients are given beside the protocol's "rejected"; detail is for
// people.
func Reject(reason, detail string) error {
	return &Error{Code: ErrRejected.Code, Reason: reason, Detail: detail}
}

// hookSlots bounds how many calls of a hook are under way.
const hookSlots = 256

// hookRunner calls the host's hook with a deadline.
type hookRunner struct {
	call    BeforeAppend
	timeout time.Duration
	slots   chan struct{}
}

func newHookRunner(call BeforeAppend, timeout time.Duration) *hookRunner {
	if timeout <= 0 {
		timeout = 5 * time.Second
	}
	return &hookRunner{call: call, timeout: timeout, slots: make(chan struct{}, hookSlots)}
}

// moderate shows a command to the host's hook.
func (r *Room) moderate(ctx context.Context, c *command, cmd Command) error {
	known, err := r.chat.store.Known(c.proposal())
	if err != nil {
		return wrap(err)
	}
	if !known {
		if err := r.refused(c); err != nil {
			return err
		}
	}
	fact, err := r.chat.hook.run(ctx, r.chat, Proposed{Room: r.id, User: cmd.User, Fact: c.fact, Host: cmd.Host})
	if err == nil {
		if fact == nil || fact.Kind() != c.fact.Kind() {
			err = ErrInternal.because("hook made a %s of a %s", kindOf(fact), c.fact.Kind())
		} else {
			fact, err = cleanFact(fact, cmd.User, r.chat.maxText)
		}
	}
	switch {
	case known && err != nil:
		return nil // it was stored, and is answered as it was
	case err != nil:
		return err
	}
	c.original, c.fact = c.fact, fact
	c.encode()
	return nil
}

func kindOf(fact Fact) string {
	if fact == nil {
		return "nil"
	}
	return fact.Kind()
}

// refused tells whether a command would be refused as things stand, so that the
// hook does not see what nobody will.
func (r *Room) refused(c *command) error {
	snap, err := r.chat.store.Snapshot()
	if err != nil {
		return wrap(err)
	}
	defer snap.Close()
	_, err = c.tryOn(snap, r.chat.now())
	if _, exists := errors.AsType[*directExists](err); exists {
		return nil
	}
	return wrap(err)
}

func (h *hookRunner) run(ctx context.Context, c *Chat, p Proposed) (Fact, error) {
	limited, cancel := context.WithTimeout(ctx, h.timeout)
	defer cancel()
	select {
	case h.slots <- struct{}{}:
	case <-limited.Done():
		return nil, h.late(ctx, c)
	}
	type answer struct {
		fact Fact
		err  error
	}
	answered := make(chan answer, 1)
	go func() {
		defer func() { <-h.slots }()
		var a answer
		defer func() { answered <- a }()
		defer func() {
			if v := recover(); v != nil {
				c.logger.Error("BeforeAppend panicked", "room", p.Room, "panic", panics.Text(v), "stack", string(debug.Stack()))
				a = answer{nil, ErrInternal.because("hook panicked")}
			}
		}()
		a.err = ErrInternal.because("hook ended its goroutine") // unless it returns
		fact, err := h.call(limited, p)
		a = answer{fact, rejected(err)}
	}()
	select {
	case a := <-answered:
		if a.err != nil && ctx.Err() != nil { // it gave up because the caller did
			return nil, ctx.Err()
		}
		return a.fact, a.err
	case <-limited.Done():
		return nil, h.late(ctx, c)
	}
}

// late tells why the hook was not waited for any longer. ctx is the caller's.
func (h *hookRunner) late(ctx context.Context, c *Chat) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.logger.Error("BeforeAppend did not answer in time", "timeout", h.timeout)
	return ErrInternal.because("hook did not answer within %s", h.timeout)
}

// rejected is the error of a hook as one of ours.
func rejected(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return ErrInternal.because("hook gave up") // and what its error says may hold the text: this is logged
	}
	var ours *Error
	if errors.As(err, &ours) {
		return ours
	}
	return ErrRejected.because("%v", err)
}

// checkCustom asks the host whether a fact of its own is as it must be.
func (c *Chat) checkCustom(room string, by User, f Custom) (err error) {
	defer func() {
		if p := recover(); p != nil {
			c.logger.Error("Validate panicked", "room", room, "panic", panics.Text(p), "stack", string(debug.Stack()))
			err = ErrInternal.because("validation panicked")
		}
	}()
	if err := c.validate(room, by, f); err != nil {
		if _, ours := errors.AsType[*Error](err); ours {
			return err
		}
		return ErrInvalidField.because("%s: %v", f.Type, fmt.Sprint(err))
	}
	return nil
}
