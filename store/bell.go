package store

// A Bell wakes a waiting reader. It carries no data: whoever hears it looks
// for what is new. It is rung when something may be new, so that one who looks
// after every ring misses nothing; it may also ring for nothing. One bell may
// serve many readers of one goroutine.
type Bell struct {
	C    <-chan struct{} // receives after the bell was rung; nil if it calls a function
	c    chan struct{}
	call func()
}

// NewBell returns a bell that has not been rung.
func NewBell() *Bell {
	c := make(chan struct{}, 1)
	return &Bell{C: c, c: c}
}

// NewBellFunc returns a bell that calls a function whenever it is rung: for readers
// that have no goroutine while they wait. The function may be called concurrently,
// also before a call of it has returned, and from where something is stored: it must
// return at once, and must not call the store.
func NewBellFunc(call func()) *Bell { return &Bell{call: call} }

// Ring makes C ready, if it is not, or calls the function. It never blocks and may
// be called concurrently.
func (b *Bell) Ring() {
	if b.call != nil {
		b.call()
		return
	}
	select {
	case b.c <- struct{}{}:
	default: // rung already, and not yet heard
	}
}
