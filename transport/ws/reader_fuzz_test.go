package ws

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// script is a connection whose other side sends some bytes, a few at a time,
// and then closes.
type script struct {
	net.Conn
	rest  []byte
	chunk int
}

func (s *script) Read(p []byte) (int, error) {
	if len(s.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.rest[:min(s.chunk, len(s.rest))])
	s.rest = s.rest[n:]
	return n, nil
}

func (*script) SetReadDeadline(time.Time) error { return nil }

const scriptLimit = 4 << 10 // bytes of a message

// heard is what came of a message: its frame, or the code of the end, 0 for the
// end of the connection.
type heard struct {
	op      ws.OpCode
	payload string
	code    ws.StatusCode
}

// listen reads frames as RFC 6455 says (5.2 to 5.6), from bytes that are all
// there, and shares no code with what it is compared to.
func listen(b []byte) (all []heard) {
	message, within := []byte(nil), false
	for {
		if len(b) < 2 {
			return append(all, heard{})
		}
		final, reserved, op := b[0]&0x80 != 0, b[0]&0x70, b[0]&0xf
		masked, length, size := b[1]&0x80 != 0, uint64(b[1]&0x7f), 0
		if length > 125 {
			size = map[uint64]int{126: 2, 127: 8}[length]
		}
		maskSize := 0
		if masked {
			maskSize = 4
		}
		if b = b[2:]; len(b) < size+maskSize {
			return append(all, heard{})
		}
		if size > 0 {
			length = 0
			for _, c := range b[:size] {
				length = length<<8 | uint64(c)
			}
		}
		mask := b[size : size+maskSize]
		b = b[size+maskSize:]
		control, known := op >= 8, op <= 2 || 8 <= op && op <= 10
		switch {
		case !masked || reserved != 0 || !known || length>>63 != 0,
			control && (!final || length > 125),
			!control && within != (op == 0):
			return append(all, heard{code: 1002})
		case op == 2:
			return append(all, heard{code: 1003})
		case !control && length > uint64(scriptLimit-len(message)):
			return append(all, heard{code: 1009})
		case uint64(len(b)) < length:
			return append(all, heard{})
		}
		payload := make([]byte, length)
		for i := range payload {
			payload[i] = b[i] ^ mask[i%4]
		}
		b = b[length:]
		if control {
			all = append(all, heard{op: ws.OpCode(op), payload: string(payload)})
			continue
		}
		message, within = append(message, payload...), !final
		if within {
			continue
		}
		if !utf8.Valid(message) {
			return append(all, heard{code: 1007})
		}
		all, message = append(all, heard{op: ws.OpText, payload: string(message)}), nil
	}
}

// Whatever a client sends, in whatever pieces it comes, it is read as the
// standard says, to an end, and takes no more memory than was sent.
func FuzzReader_hearsWhatTheStandardSays(f *testing.F) {
	frame := func(op ws.OpCode, fin bool, payload string) []byte {
		return ws.MustCompileFrame(ws.MaskFrame(ws.NewFrame(op, fin, []byte(payload))))
	}
	fragments := bytes.Join([][]byte{
		frame(ws.OpText, false, "a\xc3"), frame(ws.OpPing, true, "between"), frame(ws.OpContinuation, false, ""), frame(ws.OpContinuation, true, "\xa9"),
		frame(ws.OpPong, true, ""), frame(ws.OpClose, true, "\x03\xe8bye"),
	}, nil)
	for _, b := range [][]byte{
		nil, fragments, frame(ws.OpText, true, `{"op":"ping"}`), frame(ws.OpText, true, "\xff"), frame(ws.OpBinary, true, "x"), frame(ws.OpContinuation, true, "x"),
		append(frame(ws.OpText, false, "x"), frame(ws.OpText, true, "y")...), frame(ws.OpPing, false, ""), frame(ws.OpPing, true, strings.Repeat("x", 126)),
		frame(ws.OpText, true, strings.Repeat("é", 600)), frame(ws.OpText, true, strings.Repeat("x", scriptLimit)), frame(ws.OpText, true, strings.Repeat("x", scriptLimit+1)),
		append(frame(ws.OpText, false, strings.Repeat("x", 4000)), frame(ws.OpContinuation, true, strings.Repeat("x", 97))...),
		{0x81, 0x05, 'H'},
		{0x81, 0xff, 0, 0, 0, 0, 0, 0, 0x0f, 0xff, 1, 2, 3, 4, 'x'},
		{0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4},
		{0x81, 0xff, 0x7f, 0xff, 0xff, 0xff},
	} {
		f.Add(b, uint16(0), uint16(1))
		f.Add(b, uint16(7), uint16(600))
	}
	f.Fuzz(func(t *testing.T, b []byte, ahead, chunk uint16) {
		split := min(int(ahead), len(b))
		r := newReader(&script{rest: bytes.Clone(b[split:]), chunk: int(chunk) + 1}, bytes.Clone(b[:split]), scriptLimit)
		for i, want := range listen(b) {
			op, payload, err := r.next()
			got := heard{op: op, payload: string(payload)}
			var why *closing
			switch {
			case errors.As(err, &why):
				got = heard{code: why.code}
			case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
				got = heard{}
			case err != nil:
				t.Fatalf("the error is %v", err)
			}
			if got != want {
				t.Fatalf("message %d of %x is %v, not %v", i, b, got, want)
			}
			if c := cap(r.message); c > scriptLimit || c > max(1<<10, 2*len(b)) {
				t.Fatalf("%d bytes are held of %d that came", c, len(b))
			}
		}
	})
}
