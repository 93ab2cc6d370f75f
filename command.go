package chat

import (
	"context"
	"time"

	"github.com/roomlog/chat/store"
)

// Command is a fact that a user proposes.
type Command struct {
	User User
	// Key is the idempotency key, 1 to 255 bytes of printable ASCII, or empty.
	// While it is remembered (Options.KeyTTL), a second command of the same
	// user in the same room with the same key and fact gets the first answer;
	// with another fact it is ErrIdempotencyKeyReused. A command that changed
	// nothing leaves no key.
	Key  string
	Fact Fact
	// MustExist refuses with ErrRoomNotFound where the room is not there. Without
	// it a MessagePosted, a Custom fact or a UserJoined brings a public room
	// into being.
	MustExist bool
	// Host says that the program itself acts, in its own voice: as a bot, or to
	// set up a room. The policy is not asked, the slow mode does not hold, and
	// messages may be of kind "system"; who creates a room does not join it.
	Host bool
}

// Result answers a command.
type Result struct {
	Event    Event // what was stored; zero where nothing was to change
	Changed  bool  // the command appended Event
	Replayed bool  // the key was known: Event is the first answer
}

// command is a Command that has been cleaned and encoded: all that can be done
// of it before its turn.
type command struct {
	fact      Fact
	original  Fact // as it was proposed, if the host's hook has rewritten it
	mustExist bool
	host      bool
	policy    Policy
	reactions ReactionPolicy
	draft     store.Draft
	drafts    [1]*store.Draft // &draft, so that deciding allocates nothing
}

// Do carries out a command and returns when it is durable, or refused with an
// *Error. If ctx ends before its turn it is withdrawn and ctx.Err() returned;
// from then on Do waits for the outcome. ErrCommitUnknown means that it may
// have been stored: ask again with the same key.
func (r *Room) Do(ctx context.Context, cmd Command) (Result, error) {
	c, err := r.prepare(cmd)
	if err != nil {
		return Result{}, err
	}
	if r.chat.hook != nil {
		if err := r.moderate(ctx, c, cmd); err != nil {
			return Result{}, err
		}
	}
	if err := r.touch(c); err != nil {
		return Result{}, err
	}
	res, err := r.chat.store.Propose(ctx, c.proposal())
	if err != nil {
		return Result{}, wrap(err)
	}
	if len(res.Records) == 0 {
		return Result{}, nil
	}
	if !res.Replayed {
		r.chat.signals.stored(res.Records)
	}
	return Result{
		Event:    eventOf(&res.Records[0]),
		Changed:  !res.Replayed,
		Replayed: res.Replayed,
	}, nil
}

func (c *command) proposal() *store.Proposal {
	return &store.Proposal{
		Room: c.draft.Room, UserID: c.draft.UserID, UserName: c.draft.UserName, Key: c.draft.Key,
		Decide: c.decide, Same: c.same,
	}
}

func (c *command) decide(v store.View, now time.Time) ([]*store.Draft, error) {
	return decide(v, c, now)
}

// prepare cleans and encodes a command, or refuses it for what it is.
func (r *Room) prepare(cmd Command) (*command, error) {
	if err := checkRoomID(r.id); err != nil {
		return nil, err
	}
	if r.past {
		return nil, ErrInvalidField.because("the room is that of a past moment: it takes no commands")
	}
	if err := cmd.User.check(); err != nil {
		return nil, err
	}
	if cmd.Key != "" {
		if err := checkKey(cmd.Key); err != nil {
			return nil, err
		}
	}
	fact, err := cleanFact(cmd.Fact, cmd.User, r.chat.maxText)
	if err != nil {
		return nil, err
	}
	if custom, ok := fact.(Custom); ok && r.chat.validate != nil {
		if err := r.chat.checkCustom(r.id, cmd.User, custom); err != nil {
			return nil, err
		}
	}
	c := &command{
		fact: fact, mustExist: cmd.MustExist, host: cmd.Host,
		policy: r.chat.policy, reactions: r.chat.reactions,
		draft: store.Draft{
			Room:   r.id,
			UserID: cmd.User.ID, UserName: cmd.User.Name,
			Key: cmd.Key,
		},
	}
	c.encode()
	return c, nil
}

// encode makes the draft that says the fact.
func (c *command) encode() {
	c.draft.Type, c.draft.Lane = c.fact.Kind(), laneOf(c.fact)
	c.drafts[0] = &c.draft
	encode(&c.draft, c.fact)
}

// laneOf says which index of the room a fact stands in: those that make an
// entry of the history in one, all others in the other.
func laneOf(fact Fact) store.Lane {
	if _, ok := fact.(MessagePosted); ok {
		return store.Messages
	}
	return store.Others
}

// touch runs decide on a snapshot and forgets what it says, for commands that
// read more than their room: the pages they need are then in memory when their
// turn comes, and the committer, whom all wait for, does not wait for the disk.
func (r *Room) touch(c *command) error {
	switch f := c.fact.(type) {
	case MessagePosted:
		if f.ReplyTo == Start && f.Thread == Start {
			return nil
		}
	case Custom:
		return nil
	}
	snap, err := r.chat.store.Snapshot()
	if err != nil {
		return wrap(err)
	}
	defer snap.Close()
	_, _ = c.tryOn(snap, r.chat.now())
	return nil
}

// tryOn decides a command on a snapshot. What panics here is dealt with when
// its turn comes.
func (c *command) tryOn(snap *store.Snapshot, now time.Time) (drafts []*store.Draft, err error) {
	defer func() {
		if p := recover(); p != nil {
			drafts, err = nil, nil
		}
	}()
	return decide(snap, c, now)
}
