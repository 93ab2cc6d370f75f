package store

// A Bell wakes a waiting reader. It carries no data: whoever hears it looks
// for what is new. It is rung when something may be new, so that one who looks
// after every ring misses nothing; it may also ring for nothing. One bell may
// serve many readers of one goroutine.
type Bell struct {
	C <-chan struct{} // receives after the bell was rung
	c chan struct{}
}

// NewBell returns a bell that has not been rung.
func NewBell() *Bell {
	c := make(chan struct{}, 1)
	return &Bell{C: c, c: c}
}

// Ring makes C ready, if it is not. It never blocks and may be called
// concurrently.
func (b *Bell) Ring() {
	select {
	case b.c <- struct{}{}:
	default: // rung already, and not yet heard
	}
}
