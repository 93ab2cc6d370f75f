package js_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"
)

// proxy passes on what clients and a server say, on the level of TCP.
type proxy struct {
	t  *testing.T
	in net.Listener
	to string

	mu      sync.Mutex
	rng     *rand.Rand
	conns   map[*pair]bool
	total   int // connections so far
	cuts    int
	cutting bool          // connections are cut at random
	closed  bool          // those that come are refused
	plain   bool          // what asks for a socket is refused
	frozen  chan struct{} // nothing passes until it is closed; nil: all does
}

// pair is a connection of a client, and one to the server.
type pair struct {
	client, server net.Conn
	mu             sync.Mutex
	budget         int // so many bytes may still pass, both ways; negative: any number
}

func startProxy(t *testing.T, to string) *proxy {
	t.Helper()
	in, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	from := *seed
	if from == 0 {
		from = rand.Uint64()
	}
	t.Logf("the cuts are those of -seed %d", from)
	p := &proxy{t: t, in: in, to: to, rng: rand.New(rand.NewPCG(from, 0)), conns: map[*pair]bool{}}
	var open sync.WaitGroup
	open.Go(func() {
		for {
			conn, err := in.Accept()
			if err != nil {
				return
			}
			open.Go(func() { p.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = in.Close()
		p.thaw()
		p.sever()
		open.Wait()
	})
	return p
}

func (p *proxy) url() string { return "http://" + p.in.Addr().String() }

// set changes how connections are treated, those that are open too.
func (p *proxy) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
	if !p.cutting {
		for c := range p.conns {
			c.mu.Lock()
			c.budget = -1
			c.mu.Unlock()
		}
	}
}

func (p *proxy) read(what func() int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return what()
}

func (p *proxy) cut() int   { return p.read(func() int { return p.cuts }) }
func (p *proxy) count() int { return p.read(func() int { return p.total }) }

// sever ends all connections.
func (p *proxy) sever() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		_ = c.client.Close()
		_ = c.server.Close()
	}
}

// freeze keeps all connections as they are, and lets nothing pass.
func (p *proxy) freeze() {
	p.set(func() { p.frozen = make(chan struct{}) })
}

func (p *proxy) thaw() {
	p.set(func() {
		if p.frozen != nil {
			close(p.frozen)
			p.frozen = nil
		}
	})
}

func (p *proxy) serve(client net.Conn) {
	defer client.Close()
	p.mu.Lock()
	closed := p.closed
	p.total++
	budget := -1
	if p.cutting {
		// Most live for some hundred bytes to some kilobytes. Some live longer: a
		// frame of what was missed must come through whole at last.
		budget = 1 + int(p.rng.ExpFloat64()*2500)
		if p.rng.IntN(4) == 0 {
			budget *= 20
		}
	}
	p.mu.Unlock()
	if closed {
		return
	}
	server, err := net.Dial("tcp", p.to)
	if err != nil {
		return
	}
	defer server.Close()
	c := &pair{client: client, server: server, budget: budget}
	p.mu.Lock()
	p.conns[c] = true
	p.mu.Unlock()
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.carry(c, server, client, true)
		_ = server.Close()
	}()
	p.carry(c, client, server, false)
	_ = client.Close()
	<-done
	p.mu.Lock()
	delete(p.conns, c)
	p.mu.Unlock()
}

// carry carries one direction, up to the cut.
func (p *proxy) carry(c *pair, to, from net.Conn, up bool) {
	var r retry
	buf := make([]byte, 16<<10)
	for {
		n, err := from.Read(buf)
		chunk := buf[:n]
		p.mu.Lock()
		frozen, plain := p.frozen, p.plain
		p.mu.Unlock()
		if frozen != nil {
			<-frozen
		}
		if up && plain && bytes.Contains(bytes.ToLower(chunk), []byte("upgrade: websocket")) {
			_, _ = io.WriteString(c.client, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
			return
		}
		if !up {
			r.rewrite(chunk)
		}
		c.mu.Lock()
		cut := c.budget >= 0 && n > c.budget
		if cut {
			n = c.budget
			c.budget = 0
		} else if c.budget >= 0 {
			c.budget -= n
		}
		c.mu.Unlock()
		if _, err := to.Write(chunk[:n]); err != nil {
			return
		}
		if cut {
			p.mu.Lock()
			p.cuts++
			hard := p.rng.IntN(2) == 0
			p.mu.Unlock()
			if tcp, ok := c.client.(*net.TCPConn); ok && hard {
				_ = tcp.SetLinger(0)
			}
			_ = c.client.Close()
			_ = c.server.Close()
			return
		}
		if err != nil {
			return
		}
	}
}

// retry makes the pause short that an event stream asks its reader to make: all
// but the third digit become zeros, "retry: 2371" is "retry: 0010".
type retry struct {
	matched, digits int
	done            bool
}

const retryField = "\nretry: "

func (r *retry) rewrite(p []byte) {
	for i := 0; i < len(p) && !r.done; i++ {
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
			r.done = true
		}
	}
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("never: " + what)
		}
	}
}
