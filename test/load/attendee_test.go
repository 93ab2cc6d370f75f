//go:build linux

package load_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
	"syscall"
	"time"
)

// attendee is a reader who notes what it is told of who is in the room.
type attendee struct {
	*reader
	name       string
	asked      time.Duration // when it asked for the room
	subscribed bool          // of a socket
	told       []telling
	bytes      int64 // that it was sent
}

// telling is a frame of presence.
type telling struct {
	at    time.Duration // the latest that it came
	least time.Duration // the earliest, where the test has been late to read
	count int           // how many are there
}

// tellings calls f with the count of each presence in data, which goes on from
// rest, and returns the new rest.
func tellings(rest, data []byte, f func(count int)) []byte {
	if len(rest) > 0 {
		data = append(rest, data...)
	}
	begins, counts := [2]string{"event: chat.presence\ndata: ", `"signal":"presence"`}, `"count":`
	for {
		i := bytes.Index(data, []byte(begins[0]))
		if i < 0 {
			i = bytes.Index(data, []byte(begins[1]))
		}
		if i < 0 {
			return bytes.Clone(data[max(0, len(data)-len(begins[0])+1):])
		}
		n := bytes.Index(data[i:], []byte(counts))
		if n < 0 {
			return bytes.Clone(data[i:])
		}
		digits, rest, whole := bytes.Cut(data[i+n+len(counts):], []byte(","))
		if !whole {
			return bytes.Clone(data[i:])
		}
		count, err := strconv.Atoi(string(digits))
		if err != nil {
			count = -1 // which nobody expects
		}
		f(count)
		data = rest
	}
}

// assembly is all attendees of a run, for which one goroutine reads and writes.
type assembly struct {
	began     time.Time
	attendees []*attendee
	byFD      map[int32]*attendee
	joins     bool          // each joins the room before it reads it
	opened    int           // how many have asked
	drained   time.Duration // nothing that came before was left unread
	epoll     int
	buf, oob  []byte
}

// assemble connects n attendees, who ask for nothing yet.
func assemble(port, n int, form string, joins bool) (*assembly, error) {
	a := &assembly{byFD: make(map[int32]*attendee), joins: joins, buf: make([]byte, 64<<10), oob: make([]byte, 128)}
	var err error
	if a.epoll, err = syscall.EpollCreate1(syscall.EPOLL_CLOEXEC); err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	for i := range n {
		r, err := connect(port, live)
		if err != nil {
			a.close()
			return nil, err
		}
		r.socket = form == "sockets" || form == "both" && i%2 == 1
		at := &attendee{reader: r, name: attendeeName(i)}
		a.attendees = append(a.attendees, at)
		a.byFD[int32(r.fd)] = at
		event := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(r.fd)}
		if err = syscall.EpollCtl(a.epoll, syscall.EPOLL_CTL_ADD, r.fd, &event); err == nil {
			if err = syscall.SetsockoptInt(r.fd, syscall.SOL_SOCKET, syscall.SO_TIMESTAMPNS, 1); err == nil {
				err = syscall.SetNonblock(r.fd, true)
			}
		}
		if err != nil {
			a.close()
			return nil, fmt.Errorf("attendee %d: %w", i, err)
		}
	}
	return a, nil
}

func attendeeName(i int) string { return fmt.Sprintf("attendee%d", i) }

// since is the time of the run.
func (a *assembly) since() time.Duration { return time.Since(a.began) }

// open lets all ask within a second, evenly.
func (a *assembly) open() error {
	for a.opened < len(a.attendees) {
		if due := time.Second * time.Duration(a.opened) / time.Duration(len(a.attendees)); a.since() < due {
			a.read(1)
			continue
		}
		at := a.attendees[a.opened]
		a.opened++
		request := at.request(token(at.name))
		if a.joins {
			request = "POST /rooms/" + room + "/join HTTP/1.1\r\nHost: load\r\nAuthorization: Bearer " + token(at.name) + "\r\nContent-Length: 0\r\n\r\n" + request
		}
		at.asked = a.since()
		if err := at.write(request); err != nil {
			return fmt.Errorf("%s: %w", at.name, err)
		}
		if a.opened%16 == 0 {
			a.read(0)
		}
	}
	return nil
}

// until reads until all have been told that so many are there, and reports
// whether they were in time.
func (a *assembly) until(count int, patience time.Duration) bool {
	for late := a.since() + patience; a.since() < late; a.read(20) {
		all := true
		for _, at := range a.byFD {
			all = all && at.count() == count
		}
		if all {
			return true
		}
	}
	return false
}

// count is what it was told last.
func (at *attendee) count() int {
	if len(at.told) == 0 {
		return 0
	}
	return at.told[len(at.told)-1].count
}

// read reads what is there, and waits for so many milliseconds if there is
// nothing.
func (a *assembly) read(wait int) {
	var events [256]syscall.EpollEvent
	began, all := a.since(), true
	n, err := syscall.EpollWait(a.epoll, events[:], wait)
	if err != nil {
		return // interrupted: it is called again
	}
	for _, e := range events[:n] {
		if at := a.byFD[e.Fd]; at != nil {
			before := at.bytes
			at.err = a.take(at)
			all = all && at.bytes-before < int64(len(a.buf))
			if at.err != nil {
				delete(a.byFD, e.Fd)
				_ = syscall.EpollCtl(a.epoll, syscall.EPOLL_CTL_DEL, at.fd, nil)
			}
		}
	}
	if all && n < len(events) {
		a.drained = began
	}
}

// take reads once for an attendee. What comes is stamped by the system when it
// comes; of what has waited for a test that is late, that is when the last of it
// came.
func (a *assembly) take(at *attendee) error {
	n, oobn, _, _, err := syscall.Recvmsg(at.fd, a.buf, a.oob, 0)
	switch {
	case err == syscall.EAGAIN || err == syscall.EINTR:
		return nil
	case err != nil:
		return fmt.Errorf("read: %w", err)
	case n == 0:
		return syscall.ECONNRESET
	}
	now := a.since()
	if oobn >= 32 { // a cmsghdr of 16 bytes, a timespec
		sec, nsec := binary.NativeEndian.Uint64(a.oob[16:]), binary.NativeEndian.Uint64(a.oob[24:])
		now = time.Unix(int64(sec), int64(nsec)).Sub(a.began)
	}
	at.bytes += int64(n)
	if at.socket && !at.subscribed && bytes.Contains(append(at.rest, a.buf[:n]...), []byte(greeting)) {
		at.subscribed = true
		if err := at.write(at.subscription()); err != nil {
			return err
		}
	}
	at.rest = tellings(at.rest, a.buf[:n], func(count int) { at.told = append(at.told, telling{now, min(now, a.drained), count}) })
	return nil
}

// leave closes all connections but every twentieth, and returns how many are left.
func (a *assembly) leave() (left int) {
	for i, at := range a.attendees {
		if i%20 == 0 {
			left++
			continue
		}
		delete(a.byFD, int32(at.fd))
		at.close()
	}
	return left
}

// close closes those that are left.
func (a *assembly) close() {
	for _, at := range a.byFD {
		at.close()
	}
	_ = syscall.Close(a.epoll)
}
