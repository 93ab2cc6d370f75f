// Package progress writes to connections whose peers may be slow: for as long
// as a peer takes anything at all.
package progress

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// ErrStalled says that the peer has taken nothing for as long as it may.
var ErrStalled = errors.New("the peer takes nothing")

// Writer writes to a connection. It fails with ErrStalled if the peer takes
// nothing for the time that patience says, and never for its being slow. What
// the peer takes is seen in how much it acknowledges, where the system tells
// that, and in what could be written.
//
// Writes have no deadline: a timer looks at what has become of one that takes
// long. The timer runs only while there are writes, so that an idle Writer costs
// nothing and a quick write next to nothing. Where a write can be taken up where
// it stopped, which is not so over TLS, each look stops it, since the system lets
// one that waits wait until much is free.
//
// Write and TryWrite are for one goroutine at a time.
type Writer struct {
	conn      Conn
	raw       syscall.RawConn // to write without waiting; nil if that cannot be
	below     net.Conn        // whose peer it is
	resumable bool            // a write that was stopped can be taken up
	piece     int             // the most that is written at once
	step      time.Duration   // between two looks
	patience  func() time.Duration

	mu      sync.Mutex
	timer   *time.Timer // nil before the first write
	armed   bool        // the timer runs
	writing bool
	slow    bool      // a look has found the last write still under way
	stopped bool      // by the look
	queued  int       // what was not acknowledged at the last look
	moved   time.Time // the look at which there was progress last; zero if there was some since
	stalled bool
}

const (
	// maxPiece is the most that is written at once, in bytes.
	maxPiece = 64 << 10
	// slowPiece is that to a peer that is slow: the smaller the segments that it
	// gets, the sooner it tells that it has taken some.
	slowPiece = 4 << 10
)

// Conn is what a Writer needs of a connection. SetWriteDeadline and Close are
// called while Write is under way.
type Conn interface {
	io.WriteCloser
	SetWriteDeadline(t time.Time) error
}

// New returns a Writer. below is the connection that carries conn, or conn
// itself; nil if it is not known, or carries more than that. timeout is the
// longest that patience will return; patience is asked by another goroutine than
// that of Write.
func New(conn Conn, below net.Conn, timeout time.Duration, patience func() time.Duration) *Writer {
	w := &Writer{
		conn: conn, raw: rawOf(conn), below: below, piece: maxPiece, patience: patience,
		step: max(time.Millisecond, min(timeout/4, time.Second)),
	}
	switch conn.(type) {
	case *net.TCPConn, *net.UnixConn:
		w.resumable = true
	}
	if _, ok := unacked(below); !ok {
		w.piece = slowPiece // all that is seen is which pieces are written
	}
	return w
}

// roomy is up to how much unacknowledged data a write of a piece does not wait: a
// send buffer has room for more than this and a piece.
const roomy = 16 << 10

// TryWrite writes as much of p as it can without waiting for the peer, which may be
// nothing. It leaves the rest to Write.
func (w *Writer) TryWrite(p []byte) (n int, err error) {
	if w.raw != nil {
		return try(w.raw, p)
	}
	if queued, ok := unacked(w.below); !ok || queued+len(p) > roomy {
		return 0, nil
	}
	if err := w.Write(p); err != nil { // over TLS, where there is room
		return 0, err
	}
	return len(p), nil
}

// Write writes p, in pieces of at most 64 KiB.
func (w *Writer) Write(p []byte) error {
	for len(p) > 0 {
		n, err := w.conn.Write(p[:min(len(p), w.begin())])
		if err = w.end(n, err); err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}

// begin begins a write, and returns how much it may write.
func (w *Writer) begin() (piece int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writing = true
	switch {
	case w.armed:
	case w.timer == nil:
		w.timer = time.AfterFunc(w.step, w.look)
	default:
		w.timer.Reset(w.step)
	}
	w.armed = true
	if w.slow {
		return slowPiece
	}
	return w.piece
}

// end ends a write that has written n bytes.
func (w *Writer) end(n int, err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writing = false
	if n > 0 {
		w.moved = time.Time{}
	}
	switch {
	case w.stalled && (err == nil || errors.Is(err, os.ErrDeadlineExceeded)):
		return ErrStalled
	case w.stopped:
		w.stopped = false
		if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			return w.conn.SetWriteDeadline(time.Time{})
		}
	case err == nil:
		w.slow = false
	}
	return err
}

// look looks at what has become of a write.
func (w *Writer) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.writing {
		w.armed = false
		return
	}
	w.slow = true
	now := time.Now()
	queued, ok := unacked(w.below)
	// Less is what the peer took; where it is more, some was written meanwhile.
	if w.moved.IsZero() || ok && queued != w.queued {
		w.moved = now
	}
	w.queued = queued
	w.stalled = now.Sub(w.moved) >= w.patience()+w.step // it may have moved right before the next look
	if w.stalled || w.resumable {
		w.stopped = true
		if w.conn.SetWriteDeadline(time.Unix(1, 0)) != nil {
			_ = w.conn.Close()
		}
	}
	w.timer.Reset(w.step)
}
