package main

import (
	"net"
	"net/http"
	"sync"
)

// silent are the connections on which nothing was ever asked. Browsers open some
// in advance, and http.Server.Shutdown waits for them for five seconds.
type silent struct {
	mu     sync.Mutex
	conns  map[net.Conn]struct{}
	closed bool
}

// state is the server's ConnState.
func (s *silent) state(conn net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case state != http.StateNew:
		delete(s.conns, conn)
	case s.closed:
		_ = conn.Close()
	default:
		s.conns[conn] = struct{}{}
	}
}

// close closes them, and those that come.
func (s *silent) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for conn := range s.conns {
		_ = conn.Close()
	}
}
