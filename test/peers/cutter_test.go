package peers_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// cutter is a proxy on the level of TCP that cuts every connection somewhere in
// what the server sends, as long as its context lives. Each reader has its own,
// with an own port: a browser has few connections to one address, and opens
// sockets to one only one by one.
type cutter struct {
	t       *testing.T
	in      net.Listener
	server  *server
	cutting context.Context
	plans   *dealer

	mu    sync.Mutex
	conns int
	tally tally
	first *plan // for the first connection; nil is any
}

// tally counts cuts.
type tally struct {
	cuts   int
	inside int // of them within an event or frame, or within the head
	where  [places]int
	how    [manners]int
	held   int // connections that were held up before
}

func (a *tally) add(b tally) {
	a.cuts += b.cuts
	a.inside += b.inside
	a.held += b.held
	for i := range b.where {
		a.where[i] += b.where[i]
	}
	for i := range b.how {
		a.how[i] += b.how[i]
	}
}

// cut starts a proxy of a server, which cuts until cutting is done and lives
// until the test ends.
func (s *server) cut(cutting context.Context, plans *dealer, first *plan) *cutter {
	s.t.Helper()
	in, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	c := &cutter{t: s.t, in: in, server: s, cutting: cutting, plans: plans, first: first}
	var open sync.WaitGroup
	open.Go(func() {
		for {
			conn, err := in.Accept()
			if err != nil {
				return
			}
			open.Go(func() { c.serve(conn.(*net.TCPConn)) })
		}
	})
	s.t.Cleanup(func() { // by then the test's context is done, and ends all connections
		_ = in.Close()
		open.Wait()
	})
	return c
}

func (c *cutter) addr() string { return c.in.Addr().String() }

// next is the plan for the next connection.
func (c *cutter) next() plan {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conns++
	if c.conns == 1 && c.first != nil {
		return *c.first
	}
	p := c.plans.next()
	if p.lag > 0 {
		c.tally.held++
	}
	return p
}

// serve carries one connection.
func (c *cutter) serve(client *net.TCPConn) {
	defer client.Close()
	p := c.next()
	c.server.log.wait(c.cutting, p.lag)
	conn, err := net.Dial("tcp", strings.TrimPrefix(c.server.url, "http://"))
	if err != nil {
		return // the test is over
	}
	server := conn.(*net.TCPConn)
	defer server.Close()
	defer context.AfterFunc(c.t.Context(), func() {
		_ = client.Close()
		_ = server.Close()
	})()
	go func() {
		_, _ = io.Copy(&asker{c.server, server}, client)
		_ = server.CloseWrite()
	}()

	var s scan
	var r retry
	buf := make([]byte, 32<<10)
	for {
		n, err := server.Read(buf)
		chunk := buf[:n]
		r.rewrite(chunk)
		keep := s.keep(chunk, &p)
		if c.cutting.Err() != nil {
			keep = n
		}
		if _, err := client.Write(chunk[:keep]); err != nil {
			return
		}
		if keep < n {
			c.count(&p, s.passed)
			c.sever(p.how, client, server, chunk[keep:])
			return
		}
		if err != nil {
			return
		}
	}
}

// asker carries what a client asks to the server, and pokes all writers at that
// moment: what they write is then stored while the server looks where the
// client stands, and about where the replay ends.
type asker struct {
	to   *server
	conn net.Conn
}

func (a *asker) Write(p []byte) (int, error) {
	a.to.pokeAll()
	return a.conn.Write(p)
}

func (c *cutter) count(p *plan, passed []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tally.cuts++
	c.tally.where[p.where]++
	c.tally.how[p.how]++
	if !atBoundary(passed) {
		c.tally.inside++
	}
}

func (c *cutter) counted() tally {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tally
}

// sever cuts a connection in two. rest is what was read from the server, and not
// passed on.
func (c *cutter) sever(how manner, client, server *net.TCPConn, rest []byte) {
	switch how {
	case reset:
		_ = client.SetLinger(0)
		_ = server.SetLinger(0)
	case finish:
	case deafen: // the client sees the end; the server goes on, and knows nothing until the client closes too
		_ = client.CloseWrite()
		_ = server.SetReadDeadline(time.Now().Add(time.Second))
		_, _ = io.Copy(io.Discard, server)
	case mute: // the server sees the end, and still may write: it must end what it serves
		_ = server.CloseWrite()
		_ = server.SetReadDeadline(time.Now().Add(patience))
		_, _ = client.Write(rest)
		if _, err := io.Copy(client, server); errors.Is(err, os.ErrDeadlineExceeded) {
			c.t.Errorf("the server goes on for %v after its client has closed its side", patience)
		}
	}
	_ = client.Close()
	_ = server.Close()
}

// retry makes the pause short that an event stream asks its reader to make:
// 1,000 of them would last an hour. All but the third digit of the first retry
// line become zeros: "retry: 2371" is "retry: 0010". As many bytes as before.
type retry struct {
	matched int // bytes of the field's name
	digits  int
	done    bool
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
