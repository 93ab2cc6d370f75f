//go:build linux

package load_test

import (
	"bytes"
	"fmt"
	"strings"
	"time"
)

// Every text begins with a stamp: its number, and when it was due, in
// nanoseconds since the run began. No transport breaks an event in two, so a
// stamp can be found without taking the frames apart.
const (
	stampBegins = `"text":"@`
	stampEnds   = '@'
	longest     = 64 // bytes of a stamp
)

// text returns a text of about size bytes.
func text(number int, due time.Duration, size int) string {
	s := fmt.Sprintf("@%d %d@", number, due.Nanoseconds())
	const words = " All work and no play makes Jack a dull boy."
	return (s + strings.Repeat(words, max(0, size-len(s))/len(words)+1))[:max(size, len(s)+1)] + "."
}

// stamps calls f with the stamps in data, which goes on from rest, and returns
// the new rest: what may be the beginning of a stamp, in memory of its own.
func stamps(rest, data []byte, f func(number int, due time.Duration)) []byte {
	if len(rest) > 0 {
		data = append(rest, data...)
	}
	for {
		i := bytes.Index(data, []byte(stampBegins))
		if i < 0 {
			return bytes.Clone(data[max(0, len(data)-len(stampBegins)+1):])
		}
		data = data[i:]
		n := bytes.IndexByte(data[len(stampBegins):], stampEnds)
		if n < 0 {
			return bytes.Clone(data[:min(len(data), longest)])
		}
		number, due := parseStamp(data[len(stampBegins):][:n])
		f(number, due)
		data = data[len(stampBegins)+n:]
	}
}

// parseStamp reads two decimal numbers; whatever else is there makes them wrong,
// which those who compare will see.
func parseStamp(b []byte) (number int, due time.Duration) {
	i := 0
	for ; i < len(b) && b[i] != ' '; i++ {
		number = 10*number + int(b[i]-'0')
	}
	for i++; i < len(b); i++ {
		due = 10*due + time.Duration(b[i]-'0')
	}
	return number, due
}
