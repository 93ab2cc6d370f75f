// Package chat is an event-sourced chat on one file.
//
// Every room is an append-only log of events. What users do are commands: facts
// they propose, which are refused or stored. Everything else, such as a page of
// history or the list of members, is folded from the log. A reader is a cursor
// over the log, and one who comes back with the ID of the last event they saw
// misses nothing.
//
//	c, err := chat.Open("chat.db", nil)
//	room := c.Room("general")
//	e, err := room.Post(ctx, ann, "Hello.")
//	for e, err := range room.Follow(ctx, e.ID) { … } // replay, then live
//
// The package knows neither HTTP nor who a user is: transports mount it into a
// server, and the host says who acts.
//
// # What is promised
//
// Order. IDs rise strictly in the order of commits, across rooms, steps of the
// clock and restarts. The order of IDs is the order of the store, and an ID is a
// cursor.
//
// Durability. A command that returns without an error is stored: it survives a
// crash of the process and of the machine. A reader sees an event only once it
// is durable. An error other than ErrCommitUnknown means that nothing was stored.
//
// No seam. Follow yields every event behind its cursor once and in order, first
// what is stored and then what comes, however often the reader breaks off and
// resumes, and over several rooms with one cursor. A reader that is slow delays
// neither writers nor other readers, and misses nothing, unless retention
// overtakes it: then it is told so by ErrCursorExpired.
//
// One encoding. An event is one line of JSON, encoded when it is stored: the
// same bytes to every reader, always. The one exception is erasing.
//
// Erasing. Deleting a message erases its texts: no read that begins after
// Delete has returned yields them, in history or in the log. The events stay,
// marked as erased, with what they refer to. Deleting a room takes all its events
// away: the RoomDeleted is the last that its readers see.
//
// One by one. Commands are decided one after another, each on the state that all
// earlier ones left. Of two that exclude each other one passes.
//
// Who may. Every command of a user and every query on a user's behalf is judged by
// one Policy. A private room is, to those who may not read it, answered exactly as
// one that does not exist.
//
// Retries. A command with a key that is given twice is stored once, and both get
// the same answer, also after a crash. The same key with another fact is refused.
//
// Views are what the log says. History, threads, mentions, members and rooms are folds of the log:
// the same whether folded as it grew, from any point after a crash, or anew
// without the views file.
//
// Pages. A page of history is read at one position of the log, its Cursor: a
// follow after it has neither gap nor overlap with the page.
//
// Retention. With Options.Keep a room keeps that many events. Older messages are
// gone from history, older cursors are expired, and members stay.
//
// # Files
//
// chat.db is the log and the truth: it alone needs a backup. chat.db.views
// beside it is the folded state; deleted, it is made again by the next Open. One
// process at a time has them open.
package chat

import (
	"errors"
	"io/fs"
	"log/slog"
	"sync"
	"time"

	"github.com/roomlog/chat/store"
)

// Options of a chat. The zero value, or nil, is ready to use.
type Options struct {
	// Policy says who may do what. nil = Rules{}.
	Policy Policy
	// Reactions says how many reactions a user may have to one message.
	// 0 = OneOfEach.
	Reactions ReactionPolicy
	// BeforeAppend looks at every fact before it is stored; nil = none.
	BeforeAppend BeforeAppend
	// HookTimeout is how long BeforeAppend may take. 0 = 5 s.
	HookTimeout time.Duration
	// Validate tells why a fact of the host's own is not as it must be; nil takes
	// any. Its error is answered as ErrInvalidField, unless it is an *Error. It
	// may be called concurrently.
	Validate func(room string, by User, f Custom) error

	// PresenceGrace is how long a user is still present after their last session
	// has ended, so that a reload or a tunnel shows nothing. 0 = 15 s.
	PresenceGrace time.Duration

	Keep      int              // events kept per room, enforced within seconds; 0 = all
	KeyTTL    time.Duration    // how long an idempotency key is remembered; 0 = 7 days
	TailBytes int64            // memory for the newest events of rooms with readers; 0 = 64 MiB
	MaxSize   int64            // bytes the file may grow to; 0 = no limit
	MaxText   int              // code points in a text; 0 = 4,000
	Now       func() time.Time // nil = time.Now
	Logger    *slog.Logger     // nil = discard
	Progress  func(Progress)   // called during long work; nil = none
	OnCommit  func(Commit)     // called by the committer after each commit; must be quick; nil = none
}

// Progress of long work: opening after a crash, rebuilding, verifying, copying.
type Progress = store.Progress

// Commit tells of one commit of the log.
type Commit = store.Commit

// Chat is a chat in a file. Its methods may be called concurrently.
type Chat struct {
	store     *store.Store
	maxText   int
	policy    Policy
	reactions ReactionPolicy
	hook      *hookRunner // nil if there is none
	validate  func(room string, by User, f Custom) error
	clock     func() time.Time
	logger    *slog.Logger
	signals   *signals

	draining  chan struct{}
	drainOnce sync.Once
	closed    chan struct{}
	closeOnce sync.Once
	closeErr  error
}

// Open opens the chat at path, or creates one where there is no file. It fails
// with ErrLocked (within about a second), ErrForeign, ErrVersion or ErrDamaged.
// After a crash, or if the views file is missing, it first folds the log anew;
// Options.Progress is told.
func Open(path string, o *Options) (*Chat, error) {
	s, err := store.Open(path, storeOptions(o))
	if errors.Is(err, fs.ErrNotExist) {
		s, err = store.Create(path, storeOptions(o))
		if errors.Is(err, fs.ErrExist) { // another one was faster
			s, err = store.Open(path, storeOptions(o))
		}
	}
	return newChat(s, o, err)
}

// Create makes a new, empty chat at path. It fails with fs.ErrExist if there
// is a file already.
func Create(path string, o *Options) (*Chat, error) {
	s, err := store.Create(path, storeOptions(o))
	return newChat(s, o, err)
}

func newChat(s *store.Store, o *Options, err error) (*Chat, error) {
	if err != nil {
		return nil, err
	}
	c := &Chat{
		store:    s,
		maxText:  defaultMaxText,
		policy:   Rules{},
		clock:    time.Now,
		logger:   slog.New(slog.DiscardHandler),
		draining: make(chan struct{}),
		closed:   make(chan struct{}),
	}
	grace := defaultGrace
	if o != nil {
		c.configure(o)
		if o.PresenceGrace > 0 {
			grace = o.PresenceGrace
		}
	}
	c.signals = newSignals(grace, c.now)
	return c, nil
}

func (c *Chat) configure(o *Options) {
	if o.MaxText > 0 {
		c.maxText = o.MaxText
	}
	if o.Policy != nil {
		c.policy = o.Policy
	}
	if o.BeforeAppend != nil {
		c.hook = newHookRunner(o.BeforeAppend, o.HookTimeout)
	}
	if o.Now != nil {
		c.clock = o.Now
	}
	if o.Logger != nil {
		c.logger = o.Logger
	}
	c.reactions, c.validate = o.Reactions, o.Validate
}

func storeOptions(o *Options) store.Options {
	so := store.Options{Apply: apply, Trim: trim, Drop: drop, Erase: erase, Fold: foldVersion}
	if o != nil {
		so.Keep, so.KeyTTL, so.TailBytes, so.MaxSize = o.Keep, o.KeyTTL, o.TailBytes, o.MaxSize
		so.Now, so.Logger, so.Progress, so.OnCommit = o.Now, o.Logger, o.Progress, o.OnCommit
	}
	return so
}

// Drain tells transports to end their streams, so that http.Server.Shutdown
// returns; commands and followers of this program go on. Further calls do
// nothing. It fits http.Server.RegisterOnShutdown.
func (c *Chat) Drain() { c.drainOnce.Do(func() { close(c.draining) }) }

// Draining returns a channel that is closed once Drain or Close was called.
func (c *Chat) Draining() <-chan struct{} { return c.draining }

// Close drains, ends all followers with ErrShuttingDown, waits until what was
// taken is durable and closes the file. Further calls return the first answer.
func (c *Chat) Close() error {
	c.closeOnce.Do(func() {
		c.Drain()
		close(c.closed)
		c.signals.close()
		c.closeErr = c.store.Close()
	})
	return c.closeErr
}

// StoreID is the identity of the file, 32 hexadecimal digits. A cursor belongs
// to the store it came from; a restored backup is another store.
func (c *Chat) StoreID() string { return c.store.ID() }

// MaxText is how many code points a text may have.
func (c *Chat) MaxText() int { return c.maxText }

// Head is the ID of the newest durable event, Start for an empty chat.
func (c *Chat) Head() ID { return c.store.Head() }

// Failed returns why commands are refused until the file is opened anew, nil
// while they are taken.
func (c *Chat) Failed() error {
	if err := c.store.Failed(); err != nil {
		return wrap(err)
	}
	return nil
}
