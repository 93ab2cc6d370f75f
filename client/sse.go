package client

import (
	"bufio"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"
)

// sseFrame is what stands between two blank lines of a stream.
type sseFrame struct {
	event string
	data  []byte
	retry time.Duration // 0 where there is none
}

// sseReader reads the frames of an event stream. A frame whose blank line did not
// come was cut, and is none.
type sseReader struct {
	in *bufio.Reader
}

func newSSEReader(in io.Reader) *sseReader { return &sseReader{bufio.NewReader(in)} }

func (r *sseReader) next() (f sseFrame, err error) {
	for seen := false; ; seen = true {
		line, err := r.line()
		if err != nil {
			return f, err
		}
		if len(line) == 0 {
			if seen {
				return f, nil
			}
			continue
		}
		name, value, _ := strings.Cut(string(line), ":")
		value = strings.TrimPrefix(value, " ")
		switch name {
		case "event":
			f.event = value
		case "data":
			if f.data != nil {
				f.data = append(f.data, '\n')
			}
			f.data = append(f.data, value...)
		case "retry":
			if ms, err := strconv.ParseUint(value, 10, 31); err == nil {
				f.retry = time.Duration(ms) * time.Millisecond
			}
		}
	}
}

// line reads a line without its end.
func (r *sseReader) line() (line []byte, err error) {
	for {
		part, err := r.in.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > maxFrame {
			return nil, errors.New("a line of the stream is too long")
		}
		switch err {
		case nil:
			return []byte(strings.TrimRight(string(line), "\r\n")), nil
		case bufio.ErrBufferFull:
		default:
			return nil, err
		}
	}
}
