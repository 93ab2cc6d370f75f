package ws

import (
	"io"
	"net"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// reader reads messages from a client. What a client may do wrong ends in a
// *closing, all else in the error of the connection.
type reader struct {
	net   net.Conn
	limit int           // bytes of a message
	idle  time.Duration // time for the next whole message or control frame

	buf      []byte // what was read ahead is buf[from:to]
	from, to int
	header   [ws.MaxHeaderSize]byte

	mu       sync.Mutex // guards the deadline, which the writer sets at the end
	deadline time.Time
	stopped  bool

	message []byte // what has come of a fragmented message
	state   ws.State
}

// readAhead is how much is read at once, in bytes: most messages of a chat in
// one system call, and little for a socket that says nothing.
const readAhead = 512

func newReader(nc net.Conn, ahead []byte, limit int, idle time.Duration) *reader {
	r := &reader{net: nc, limit: limit, idle: idle, buf: ahead, to: len(ahead), state: ws.StateServerSide}
	if len(r.buf) < readAhead {
		r.buf = make([]byte, readAhead)
		copy(r.buf, ahead)
	}
	return r
}

// Read hands out what was read ahead, or reads.
func (r *reader) Read(p []byte) (int, error) {
	if r.from == r.to {
		if len(p) >= len(r.buf) {
			return r.net.Read(p)
		}
		n, err := r.net.Read(r.buf)
		r.from, r.to = 0, n
		if n == 0 {
			return 0, err
		}
	}
	n := copy(p, r.buf[r.from:r.to])
	r.from += n
	return n, nil
}

// next returns the next text message, or the next control frame. Its payload is
// good until the next call.
func (r *reader) next() (op ws.OpCode, payload []byte, err error) {
	if !r.state.Fragmented() && cap(r.message) > 4<<10 {
		r.message = nil // a socket that waits holds no large buffer
	}
	for {
		if err := r.renew(); err != nil {
			return 0, nil, err
		}
		h, err := r.readHeader()
		if err != nil {
			return 0, nil, err
		}
		if h.OpCode.IsControl() {
			payload, err = r.readPayload(nil, h)
			return h.OpCode, payload, err
		}
		if h.OpCode != ws.OpContinuation {
			r.message = r.message[:0]
		}
		if r.message, err = r.readPayload(r.message, h); err != nil {
			return 0, nil, err
		}
		if !h.Fin {
			r.state = r.state.Set(ws.StateFragmented)
			continue
		}
		r.state = r.state.Clear(ws.StateFragmented)
		if !utf8.Valid(r.message) {
			return 0, nil, &closing{code: ws.StatusInvalidFramePayloadData, reason: "text is not UTF-8"}
		}
		return ws.OpText, r.message, nil
	}
}

// readHeader reads the header of a frame and judges it, before anything is
// taken for what it announces.
func (r *reader) readHeader() (ws.Header, error) {
	h, err := ws.ReadHeaderBuffer(r, r.header[:])
	switch {
	case err == ws.ErrHeaderLengthMSB, err == ws.ErrHeaderLengthUnexpected:
		return h, &closing{code: ws.StatusProtocolError, reason: err.Error()}
	case err != nil:
		return h, err
	}
	if err := ws.CheckHeader(h, r.state); err != nil {
		return h, &closing{code: ws.StatusProtocolError, reason: err.Error()}
	}
	if h.OpCode.IsControl() {
		return h, nil
	}
	if h.OpCode == ws.OpBinary {
		return h, &closing{code: ws.StatusUnsupportedData, reason: "only text is taken"}
	}
	have := 0
	if r.state.Fragmented() {
		have = len(r.message)
	}
	if h.Length > int64(r.limit-have) {
		return h, &closing{code: ws.StatusMessageTooBig, reason: "message is too big"}
	}
	return h, nil
}

// readPayload appends the payload of a frame to b. Memory is taken as bytes
// come, not as they are announced.
func (r *reader) readPayload(b []byte, h ws.Header) ([]byte, error) {
	start, end := len(b), len(b)+int(h.Length)
	for len(b) < end {
		if len(b) == cap(b) {
			grown := make([]byte, len(b), min(max(2*len(b), 1<<10), max(end, len(b))))
			copy(grown, b)
			b = grown
		}
		n, err := io.ReadAtLeast(r, b[len(b):min(cap(b), end)], 1)
		b = b[:len(b)+n]
		if err != nil {
			return b, err
		}
	}
	ws.Cipher(b[start:], h.Mask, 0)
	return b, nil
}

// renew gives the client the idle time for its next message, unless it is in
// the midst of one: that has the time that it had when it began.
func (r *reader) renew() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	if r.stopped || r.state.Fragmented() || r.deadline.Sub(now) > r.idle*3/4 {
		return nil
	}
	r.deadline = now.Add(r.idle)
	return r.net.SetReadDeadline(r.deadline)
}

// stop sets the last deadline. It may be called by another goroutine.
func (r *reader) stop(deadline time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopped = true
	_ = r.net.SetReadDeadline(deadline) // fails if the connection is closed, which is as good
}
