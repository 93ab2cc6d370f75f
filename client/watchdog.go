package client

import (
	"io"
	"sync/atomic"
	"time"
)

// watchdog calls end when nothing was heard for as long as the server may be silent.
type watchdog struct {
	timer    *time.Timer
	patience atomic.Int64
}

func newWatchdog(patience time.Duration, end func()) *watchdog {
	w := &watchdog{}
	w.patience.Store(int64(patience))
	w.timer = time.AfterFunc(patience, end)
	return w
}

// allow changes how long the silence may be.
func (w *watchdog) allow(patience time.Duration) {
	w.patience.Store(int64(patience))
	w.heard()
}

// heard tells that something was heard.
func (w *watchdog) heard() { w.timer.Reset(time.Duration(w.patience.Load())) }

func (w *watchdog) stop() { w.timer.Stop() }

// listening tells a watchdog of each byte that is read.
type listening struct {
	from io.Reader
	dog  *watchdog
}

func (l listening) Read(p []byte) (int, error) {
	n, err := l.from.Read(p)
	if n > 0 {
		l.dog.heard()
	}
	return n, err
}
