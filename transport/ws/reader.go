package ws

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// reader reads messages from a client. What a client may do wrong ends in a
// *closing, all else in the error of the connection. How long a client may take is
// for others to see to.
type reader struct {
	net   net.Conn
	limit int // bytes of a message

	buf      []byte // what was read ahead is buf[from:to]; nil while the socket rests
	from, to int
	header   [ws.MaxHeaderSize]byte

	mu       sync.Mutex // guards the deadline, which the writer sets at the end
	deadline time.Time
	stopped  bool

	message []byte // what has come of a fragmented message
	state   ws.State
}

const (
	// readAhead is how much is read at once, in bytes: most messages of a chat in
	// one system call.
	readAhead = 512
	// linger is how long a reader waits for a message before it gives up its
	// goroutine: who has just sent something may go on.
	linger = 100 * time.Millisecond
)

// errQuiet says that nothing has come for a while.
var errQuiet = errors.New("client is quiet")

// readBuffers are shared by all sockets: one that rests has none.
var readBuffers = sync.Pool{New: func() any { return new([readAhead]byte) }}

func newReader(nc net.Conn, ahead []byte, limit int) *reader {
	return &reader{net: nc, limit: limit, buf: ahead, to: len(ahead), state: ws.StateServerSide}
}

// Read hands out what was read ahead, or reads.
func (r *reader) Read(p []byte) (int, error) {
	if r.from == r.to {
		if len(p) >= readAhead {
			return r.read(p)
		}
		if err := r.fill(r.read); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.buf[r.from:r.to])
	r.from += n
	return n, nil
}

// fill reads ahead.
func (r *reader) fill(read func([]byte) (int, error)) error {
	if len(r.buf) != readAhead {
		r.buf = readBuffers.Get().(*[readAhead]byte)[:]
	}
	n, err := read(r.buf)
	r.from, r.to = 0, n
	if n > 0 {
		return nil
	}
	return err
}

// read reads from the connection, and waits for that as long as it takes, or until
// the reader is stopped.
func (r *reader) read(p []byte) (int, error) {
	for {
		n, err := r.net.Read(p)
		if n > 0 || err == nil || !errors.Is(err, os.ErrDeadlineExceeded) || !r.wait() {
			return n, err
		}
	}
}

// await waits for the first bytes of a message, for a short time: then the error is
// errQuiet, and rest may follow.
func (r *reader) await() error {
	if r.from < r.to || r.state.Fragmented() {
		return nil
	}
	if err := r.hurry(); err != nil {
		return err
	}
	err := r.fill(r.net.Read)
	if errors.Is(err, os.ErrDeadlineExceeded) && r.wait() {
		return errQuiet
	}
	return err
}

// rest gives back what a socket that waits need not have.
func (r *reader) rest() {
	if len(r.buf) == readAhead {
		readBuffers.Put((*[readAhead]byte)(r.buf))
	}
	r.buf, r.from, r.to, r.message = nil, 0, 0, nil
}

// next returns the next text message, or the next control frame. Its payload is
// good until the next call.
func (r *reader) next() (op ws.OpCode, payload []byte, err error) {
	if !r.state.Fragmented() && cap(r.message) > 4<<10 {
		r.message = nil // a socket that waits holds no large buffer
	}
	for {
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

// hurry sets the deadline of await, if it is not set to about that already.
func (r *reader) hurry() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	if r.stopped || r.deadline.Sub(now) > linger*3/4 {
		return nil
	}
	r.deadline = now.Add(linger)
	return r.net.SetReadDeadline(r.deadline)
}

// wait takes the deadline back. It returns false if the reader has been stopped.
func (r *reader) wait() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped {
		return false
	}
	r.deadline = time.Time{}
	return r.net.SetReadDeadline(r.deadline) == nil
}

// stop sets the last deadline. It may be called by any goroutine.
func (r *reader) stop(deadline time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopped = true
	_ = r.net.SetReadDeadline(deadline) // fails if the connection is closed, which is as good
}
