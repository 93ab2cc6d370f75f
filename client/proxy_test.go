package client_test

import (
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// proxy is one on the level of TCP. It can cut connections after some bytes and hold
// them up.
type proxy struct {
	t      testing.TB
	in     net.Listener
	server *server
	left   atomic.Int64 // connections that are still to be cut
	cuts   atomic.Int64
	opened atomic.Int64
	down   atomic.Int64 // bytes from the server

	mu     sync.Mutex
	conns  map[net.Conn]struct{}
	frozen bool
	thaw   chan struct{} // closed when it is not frozen
	done   chan struct{}
}

// behind starts a proxy of a server.
func (s *server) behind(cuts int) *proxy {
	s.t.Helper()
	in, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	p := &proxy{t: s.t, in: in, server: s, conns: map[net.Conn]struct{}{}, thaw: make(chan struct{}), done: make(chan struct{})}
	close(p.thaw)
	p.left.Store(int64(cuts))
	var work sync.WaitGroup
	work.Go(func() {
		for {
			conn, err := in.Accept()
			if err != nil {
				return
			}
			work.Go(func() { p.serve(conn) })
		}
	})
	s.t.Cleanup(func() {
		_ = in.Close()
		close(p.done)
		p.cutAll()
		work.Wait()
	})
	return p
}

func (p *proxy) url() string { return "http://" + p.in.Addr().String() + "/api" }

// freeze holds up all bytes of all connections, until melt.
func (p *proxy) freeze() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.frozen, p.thaw = true, make(chan struct{})
}

func (p *proxy) melt() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.frozen {
		p.frozen = false
		close(p.thaw)
	}
}

// cutAll cuts all connections that are open.
func (p *proxy) cutAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for conn := range p.conns {
		_ = conn.Close()
	}
}

func (p *proxy) add(conn net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns[conn] = struct{}{}
}

func (p *proxy) remove(conn net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, conn)
	_ = conn.Close()
}

// serve carries a connection, up to where it is to be cut: after some bytes of the
// client's or of the server's.
func (p *proxy) serve(client net.Conn) {
	p.opened.Add(1)
	p.add(client)
	defer p.remove(client)
	server, err := net.Dial("tcp", p.server.addr)
	if err != nil {
		return
	}
	p.add(server)
	defer p.remove(server)
	up, down := -1, -1
	if p.left.Load() > 0 {
		if rand.N(5) == 0 {
			up = rand.N(3000)
		} else {
			down = rand.N(1 << (6 + rand.N(7)))
		}
	}
	var work sync.WaitGroup
	work.Go(func() { p.carry(server, client, up, false) })
	p.carry(client, server, down, true)
	work.Wait()
}

// carry carries bytes until it has cut the connection, or the connection has ended.
func (p *proxy) carry(to, from net.Conn, most int, down bool) {
	defer to.Close()
	defer from.Close()
	var r retry
	buf := make([]byte, 4<<10)
	for {
		n, err := from.Read(buf)
		p.mu.Lock()
		thaw := p.thaw
		p.mu.Unlock()
		select {
		case <-thaw:
		case <-p.done:
			return
		}
		chunk := buf[:n]
		if down {
			r.rewrite(chunk)
			p.down.Add(int64(n))
		}
		if most >= 0 && n >= most && p.left.Add(-1) >= 0 {
			_, _ = to.Write(chunk[:most])
			p.cuts.Add(1)
			if rand.N(2) == 0 {
				_ = to.(*net.TCPConn).SetLinger(0)
			}
			return
		}
		if most >= 0 {
			most = max(0, most-n)
		}
		if _, failed := to.Write(chunk); failed != nil || err != nil {
			return
		}
	}
}

// retry makes the pause short that an event stream asks its reader to make: all but
// the third digit of a retry line become zeros. As many bytes as before.
type retry struct {
	matched int // bytes of the field's name
	digits  int
}

const retryField = "\nretry: "

func (r *retry) rewrite(p []byte) {
	for i := range p {
		switch {
		case r.matched < len(retryField):
			if p[i] == retryField[r.matched] {
				r.matched++
			} else if r.matched = 0; p[i] == retryField[0] {
				r.matched = 1
			}
		case p[i] >= '0' && p[i] <= '9':
			p[i] = '0'
			if r.digits == 2 {
				p[i] = '1'
			}
			r.digits++
		default:
			*r = retry{}
		}
	}
}
