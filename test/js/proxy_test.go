package js_test

import (
	"testing"
	"time"

	"github.com/roomlog/chat/test/internal/cutter"
)

// proxy stands between clients and a server. What it does to them is set by set.
type proxy struct {
	*cutter.Proxy
	cutting bool // connections are cut at random
	closed  bool // those that come are refused
	plain   bool // what asks for a socket is refused
}

func startProxy(t *testing.T, to string) *proxy {
	t.Helper()
	p := &proxy{Proxy: cutter.Start(t, to, cutter.Random(t, *seed, 2500))}
	p.set(func() {})
	return p
}

func (p *proxy) url() string { return "http://" + p.Addr() }

// set changes how connections are treated, those that are open too.
func (p *proxy) set(change func()) {
	change()
	p.Cutting(p.cutting)
	p.Refuse(p.closed)
	p.Plain(p.plain)
}

func (p *proxy) cut() int   { return p.Cuts() }
func (p *proxy) count() int { return p.Conns() }
func (p *proxy) sever()     { p.Sever() }
func (p *proxy) freeze()    { p.Freeze() }
func (p *proxy) thaw()      { p.Thaw() }

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("never: " + what)
		}
	}
}
