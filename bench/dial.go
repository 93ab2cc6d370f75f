package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"time"
)

// reader is one connection that reads a room: a raw socket, so that what it
// costs to read is little, and the same for every server.
type reader struct {
	fd, room int
	ready    bool   // it was sent something that was posted
	then     string // what it writes when it is greeted
	scanner
}

// door is how a connection begins to read.
type door struct {
	port   int
	kind   string // of the server
	socket bool   // or else a stream
	silent bool   // it asks for no signals
	after  string // the cursor; empty begins with what is next
}

// name tells the transport, for tables.
func (d door) name() string {
	if d.socket {
		return "WebSocket"
	}
	return "SSE"
}

// dial connects the n-th reader to a room and reads what a server says before
// the events: from the chat, until the room is live if there is no cursor. Its
// socket does not block.
func (d door) dial(n, room int) (*reader, error) {
	r, err := d.enter(n, room)
	if err != nil {
		return nil, err
	}
	return r, syscall.SetNonblock(r.fd, true)
}

// enter is dial, but the socket blocks.
func (d door) enter(n, room int) (*reader, error) {
	r := &reader{room: room}
	var err error
	if r.fd, err = connect(d.port, n); err != nil {
		return nil, err
	}
	if err = d.open(r, n); err != nil {
		r.close()
		return nil, fmt.Errorf("reader %d: %w", n, err)
	}
	return r, nil
}

func (r *reader) close() { _ = syscall.Close(r.fd) }

// fromOneAddress is how many connections to one port come from one address of
// the loopback network: fewer than there are ports.
const fromOneAddress = 20_000

const ipBindAddressNoPort = 24 // IP_BIND_ADDRESS_NO_PORT of ip(7)

// connect returns the socket of the n-th connection, which blocks, but not for
// ever.
func connect(port, n int) (fd int, err error) {
	if fd, err = syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0); err != nil {
		return 0, fmt.Errorf("socket: %w", err)
	}
	wait := syscall.NsecToTimeval(patience.Nanoseconds())
	err = errors.Join(
		syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &wait),
		syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1),
		syscall.SetsockoptInt(fd, syscall.IPPROTO_IP, ipBindAddressNoPort, 1),
		syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, byte(1 + n/fromOneAddress)}}),
		syscall.Connect(fd, &syscall.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}))
	if err != nil {
		_ = syscall.Close(fd)
		return 0, fmt.Errorf("connect: %w", err)
	}
	return fd, nil
}

// greeting is in what the chat says first to a socket.
const greeting = `{"hello":`

// words returns what the n-th reader of a room writes first, what of the answer
// it waits for, and what it writes then, if anything.
func (d door) words(n, room int) (first, until, then string) {
	ours := d.kind == "chat"
	name := roomName(room)
	head := fmt.Sprintf(" HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\n", token(fmt.Sprintf("reader-%06d", n)))
	if !d.socket {
		query := ""
		if ours && d.after != "" {
			query = "&after=" + d.after
		}
		if ours && d.silent {
			query += "&signals=0"
		}
		if d.kind == "go-sse" {
			// Without chunks, whose heads would lie within events when many are written.
			head = strings.Replace(head, "HTTP/1.1", "HTTP/1.0", 1)
			if d.after != "" {
				head += "Last-Event-ID: 0\r\n"
			}
		}
		return "GET /rooms/" + name + "/events?" + query + head + "Accept: text/event-stream\r\n\r\n", "\r\n\r\n", ""
	}
	head += "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
	if !ours {
		return "GET /ws?room=" + name + head, "\r\n\r\n", ""
	}
	after := ""
	if d.after != "" {
		after = fmt.Sprintf(`"after":%q,`, d.after)
	}
	return "GET /ws" + head, greeting, frame(0x1, fmt.Sprintf(`{"id":"s","op":"subscribe","room":%q,%s"signals":%t}`, name, after, !d.silent))
}

// open says the words, and waits until a room of the chat is live if there is
// no cursor.
func (d door) open(r *reader, n int) error {
	first, until, then := d.words(n, r.room)
	if d.kind == "go-sse" { // it says nothing before the first event
		return r.write(first)
	}
	live := d.kind == "chat" && d.after == ""
	if live && !d.socket {
		until = "event: chat.live\n"
	}
	if err := r.ask(first, until); err != nil || then == "" {
		return err
	}
	if live {
		return r.ask(then, `"live":"`)
	}
	return r.write(then)
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

// ask sends a request and reads until the answer has the text. What came behind
// it is scanned.
func (r *reader) ask(request, text string) error {
	if err := r.write(request); err != nil {
		return err
	}
	got, part := make([]byte, keep), make([]byte, 32<<10)
	for {
		n, err := syscall.Read(r.fd, part)
		switch {
		case err == syscall.EINTR:
			continue
		case err != nil:
			return fmt.Errorf("read after %q: %w", got[keep:], err)
		case n == 0:
			return fmt.Errorf("the answer to %q is %q", strings.SplitN(request, "\r\n", 2)[0], got[keep:])
		}
		got = append(got, part[:n]...)
		if bytes.Contains(got, []byte(text)) {
			r.scan(got, 0, nil)
			return nil
		}
	}
}

// more reads once from a socket that blocks.
func (r *reader) more(buf []byte, now time.Duration, h *histogram) error {
	n, err := syscall.Read(r.fd, buf[keep:])
	switch {
	case err == syscall.EINTR:
		return nil
	case err != nil:
		return fmt.Errorf("read: %w", err)
	case n == 0:
		return io.ErrUnexpectedEOF
	}
	r.scan(buf[:keep+n], now, h)
	return nil
}

func (r *reader) write(s string) error {
	if n, err := syscall.Write(r.fd, []byte(s)); err != nil || n < len(s) {
		return fmt.Errorf("wrote %d bytes of %d: %w", n, len(s), err)
	}
	return nil
}
