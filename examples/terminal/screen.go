package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
)

// maxWaiting is how many lines may wait to be sent.
const maxWaiting = 1000

// Messages to the model.
type (
	textMsg   string // a text to be put above the prompt
	statusMsg status
	quitMsg   struct{}
)

// screen is the way to show things on a terminal: a prompt at the bottom, and above it
// what is said, which scrolls away as in any program.
type screen struct{ p *tea.Program }

func (s screen) show(text string)  { s.p.Send(textMsg(text)) }
func (s screen) note(text string)  { s.p.Send(textMsg(text)) }
func (s screen) update(now status) { s.p.Send(statusMsg(now)) }

// runScreen chats on a terminal until the user quits.
func runScreen(outer context.Context, a *app, room string, in io.Reader, out io.Writer) error {
	// The cursor is drawn in reverse: that is no colour, and is not to go with them.
	lipgloss.SetColorProfile(termenv.ANSI)
	a.paint, a.attends = wantsColour(), true

	ctx, refuse := context.WithCancelCause(outer)
	defer refuse(nil)
	a.refused = refuse
	waiting := make(chan string, maxWaiting)
	p := tea.NewProgram(newModel(a, waiting), tea.WithInput(in), tea.WithOutput(out), tea.WithoutSignalHandler())
	var worker sync.WaitGroup
	var failed error // of the start, unless that was interrupted
	worker.Go(func() {
		defer p.Send(quitMsg{}) // also where ctx ends: so the terminal is left in good order
		err := a.start(ctx, screen{p}, room)
		switch {
		case err == nil:
			a.take(ctx, waiting)
		case ctx.Err() == nil:
			failed = err
		}
	})
	_, err := p.Run()
	if err == nil && outer.Err() == nil {
		err = context.Cause(ctx) // there is no more to be had from the server
	}
	refuse(nil)
	worker.Wait()
	if n := a.sending.Load(); n > 0 {
		fmt.Fprintf(out, "%d of your lines were not answered: they may not have been sent.\n", n)
	}
	if n := a.pending(); n > 0 {
		fmt.Fprintf(out, "%d of your messages are kept, and sent when you come back.\n", n)
	}
	return errors.Join(failed, err)
}

// take does what the user has entered, one after the other: messages are queued at
// once, and a command finds what those before it have done.
func (a *app) take(ctx context.Context, waiting <-chan string) {
	for {
		select {
		case <-ctx.Done():
			return
		case line := <-waiting:
			err := a.handle(ctx, line)
			if ctx.Err() != nil {
				return
			}
			a.sending.Add(-1)
			a.change(func(*status) {}) // so that it is drawn
			if errors.Is(err, errQuit) {
				return
			}
			if err != nil {
				a.ui.note("! " + problem(err))
			}
		}
	}
}
