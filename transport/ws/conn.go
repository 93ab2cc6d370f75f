package ws

import (
	"io"
	"net"
	"net/http"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gobwas/ws"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/internal/panics"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/internal/poller"
)

// conn is one socket. A goroutine reads what the client sends and carries it out,
// in order; while the client says nothing there is none, where the poller can tell
// when that is over. The turns of the writer alone write, and alone read the feeds of the
// rooms. They meet in the fields below mu and at the bell, which rings for the events
// of all rooms and for whatever else there is to write, and so brings the next turn.
type conn struct {
	handler *Handler
	gate    *transport.Gate
	net     net.Conn
	in      *reader
	waiter  *poller.Waiter // for in
	writer  writer
	bell    *chat.Bell
	heard   atomic.Bool  // the client has sent something since the last heartbeat
	spoke   atomic.Int64 // when it last sent something whole, in nanoseconds since epoch
	bad     []time.Time  // when the client last sent what is not JSON; the reader's

	host, address string // of the request, for in-place authentication
	release       func() // counts the connection out

	mu       sync.Mutex
	grant    transport.Grant
	renewed  bool      // the grant is another one since the feeds were told
	answers  []byte    // frames to write before any more events
	changed  sync.Cond // answers were taken, or the writer has ended
	rooms    []*room   // replaced, never changed in place
	retired  []*room   // for the writer to close
	busy     bool      // a message is being carried out
	holds    bool      // nothing is read, as too much is to be written
	closing  *closing  // why the socket ends; the first reason stands
	since    time.Time // when that was said
	finished bool      // the writer has ended: nothing more will be sent
}

// room is a room that the socket is subscribed to, or the list of the user's rooms.
type room struct {
	name string
	feed transport.Source
	due  time.Time // when a feed that waits for its turn is asked again; the writer's
}

// maxAnswers is how many bytes of answers may wait to be written before no more
// messages are read, so that a client that asks and never listens is stopped.
const maxAnswers = 256 << 10

func newConn(h *Handler, nc net.Conn, ahead []byte, grant transport.Grant, r *http.Request) *conn {
	o := h.gate.Options()
	c := &conn{
		handler: h, gate: h.gate, net: nc, grant: grant,
		in:   newReader(nc, ahead, o.MaxBody),
		host: r.Host, address: r.RemoteAddr,
	}
	c.writer.init(c)
	c.bell = chat.NewBellFunc(c.writer.task.Ring)
	c.changed.L = &c.mu
	c.waiter = h.poller.Add(nc, c.read)
	c.speaks()
	return c
}

// start serves the socket and returns at once, so that the memory of the
// request and of the server's buffers is freed.
func (c *conn) start() {
	transport.LimitSendBuffer(c.net)
	var err error
	if c.release, err = c.gate.Connect(&c.grant); err != nil {
		c.release = func() {}
		c.end(&closing{code: statusTooMany, reason: "too many connections"})
	} else {
		c.send(appendHello(nil, c.gate, c.grant.User))
	}
	c.writer.task.Start()
	go c.read()
}

// End tells the socket to end, so that its client comes back elsewhere.
func (c *conn) End() { c.end(restart) }

// Cut closes the connection. It may be called twice, and by any goroutine.
func (c *conn) Cut() {
	_ = c.net.Close()
	c.waiter.Stop()
}

// epoch is what spoke counts from: a time of the monotonic clock, so that a wall clock
// that is set makes nobody silent.
var epoch = time.Now()

// speaks notes that the client has sent something whole.
func (c *conn) speaks() { c.spoke.Store(int64(time.Since(epoch))) }

// silentAt returns when the client will have sent nothing for too long.
func (c *conn) silentAt() time.Time {
	return epoch.Add(time.Duration(c.spoke.Load()) + c.gate.Options().IdleTimeout)
}

// end asks the writer to end the socket, if nothing has yet.
func (c *conn) end(why *closing) {
	c.mu.Lock()
	first := c.closing == nil
	if first {
		c.closing, c.since = why, time.Now()
	}
	c.mu.Unlock()
	if first {
		c.bell.Ring()
	}
}

func (c *conn) chat() *chat.Chat { return c.gate.Chat() }

// read carries out what the client sends until it says nothing for a while, or the
// socket ends.
func (c *conn) read() {
	ended, rests := false, false
	defer func() {
		if !rests {
			c.leave()
		}
	}()
	defer c.rescue(&ended)
	for {
		err := c.in.await()
		if err == errQuiet {
			c.in.rest()
			if rests = c.waiter.Wait(); rests {
				ended = true // from here on another goroutine reads
				return
			}
			err = c.in.fill(c.in.read)
		}
		var op ws.OpCode
		var payload []byte
		if err == nil {
			op, payload, err = c.in.next()
		}
		if why, ours := err.(*closing); ours {
			c.end(why)
			c.in.wait()
			// What is not read when a connection is closed destroys what was
			// written to it.
			_, _ = io.Copy(io.Discard, c.net)
			ended = true
			return
		}
		if err != nil { // the connection is lost
			c.lose()
			ended = true
			return
		}
		c.heard.Store(true)
		if !c.in.state.Fragmented() {
			c.speaks()
		}
		switch op {
		case ws.OpClose:
			c.end(answerClose(payload))
			ended = true
			return
		case ws.OpPing:
			c.send(append(appendHeader(nil, ws.OpPong, len(payload)), payload...))
			c.hold()
		case ws.OpText:
			c.carryOut(payload)
		}
	}
}

// leave ends what is left of the socket, when nothing is read any more.
func (c *conn) leave() {
	c.mu.Lock()
	for !c.finished {
		c.changed.Wait()
	}
	c.mu.Unlock()
	c.Cut()
	for _, r := range append(c.retired, c.rooms...) { // what was added after the writer had ended
		r.feed.Close()
	}
	c.release()
	c.handler.sockets.Remove(c)
}

// lose ends the socket without a word: there is nobody to hear it.
func (c *conn) lose() {
	c.Cut() // and so ends a write that is stuck
	c.mu.Lock()
	c.busy = false
	c.mu.Unlock()
	c.end(&closing{code: ws.StatusAbnormalClosure})
}

// rescue ends the socket alone where a bug would end the program, or where a
// hook of the host has ended the goroutine.
func (c *conn) rescue(ended *bool) {
	p := recover()
	if *ended {
		return
	}
	c.gate.Options().Logger.Error("socket panicked", "panic", panics.Text(p), "stack", string(debug.Stack()))
	c.lose()
}

// send queues frames, which are written before any more events.
func (c *conn) send(frames []byte) {
	c.mu.Lock()
	c.answers = append(c.answers, frames...)
	c.mu.Unlock()
	c.bell.Ring()
}

// hold waits while too much is queued.
func (c *conn) hold() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.answers) <= maxAnswers {
		return
	}
	c.holds = true
	for len(c.answers) > maxAnswers && !c.finished {
		c.changed.Wait()
	}
	c.speaks()
	c.holds = false
	c.bell.Ring() // from now on silence counts again, which the last turn may not have known
}

// find returns the room of that name that the socket is subscribed to, or nil.
// The caller holds mu.
func (c *conn) find(name string) *room {
	i := slices.IndexFunc(c.rooms, func(r *room) bool { return r.name == name })
	if i < 0 {
		return nil
	}
	return c.rooms[i]
}

// add adds a room. The caller holds mu.
func (c *conn) add(name string, feed transport.Source) {
	c.rooms = append(slices.Clip(c.rooms), &room{name: name, feed: feed})
}

// without is the result of leaving a room, if it is there.
func (c *conn) without(name string) result {
	return result{ok: empty, apply: func() {
		if r := c.find(name); r != nil {
			c.unsubscribe(r)
		}
	}}
}

// unsubscribe removes a room, and leaves it to the writer to close its feed,
// which it may just be reading. It reports whether the room was there. The
// caller holds mu.
func (c *conn) unsubscribe(r *room) bool {
	if !slices.Contains(c.rooms, r) {
		return false
	}
	c.rooms = slices.DeleteFunc(slices.Clone(c.rooms), func(other *room) bool { return other == r })
	c.retired = append(c.retired, r)
	return true
}
