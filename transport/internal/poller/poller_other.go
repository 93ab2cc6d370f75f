//go:build !linux

package poller

import (
	"errors"
	"net"
)

// raw is what can be waited for: nothing here.
type raw any

func rawOf(net.Conn) raw { return nil }

type queue struct{}

func (p *Poller) open() error { return errors.ErrUnsupported }

func (*queue) close() {}

func (p *Poller) watch(*Waiter, int32) error { return errors.ErrUnsupported }
