//go:build linux

package load_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"syscall"
)

// A kind is how a reader takes what is sent to it.
type kind int

const (
	live   kind = iota // at once
	frozen             // not at all
	slow               // 2 KiB a second
)

// reader is one connection that reads the room: a raw socket, so that nothing is
// read which the test does not read.
type reader struct {
	fd, port int // port is its own
	socket   bool
	silent   bool // it asks for no signals
	kind     kind
	rest     []byte // of a stamp that is not whole yet
	got      []int  // the numbers of the posts that came, in that order
	err      error  // why it was lost
}

const (
	// smallBuffer is the receive buffer of those that do not take all at once, in
	// bytes: else that would be what fills up. Linux makes it the smallest there is,
	// 2,304. A reader of 2 KiB a second who has a larger one acknowledges too
	// rarely for a short write timeout: with 4 KiB, once in 3 to 7 seconds.
	smallBuffer = 1
	// smallSegment is the largest segment that they ask for (RFC 9293, 3.7.1), since
	// no part of one is acknowledged. On the loopback device they have 64 KiB.
	smallSegment = 536
)

// dial connects a reader and reads up to where the room is live.
func dial(port int, name string, socket, silent bool, k kind) (*reader, error) {
	r, err := connect(port, k)
	if err != nil {
		return nil, err
	}
	r.socket, r.silent = socket, silent
	if err = r.open(token(name)); err == nil {
		err = syscall.SetNonblock(r.fd, true)
	}
	if err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

// connect makes a connection and asks for nothing yet.
func connect(port int, k kind) (r *reader, err error) {
	r = &reader{kind: k}
	if r.fd, err = syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0); err != nil {
		return nil, fmt.Errorf("socket: %w", err)
	}
	defer func() {
		if err != nil {
			r.close()
		}
	}()
	if k != live {
		err = errors.Join(
			syscall.SetsockoptInt(r.fd, syscall.SOL_SOCKET, syscall.SO_RCVBUF, smallBuffer),
			syscall.SetsockoptInt(r.fd, syscall.IPPROTO_TCP, syscall.TCP_MAXSEG, smallSegment))
		if err != nil {
			return nil, fmt.Errorf("buffers of a socket: %w", err)
		}
	}
	wait := syscall.NsecToTimeval(patience.Nanoseconds())
	if err := syscall.SetsockoptTimeval(r.fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &wait); err != nil {
		return nil, fmt.Errorf("timeout of a socket: %w", err)
	}
	if err := syscall.Connect(r.fd, &syscall.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	own, err := syscall.Getsockname(r.fd)
	if err != nil {
		return nil, fmt.Errorf("address of a socket: %w", err)
	}
	r.port = own.(*syscall.SockaddrInet4).Port
	return r, nil
}

// open asks for the room.
func (r *reader) open(token string) error {
	if !r.socket {
		return r.ask(r.request(token), "event: chat.live\n")
	}
	if err := r.ask(r.request(token), greeting); err != nil {
		return err
	}
	return r.ask(r.subscription(), `"live":"`)
}

// request is what is written first.
func (r *reader) request(token string) string {
	query := ""
	switch {
	case r.socket:
		return "GET /ws HTTP/1.1\r\nHost: load\r\nAuthorization: Bearer " + token + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
	case r.silent:
		query = "?signals=0"
	}
	return "GET /rooms/" + room + "/events" + query + " HTTP/1.1\r\nHost: load\r\nAuthorization: Bearer " + token + "\r\n\r\n"
}

// greeting is in what a socket is sent first.
const greeting = `{"hello":`

// subscription is what a socket writes when it was greeted.
func (r *reader) subscription() string {
	return frame(0x1, fmt.Sprintf(`{"id":"s","op":"subscribe","room":%q,"signals":%t}`, room, !r.silent))
}

// frame returns a masked frame of a payload below 64 KiB, whose mask is zero
// (RFC 6455, 5.2).
func frame(opcode byte, payload string) string {
	head := []byte{0x80 | opcode, 0x80 | byte(len(payload))}
	if len(payload) > 125 {
		head = binary.BigEndian.AppendUint16([]byte{0x80 | opcode, 0x80 | 126}, uint16(len(payload)))
	}
	return string(append(head, 0, 0, 0, 0)) + payload
}

// ask sends a request and reads until the answer has the text.
func (r *reader) ask(request, text string) error {
	if err := r.write(request); err != nil {
		return err
	}
	var got []byte
	part := make([]byte, 4<<10)
	for !bytes.Contains(got, []byte(text)) {
		n, err := syscall.Read(r.fd, part)
		switch {
		case err == syscall.EINTR:
		case err != nil:
			return fmt.Errorf("read after %q: %w", got, err)
		case n == 0:
			return fmt.Errorf("the answer to %q ends with %q", strings.SplitN(request, "\r\n", 2)[0], got)
		default:
			got = append(got, part[:n]...)
		}
	}
	return nil
}

func (r *reader) write(s string) error {
	if n, err := syscall.Write(r.fd, []byte(s)); err != nil || n < len(s) {
		return fmt.Errorf("wrote %d bytes of %d: %w", n, len(s), err)
	}
	return nil
}

func (r *reader) close() { _ = syscall.Close(r.fd) }
