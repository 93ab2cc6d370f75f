package power_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/roomlog/chat"
)

const writers = 6

// orders is what a process is to do: to open the chat, to give commands as six
// users who do not wait for each other, and to close it; or to compact it.
type orders struct {
	Dir       string
	Seed      uint64
	Keep      int
	Compact   bool
	LoseViews bool
	Commands  int  // of each writer
	Retry     bool // only what was under way when the last process ended
	Flush     bool // go on until the views have been flushed beside it
	Writers   [writers]writer
}

// A writer is a user, and what of theirs was before.
type writer struct {
	Next    int     // the number of their next command
	Pending *intent // the command that was under way when the last process ended
	Own     []place // their newest messages that are not deleted
	Ends    int     // posts in the room that they are about to delete
}

type place struct {
	Room string
	ID   chat.ID
}

// An intent is a command before its answer.
type intent struct {
	Key, Room string
	What      string  // "post", "edit", "delete", "react", "mark" or "end"
	Target    chat.ID // of all but post and end
	Text      string  // of post and edit; found in no other
}

// A line is what the process says of what it does.
type line struct {
	What   string // "ready", "begin", "done", "seen" or "closed"
	Writer int
	Do     *intent `json:",omitempty"` // begin
	Key    string  // done
	ID     chat.ID // done, zero where nothing was stored; seen
	Sum    string  // of the event's bytes
	Room   string  // seen
	Lost   bool    // done: whether it was done before is not known
}

func user(w int) chat.User { return chat.User{ID: fmt.Sprint("u", w), Name: fmt.Sprint("User ", w)} }

func rooms() []string { return []string{"r0", "r1", "r2", "e0", "e1"} }

// work does what the orders on stdin say. It is the process whose power is cut.
func work(in io.Reader) error {
	var o orders
	if err := json.NewDecoder(in).Decode(&o); err != nil {
		return err
	}
	out, err := os.OpenFile(filepath.Join(o.Dir, sayName), os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	path := filepath.Join(o.Dir, "chat.db")
	if o.LoseViews {
		if err := os.Remove(path + ".views"); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	if o.Compact {
		return chat.Compact(path, nil)
	}
	c, err := chat.Open(path, &chat.Options{Keep: o.Keep})
	if err != nil {
		return err
	}
	p := &process{chat: c, out: out}
	p.say(line{What: "ready"})
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	p.readers.Go(func() { p.follow(ctx) })
	for w := range o.Writers {
		if o.Retry && o.Writers[w].Pending == nil {
			continue
		}
		p.writers.Go(func() { p.write(o, w, o.Writers[w]) })
	}
	p.writers.Wait()
	stop()
	p.readers.Wait()
	if err := c.Close(); err != nil {
		return err
	}
	p.say(line{What: "closed"})
	return nil
}

type process struct {
	chat             *chat.Chat
	mu               sync.Mutex
	out              *os.File
	writers, readers sync.WaitGroup
}

func (p *process) say(l line) {
	b, err := json.Marshal(l)
	if err != nil {
		panic(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, err := p.out.Write(b); err != nil {
		p.fail(err)
	}
}

// fail ends the process. If it was killed nobody hears of it.
func (p *process) fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func (p *process) follow(ctx context.Context) {
	for e, err := range p.chat.Follow(ctx, p.chat.Head(), rooms()...) {
		if err != nil {
			return // it is over, or retention was faster
		}
		p.say(line{What: "seen", ID: e.ID, Room: e.Room, Sum: sum(e.JSON())})
	}
}

func (p *process) write(o orders, n int, w writer) {
	rnd := rand.New(rand.NewPCG(o.Seed, uint64(n)))
	for i := 0; i < o.Commands || o.Flush && p.chat.Stats().Flushes == 0; i++ {
		if i >= o.Commands {
			time.Sleep(20 * time.Millisecond) // only to get there
		}
		do := w.Pending
		if do == nil {
			do = w.draw(rnd, n)
		}
		p.say(line{What: "begin", Writer: n, Do: do})
		p.say(p.carryOut(n, do, w.Pending != nil, &w))
		if w.Pending == nil {
			w.Next++
		}
		w.Pending = nil
	}
}

// draw thinks of a command.
func (w *writer) draw(rnd *rand.Rand, n int) *intent {
	do := &intent{Key: fmt.Sprintf("w%d-%d", n, w.Next), Room: rooms()[rnd.IntN(3)], What: "post"}
	choice := rnd.IntN(100)
	switch {
	case n < 2 && choice < 30: // the rooms that are deleted again and again
		if do.Room = fmt.Sprint("e", n); w.Ends >= 3 {
			do.What = "end"
		}
	case len(w.Own) == 0 || choice < 60:
	default:
		target := w.Own[rnd.IntN(len(w.Own))]
		do.Room, do.Target = target.Room, target.ID
		switch {
		case choice < 72:
			do.What = "edit"
		case choice < 82:
			do.What = "delete"
		case choice < 92:
			do.What = "react"
		default:
			do.What = "mark"
		}
	}
	if do.What == "post" || do.What == "edit" {
		size := rnd.IntN(200)
		if rnd.IntN(20) == 0 {
			size = 3500
		}
		do.Text = "text of " + do.Key + "." + strings.Repeat("x", size)
	}
	return do
}

// carryOut gives the command, and tells how it went. again says that it may have
// been given before.
func (p *process) carryOut(n int, do *intent, again bool, w *writer) line {
	ctx, room := context.Background(), p.chat.Room(do.Room)
	cmd := chat.Command{User: user(n), Key: do.Key}
	done := line{What: "done", Writer: n, Key: do.Key}
	switch do.What {
	case "post":
		cmd.Fact = chat.MessagePosted{Text: do.Text}
	case "edit":
		cmd.Fact = chat.MessageEdited{Message: do.Target, Text: do.Text}
	case "delete":
		cmd.Fact = chat.MessageDeleted{Message: do.Target}
	case "react":
		cmd.Fact = chat.ReactionAdded{Message: do.Target, Emoji: "e" + do.Key}
	case "end":
		cmd.Fact, cmd.Host = chat.RoomDeleted{}, true
	case "mark":
		if _, err := room.MarkRead(ctx, user(n).ID, do.Target); err != nil && !refused(err) {
			p.fail(err)
		} else if err == nil {
			done.ID = do.Target
		}
		return done
	}
	res, err := room.Do(ctx, cmd)
	switch {
	case err == nil:
	case !refused(err):
		p.fail(fmt.Errorf("%s %s: %w", do.What, do.Key, err))
	default:
		done.Lost = again && do.What == "end"
	}
	if res.Event.ID != chat.Start {
		done.ID, done.Sum = res.Event.ID, sum(res.Event.JSON())
	}
	w.learn(do, done.ID)
	return done
}

// learn keeps what later commands are about.
func (w *writer) learn(do *intent, id chat.ID) {
	switch {
	case do.What == "end":
		w.Ends = 0
	case do.Room[0] == 'e':
		w.Ends++
	case do.What == "post" && id != chat.Start:
		w.Own = append(w.Own, place{do.Room, id})
		w.Own = w.Own[max(0, len(w.Own)-12):]
	case do.What == "delete":
		w.Own = slices.DeleteFunc(w.Own, func(p place) bool { return p.ID == do.Target })
	}
}

// refused reports whether an error says that there was nothing to be done.
func refused(err error) bool {
	return errors.Is(err, chat.ErrMessageNotFound) || errors.Is(err, chat.ErrMessageDeleted) || errors.Is(err, chat.ErrRoomNotFound)
}
