package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
)

// maxLine is how many bytes a line of a pipe may have.
const maxLine = 1 << 20

// errRefused is the end of a pipe of which not every line was done.
var errRefused = errors.New("not all of it was done: see above")

// lines is the way to show things where there is no terminal: what is said goes out,
// what the program has to say goes beside it.
type lines struct {
	mu        sync.Mutex
	out, errs io.Writer
	failed    func(error) // the output cannot be written
}

func (l *lines) show(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := fmt.Fprintln(l.out, text); err != nil {
		l.failed(err)
	}
}

func (l *lines) note(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = fmt.Fprintln(l.errs, text)
}

func (l *lines) update(status) {}

// runLines does one line after the other, and ends with the input, when each one was
// answered, and shown. A line that is refused does not keep the others back.
func runLines(outer context.Context, a *app, room string, in io.Reader, out, errs io.Writer) error {
	ctx, cancel := context.WithCancelCause(outer)
	defer cancel(nil)
	a.refused = cancel
	a.paint = wantsColour() && paint(isTerminal(out))
	if err := a.start(ctx, &lines{out: out, errs: errs, failed: cancel}, room); err != nil {
		return err
	}
	input, ended := make(chan string), make(chan error, 1)
	go read(ctx, in, input, ended) // may be left behind in a Read, which nothing ends
	for {
		select {
		case <-ctx.Done():
			if outer.Err() != nil && a.pending() == 0 { // interrupted while nothing was to be done
				return a.unless()
			}
			return context.Cause(ctx)
		case line := <-input:
			err := a.handle(ctx, line)
			switch {
			case errors.Is(err, errQuit):
				return a.finish(ctx)
			case ctx.Err() != nil:
				return context.Cause(ctx)
			case err != nil:
				a.failed.Store(true)
				a.ui.note("! " + problem(err))
			}
		case err := <-ended:
			return errors.Join(err, a.finish(ctx))
		}
	}
}

// finish waits until all is answered, and shown. In other rooms nothing is left: the
// commands that go there have waited for it.
func (a *app) finish(ctx context.Context) error {
	err := a.written(ctx)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return errors.Join(err, a.unless())
}

// unless is the error where something was refused.
func (a *app) unless() error {
	if a.failed.Load() {
		return errRefused
	}
	return nil
}

// read hands out the lines of a reader, and then its end.
func read(ctx context.Context, in io.Reader, lines chan<- string, ended chan<- error) {
	scanner := bufio.NewScanner(in)
	scanner.Buffer(nil, maxLine)
	for scanner.Scan() {
		select {
		case lines <- scanner.Text():
		case <-ctx.Done():
			return
		}
	}
	ended <- scanner.Err()
}
