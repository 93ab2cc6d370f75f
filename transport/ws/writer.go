package ws

import (
	"context"
	"errors"
	"net"
	"slices"
	"time"

	"github.com/gobwas/ws"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/internal/progress"
	"github.com/roomlog/chat/transport/internal/workers"
)

// writer is what the turns that write to a socket have for themselves.
type writer struct {
	*conn
	task  workers.Task
	out   sink
	rooms []*room   // as they were when the turn began
	beat  time.Time // when the next heartbeat is due
}

func (w *writer) init(c *conn) {
	w.conn = c
	w.task.Init(c.handler.pool, w)
	w.out = newSink(w)
	w.beat = time.Now().Add(c.gate.Options().Heartbeat)
}

// Turn writes what there is, or a share of it.
func (w *writer) Turn() (next workers.Next) {
	next = workers.Done // where serve does not return
	defer func() {
		if next == workers.Done {
			w.finish()
		}
	}()
	ended := false
	defer w.rescue(&ended)
	next = w.serve()
	ended = true
	return next
}

// serve is Turn that may panic.
func (w *writer) serve() workers.Next {
	more, err := w.turn()
	switch {
	case err != nil:
		w.close(err)
		return workers.Done
	case more:
		return workers.More
	}
	w.out.drop()
	w.rest()
	return workers.Idle
}

// close ends the socket, of which err says why.
func (w *writer) close(err error) {
	var why *closing
	if errors.As(err, &why) {
		err = w.bye(why)
	}
	if err != nil {
		w.hangUp(err)
	}
}

// hangUp closes the connection after a write has failed, and so ends a read. What
// a client that takes nothing has not taken, the system need not keep for it.
func (c *conn) hangUp(why error) {
	if tcp, is := progress.Below(c.net).(*net.TCPConn); is && errors.Is(why, progress.ErrStalled) {
		_ = tcp.SetLinger(0)
	}
	c.Cut()
}

// turn writes the answers, and then something of each room that has something.
// It reports whether there may be more. The error is a *closing when the socket
// is to end.
func (w *writer) turn() (more bool, err error) {
	w.tend()
	answers, why, held := w.take()
	if err := w.out.put(answers); err != nil {
		return false, err
	}
	if why == nil && !held || why == restart { // what was stored before the end is still written, as far as one turn goes
		for _, r := range w.rooms {
			if !w.ready(r) {
				continue
			}
			waits, err := w.room(r)
			if err != nil {
				return false, err
			}
			more = more || !waits
		}
	}
	if err := w.out.flush(); err != nil {
		return false, err
	}
	if why != nil {
		return false, why
	}
	return more && slices.ContainsFunc(w.rooms, w.ready), nil
}

// take takes what the reader has left: the answers, the rooms, and why the
// socket is to end. A command that was taken is still answered: for a while it holds
// up the end, and nothing more comes of the rooms, which may have more without end
// where the grant has expired.
func (w *writer) take() (answers []byte, why *closing, held bool) {
	w.mu.Lock()
	answers, retired := w.answers, w.retired
	w.answers, w.retired, w.rooms = nil, nil, w.conn.rooms
	if !w.busy || time.Since(w.since) > closeTimeout {
		why = w.closing
	}
	held = why == nil && w.closing != nil
	w.changed.Broadcast()
	w.mu.Unlock()
	for _, r := range retired {
		r.feed.Close()
	}
	return answers, why, held
}

// ready reports whether a room may have something: also where it waits for its
// turn and has heard nothing of it for too long.
func (w *writer) ready(r *room) bool {
	return r.feed.Pending() || !r.due.IsZero() && !time.Now().Before(r.due)
}

// room writes what is next of a room. It reports whether the room has to wait
// for that; the other rooms need not.
func (w *writer) room(r *room) (waits bool, err error) {
	batch, err := r.feed.Next(context.Background())
	r.due = time.Time{}
	switch {
	case err != nil:
		w.fail(r, err)
		return false, nil
	case batch.Wait > 0:
		r.due = time.Now().Add(batch.Wait)
		return true, nil
	}
	return false, w.put(r, batch)
}

// put writes a batch of a room.
func (w *writer) put(r *room, batch transport.Batch) error {
	for _, s := range batch.Lost {
		if err := w.out.put(appendReset(nil, s)); err != nil {
			return err
		}
	}
	for events := batch.Events; len(events) > 0; {
		n := fitting(events)
		if err := w.putEvents(r.name, events[:n]); err != nil {
			return err
		}
		events = events[n:]
	}
	if batch.Live {
		if err := w.out.put(appendLive(nil, r.name, batch.Mark)); err != nil {
			return err
		}
	}
	for _, s := range batch.Signals {
		b, err := w.out.room(len(s.Room) + len(s.Data) + 64)
		if err != nil {
			return err
		}
		*b = appendSignal(*b, s)
	}
	if len(batch.Gone) > 0 {
		w.expel(r)
	}
	return nil
}

// putEvents writes events as one frame: one that all sockets share, where others have
// the same to be written.
func (w *writer) putEvents(room string, events []chat.Event) error {
	if len(events) == 1 {
		return w.out.put(frame(events[0]))
	}
	size := sizeOf(room, events)
	if f := w.handler.batches.Of(events, func() []byte {
		return appendEvents(make([]byte, 0, size+ws.MaxHeaderSize), room, events)
	}); f != nil {
		return w.out.put(f)
	}
	b, err := w.out.room(size)
	if err == nil {
		*b = appendEvents(*b, room, events)
	}
	return err
}

// fitting returns how many of the events, at least one, go into one frame.
func fitting(events []chat.Event) int {
	bytes := 0
	for i := range events {
		if bytes += len(events[i].JSON()); bytes > maxFrame && i > 0 {
			return i
		}
	}
	return len(events)
}

// fail ends a room whose feed has failed, and with it the socket, unless it is
// the room that is gone.
func (w *writer) fail(r *room, err error) {
	if errors.Is(err, chat.ErrRoomNotFound) {
		w.expel(r)
		return
	}
	w.mu.Lock()
	w.unsubscribe(r)
	w.mu.Unlock()
	if errors.Is(err, chat.ErrShuttingDown) {
		w.end(restart)
		return
	}
	w.gate.Log("reading for a socket", err)
	w.end(&closing{code: ws.StatusInternalServerError, reason: "reading failed"})
}

// expel ends a room that the user may no longer read.
func (w *writer) expel(r *room) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.unsubscribe(r) { // else the client has left it already
		w.answers = append(w.answers, appendEnd(nil, r.name, "forbidden")...)
		w.bell.Ring()
	}
}

// tend looks after the socket: whether it is to end, whether the client is
// still there and, at every heartbeat, whether it still may be.
func (w *writer) tend() {
	w.mu.Lock()
	grant, renewed, rooms, reads := w.grant, w.renewed, w.conn.rooms, !w.busy && !w.holds
	w.renewed = false
	w.mu.Unlock()
	if left, ends := w.gate.UntilExpiry(&grant); ends && left <= 0 {
		w.end(&closing{code: statusExpired, reason: "credentials have expired"})
		return
	}
	now := time.Now()
	if reads && !now.Before(w.silentAt()) {
		w.lose()
		return
	}
	beats := !now.Before(w.beat)
	if beats || renewed { // what the grant allows may be more or less than before
		w.review(rooms, &grant)
	}
	if !beats {
		return
	}
	w.beat = now.Add(w.gate.Options().Heartbeat)
	if !w.heard.Swap(false) {
		w.send(ws.CompiledPing)
	}
}

// review asks the host's rules anew. They may take their time, as those do that ask a
// database: meanwhile others have their turn.
func (w *writer) review(rooms []*room, grant *transport.Grant) {
	if grant.May != nil {
		w.task.Block()
		defer w.task.Unblock()
	}
	for _, r := range rooms {
		r.feed.Ask(context.Background(), grant)
	}
}

// rest sees to it that the next turn begins in time.
func (w *writer) rest() {
	now := time.Now()
	due := w.beat
	w.mu.Lock()
	if left, ends := w.gate.UntilExpiry(&w.grant); ends && now.Add(left).Before(due) {
		due = now.Add(left)
	}
	ending, reads := w.closing != nil, !w.busy && !w.holds
	w.mu.Unlock()
	if silent := w.silentAt(); reads && silent.Before(due) {
		due = silent
	}
	for _, r := range w.rooms {
		r.feed.Rest()
		if !r.due.IsZero() && r.due.Before(due) {
			due = r.due
		}
	}
	if ending { // only a command that is being carried out holds it up
		due = now.Add(closeTimeout)
	}
	w.task.RingWithin(due.Sub(now))
}

// bye writes the close frame, the last one.
func (w *writer) bye(why *closing) error {
	if why.code == ws.StatusAbnormalClosure {
		return net.ErrClosed
	}
	if err := w.out.put(why.frame()); err != nil {
		return err
	}
	if err := w.out.flush(); err != nil {
		return err
	}
	w.in.stop(time.Now().Add(closeTimeout)) // for theirs to come
	w.waiter.Stop()
	return nil
}

// finish closes what the writer alone may close, and lets the reader go. It is the
// end of the last turn.
func (w *writer) finish() {
	w.out.drop()
	w.mu.Lock()
	for _, r := range append(w.retired, w.conn.rooms...) {
		r.feed.Close()
	}
	w.conn.rooms, w.retired, w.finished = nil, nil, true
	w.changed.Broadcast()
	w.mu.Unlock()
}
