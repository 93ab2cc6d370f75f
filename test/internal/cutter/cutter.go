// Package cutter is a proxy on the level of TCP that cuts connections, holds them up
// and refuses them, for tests.
package cutter

import (
	"bytes"
	"io"
	"net"
	"sync"
	"testing"
)

// Treatment is what becomes of one connection.
type Treatment struct {
	// Wait is called before the server is dialled; nil does not wait.
	Wait func()
	// Keep returns how many of some bytes may pass, down from the server or up to it;
	// fewer than all cut the connection. Each direction calls it from a goroutine of its
	// own. nil lets all pass.
	Keep func(p []byte, down bool) int
	// Cut is called when the connection is cut; nil is nothing.
	Cut func()
	How Manner
}

// Proxy passes on what clients and a server say. It ends with the test. Its methods may
// be called concurrently.
type Proxy struct {
	t     testing.TB
	in    net.Listener
	to    string
	treat func() Treatment

	mu       sync.Mutex
	pairs    map[*pair]bool
	conns    int
	cuts     int
	cutting  bool
	refusing bool
	plain    bool
	frozen   chan struct{} // nothing passes until it is closed; nil: all does
}

// pair is a connection of a client, and one to the server.
type pair struct {
	Treatment
	client, server *net.TCPConn
	once           sync.Once // it is cut
}

// Start starts a proxy for the server at an address. Each connection is treated as treat
// says when it comes, by nobody at the same time.
func Start(t testing.TB, to string, treat func() Treatment) *Proxy {
	t.Helper()
	in, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{t: t, in: in, to: to, treat: treat, pairs: map[*pair]bool{}, cutting: true}
	var open sync.WaitGroup
	open.Go(func() {
		for {
			conn, err := in.Accept()
			if err != nil {
				return
			}
			open.Go(func() { p.serve(conn.(*net.TCPConn)) })
		}
	})
	t.Cleanup(func() {
		_ = in.Close()
		p.Refuse(true)
		p.Thaw()
		p.Sever()
		open.Wait()
	})
	return p
}

// Addr is where clients connect.
func (p *Proxy) Addr() string { return p.in.Addr().String() }

func (p *Proxy) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
}

// Cutting tells whether connections are cut at all, those that are open too. At first
// they are.
func (p *Proxy) Cutting(on bool) { p.set(func() { p.cutting = on }) }

// Refuse tells whether those who come are sent away.
func (p *Proxy) Refuse(on bool) { p.set(func() { p.refusing = on }) }

// Plain tells whether those who ask for a WebSocket are refused with 403.
func (p *Proxy) Plain(on bool) { p.set(func() { p.plain = on }) }

// Cuts returns how many connections were cut.
func (p *Proxy) Cuts() (n int) { p.set(func() { n = p.cuts }); return n }

// Conns returns how many connections there were.
func (p *Proxy) Conns() (n int) { p.set(func() { n = p.conns }); return n }

// Sever ends all connections.
func (p *Proxy) Sever() {
	p.set(func() {
		for c := range p.pairs {
			_ = c.client.Close()
			_ = c.server.Close()
		}
	})
}

// Freeze keeps all connections as they are, and lets nothing pass, until Thaw.
func (p *Proxy) Freeze() { p.set(func() { p.frozen = make(chan struct{}) }) }

// Thaw ends Freeze.
func (p *Proxy) Thaw() {
	p.set(func() {
		if p.frozen != nil {
			close(p.frozen)
			p.frozen = nil
		}
	})
}

// serve carries a connection, up to its end.
func (p *Proxy) serve(client *net.TCPConn) {
	defer client.Close()
	c := &pair{client: client}
	refusing := false
	p.set(func() {
		p.conns++
		if refusing = p.refusing; !refusing {
			c.Treatment = p.treat()
		}
	})
	if refusing {
		return
	}
	if c.Wait != nil {
		c.Wait()
	}
	conn, err := net.Dial("tcp", p.to)
	if err != nil {
		return
	}
	c.server = conn.(*net.TCPConn)
	defer c.server.Close()
	p.set(func() {
		p.pairs[c] = true
		refusing = p.refusing
	})
	defer p.set(func() { delete(p.pairs, c) })
	if refusing { // it was severed before it was there
		return
	}
	up := make(chan struct{})
	go func() {
		defer close(up)
		p.carry(c, c.server, client, false)
		_ = c.server.CloseWrite()
	}()
	p.carry(c, client, c.server, true)
	_ = client.Close()
	_ = c.server.Close()
	<-up
}

const forbidden = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

// carry carries one direction, up to its end or the cut.
func (p *Proxy) carry(c *pair, to, from *net.TCPConn, down bool) {
	var r retry
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		chunk := buf[:n]
		var frozen chan struct{}
		var plain, cutting bool
		p.set(func() { frozen, plain, cutting = p.frozen, p.plain, p.cutting })
		if frozen != nil {
			<-frozen
		}
		if down {
			r.rewrite(chunk)
		} else if plain && bytes.Contains(bytes.ToLower(chunk), []byte("upgrade: websocket")) {
			_, _ = io.WriteString(c.client, forbidden)
			_ = c.client.Close()
			return
		}
		keep := n
		if c.Keep != nil {
			if keep = c.Keep(chunk, down); !cutting {
				keep = n
			}
		}
		if _, err := to.Write(chunk[:keep]); err != nil {
			return
		}
		if keep < n {
			p.cut(c, chunk[keep:])
			return
		}
		if err != nil {
			return
		}
	}
}

// cut cuts a connection, unless the other direction has.
func (p *Proxy) cut(c *pair, rest []byte) {
	c.once.Do(func() {
		p.set(func() { p.cuts++ })
		if c.Cut != nil {
			c.Cut()
		}
		p.sever(c, rest)
	})
}
