//go:build linux

package load_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/pprof"
	"strings"
	"time"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
	"github.com/roomlog/chat/transport/mount"
)

// room is where all is posted.
const room = "load"

// guests is how both processes make credentials.
var guests = transport.NewGuest([]byte("a secret of the tests"))

func user(name string) chat.User { return chat.User{ID: name, Name: name} }

func token(name string) string { return guests.Token(user(name), time.Time{}) }

// order is what a server is told.
type order struct {
	Path         string        // of the chat's file, which is made
	WriteTimeout time.Duration // of the transports
	Grace        time.Duration // for which who has left is present; 0 is the default
	Profile      string        // path of a CPU profile; empty is none
}

// stats are what a server tells of itself. The first line that it writes is its
// port; after that each line that it reads asks for these, until there are no
// more.
type stats struct {
	Goroutines int
	Heap       int64 // in use, with the stacks, in bytes; only where "heap" was asked for
}

// serve is the server: the API and nothing else, with the limits that are
// the default.
func serve(raw string) (err error) {
	var o order
	if err := json.Unmarshal([]byte(raw), &o); err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	c, err := chat.Create(o.Path, &chat.Options{Logger: log, PresenceGrace: o.Grace})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	if _, err := c.Room(room).Join(context.Background(), user("host")); err != nil {
		return err
	}
	api := mount.Handler(c, guests.Auth, &transport.Options{WriteTimeout: o.WriteTimeout, Logger: log})
	srv := &http.Server{Handler: api, ConnContext: transport.ConnContext, ReadHeaderTimeout: patience}
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	if o.Profile != "" {
		f, err := os.Create(o.Profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	fmt.Println(ln.Addr().(*net.TCPAddr).Port)
	if err := answer(os.Stdin, os.Stdout); err != nil {
		return err
	}
	srv.RegisterOnShutdown(c.Drain)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := errors.Join(srv.Shutdown(ctx), api.Drain(ctx)); err != nil {
		return err
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// answer answers each line with stats.
func answer(in io.Reader, out io.Writer) error {
	for lines := bufio.NewScanner(in); lines.Scan(); {
		s := stats{Goroutines: runtime.NumGoroutine()}
		switch line := strings.TrimSpace(lines.Text()); line {
		case "stats":
		case "heap":
			s.Heap = heapInUse()
		default:
			return fmt.Errorf("order %q is not known", line)
		}
		if err := json.NewEncoder(out).Encode(s); err != nil {
			return err
		}
	}
	return nil
}

// heapInUse collects all garbage, twice for what pools hold, and returns what is
// left.
func heapInUse() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}
