package transport

// Limits are the bounds that clients meet, as the first frame of every stream
// and socket shows them. A bound that was lifted is 0, and left out.
type Limits struct {
	Message int `json:"message"` // bytes of a message to a socket
	Body    int `json:"body"`    // bytes of the body of a request
	Text    int `json:"text"`    // code points of a text
	Rooms   int `json:"rooms"`   // rooms of one stream or socket

	ConnectionsPerUser int `json:"connections_per_user,omitempty"` // open streams and sockets of one user, and their unused tickets
	Connections        int `json:"connections,omitempty"`          // of all users

	CommandRate  float64 `json:"command_rate,omitempty"`  // commands of a user, a second
	CommandBurst int     `json:"command_burst,omitempty"` // commands of a user, at once
	SignalRate   float64 `json:"signal_rate,omitempty"`   // signals of a user, a second
	SignalBurst  int     `json:"signal_burst,omitempty"`  // signals of a user, at once
	GuestRate    float64 `json:"guest_rate,omitempty"`    // guests of an address, a second
	GuestBurst   int     `json:"guest_burst,omitempty"`   // guests of an address, at once
	ReplayRate   int     `json:"replay_rate,omitempty"`   // bytes of stored events that a user reads, a second
	ReplayBurst  int     `json:"replay_burst,omitempty"`  // bytes of stored events that a user reads, at once
}

// Limits returns the bounds that the gate sets.
func (g *Gate) Limits() Limits {
	o := &g.options
	l := Limits{Message: o.MaxBody, Body: o.MaxBody, Text: g.chat.MaxText(), Rooms: o.MaxRooms}
	if o.NoLimits {
		return l
	}
	l.ConnectionsPerUser, l.Connections = o.ConnectionsPerUser, o.Connections
	l.CommandRate, l.CommandBurst = o.CommandRate, o.CommandBurst
	l.SignalRate, l.SignalBurst = o.SignalRate, o.SignalBurst
	l.GuestRate, l.GuestBurst = o.GuestRate, o.GuestBurst
	l.ReplayRate, l.ReplayBurst = o.ReplayRate, o.ReplayBurst
	return l
}
