package transport

import (
	"math"
	"net"
	"net/http"
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

	mu    sync.Mutex
	open  int
	users map[string]int
}

func newMeter(o *Options) *meter {
	return &meter{
		off: o.NoLimits, perUser: o.ConnectionsPerUser, total: o.Connections,
		commands: rates{rate: rate.Limit(o.CommandRate), burst: o.CommandBurst},
		guests:   rates{rate: rate.Limit(o.GuestRate), burst: o.GuestBurst},
		users:    make(map[string]int),
	}
}

// Command counts a command of a user. ErrRateLimited says when to try again.
func (g *Gate) Command(grant *Grant) error {
	return g.options.meter.allow(&g.options.meter.commands, grant.User.ID, g.options.Now())
}

// newGuest counts a guest that the address of the request makes.
func (o *Options) newGuest(r *http.Request) error {
	address, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		address = r.RemoteAddr
	}
	return o.meter.allow(&o.meter.guests, address, o.Now())
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

// rates is a token bucket for each of many names.
type rates struct {
	rate  rate.Limit
	burst int

	mu      sync.Mutex
	buckets map[string]*rate.Limiter
}

// sweepAt is the number of buckets at which those that are full are forgotten.
const sweepAt = 4096

// take takes a token of the name's bucket, or returns how long to wait for one.
func (rs *rates) take(name string, now time.Time) time.Duration {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	b := rs.buckets[name]
	if b == nil {
		if rs.buckets == nil || len(rs.buckets) >= sweepAt {
			rs.sweep(now)
		}
		b = rate.NewLimiter(rs.rate, rs.burst)
		rs.buckets[name] = b
	}
	res := b.ReserveN(now, 1)
	wait := res.DelayFrom(now)
	if wait > 0 {
		res.CancelAt(now)
	}
	return wait
}

// sweep forgets the buckets that are full: a new one would be the same.
func (rs *rates) sweep(now time.Time) {
	kept := make(map[string]*rate.Limiter)
	for name, b := range rs.buckets {
		if b.TokensAt(now) < float64(rs.burst) {
			kept[name] = b
		}
	}
	rs.buckets = kept
}
