package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"
)

// Every text begins with a stamp: its number, and when it was sent, in
// nanoseconds since the run began. No server breaks an event in two, so stamps
// can be counted without taking frames apart.
const (
	stampBegins = `"text":"@`
	numberWidth = 10
	timeWidth   = 15
	stampWidth  = len(stampBegins) + numberWidth + 1 + timeWidth // a space is between
)

// stampedText returns a text with a stamp.
func stampedText() string {
	return fmt.Sprintf("@%0*d %0*d %s", numberWidth, 0, timeWidth, 0, messageText)
}

// putStamp writes a stamp over one, behind the "@".
func putStamp(b []byte, number uint64, at time.Duration) {
	putDigits(b[:numberWidth], number)
	putDigits(b[numberWidth+1:][:timeWidth], uint64(at))
}

func putDigits(b []byte, v uint64) {
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = byte('0' + v%10)
		v /= 10
	}
}

// digits reads a decimal number; whatever else is there makes it wrong, which
// the tally shows.
func digits(b []byte) (v uint64) {
	for len(b) >= 8 { // eight at once
		x := binary.LittleEndian.Uint64(b) - 0x3030303030303030
		x = x*10 + x>>8
		x = (x&0x000000ff000000ff*0x000f424000000064 + x>>16&0x000000ff000000ff*0x0000271000000001) >> 32
		v, b = v*100_000_000+x&0xffffffff, b[8:]
	}
	for _, c := range b {
		v = v*10 + uint64(c-'0')
	}
	return v
}

// tally is what a reader has been sent: how many posts, the sum of their numbers,
// which tells whether they are those that were made, and a hash of their order.
type tally struct {
	count, sum, order uint64
}

func (t *tally) add(number uint64) {
	t.count++
	t.sum += number
	t.order = (t.order^number)*0x100000001b3 + 1
}

// scanner finds stamps in what one connection is sent.
type scanner struct {
	tally
	rest   []byte // of the last read: what may be the beginning of a stamp
	stride int    // between the last two stamps: where the next is most likely; 0 = not known
}

// closest is less than what is between two stamps: an event without the names of
// its room and its user.
var closest = func() int { event, _ := appendEvent(nil, "", "", stampedText()); return len(event) }()

// keep is how much memory must be free before what is scanned.
const keep = 64

// scan adds the stamps in buf[keep:], for which what lies before is overwritten.
// Of each it adds to h how long it took until now; h may be nil.
func (s *scanner) scan(buf []byte, now time.Duration, h *histogram) {
	data := buf[keep-len(s.rest):]
	copy(data, s.rest)
	last := -1 // where the last stamp was
	from := 0  // where to look on
	for {
		at := last + s.stride
		if last < 0 || s.stride == 0 || at+stampWidth > len(data) || string(data[at:at+len(stampBegins)]) != stampBegins {
			k := bytes.Index(data[from:], []byte(stampBegins))
			if k < 0 {
				from = max(from, len(data)-len(stampBegins)+1)
				break
			}
			at = from + k
			if at+stampWidth > len(data) {
				from = at
				break
			}
			if s.stride = 0; last >= 0 && at-last < 2*closest { // so that none is passed over
				s.stride = at - last
			}
		}
		number := data[at+len(stampBegins):]
		s.add(digits(number[:numberWidth]))
		if h != nil {
			h.add(now - time.Duration(digits(number[numberWidth+1:][:timeWidth])))
		}
		last, from = at, at+stampWidth
	}
	s.rest = append(s.rest[:0], data[from:]...)
}
