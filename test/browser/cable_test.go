package browser_test

import (
	"net"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// cable is what lies between a browser and a server: bytes, whatever they say.
type cable struct {
	net.Listener
	to    string
	mu    sync.Mutex
	dead  chan struct{} // closed: no byte goes through any more
	conns map[net.Conn]bool
}

// startCable lays a cable to a server.
func startCable(t *testing.T, s *server) *cable {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cable{Listener: listener, to: s.addr, dead: make(chan struct{}), conns: map[net.Conn]bool{}}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go c.carry(conn)
		}
	}()
	t.Cleanup(func() {
		listener.Close()
		c.sever()
	})
	return c
}

func (c *cable) url(room, query string) string {
	return "http://" + c.Addr().String() + "/" + query + "#" + room
}

// carry passes on what a connection says, until the cable is dead: from there on
// neither side hears anything, nor that the other is gone.
func (c *cable) carry(near net.Conn) {
	c.mu.Lock()
	dead := c.dead // one that is mended is another
	c.conns[near] = true
	c.mu.Unlock()
	far, err := net.Dial("tcp", c.to)
	if err != nil {
		near.Close()
		return
	}
	c.mu.Lock()
	c.conns[far] = true
	c.mu.Unlock()
	pass := func(to, from net.Conn) {
		buffer := make([]byte, 32<<10)
		for {
			n, err := from.Read(buffer)
			select {
			case <-dead:
				return
			default:
			}
			if _, failed := to.Write(buffer[:n]); err != nil || failed != nil {
				to.Close()
				return
			}
		}
	}
	go pass(near, far)
	pass(far, near)
}

// cut has nothing go through any more. Connections stay as they are, and new ones
// are taken, but nobody answers: so it is where a phone leaves its network.
func (c *cable) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.dead)
}

// mend lays the cable anew; the connections of the old one are gone.
func (c *cable) mend() {
	c.mu.Lock()
	c.dead = make(chan struct{})
	c.mu.Unlock()
	c.sever()
}

// sever ends all connections.
func (c *cable) sever() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for conn := range c.conns {
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // they are reset, as by an address that has changed
		}
		_ = conn.Close()
	}
	clear(c.conns)
}

// offline tells a tab that the network has gone, or is back.
func (p *page) offline(is bool) {
	p.t.Helper()
	_, err := chromedp.Call(p.ctx, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: is, DownloadThroughput: -1, UploadThroughput: -1})
	if err != nil {
		p.t.Fatal(err)
	}
	p.wait("navigator.onLine === " + map[bool]string{true: "false", false: "true"}[is])
}
