package sse_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/internal/wiretest"
)

func TestHijackedStream_keepsTheHeadersOfMiddleware(t *testing.T) {
	s := wiretest.New(t, wiretest.Setup{
		Options: transport.Options{Origins: []string{"https://app.example"}},
		Wrap: func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				header := w.Header()
				http.SetCookie(w, &http.Cookie{Name: "a", Value: "1"})
				http.SetCookie(w, &http.Cookie{Name: "b", Value: "2"})
				header.Add("X-Many", "one")
				header.Add("X-Many", "two\r\nInjected: yes")
				header.Set("Vary", "Accept-Encoding")
				header.Set("Content-Encoding", "gzip") // as some compressors do ahead
				header.Set("Content-Length", "5")
				header.Set("Transfer-Encoding", "chunked")
				header.Set("Content-Type", "text/html")
				h.ServeHTTP(w, r)
			})
		},
	})
	ann, token := s.User("Ann")
	s.Post("general", ann, "one")
	st := s.Stream("/rooms/general/events", token, "Origin", "https://app.example")
	begin(t, st)
	for name, want := range map[string][]string{
		"Set-Cookie":       {"a=1", "b=2"},
		"X-Many":           {"one", "two  Injected: yes"},
		"Vary":             {"Accept-Encoding", "Origin"},
		"Content-Type":     {"text/event-stream"},
		"Content-Encoding": nil, "Content-Length": nil, "Transfer-Encoding": nil, "Injected": nil,
		"Access-Control-Allow-Origin":      {"https://app.example"},
		"Access-Control-Allow-Credentials": {"true"},
	} {
		if got := st.Header[name]; !slices.Equal(got, want) {
			t.Errorf("%s is %q, not %q", name, got, want)
		}
	}
	if at, err := http.ParseTime(st.Header.Get("Date")); err != nil || time.Since(at).Abs() > time.Minute {
		t.Errorf("Date is %q", st.Header.Get("Date"))
	}
}

func TestStream_speaksPlainToHTTP10(t *testing.T) {
	for _, form := range []wiretest.Form{wiretest.Hijacked, wiretest.TLS, wiretest.Responses} {
		t.Run(form.String(), func(t *testing.T) {
			s := wiretest.New(t, wiretest.Setup{Form: form})
			ann, token := s.User("Ann")
			e := s.Post("general", ann, "one")[0]
			conn := s.Dial()
			fmt.Fprintf(conn, "GET /api/rooms/general/events?after=earliest HTTP/1.0\r\nAuthorization: Bearer %s\r\n\r\n", token)
			_ = conn.SetReadDeadline(time.Now().Add(wiretest.Patience))
			lines := bufio.NewScanner(conn)
			lines.Scan()
			if lines.Text() != "HTTP/1.0 200 OK" {
				t.Errorf("the status line is %q", lines.Text())
			}
			for lines.Scan() && lines.Text() != "" {
				if name, _, _ := strings.Cut(lines.Text(), ":"); strings.EqualFold(name, "Transfer-Encoding") {
					t.Errorf("there is a header %q", lines.Text())
				}
			}
			var body []string
			for lines.Scan() && lines.Text() != "event: chat.live" {
				body = append(body, lines.Text())
			}
			if !strings.HasPrefix(body[0], "retry: ") || !slices.Contains(body, "data: "+string(e.JSON())) {
				t.Errorf("the stream is %q", body)
			}
		})
	}
}

// The server cancels the context of a hijacked request, and middleware its own,
// as soon as the handler returns.
func TestHijackedStream_leavesItsHandler(t *testing.T) {
	left := make(chan context.Context, 1)
	s := wiretest.New(t, wiretest.Setup{
		Options: transport.Options{Heartbeat: 20 * time.Millisecond},
		Wrap: func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				ctx, cancel := context.WithTimeout(r.Context(), time.Minute)
				h.ServeHTTP(w, r.WithContext(ctx))
				cancel()
				left <- ctx
			})
		},
	})
	ann, token := s.User("Ann")
	s.Post("general", ann, "one")
	st := s.Stream("/rooms/general/events", token)
	begin(t, st)
	st.Want("chat.live")
	<-(<-left).Done()
	st.Want("chat.ping")
	st.Want("chat.ping")
}

func TestADeadlineOfMiddleware_endsNoStream(t *testing.T) {
	t.Parallel()
	overForms(t, func(t *testing.T, form wiretest.Form) {
		var passed atomic.Bool
		s := wiretest.New(t, wiretest.Setup{
			Form:    form,
			Options: transport.Options{Heartbeat: 20 * time.Millisecond},
			Wrap: func(h http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					ctx, cancel := context.WithTimeout(r.Context(), 50*time.Millisecond)
					defer cancel()
					context.AfterFunc(ctx, func() { passed.Store(true) })
					h.ServeHTTP(w, r.WithContext(ctx))
				})
			},
		})
		ann, token := s.User("Ann")
		s.Post("general", ann, "one")
		st := s.Stream("/rooms/general/events", token)
		begin(t, st)
		st.Want("chat.live")
		for !passed.Load() {
			st.Want("chat.ping")
		}
		st.Want("chat.ping")
		st.Want("chat.ping")
	})
}

// A heartbeat would find out too, but comes later than the test waits.
func TestAClosedTab_isNoticedAtOnce(t *testing.T) {
	for _, deadline := range []bool{false, true} {
		overForms(t, func(t *testing.T, form wiretest.Form) {
			passed := make(chan bool, 100)
			s := wiretest.New(t, wiretest.Setup{
				Form:    form,
				Options: transport.Options{ConnectionsPerUser: 1, Heartbeat: time.Hour},
				Wrap: func(h http.Handler) http.Handler {
					return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						if deadline {
							ctx, cancel := context.WithTimeout(r.Context(), 50*time.Millisecond)
							defer cancel()
							context.AfterFunc(ctx, func() { passed <- true })
							r = r.WithContext(ctx)
						}
						h.ServeHTTP(w, r)
					})
				},
			})
			ann, token := s.User("Ann")
			s.Post("general", ann, "one")
			st := s.Stream("/rooms/general/events", token)
			begin(t, st)
			st.Want("chat.live")
			if deadline {
				<-passed
			}
			st.Conn.Close()
			wiretest.Eventually(t, "the stream is counted out", func() bool {
				return s.Stream("/rooms/general/events", token).Want("").Retry != "30000"
			})
		})
	}
}

func TestAClientThatSaysTooMuch_isClosed(t *testing.T) {
	for _, form := range []wiretest.Form{wiretest.Hijacked, wiretest.TLS} {
		t.Run(form.String(), func(t *testing.T) {
			s := wiretest.New(t, wiretest.Setup{Form: form})
			ann, token := s.User("Ann")
			s.Post("general", ann, "one")
			st := s.Stream("/rooms/general/events", token)
			begin(t, st)
			st.Want("chat.live")
			if _, err := st.Conn.Write(bytes.Repeat([]byte("GET / HTTP/1.1\r\n\r\n"), 100)); err != nil {
				t.Fatal(err)
			}
			wantEvents(t, st, s.Post("general", ann, "two")...) // what little it said did no harm
			_ = st.Conn.SetWriteDeadline(time.Now().Add(wiretest.Patience))
			for err := error(nil); err == nil; {
				_, err = st.Conn.Write(make([]byte, 1<<10))
			}
			if _, err := st.TryNext(); err == nil {
				t.Error("the stream goes on")
			}
		})
	}
}

// logged is a log that may be written to and read at once.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func TestAPanic_endsNothingButItsStream(t *testing.T) {
	var bad atomic.Bool
	var log logged
	ann := chat.User{ID: "ann", Name: "Ann"}
	s := wiretest.New(t, wiretest.Setup{
		Options: transport.Options{
			Logger: slog.New(slog.NewTextHandler(&log, nil)),
			Now: func() time.Time {
				if bad.Load() {
					panic("no clock")
				}
				return time.Now()
			},
		},
		Auth: func(*http.Request) (transport.Grant, error) {
			return transport.Grant{User: ann, Expires: time.Now().Add(time.Hour)}, nil
		},
	})
	s.Post("general", ann, "one")
	st := s.Stream("/rooms/general/events", "")
	begin(t, st)
	st.Want("chat.live")
	bad.Store(true)
	s.Post("general", ann, "two")
	_ = st.Conn.SetReadDeadline(time.Now().Add(wiretest.Patience))
	var err error
	for err == nil {
		_, err = st.TryNext()
	}
	if err != io.ErrUnexpectedEOF { // not whole: the last chunk is missing
		t.Fatalf("the stream did not end, or as if it were whole: %v", err)
	}
	bad.Store(false)
	if !strings.Contains(log.String(), "stream panicked") || !strings.Contains(log.String(), "hijack_test.go") {
		t.Errorf("the log is %s", log.String())
	}
	begin(t, s.Stream("/rooms/general/events", ""))
}

func TestDrain_waitsForStreams(t *testing.T) {
	t.Parallel()
	overForms(t, func(t *testing.T, form wiretest.Form) {
		s := wiretest.New(t, wiretest.Setup{Form: form})
		ann, token := s.User("Ann")
		s.Post("general", ann, strings.Repeat("x", 4000))
		st := s.Stream("/rooms/general/events", token)
		begin(t, st)
		st.Want("chat.live")
		stuck := s.Stream("/rooms/general/events", token)
		_ = stuck.TCP.SetReadBuffer(4 << 10)
		begin(t, stuck)
		for range 300 {
			s.Post("general", ann, strings.Repeat("x", 4000))
		}
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		if err := s.API.Drain(ctx); err != context.DeadlineExceeded {
			t.Errorf("with a stuck stream Drain returns %v", err)
		}
		ctx, cancel = context.WithTimeout(context.Background(), wiretest.Patience)
		defer cancel()
		go io.Copy(io.Discard, st.Conn)
		if err := s.API.Drain(ctx); err != nil {
			t.Errorf("Drain again returns %v", err)
		}
	})
}
