package transport

import (
	"container/list"
	"crypto/rand"
	"crypto/sha256"
	"math"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// TicketTTL is how long a ticket is good.
const TicketTTL = time.Minute

// ticketParam is the parameter that a ticket stands in.
const ticketParam = "ticket"

// Ticket stands for the grant of who asked for it, once: where a client can set
// no header, it goes into the URL of a stream or socket in place of a token. It
// is as secret as a token until it is used.
type Ticket struct {
	Text    string // 26 letters and digits, 128 random bits or more
	Expires time.Time
}

// tickets are those that are good. They live in memory and are kept by their
// hashes, so that the time of a look-up tells nothing about them.
type tickets struct {
	perUser, total int // 0 is no bound

	mu    sync.Mutex
	good  map[[sha256.Size]byte]*list.Element
	order list.List // of *issued, the one that expires first in front
	users map[string]int
}

// issued is what a ticket stands for.
type issued struct {
	key     [sha256.Size]byte
	grant   Grant
	expires time.Time // from when on it is good no more
	due     time.Time // when it is forgotten: TicketTTL after it was made
}

func newTickets(o *Options) *tickets {
	t := &tickets{
		perUser: o.ConnectionsPerUser, total: o.Connections,
		good: make(map[[sha256.Size]byte]*list.Element), users: make(map[string]int),
	}
	if o.NoLimits {
		t.perUser, t.total = 0, 0
	}
	return t
}

// Ticket makes a ticket of a grant: it carries the user, the expiry and the May
// of the grant, and is good for a minute, but no longer than the grant. A user
// has no more tickets than they may have streams and sockets, nor have all
// together: ErrRateLimited says when the next one expires. Handlers know each
// other's tickets if they were made with the same options of Shared.
func (g *Gate) Ticket(grant *Grant) (Ticket, error) {
	now := g.options.Now()
	if grant.expired(now) {
		return Ticket{}, Errorf(ErrUnauthenticated, "the credentials have expired")
	}
	due := now.Add(TicketTTL)
	ticket := Ticket{Text: rand.Text(), Expires: due}
	if !grant.Expires.IsZero() && grant.Expires.Before(due) {
		ticket.Expires = grant.Expires
	}
	return ticket, g.options.tickets.add(&issued{
		key: sha256.Sum256([]byte(ticket.Text)), grant: *grant, expires: ticket.Expires, due: due,
	}, now)
}

func (t *tickets) add(i *issued, now time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sweep(now)
	user := i.grant.User.ID
	if t.perUser > 0 && t.users[user] >= t.perUser || t.total > 0 && t.order.Len() >= t.total {
		p := ProblemOf(Errorf(ErrRateLimited, "use the tickets that there are first"))
		wait := t.order.Front().Value.(*issued).due.Sub(now)
		p.RetryAfter = max(1, int(math.Ceil(wait.Seconds())))
		return p
	}
	t.good[i.key] = t.order.PushBack(i)
	t.users[user]++
	return nil
}

// sweep forgets the tickets that are due. All are good for the same time, so
// those are in front.
func (t *tickets) sweep(now time.Time) {
	for e := t.order.Front(); e != nil && !now.Before(e.Value.(*issued).due); e = t.order.Front() {
		t.forget(e)
	}
}

func (t *tickets) forget(e *list.Element) {
	i := t.order.Remove(e).(*issued)
	delete(t.good, i.key)
	if t.users[i.grant.User.ID]--; t.users[i.grant.User.ID] == 0 {
		delete(t.users, i.grant.User.ID)
	}
}

// use returns the grant that a ticket stands for, and forgets the ticket.
func (t *tickets) use(text string, now time.Time) (Grant, bool) {
	key := sha256.Sum256([]byte(text))
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.good[key]
	if e == nil {
		return Grant{}, false
	}
	i := e.Value.(*issued)
	t.forget(e)
	return i.grant, now.Before(i.expires)
}

// ticketsOf returns the tickets that a request brings.
func ticketsOf(r *http.Request) []string {
	if r.URL == nil || r.URL.RawQuery == "" {
		return nil
	}
	query, _ := url.ParseQuery(r.URL.RawQuery) // of one that cannot be read, what can
	return query[ticketParam]
}

// AuthenticateStream is Authenticate for event streams and sockets, which also
// take a ticket, in the parameter of that name. A request with an Authorization
// header is judged by it alone, then one with a ticket by that alone, and any
// other by what the Auth makes of it, such as its cookie. A ticket is used up by
// being looked at, whatever becomes of the request.
func (g *Gate) AuthenticateStream(r *http.Request) (Grant, error) {
	brought := ticketsOf(r)
	if _, has := r.Header["Authorization"]; has || len(brought) == 0 {
		return g.Authenticate(r)
	}
	if len(brought) == 1 {
		if grant, ok := g.options.tickets.use(brought[0], g.options.Now()); ok {
			return grant, nil
		}
	}
	return Grant{}, Errorf(ErrUnauthenticated, "the ticket is not good: one is good once, for a minute")
}
