package hosts_test

import (
	"bufio"
	"compress/gzip"
	"io"
	"log"
	"net/http"
	"strings"
	"testing"
	"time"

	chi "github.com/go-chi/chi/v5/middleware"
	"github.com/gorilla/handlers"
	"github.com/klauspost/compress/gzhttp"

	"github.com/roomlog/chat/transport"
)

// middlewares are some that programs use, as their manuals say.
var middlewares = map[string]func(http.Handler) http.Handler{
	"chi Compress": chi.Compress(5),
	"chi Compress of streams": func(next http.Handler) http.Handler {
		return chi.Compress(5, "text/event-stream")(next)
	},
	"gorilla CompressHandler": handlers.CompressHandler,
	"gzhttp":                  func(next http.Handler) http.Handler { return gzhttp.GzipHandler(next) },
	"gorilla LoggingHandler":  func(next http.Handler) http.Handler { return handlers.LoggingHandler(io.Discard, next) },
	"chi Logger, Recoverer, RequestID, Timeout": func(next http.Handler) http.Handler {
		logger := chi.RequestLogger(&chi.DefaultLogFormatter{Logger: log.New(io.Discard, "", 0), NoColor: true})
		return logger(chi.Recoverer(chi.RequestID(chi.Timeout(200 * time.Millisecond)(next))))
	},
	"one that logs statuses": func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Middleware", "yes")
			next.ServeHTTP(&recorder{ResponseWriter: w}, r)
		})
	},
}

// recorder is the writer that most programs have one of.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// A browser asks for gzip, and must be able to read what comes, when it comes.
func TestStream_livesUnderMiddleware(t *testing.T) {
	for name, middleware := range middlewares {
		for form, start := range starts {
			t.Run(name+" over "+form, func(t *testing.T) {
				t.Parallel()
				h := start(t, transport.Options{Heartbeat: 50 * time.Millisecond, ConnectionsPerUser: 1}, middleware, func(srv *http.Server) {
					srv.ErrorLog = log.New(io.Discard, "", 0) // a compressor ends what it has not begun
				})
				s := h.open(h.srv.Client(), h.srv.URL, "", "Accept-Encoding", "gzip", "Origin", "https://app.example")
				if s.resp.StatusCode != http.StatusOK || s.resp.Header.Get("Content-Type") != "text/event-stream" ||
					s.resp.Header.Get("Access-Control-Allow-Origin") != "https://app.example" {
					t.Fatalf("the answer is %s %v", s.resp.Status, s.resp.Header)
				}
				if name == "one that logs statuses" && s.resp.Header.Get("X-Middleware") != "yes" {
					t.Errorf("a header of the middleware is lost: %v", s.resp.Header)
				}
				switch encoding := s.resp.Header.Get("Content-Encoding"); encoding {
				case "":
				case "gzip":
					z, err := gzip.NewReader(s.resp.Body)
					if err != nil {
						t.Fatal(err)
					}
					s.lines = bufio.NewReader(z)
				default:
					t.Fatalf("the encoding is %q", encoding)
				}
				if strings.HasPrefix(form, "HTTP/1.1") && s.resp.Header.Get("Content-Encoding") != "" {
					t.Error("a hijacked stream says that it is compressed")
				}
				s.want("event: chat.live")
				for from := time.Now(); time.Since(from) < 400*time.Millisecond; {
					s.want("event: chat.ping")
				}
				s.want("id: " + h.post("live").ID.String())
				s.close()
				h.gone(h.srv.Client(), h.srv.URL)
			})
		}
	}
}

// The same where they cannot let a stream through: it fails, and says so.
func TestMiddlewareWithoutFlush_isNamed(t *testing.T) {
	h := start(t, transport.Options{}, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(struct{ http.ResponseWriter }{w}, r)
		})
	}, nil, nil)
	s := h.open(plain(), h.srv.URL, "")
	if s.resp.StatusCode != http.StatusInternalServerError || !strings.Contains(h.log.String(), "middleware") {
		t.Errorf("the answer is %s, the log %s", s.resp.Status, h.log.String())
	}
}
