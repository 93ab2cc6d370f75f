package transport

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/roomlog/chat"
)

// FeedQuery says what a feed is of and where it begins.
type FeedQuery struct {
	Rooms []string
	// Many says that a room which is refused is as one that is not there. Else
	// there is one room, and what it is refused with is the error.
	Many bool
	// Grant is who reads: what they may see, and whose replay budget it takes.
	// nil is the host, who may read everything.
	Grant  *Grant
	Cursor Cursor
	Store  string     // the store that the cursor is of; empty is this one
	Bell   *chat.Bell // nil is a bell of its own; may serve several feeds of one goroutine
}

// Feed is what a stream serves of some rooms, in one order and with one cursor:
// first what the reader has missed, up to the head that the store had when the
// feed was opened, then the mark that it is live, then what comes. Behind an
// event that takes a room from the reader comes nothing more of that room. It is
// for one goroutine at a time.
type Feed struct {
	gate    *Gate
	chat    *chat.Chat
	bell    *chat.Bell
	query   FeedQuery
	user    string
	replays *replays
	turn    turn // to read what is stored

	standings []Standing
	seen      []sight            // the rooms that are there for the reader
	filters   bool               // not every event of theirs is the reader's to see
	mark      chat.ID            // where the replay ends and live begins
	live      bool               // the mark has been passed
	said      bool               // and that has been handed out, with nothing Lost since
	start     chat.ID            // where the subscription to what is kept began
	tries     int                // how often it had to begin anew there
	replay    *chat.Subscription // of some rooms up to the mark, where others begin there; else nil
	rest      *chat.Subscription // of all rooms that are there

	queue   []chat.Event // polled, and not yet handed out
	before  int          // how many of them come before the mark; -1 where it is not among them
	recheck *chat.Event  // just handed out, and may have taken its room from the reader; else nil
	narrow  bool         // rest is still of rooms that are gone

	sessions sessions // of the reader, if they attend
}

// Batch is what a source has next. A reader writes Lost, then Events, then the
// mark if Live, then Signals, then Gone, and asks again. A batch with none of them means that
// there is no more for now, or with Wait that there is more, but not yet for this
// reader.
type Batch struct {
	Events []chat.Event // good until the next call
	Live   bool         // after these events the reader is live; once, and once more after Lost
	Mark   chat.ID      // where it is, if Live: the cursor at which live begins
	// Signals are what is so just now, of those who attend and are live. They are
	// of rooms that the reader still has.
	Signals []chat.Signal
	// Lost are rooms in which retention has overtaken the reader. They go on
	// from the present.
	Lost []Standing
	// Gone are rooms that the reader may no longer read, or that are no longer
	// there. Nothing more comes of them. Each is said once.
	Gone []string
	// Wait is greater than 0 only where the batch is otherwise empty and there
	// is more, which the reader must wait for: it is not its turn to read what
	// is stored, its user has used up their share of the replay budget, or a signal
	// has been put off. Call
	// Next again when the bell rings, or after Wait at the latest; to do it
	// earlier does no harm and is of no use.
	Wait time.Duration
}

// Empty reports whether there is no more for now.
func (b *Batch) Empty() bool {
	return len(b.Events) == 0 && !b.Live && len(b.Signals) == 0 && len(b.Lost) == 0 && len(b.Gone) == 0
}

// Open opens a feed. No cursor fails it: ErrRoomNotFound if none of the rooms
// is there for the reader, what they are refused with unless the query is of
// many, and what a read of the store may fail with. Close it after use.
func (g *Gate) Open(ctx context.Context, q FeedQuery) (*Feed, error) {
	f := &Feed{gate: g, chat: g.chat, bell: q.Bell, query: q, replays: g.options.replays, before: -1}
	if f.bell == nil {
		f.bell = chat.NewBell()
	}
	if q.Grant != nil {
		if f.user = q.Grant.User.ID; f.user == "" { // which would be the host
			return nil, Errorf(ErrUnauthenticated, "the grant is of nobody")
		}
	}
	f.turn = turn{user: f.user, bell: f.bell}
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
	var resumed, found []string
	for _, s := range f.standings {
		if s.Verdict != NotFound {
			found = append(found, s.Room)
		}
		if s.Verdict == Resumed {
			resumed = append(resumed, s.Room)
		}
	}
	after := f.mark
	if len(resumed) == len(found) {
		after = cursor.id // chat.Start for earliest
		if len(f.seen) == 1 && after.Compare(f.seen[0].from) < 0 {
			after = f.seen[0].from
		}
	} else if len(resumed) > 0 {
		var err error
		if f.replay, err = f.chat.Subscribe(cursor.id, f.bell, resumed...); err != nil {
			return err
		}
	}
	var err error
	f.start, f.narrow = after, false
	if f.rest, err = f.chat.Subscribe(after, f.bell, found...); err != nil {
		f.stop()
	}
	return err
}

// Mark is the cursor at which the feed becomes live: the head of the store when
// the feed was opened, or began anew.
func (f *Feed) Mark() chat.ID { return f.mark }

// Bell returns the bell that rings when there may be more.
func (f *Feed) Bell() *chat.Bell { return f.bell }

// Pending reports, without reading, whether Next may have something. It has not
// while the feed waits for its turn.
func (f *Feed) Pending() bool {
	switch {
	case f.Over():
		return false
	case len(f.queue) > 0 || f.before >= 0 || f.recheck != nil || f.ending() || f.telling():
		return true
	case !f.live:
		return !f.replays.waits(&f.turn)
	}
	return f.rest.Pending()
}

// Rest is that of a Source.
func (f *Feed) Rest() {
	if len(f.queue) > 0 {
		return
	}
	for _, s := range []*chat.Subscription{f.replay, f.rest} {
		if s != nil {
			s.Rest()
		}
	}
}

// next returns what comes next but for signals.
func (f *Feed) next(ctx context.Context) (Batch, error) {
	if f.live && !f.filters && len(f.queue) == 0 && f.recheck == nil { // the rule, and so the short way
		events, _, err := f.rest.Poll()
		if err == nil && !anyMayConcern(events) {
			return Batch{Events: events}, nil
		}
		f.queue = events // an error comes again
	}
	for !f.Over() {
		if f.recheck != nil {
			gone, err := f.again(ctx, f.recheck)
			if errors.Is(err, ErrUnauthenticated) {
				return Batch{}, nil // the grant has ended: nothing more comes before the reader is told so
			}
			if err != nil {
				return Batch{}, err
			}
			room := f.recheck.Room
			f.recheck = nil
			if gone {
				return Batch{Gone: []string{room}}, nil
			}
		}
		if len(f.queue) == 0 && f.before < 0 {
			if batch, done, err := f.fill(ctx); done || err != nil {
				return batch, err
			}
		}
		if batch := f.take(); !batch.Empty() {
			return batch, nil
		}
	}
	return Batch{}, nil
}

// fill polls what comes next into the queue. Where that is not events, it
// returns the batch instead.
func (f *Feed) fill(ctx context.Context) (batch Batch, done bool, err error) {
	if f.narrow {
		if err := f.leaveGone(); err != nil {
			return Batch{}, true, err
		}
	}
	if !f.live && f.replay == nil && f.rest.Cursor().Compare(f.mark) >= 0 {
		f.before = 0
		return Batch{}, false, nil
	}
	from := f.rest
	if f.replay != nil {
		from = f.replay
	}
	events, wait, err := f.poll(from)
	switch {
	case wait > 0:
		return Batch{Wait: wait}, true, nil
	case errors.Is(err, chat.ErrCursorExpired):
		batch, err = f.lose(ctx, from.Cursor())
		return batch, err != nil || !batch.Empty(), err
	case err != nil:
		return Batch{}, true, err
	case f.live:
		f.queue = events
		if len(events) > 0 {
			return Batch{}, false, nil
		}
		if f.filters {
			batch.Gone = f.expire(f.rest.Cursor())
		}
		return batch, true, nil
	}
	upTo := len(events)
	for upTo > 0 && events[upTo-1].ID.Compare(f.mark) > 0 {
		upTo--
	}
	// The subscription has passed the mark once it has returned what lies
	// behind it, or has returned nothing.
	if upTo < len(events) || len(events) == 0 {
		f.before = upTo
		if f.replay != nil { // the other subscription has the rest
			events = slices.Clone(events[:upTo]) // closed, it gives back the memory that they are in
			f.replay.Close()
			f.replay = nil
		}
	}
	f.queue = events
	return Batch{}, false, nil
}

// take takes what comes next off the queue: up to the mark, and up to an event
// that may take a room from the reader.
func (f *Feed) take() (batch Batch) {
	n := len(f.queue)
	if f.before >= 0 {
		n = f.before
	}
	for i := range n {
		if e := &f.queue[i]; mayConcern(e.Type) && e.Concerns(f.user) && f.unknown(e) {
			again := *e
			f.recheck = &again
			n = i + 1
			break
		}
	}
	batch.Events = f.queue[:n]
	if f.filters && n > 0 {
		last := f.queue[n-1].ID
		batch.Events, batch.Gone = f.visible(batch.Events)
		batch.Gone = append(batch.Gone, f.expire(last)...)
	}
	if f.queue = f.queue[n:]; len(f.queue) == 0 {
		f.queue = nil
	}
	if f.before < 0 {
		return batch
	}
	if f.before -= n; f.before == 0 && f.recheck == nil {
		batch.Live = !f.said
		f.before, f.live, f.said, batch.Mark = -1, true, true, f.mark
	}
	return batch
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

// Close ends the feed. It may be called twice.
func (f *Feed) Close() {
	f.sessions.close()
	f.stop()
}

// stop ends what is read.
func (f *Feed) stop() {
	f.replays.leave(&f.turn, time.Now())
	for _, s := range []*chat.Subscription{f.replay, f.rest} {
		if s != nil {
			s.Close()
		}
	}
	f.replay = nil
}
