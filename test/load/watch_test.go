//go:build linux

package load_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// end is the server's end of a connection, as proc_net_tcp(5) tells.
type end struct {
	unacked int64 // bytes that were written and not acknowledged
	closed  bool  // the server has closed it; the system may still keep what was written
}

// ends returns the server's ends by the ports of the clients.
func ends(port int) (map[int]end, error) {
	text, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		return nil, err
	}
	all := make(map[int]end)
	ours := fmt.Sprintf(":%04X", port)
	for line := range strings.Lines(string(text)) {
		if !strings.Contains(line, ours) {
			continue
		}
		// sl local remote state sent:received timer retries uid timeout inode
		f := strings.Fields(line)
		if len(f) < 10 || !strings.HasSuffix(f[1], ours) {
			continue
		}
		_, remote, _ := strings.Cut(f[2], ":")
		sent, _, _ := strings.Cut(f[4], ":")
		client, err := strconv.ParseInt(remote, 16, 32)
		if err != nil {
			return nil, fmt.Errorf("remote port: %w", err)
		}
		e := end{closed: f[9] == "0"}
		if e.unacked, err = strconv.ParseInt(sent, 16, 64); err != nil {
			return nil, fmt.Errorf("bytes sent: %w", err)
		}
		all[int(client)] = e
	}
	return all, nil
}

// fate is what became of the connection of a reader that does not take all.
// Times are since the run began.
type fate struct {
	unacked int64         // when it was last seen open
	moved   time.Duration // when that changed last: the server wrote, or the reader took
	full    time.Duration // when it first was so much that a buffer must have been full; 0 if never
	closed  time.Duration // when the server was first seen to have closed it; 0 if never
	kept    int64         // of a closed one: what the system last kept of what was written
}

// much is less than what fills the send buffer of the server, in bytes.
const much = 64 << 10

// watch looks at the connections of the readers until stop is closed, and then
// once more. It closes gone when the server has closed all of them.
func watch(port int, began time.Time, every time.Duration, fates map[*reader]*fate, gone chan<- struct{}, stop <-chan struct{}) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	left := len(fates)
	for last := false; ; {
		all, err := ends(port)
		if err != nil {
			return err
		}
		now := time.Since(began)
		for r, f := range fates {
			e, there := all[r.port]
			if f.look(now, e, !there || e.closed) {
				if left--; left == 0 {
					close(gone)
				}
			}
		}
		if last {
			return nil
		}
		select {
		case <-stop:
			last = true
		case <-tick.C:
		}
	}
}

// look notes what is seen now, and reports whether it is the first time that the
// connection is seen closed.
func (f *fate) look(now time.Duration, e end, closed bool) bool {
	switch {
	case closed:
		first := f.closed == 0
		if first {
			f.closed = now
		}
		f.kept = e.unacked
		return first
	case e.unacked != f.unacked:
		f.unacked, f.moved = e.unacked, now
		if f.full == 0 && e.unacked >= much {
			f.full = now
		}
	}
	return false
}
