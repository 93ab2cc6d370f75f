package transport

import (
	"context"
	"errors"
	"time"

	"github.com/roomlog/chat"
)

// Verdict is what a stream makes of a reader's cursor in a room.
type Verdict string

// The verdicts.
const (
	Fresh    Verdict = "fresh"     // there was no cursor: only what comes from now on
	Resumed  Verdict = "resumed"   // all that follows the cursor comes, then what is new
	Reset    Verdict = "reset"     // the cursor is of no use: load the history anew
	NotFound Verdict = "not_found" // the room is not there
)

// Why a cursor was of no use.
const (
	reasonExpired = "expired"
	reasonAhead   = "ahead"
	reasonInvalid = "invalid"
	reasonStore   = "store"
)

// Standing is where a reader stands in a room.
type Standing struct {
	Room    string
	Verdict Verdict
	Reason  string  // of a Reset: expired, ahead, invalid or store
	Head    chat.ID // the newest event of the room
	Floor   chat.ID // the smallest cursor that still resumes
}

// FeedQuery says what a feed is of and where it begins.
type FeedQuery struct {
	Rooms  []string
	User   string // id of who reads, whose replay budget it takes; the empty one is a user too
	Cursor Cursor
	Store  string                 // the store that the cursor is of; empty is this one
	Bell   *chat.Bell             // nil is a bell of its own; may serve several feeds of one goroutine
	Hidden func(room string) bool // rooms that must seem not to be there; nil hides none
}

// Feed is what a stream serves of some rooms, in one order and with one cursor:
// first what the reader has missed, up to the head that the store had when the
// feed was opened, then the mark that it is live, then what comes. It is for
// one goroutine at a time.
type Feed struct {
	chat    *chat.Chat
	bell    *chat.Bell
	query   FeedQuery
	replays *replays
	turn    turn // to read what is stored

	standings []Standing
	found     []string           // the rooms that are there
	mark      chat.ID            // where the replay ends and live begins
	live      bool               // the mark has been handed out
	replay    *chat.Subscription // of some rooms up to the mark, where others begin there; else nil
	rest      *chat.Subscription // of all rooms that are there
	stash     []chat.Event       // polled together with what came before the mark
}

// Batch is what a feed has next. A reader writes Lost, then Events, then the
// mark if Live, and asks again. A batch with none of them means that there is
// no more for now, or with Wait that there is more, but not yet for this reader.
type Batch struct {
	Events []chat.Event // good until the next call
	Live   bool         // after these events the reader is live; once, and once more after Lost
	// Lost are rooms in which retention has overtaken the reader. They go on
	// from the present.
	Lost []Standing
	// Wait is greater than 0 only where the batch is otherwise empty and there
	// is more, which the reader must wait for: it is not its turn to read what
	// is stored, or its user has used up their share of the replay budget. Call
	// Next again when the bell rings, or after Wait at the latest; to do it
	// earlier does no harm and is of no use.
	Wait time.Duration
}

// Empty reports whether there is no more for now.
func (b *Batch) Empty() bool { return len(b.Events) == 0 && !b.Live && len(b.Lost) == 0 }

// Open opens a feed. No cursor fails it: ErrRoomNotFound if none of the rooms
// is there, and what a read of the store may fail with. Close it after use.
func (g *Gate) Open(ctx context.Context, q FeedQuery) (*Feed, error) {
	f := &Feed{chat: g.chat, bell: q.Bell, query: q, replays: g.options.replays}
	if f.bell == nil {
		f.bell = chat.NewBell()
	}
	f.turn = turn{user: q.User, bell: f.bell}
	if err := f.begin(ctx, q.Cursor); err != nil {
		return nil, err
	}
	return f, nil
}

// begin judges the cursor and opens the subscriptions that it asks for.
func (f *Feed) begin(ctx context.Context, cursor Cursor) error {
	if err := f.judge(ctx, cursor); err != nil {
		return err
	}
	var resumed []string
	for _, s := range f.standings {
		if s.Verdict == Resumed {
			resumed = append(resumed, s.Room)
		}
	}
	if len(f.found) == 0 {
		return noRoom(f.query.Rooms[0])
	}
	after := f.mark
	if len(resumed) == len(f.found) {
		after = cursor.id // chat.Start for earliest
	} else if len(resumed) > 0 {
		var err error
		if f.replay, err = f.chat.Subscribe(cursor.id, f.bell, resumed...); err != nil {
			return err
		}
	}
	var err error
	if f.rest, err = f.chat.Subscribe(after, f.bell, f.found...); err != nil {
		f.Close()
	}
	return err
}

// judge gives every room its standing, and sets the mark.
func (f *Feed) judge(ctx context.Context, cursor Cursor) error {
	f.standings, f.found = nil, nil
	foreign := f.query.Store != "" && f.query.Store != f.chat.StoreID()
	for _, room := range f.query.Rooms {
		s := Standing{Room: room, Verdict: NotFound}
		if f.query.Hidden == nil || !f.query.Hidden(room) {
			info, err := f.chat.Room(room).Info(ctx)
			switch {
			case err == nil:
				s.Head, s.Floor = info.Head, info.Floor
				s.Verdict, s.Reason = cursor.judge(f.chat.Head(), info.Floor)
				if foreign {
					s.Verdict, s.Reason = Reset, reasonStore
				}
				f.found = append(f.found, room)
			case !missing(err):
				return err
			}
		}
		f.standings = append(f.standings, s)
	}
	f.mark = f.chat.Head() // after the rooms were looked at: their heads are not beyond it
	return nil
}

// missing reports whether err says that a room is not there, or cannot be.
func missing(err error) bool {
	return errors.Is(err, chat.ErrRoomNotFound) || errors.Is(err, chat.ErrInvalidRoomID)
}

// judge says what a cursor is worth in a room, given the head of the store and
// the floor of the room.
func (c Cursor) judge(head, floor chat.ID) (Verdict, string) {
	switch {
	case c.kind == latest:
		return Fresh, ""
	case c.kind == earliest:
		return Resumed, ""
	case c.kind == malformed:
		return Reset, reasonInvalid
	case c.id.Compare(head) > 0:
		return Reset, reasonAhead
	case c.id.Compare(floor) < 0:
		return Reset, reasonExpired
	}
	return Resumed, ""
}

// Verdict is that of the whole feed: Reset if it is any room's, else what the
// rooms that are there have.
func (f *Feed) Verdict() Verdict {
	verdict := NotFound
	for _, s := range f.standings {
		switch {
		case s.Verdict == Reset:
			return Reset
		case s.Verdict != NotFound:
			verdict = s.Verdict
		}
	}
	return verdict
}

// Standings tells where the reader stood in each room when the feed was opened,
// or began anew.
func (f *Feed) Standings() []Standing { return f.standings }

// Mark is the cursor at which the feed becomes live: the head of the store when
// the feed was opened, or began anew.
func (f *Feed) Mark() chat.ID { return f.mark }

// Bell returns the bell that rings when there may be more.
func (f *Feed) Bell() *chat.Bell { return f.bell }

// Pending reports, without reading, whether Next may have something. It has not
// while the feed waits for its turn.
func (f *Feed) Pending() bool {
	if !f.live {
		return !f.replays.waits(&f.turn)
	}
	return len(f.stash) > 0 || f.rest.Pending()
}

// Next returns what comes next. It never waits, neither for more to be written
// nor for its turn: after an empty batch, wait for the bell, and no longer than
// Wait if the batch has one.
func (f *Feed) Next(ctx context.Context) (Batch, error) {
	if len(f.stash) > 0 {
		events := f.stash
		f.stash = nil
		return Batch{Events: events}, nil
	}
	if !f.live && f.replay == nil && f.rest.Cursor().Compare(f.mark) >= 0 {
		f.live = true
		return Batch{Live: true}, nil
	}
	from := f.rest
	if f.replay != nil {
		from = f.replay
	}
	events, wait, err := f.poll(from)
	switch {
	case wait > 0:
		return Batch{Wait: wait}, nil
	case errors.Is(err, chat.ErrCursorExpired):
		return f.lose(ctx, from.Cursor())
	case err != nil:
		return Batch{}, err
	case f.live:
		return Batch{Events: events}, nil
	}
	upTo := len(events)
	for upTo > 0 && events[upTo-1].ID.Compare(f.mark) > 0 {
		upTo--
	}
	// The subscription has passed the mark once it has returned what lies
	// behind it, or has returned nothing.
	f.live = upTo < len(events) || len(events) == 0
	if f.replay == nil {
		f.stash = events[upTo:]
	} else if f.live { // the other subscription has the rest
		f.replay.Close()
		f.replay = nil
	}
	return Batch{Events: events[:upTo], Live: f.live}, nil
}

// poll polls a subscription. What is read before the feed is live is a replay:
// it needs a turn and is charged to the user, as far as it lies before the mark.
func (f *Feed) poll(from *chat.Subscription) (events []chat.Event, wait time.Duration, err error) {
	if f.live {
		events, _, err = from.Poll()
		return events, 0, err
	}
	if wait, ok := f.replays.begin(&f.turn, time.Now()); !ok {
		return nil, wait, nil
	}
	bytes := 0
	defer func() { f.replays.read(&f.turn, bytes, bytes > 0, time.Now()) }()
	events, _, err = from.Poll()
	for i := range events {
		if events[i].ID.Compare(f.mark) <= 0 {
			bytes += len(events[i].JSON())
		}
	}
	return events, 0, err
}

// lose begins anew at the cursor after retention has overtaken the reader in
// some of its rooms.
func (f *Feed) lose(ctx context.Context, cursor chat.ID) (Batch, error) {
	f.Close()
	f.live = false
	f.query.Rooms, f.query.Store = f.found, ""
	if cursor == chat.Start {
		cursor = afterNothing
	}
	if err := f.begin(ctx, Cursor{kind: at, id: cursor}); err != nil {
		return Batch{}, err
	}
	var lost []Standing
	for _, s := range f.standings {
		if s.Verdict == Reset {
			lost = append(lost, s)
		}
	}
	return Batch{Lost: lost}, nil
}

// Close ends the feed. It may be called twice.
func (f *Feed) Close() {
	f.replays.leave(&f.turn, time.Now())
	for _, s := range []*chat.Subscription{f.replay, f.rest} {
		if s != nil {
			s.Close()
		}
	}
	f.replay = nil
}
