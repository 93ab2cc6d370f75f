package cutter

import (
	"errors"
	"io"
	"os"
	"time"
)

// Manner is how a connection is cut.
type Manner int

// The manners.
const (
	Reset   Manner = iota // RST to both
	Finish                // FIN to both
	Deafen                // half: FIN to the client, nothing to the server
	Mute                  // half: FIN to the server, nothing to the client
	Manners               // how many there are
)

// patience is how long a server may write to one who has closed their side.
const patience = 20 * time.Second

// sever cuts a connection in two. rest is what was read from the server, and not passed
// on.
func (p *Proxy) sever(c *pair, rest []byte) {
	switch c.How {
	case Reset:
		_ = c.client.SetLinger(0)
		_ = c.server.SetLinger(0)
	case Finish:
	case Deafen: // the client sees the end; the server goes on, and knows nothing until the client closes too
		_ = c.client.CloseWrite()
		_ = c.server.SetReadDeadline(time.Now().Add(time.Second))
		_, _ = io.Copy(io.Discard, c.server)
	case Mute: // the server sees the end, and still may write: it must end what it serves
		_ = c.server.CloseWrite()
		_ = c.server.SetReadDeadline(time.Now().Add(patience))
		_, _ = c.client.Write(rest)
		if _, err := io.Copy(c.client, c.server); errors.Is(err, os.ErrDeadlineExceeded) {
			p.t.Errorf("the server goes on for %v after its client has closed its side", patience)
		}
	}
	_ = c.client.Close()
	_ = c.server.Close()
}
