package chattest

import (
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// relay is what all connections pass through. It stays at its address while servers
// come and go behind it.
type relay struct {
	in   net.Listener
	work sync.WaitGroup

	mu      sync.Mutex
	server  string // where it leads to; empty = nowhere, new connections are reset
	wires   map[*wire]struct{}
	rate    int // bytes a second; 0 = no bound
	frozen  bool
	changed chan struct{} // closed when rate or frozen change
}

// wire is one connection through the relay.
type wire struct {
	client, server *net.TCPConn // server is nil until it is dialled
	cut            chan struct{}
	once           sync.Once
	ended          chan struct{} // no byte passes any more
}

func newRelay() (*relay, error) {
	in, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &relay{in: in, wires: map[*wire]struct{}{}, changed: make(chan struct{})}
	r.work.Go(func() {
		for {
			conn, err := in.Accept()
			if err != nil {
				return
			}
			r.work.Go(func() { r.connect(conn.(*net.TCPConn)) })
		}
	})
	return r, nil
}

// close ends the relay, and returns when no goroutine of it is left.
func (r *relay) close() {
	_ = r.in.Close()
	r.lead("")
	r.cut()
	r.work.Wait()
}

// lead says where new connections lead to.
func (r *relay) lead(server string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.server = server
}

// set changes how bytes pass.
func (r *relay) set(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
	close(r.changed)
	r.changed = make(chan struct{})
}

// cut resets all connections, and returns when nothing passes them any more.
func (r *relay) cut() {
	r.mu.Lock()
	var open []*wire
	for w := range r.wires {
		w.reset()
		open = append(open, w)
	}
	r.mu.Unlock()
	for _, w := range open {
		<-w.ended
	}
}

// reset ends a wire as a broken network does. The caller holds the relay's mu.
func (w *wire) reset() {
	w.once.Do(func() { close(w.cut) })
	for _, conn := range []*net.TCPConn{w.client, w.server} {
		if conn != nil {
			_ = conn.SetLinger(0) // a reset: nothing that is on its way arrives
			_ = conn.Close()
		}
	}
}

// connect connects a client to the server, and carries bytes both ways until both have
// ended or the wire is cut.
func (r *relay) connect(client *net.TCPConn) {
	w := &wire{client: client, cut: make(chan struct{}), ended: make(chan struct{})}
	defer close(w.ended)
	r.mu.Lock()
	address := r.server
	r.wires[w] = struct{}{}
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.wires, w)
		_ = client.Close()
		if w.server != nil {
			_ = w.server.Close()
		}
	}()
	if !r.dial(w, address) {
		return
	}
	var work sync.WaitGroup
	work.Go(func() { r.carry(w, w.server, client) })
	r.carry(w, client, w.server)
	work.Wait()
}

// dial connects a wire to the server, or resets it.
func (r *relay) dial(w *wire, address string) bool {
	var conn net.Conn
	err := errors.New("there is no server")
	if address != "" {
		conn, err = net.Dial("tcp", address)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		w.reset()
		return false
	}
	w.server = conn.(*net.TCPConn)
	select {
	case <-w.cut: // meanwhile
		w.reset()
		return false
	default:
		return true
	}
}

// carry carries bytes one way.
func (r *relay) carry(w *wire, to, from *net.TCPConn) {
	buf := make([]byte, 32<<10)
	for {
		rate, ok := r.wait(w)
		if !ok {
			return
		}
		chunk := buf
		if rate > 0 {
			chunk = buf[:min(len(buf), max(1, rate/stepsPerSecond))]
		}
		n, err := from.Read(chunk)
		if _, ok := r.wait(w); !ok { // what came while it was frozen stays
			return
		}
		if n > 0 {
			if _, err := to.Write(chunk[:n]); err != nil {
				r.abandon(w)
				return
			}
			r.pace(w, n)
		}
		switch {
		case errors.Is(err, io.EOF):
			_ = to.CloseWrite() // the other way may have more to say
			return
		case err != nil:
			r.abandon(w)
			return
		}
	}
}

// stepsPerSecond is in how many steps a second bytes pass where their rate is bounded.
const stepsPerSecond = 20

// wait waits while the relay is frozen, and returns the rate of now. ok is false if
// the wire is cut.
func (r *relay) wait(w *wire) (rate int, ok bool) {
	for {
		r.mu.Lock()
		rate, frozen, changed := r.rate, r.frozen, r.changed
		r.mu.Unlock()
		if !frozen {
			return rate, true
		}
		select {
		case <-changed:
		case <-w.cut:
			return 0, false
		}
	}
}

// pace waits for as long as n bytes take, or until the rate changes.
func (r *relay) pace(w *wire, n int) {
	r.mu.Lock()
	rate, changed := r.rate, r.changed
	r.mu.Unlock()
	if rate == 0 {
		return
	}
	t := time.NewTimer(time.Duration(n) * time.Second / time.Duration(rate))
	defer t.Stop()
	select {
	case <-t.C:
	case <-changed:
	case <-w.cut:
	}
}

// abandon ends a wire whose one side is lost.
func (r *relay) abandon(w *wire) {
	r.mu.Lock()
	defer r.mu.Unlock()
	w.reset()
}
