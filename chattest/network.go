package chattest

// Cut resets all connections that are open. What was on its way is lost. It returns
// when nothing passes them any more; new ones are made as ever.
func (s *Server) Cut() { s.relay.cut() }

// Slow lets at most so many bytes a second pass on each connection, each way. 0 lifts
// the bound. The buffers of the system lie before and behind it: a sender has some
// hundred kilobytes, or a few megabytes, ahead of a reader that is slow.
func (s *Server) Slow(bytesPerSecond int) {
	s.relay.set(func() { s.relay.rate = max(0, bytesPerSecond) })
}

// Freeze lets nothing pass that is sent from now on, either way: connections stay
// open, and are silent. New ones are accepted, and are silent too. A client finds out after
// two and a half heartbeats: see transport.Options.Heartbeat.
func (s *Server) Freeze() { s.relay.set(func() { s.relay.frozen = true }) }

// Thaw ends a Freeze: what was held passes.
func (s *Server) Thaw() { s.relay.set(func() { s.relay.frozen = false }) }
