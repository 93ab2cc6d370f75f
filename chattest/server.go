package chattest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/mount"
)

// Server is a chat that is served until the test ends.
type Server struct {
	// URL is where it is, without a slash at the end. The chat is at URL + "/api".
	URL   string
	Clock *Clock

	t       testing.TB
	options Options
	guest   *transport.Guest
	relay   *relay
	ctx     context.Context // ends with the test
	cancel  context.CancelFunc
	work    sync.WaitGroup // recorders of users

	turn sync.Mutex // of Kill, Restart and close: one after the other

	mu    sync.Mutex
	site  *site // nil after close
	users map[string]*User
	logs  []*logReader
}

// site is one run of the server, from the opening of the chat to its end.
type site struct {
	path string
	chat *chat.Chat
	api  *mount.API
	http *http.Server
	addr string

	still  sync.Mutex   // held while nothing may be committed
	calls  sync.RWMutex // held for reading by each request
	cancel context.CancelFunc
	work   sync.WaitGroup // http and Options.Run
}

// New makes a chat in a temporary directory and serves it until the test ends.
func New(t testing.TB, o *Options) *Server {
	t.Helper()
	s := &Server{t: t, options: o.withDefaults(), users: map[string]*User{}}
	if (s.options.Auth == nil) != (s.options.Token == nil) {
		t.Fatal("chattest: Options has one of Auth and Token, and not the other")
	}
	s.Clock = &Clock{now: s.options.Start}
	s.guest = transport.NewGuest([]byte("a secret of tests"))
	s.ctx, s.cancel = context.WithCancel(context.Background())
	var err error
	if s.relay, err = newRelay(); err != nil {
		t.Fatal("chattest: ", err)
	}
	s.URL = "http://" + s.relay.in.Addr().String()
	t.Cleanup(s.close)
	s.start(filepath.Join(t.TempDir(), "chat.db"))
	return s
}

// Chat returns the chat of now. After Kill and Restart it is another one.
func (s *Server) Chat() *chat.Chat {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.site.chat
}

// Path returns the path of the file that the chat is in. After Kill it is another one.
func (s *Server) Path() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.site.path
}

// within is a context for what must come.
func (s *Server) within() (context.Context, context.CancelFunc) {
	return context.WithTimeout(s.ctx, s.options.Patience)
}

// start opens the chat at the path and serves it.
func (s *Server) start(path string) {
	s.t.Helper()
	next, err := s.open(path)
	if err != nil {
		s.t.Fatal("chattest: ", err)
	}
	s.mu.Lock()
	s.site = next
	logs := s.logs
	s.mu.Unlock()
	for _, l := range logs {
		l.resume(next.chat)
	}
	s.relay.lead(next.addr)
}

func (s *Server) open(path string) (*site, error) {
	next := &site{path: path}
	co := s.options.Chat
	co.Now, co.OnCommit = s.Clock.Now, next.onCommit(co.OnCommit)
	in, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	if next.chat, err = chat.Open(path, &co); err != nil {
		return nil, errors.Join(err, in.Close())
	}
	to, auth := s.options.Transport, s.options.Auth
	to.Now = s.Clock.Now
	if to.Guest == nil {
		to.Guest = s.guest
	}
	if auth == nil {
		auth = s.guest.Auth
	}
	next.addr = in.Addr().String()
	next.api = mount.Handler(next.chat, auth, &to)
	next.http = &http.Server{
		Handler:     next.counted(next.api.Under("/api", s.options.Handler(next.chat))),
		ConnContext: transport.ConnContext, ReadHeaderTimeout: time.Minute,
	}
	next.http.RegisterOnShutdown(next.chat.Drain)
	next.work.Go(func() { _ = next.http.Serve(in) })
	ctx, cancel := context.WithCancel(context.Background())
	next.cancel = cancel
	if run := s.options.Run; run != nil {
		next.work.Go(func() {
			if err := run(ctx, next.chat); err != nil && ctx.Err() == nil {
				s.t.Errorf("chattest: Options.Run: %v", err)
			}
		})
	}
	return next, nil
}

// onCommit lets commits be held up.
func (p *site) onCommit(then func(chat.Commit)) func(chat.Commit) {
	return func(c chat.Commit) {
		p.still.Lock()
		defer p.still.Unlock()
		if then != nil {
			then(c)
		}
	}
}

// counted lets stop wait for requests.
func (p *site) counted(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.calls.RLock()
		defer p.calls.RUnlock()
		h.ServeHTTP(w, r)
	})
}

// stop ends a site whose connections have ended.
func (p *site) stop(ctx context.Context) error {
	p.cancel()
	err := errors.Join(p.http.Close(), p.chat.Close(), p.api.Drain(ctx))
	if err != nil {
		err = fmt.Errorf("chattest: the server does not end: %w", err)
	}
	p.calls.Lock() // once no request is left
	defer p.calls.Unlock()
	p.work.Wait()
	return err
}

// close ends everything, at the end of the test.
func (s *Server) close() {
	s.turn.Lock()
	defer s.turn.Unlock()
	s.cancel()
	s.pauseLogs()
	s.work.Wait()
	s.mu.Lock()
	users := slices.Collect(maps.Values(s.users))
	s.mu.Unlock()
	for _, u := range users {
		if err := u.close(); err != nil {
			s.t.Errorf("chattest: the client of %s does not close: %v", u.Name, err)
		}
	}
	s.relay.close()
	ctx, cancel := context.WithTimeout(context.Background(), s.options.Patience)
	defer cancel()
	if s.site != nil {
		if err := s.site.stop(ctx); err != nil {
			s.t.Error(err)
		}
	}
}
