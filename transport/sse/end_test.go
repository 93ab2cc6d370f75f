package sse_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/internal/wiretest"
)

func TestDrain_endsStreamsCleanlySoThatShutdownReturns(t *testing.T) {
	overForms(t, func(t *testing.T, form wiretest.Form) {
		s := wiretest.New(t, wiretest.Setup{Form: form})
		ann, token := s.User("Ann")
		s.Post("general", ann, "one")
		var streams []*wiretest.Stream
		for range 5 {
			st := s.Stream("/rooms/general/events", token)
			begin(t, st)
			st.Want("chat.live")
			streams = append(streams, st)
		}
		s.HTTP.Config.RegisterOnShutdown(s.Chat.Drain)
		ctx, cancel := context.WithTimeout(context.Background(), wiretest.Patience)
		defer cancel()
		if err := s.HTTP.Config.Shutdown(ctx); err != nil {
			t.Fatal(err)
		}
		for _, st := range streams {
			if f := st.Want("chat.end"); f.Data != `{"reason":"draining"}` {
				t.Errorf("end is %q", f.Raw)
			}
			st.WantEnd()
		}
	})
}

func TestDrain_isNoErrorForWhoComesThen(t *testing.T) {
	overForms(t, func(t *testing.T, form wiretest.Form) {
		for name, end := range map[string]func(*wiretest.Server){
			"draining": func(s *wiretest.Server) { s.Chat.Drain() },
			"closed":   func(s *wiretest.Server) { _ = s.Chat.Close() },
		} {
			t.Run(name, func(t *testing.T) {
				s := wiretest.New(t, wiretest.Setup{Form: form})
				ann, token := s.User("Ann")
				s.Post("general", ann, "one")
				end(s)
				st := s.Stream("/rooms/general/events", token)
				if f := st.Want(""); st.Status != 200 || f.Retry == "" {
					t.Errorf("%d, %q", st.Status, f.Raw)
				}
				if f := st.Want("chat.end"); f.Data != `{"reason":"draining"}` {
					t.Errorf("end is %q", f.Raw)
				}
				st.WantEnd()
			})
		}
	})
}

func TestTooManyStreams_areNoErrorEither(t *testing.T) {
	overForms(t, func(t *testing.T, form wiretest.Form) {
		s := wiretest.New(t, wiretest.Setup{Form: form, Options: transport.Options{ConnectionsPerUser: 1}})
		ann, token := s.User("Ann")
		_, bobs := s.User("Bob")
		s.Post("general", ann, "one")
		first := s.Stream("/rooms/general/events", token)
		begin(t, first)
		second := s.Stream("/rooms/general/events", token)
		if f := second.Want(""); f.Retry != "30000" {
			t.Errorf("retry is %q", f.Raw)
		}
		if f := second.Want("chat.end"); f.Data != `{"reason":"too_many"}` {
			t.Errorf("end is %q", f.Raw)
		}
		second.WantEnd()
		begin(t, s.Stream("/rooms/general/events", bobs))
		first.Conn.Close()
		wiretest.Eventually(t, "the first is counted out", func() bool {
			return s.Stream("/rooms/general/events", token).Want("").Retry != "30000"
		})
	})
}

func TestExpiry_endsAStream(t *testing.T) {
	t.Parallel()
	overForms(t, func(t *testing.T, form wiretest.Form) {
		ann := chat.User{ID: "ann", Name: "Ann"}
		s := wiretest.New(t, wiretest.Setup{Form: form, Auth: func(*http.Request) (transport.Grant, error) {
			return transport.Grant{User: ann, Expires: time.Now().Add(100 * time.Millisecond)}, nil
		}})
		s.Post("general", ann, "one")
		st := s.Stream("/rooms/general/events", "")
		begin(t, st)
		st.Want("chat.live")
		if f := st.Want("chat.end"); f.Data != `{"reason":"expired"}` {
			t.Errorf("end is %q", f.Raw)
		}
		st.WantEnd()
	})
}

func TestMay_isAskedAtEveryHeartbeat(t *testing.T) {
	overForms(t, func(t *testing.T, form wiretest.Form) {
		ann := chat.User{ID: "ann", Name: "Ann"}
		var banned atomic.Pointer[string]
		none := ""
		banned.Store(&none)
		s := wiretest.New(t, wiretest.Setup{
			Form:    form,
			Options: transport.Options{Heartbeat: 20 * time.Millisecond},
			Auth: func(*http.Request) (transport.Grant, error) {
				return transport.Grant{User: ann, May: func(_ transport.Action, room string) error {
					if strings.Contains(*banned.Load(), room) {
						return errors.New("banned")
					}
					return nil
				}}, nil
			},
		})
		s.Post("a", ann, "one")
		s.Post("b", ann, "one")
		one, both := s.Stream("/rooms/a/events", ""), s.Stream("/events?room=a&room=b", "")
		begin(t, one)
		begin(t, both)
		one.Want("chat.live")
		both.Want("chat.live")
		next := func(st *wiretest.Stream) wiretest.Frame {
			for {
				if f := st.Next(); f.Event != "chat.ping" {
					return f
				}
			}
		}
		only := "a"
		banned.Store(&only)
		if f := next(one); f.Event != "chat.end" || f.Data != `{"reason":"forbidden"}` {
			t.Errorf("it is %q", f.Raw)
		}
		one.WantEnd()
		if f := next(both); f.Event != "chat.end" || f.Data != `{"reason":"forbidden","room":"a"}` {
			t.Errorf("it is %q", f.Raw)
		}
		s.Post("a", ann, "not for us")
		e := s.Post("b", ann, "for us")[0]
		if f := next(both); f.ID != e.ID.String() {
			t.Errorf("it is %q", f.Raw)
		}
		all := "ab"
		banned.Store(&all)
		if f := next(both); f.Data != `{"reason":"forbidden","room":"b"}` {
			t.Errorf("it is %q", f.Raw)
		}
		both.WantEnd()
	})
}

func TestAReaderThatTakesNothing_isClosed(t *testing.T) {
	overForms(t, func(t *testing.T, form wiretest.Form) {
		t.Parallel() // it waits
		s := wiretest.New(t, wiretest.Setup{Form: form, Options: transport.Options{WriteTimeout: 200 * time.Millisecond}})
		ann, token := s.User("Ann")
		text := strings.Repeat("x", 4000)
		s.Post("general", ann, text)
		before := runtime.NumGoroutine()
		st := s.Stream("/rooms/general/events", token)
		_ = st.TCP.SetReadBuffer(4 << 10)
		begin(t, st)
		for range 500 { // 2 MB, beyond what the kernel holds
			s.Post("general", ann, text)
		}
		wiretest.Eventually(t, "the stream is closed", func() bool { return runtime.NumGoroutine() <= before })
	})
}

func TestGoroutines_areGoneWithTheirReaders(t *testing.T) {
	overForms(t, func(t *testing.T, form wiretest.Form) {
		s := wiretest.New(t, wiretest.Setup{Form: form})
		ann, token := s.User("Ann")
		s.Post("general", ann, "one")
		before := runtime.NumGoroutine()
		var streams []*wiretest.Stream
		for range 20 {
			st := s.Stream("/rooms/general/events", token)
			begin(t, st)
			streams = append(streams, st)
		}
		switch now := runtime.NumGoroutine(); {
		case form == wiretest.Hijacked && runtime.GOOS == "linux":
			wiretest.Eventually(t, "idle streams have no goroutines", func() bool { return runtime.NumGoroutine() < before+10 })
		case now < before+20:
			t.Error("streams have no goroutines: the test counts nothing")
		}
		for _, st := range streams {
			st.Conn.Close()
		}
		wiretest.Eventually(t, "the goroutines are gone", func() bool { return runtime.NumGoroutine() <= before })
	})
}

// wrapped is the writer of a middleware.
type wrapped struct{ http.ResponseWriter }

type transparent struct{ wrapped }

func (w transparent) Unwrap() http.ResponseWriter { return w.ResponseWriter }

type flusher struct{ wrapped }

func (w flusher) Flush() { w.ResponseWriter.(http.Flusher).Flush() }

func TestMiddleware_mustLetFlushAndDeadlinesThrough(t *testing.T) {
	for _, test := range []struct {
		name string
		wrap func(http.ResponseWriter) http.ResponseWriter
		ok   bool
	}{
		{"unwraps", func(w http.ResponseWriter) http.ResponseWriter { return transparent{wrapped{w}} }, true},
		{"hides all", func(w http.ResponseWriter) http.ResponseWriter { return wrapped{w} }, false},
		{"hides deadlines", func(w http.ResponseWriter) http.ResponseWriter { return flusher{wrapped{w}} }, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			var logged strings.Builder
			s := wiretest.New(t, wiretest.Setup{
				Options: transport.Options{Logger: slog.New(slog.NewTextHandler(&logged, nil))},
				Wrap: func(h http.Handler) http.Handler {
					return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						w.Header().Set("X-Middleware", "yes")
						h.ServeHTTP(test.wrap(w), r)
					})
				},
			})
			ann, token := s.User("Ann")
			s.Post("general", ann, "one")
			st := s.Stream("/rooms/general/events", token)
			if st.Header.Get("X-Middleware") != "yes" {
				t.Error("a header of the middleware is lost")
			}
			if test.ok {
				begin(t, st)
				return
			}
			st.Answer().WantProblem(500, "streaming_unsupported")
			if !strings.Contains(logged.String(), "middleware") || !strings.Contains(logged.String(), "sse_test") {
				t.Errorf("the log does not name the cause: %s", logged.String())
			}
		})
	}
}

func TestStream_worksOverHTTP2(t *testing.T) {
	t.Parallel()
	s := wiretest.New(t, wiretest.Setup{})
	ann, token := s.User("Ann")
	s.Post("general", ann, "one")
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	srv := &http.Server{Handler: s.API, Protocols: &protocols, WriteTimeout: 100 * time.Millisecond}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = srv.Serve(ln) }()
	defer srv.Close()
	tr := &http.Transport{Protocols: &protocols}
	defer tr.CloseIdleConnections()
	r, err := http.NewRequest("GET", "http://"+ln.Addr().String()+"/rooms/general/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := tr.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	if resp.ProtoMajor != 2 || resp.StatusCode != 200 {
		t.Fatalf("%s %d", resp.Proto, resp.StatusCode)
	}
	time.AfterFunc(300*time.Millisecond, func() { // beyond the server's timeout
		s.Post("general", ann, "two")
		s.Chat.Drain()
	})
	b, err := io.ReadAll(resp.Body)
	if err != nil || !strings.Contains(string(b), `"two"`) || !strings.HasSuffix(string(b), "\"draining\"}\n\n") {
		t.Errorf("the stream is %q, %v", b, err)
	}
}
