package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"time"
)

// serverEnv is the environment variable that makes this program a server.
const serverEnv = "ROOMLOG_BENCH_SERVER"

// order is what a server is told when it starts.
type order struct {
	Kind string // which server: a key of backends
	Dir  string // of its files

	// What is read of an archive, or made at the start where there is no archive.
	Last  int // so many events of the first room; 0 = all
	All   int // of all rooms
	Rooms int
}

// backend is what is served, and how that ends.
type backend struct {
	http  http.Handler
	conns func(context.Context, net.Conn) context.Context // ConnContext of the http.Server; nil = none
	close func() error
}

// backends are the servers. All take a post at /rooms/{room}/messages, as JSON,
// and answer it with the event. Those that deliver do so to streams at
// /rooms/{room}/events and to sockets at /ws. All but the chat serve a socket the
// room that its query names from the beginning; the chat is asked to.
var backends = map[string]func(order) (*backend, error){
	"chat":   serveChat,
	"commit": serveCommit,
	"tail":   serveTail,
	"alone":  serveAlone,
	"scan":   serveScan,
	"copy":   serveCopy,

	"gorilla":   serveGorilla,
	"melody":    serveMelody,
	"gws":       serveGWS,
	"coder":     serveCoder,
	"go-sse":    serveGoSSE,
	"jetstream": serveJetStream,
}

// serve is the server. The first line that it writes is its port; then it obeys
// orders until there are no more.
func serve(raw string, in io.Reader, out io.Writer) (err error) {
	var o order
	if err := json.Unmarshal([]byte(raw), &o); err != nil {
		return err
	}
	open, known := backends[o.Kind]
	if !known {
		return fmt.Errorf("no server is called %q", o.Kind)
	}
	b, err := open(o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	srv := &http.Server{Handler: b.http, ConnContext: b.conns, ReadHeaderTimeout: patience}
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	fmt.Fprintln(out, ln.Addr().(*net.TCPAddr).Port)
	if err := obey(in, out); err != nil {
		return err
	}
	if err := srv.Close(); err != nil {
		return err
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// obey carries out orders, one a line, and answers each with a line.
func obey(in io.Reader, out io.Writer) error {
	var profile *os.File
	for lines := bufio.NewScanner(in); lines.Scan(); {
		verb, arg, _ := strings.Cut(lines.Text(), " ")
		var err error
		switch verb {
		case "profile": // of the processor, into the file that is named
			if profile, err = os.Create(arg); err == nil {
				err = pprof.StartCPUProfile(profile)
			}
		case "stop": // the profile
			pprof.StopCPUProfile()
			err = profile.Close()
		case "collect": // garbage, and give the memory back to the system
			debug.FreeOSMemory()
			time.Sleep(10 * time.Millisecond)
			debug.FreeOSMemory() // what pools have held
		default:
			err = fmt.Errorf("order %q is not known", verb)
		}
		if err != nil {
			fmt.Fprintln(out, "error:", err)
		} else {
			fmt.Fprintln(out, "ok")
		}
	}
	return nil
}
