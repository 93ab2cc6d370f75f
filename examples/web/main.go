// Command web is a chat in the browser, on one file.
//
//	go run ./examples/web
//
// It shows what a host does with the library: open a chat, mount its handler
// beside one's own pages, and drain both when the process is asked to end. The
// page under static is plain HTML, CSS and JavaScript modules, on the client for
// browsers that package js serves; what browsers get of it is bundled in dist.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/roomlog/chat"
	"github.com/roomlog/chat/transport"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	switch err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); {
	case errors.Is(err, flag.ErrHelp): // the flags have been printed
	case err != nil:
		fmt.Fprintln(os.Stderr, "web:", err)
		os.Exit(1)
	}
}

// settings are what the flags say.
type settings struct {
	addr, db, secret string
	keep             int
	noLimits         bool
}

func parse(args []string, output io.Writer) (settings, error) {
	var s settings
	var limits string
	flags := flag.NewFlagSet("web", flag.ContinueOnError)
	flags.SetOutput(output)
	flags.StringVar(&s.addr, "addr", "127.0.0.1:8080", "`address` to listen on")
	flags.StringVar(&s.db, "db", "chat.db", "`file` that holds the chat; made if there is none")
	flags.IntVar(&s.keep, "keep", 0, "`events` kept per room, 0 = all")
	flags.StringVar(&s.secret, "secret", "", "`key` that signs the tokens of guests, or a file that holds it; "+
		"by default it is made once and kept beside the database")
	flags.StringVar(&limits, "limits", "on", "`on` or off: bounds on rates and connections; off is for load tests")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if flags.NArg() > 0 {
		return s, fmt.Errorf("argument %q is not understood", flags.Arg(0))
	}
	if limits != "on" && limits != "off" {
		return s, fmt.Errorf("-limits is %q, not on or off", limits)
	}
	if s.keep < 0 {
		return s, fmt.Errorf("-keep is %d, less than nothing", s.keep)
	}
	s.noLimits = limits == "off"
	return s, nil
}

// run serves the chat until ctx ends, and then until all is written and closed.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	s, err := parse(args, stderr)
	if err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(stderr, nil))
	listener, err := net.Listen("tcp", s.addr) // first: it fails soonest
	if err != nil {
		return err
	}
	defer listener.Close()
	c, err := chat.Open(s.db, &chat.Options{Keep: s.keep, Logger: logger, Progress: logProgress(logger)})
	if err != nil {
		return err
	}
	defer c.Close()
	key, err := tokenKey(s.secret, s.db+".secret") // after Open, which lets only one process in
	if err != nil {
		return err
	}

	guest := transport.NewGuest(key)
	srv := newServer(c, guest, &transport.Options{Guest: guest, NoLimits: s.noLimits, Logger: logger})
	fmt.Fprintf(stdout, "The chat is at %s\n", address(listener.Addr()))
	if err := srv.serve(ctx, listener); err != nil {
		return err
	}
	return c.Close()
}

// address is where a browser on this machine finds the listener.
func address(addr net.Addr) string {
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return addr.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port) + "/"
}
