package chat

import (
	"context"
	"encoding/json"
	"time"

	"github.com/roomlog/chat/store"
)

// maxData is the most bytes of JSON that a fact takes from its host.
const maxData = 64 << 10

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
	// MustExist refuses with ErrRoomNotFound where the room has no event yet.
	// Without it the first fact brings the room into being.
	MustExist bool
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
	mustExist bool
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
	if err := r.touch(c); err != nil {
		return Result{}, err
	}
	res, err := r.chat.store.Propose(ctx, &store.Proposal{
		Room: r.id, UserID: cmd.User.ID, UserName: cmd.User.Name, Key: cmd.Key,
		Decide: c.decide, Same: c.same,
	})
	if err != nil {
		return Result{}, wrap(err)
	}
	if len(res.Records) == 0 {
		return Result{}, nil
	}
	return Result{
		Event:    eventOf(&res.Records[0]),
		Changed:  !res.Replayed,
		Replayed: res.Replayed,
	}, nil
}

func (c *command) decide(v store.View, now time.Time) ([]*store.Draft, error) {
	return decide(v, c, now)
}

func (c *command) same(r *store.Record) bool { return sameData(r, &c.draft) }

// prepare cleans and encodes a command, or refuses it for what it is.
func (r *Room) prepare(cmd Command) (*command, error) {
	if err := checkRoomID(r.id); err != nil {
		return nil, err
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
	c := &command{fact: fact, mustExist: cmd.MustExist, draft: store.Draft{
		Room: r.id, Type: fact.Kind(),
		UserID: cmd.User.ID, UserName: cmd.User.Name,
		Key: cmd.Key, Lane: laneOf(fact),
	}}
	c.drafts[0] = &c.draft
	encode(&c.draft, fact)
	return c, nil
}

// laneOf says which index of the room a fact stands in: those that make an
// entry of the history in one, all others in the other.
func laneOf(fact Fact) store.Lane {
	if _, ok := fact.(MessagePosted); ok {
		return store.Messages
	}
	return store.Others
}

// cleanFact returns the fact as it is to be stored, or why it cannot be.
func cleanFact(fact Fact, by User, maxText int) (Fact, error) {
	var err error
	switch f := fact.(type) {
	case MessagePosted:
		if f.Text, err = cleanText(f.Text, maxText); err != nil {
			return nil, err
		}
		if err = checkWord("kind", f.MessageKind); err != nil {
			return nil, err
		}
		f.Meta, err = cleanMeta(f.Meta)
		return f, err
	case MessageEdited:
		f.Text, err = cleanText(f.Text, maxText)
		return f, err
	case MessageDeleted:
		return f, nil
	case ReactionAdded:
		return f, checkEmoji(f.Emoji)
	case ReactionRemoved:
		return f, checkEmoji(f.Emoji)
	case UserJoined:
		f.Member, f.Role = orUser(f.Member, by), orWord(f.Role, roleMember)
		return f, f.Member.check()
	case UserLeft:
		f.Member, f.Reason = orUser(f.Member, by), orWord(f.Reason, reasonLeft)
		return f, f.Member.check()
	case Custom:
		if err = checkCustomType(f.Type); err != nil {
			return nil, err
		}
		if len(f.Data) == 0 {
			f.Data = json.RawMessage("{}")
		}
		f.Data, err = cleanJSON("data", f.Data, maxData)
		return f, err
	}
	return nil, ErrInvalidField.because("fact is a %T", fact)
}

func cleanMeta(meta json.RawMessage) (json.RawMessage, error) {
	if len(meta) == 0 {
		return nil, nil
	}
	return cleanJSON("meta", meta, maxData)
}

func orUser(u, or User) User {
	if u == (User{}) {
		return or
	}
	return u
}

func orWord(s, or string) string {
	if s == "" {
		return or
	}
	return s
}

// touch runs decide on a snapshot and forgets what it says, for commands that
// read more than their room: the pages they need are then in memory when their
// turn comes, and the committer, whom all wait for, does not wait for the disk.
func (r *Room) touch(c *command) error {
	switch c.fact.(type) {
	case MessagePosted, Custom:
		return nil
	}
	snap, err := r.chat.store.Snapshot()
	if err != nil {
		return wrap(err)
	}
	defer snap.Close()
	_, _ = decide(snap, c, time.Time{})
	return nil
}
