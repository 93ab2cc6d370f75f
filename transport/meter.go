package transport

import (
	"math"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// meter counts what is bounded: commands of users, guests of addresses, open
// streams and sockets.
type meter struct {
	off      bool
	perUser  int
	total    int
	commands rates
	guests   rates
	signals  rates

	mu    sync.Mutex
	open  int
	users map[string]int
}

func newMeter(o *Options) *meter {
	return &meter{
		off: o.NoLimits, perUser: o.ConnectionsPerUser, total: o.Connections,
		commands: rates{rate: rate.Limit(o.CommandRate), burst: o.CommandBurst},
		guests:   rates{rate: rate.Limit(o.GuestRate), burst: o.GuestBurst},
		signals:  rates{rate: rate.Limit(o.SignalRate), burst: o.SignalBurst},
		users:    make(map[string]int),
	}
}

// Command counts a command of a user. ErrRateLimited says when to try again.
func (g *Gate) Command(grant *Grant) error {
	return g.options.meter.allow(&g.options.meter.commands, grant.User.ID, g.options.Now())
}

// newGuest counts a guest that the address of the request makes.
func (o *Options) newGuest(r *http.Request) error {
	address := r.RemoteAddr
	if o.Address != nil {
		address = o.Address(r)
	}
	return o.meter.allow(&o.meter.guests, network(address), o.Now())
}

// network returns what is counted as one address, of one with or without a port:
// of IPv6 the first 64 bits, since a single host has all the rest for itself.
func network(address string) string {
	if host, _, err := net.SplitHostPort(address); err == nil {
		address = host
	}
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	prefix, err := ip.Prefix(64)
	if err != nil { // an IPv6 address has 64 bits: it cannot
		return address
	}
	return prefix.String()
}

// Connect counts a stream or socket that a user opens, until release is called,
// which must happen once. ErrTooManyConnections if the user, or all together,
// have as many as they may.
func (g *Gate) Connect(grant *Grant) (release func(), err error) {
	m, user := g.options.meter, grant.User.ID
	if m.off {
		return func() {}, nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.open >= m.total || m.users[user] >= m.perUser {
		return nil, Errorf(ErrTooManyConnections, "close another one first")
	}
	m.open++
	m.users[user]++
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.open--
		if m.users[user]--; m.users[user] == 0 {
			delete(m.users, user)
		}
	}, nil
}

func (m *meter) allow(of *rates, who string, now time.Time) error {
	if m.off {
		return nil
	}
	if wait := of.take(who, now); wait > 0 {
		p := ProblemOf(Errorf(ErrRateLimited, "try again in %s", wait.Round(time.Millisecond)))
		p.RetryAfter = int(math.Ceil(wait.Seconds()))
		return p
	}
	return nil
}
