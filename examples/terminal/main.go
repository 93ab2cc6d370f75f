// Command terminal is a chat in the terminal.
//
//	go run . -name ann general
//
// Where it reads from a pipe or writes to one it is lines in and lines out, and it
// ends at the end of its input, once all that was sent is answered:
//
//	echo "The backup is done." | go run . -name backup general
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"os/user"
	"syscall"
	"time"

	"github.com/charmbracelet/x/term"

	"github.com/roomlog/chat/client"
)

// patience is how long the first connection may take.
const patience = 15 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	switch err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr); {
	case errors.Is(err, flag.ErrHelp): // the flags have been printed
	case err != nil:
		fmt.Fprintln(os.Stderr, "terminal:", clean(err.Error()))
		stop()
		os.Exit(1)
	}
}

// settings are what the flags say.
type settings struct {
	url, name, token, room string
	history                int
	outbox                 client.Storage // nil: what is not sent goes with the program
}

func parse(args []string, output io.Writer) (settings, error) {
	s := settings{room: "general"}
	flags := flag.NewFlagSet("terminal", flag.ContinueOnError)
	flags.SetOutput(output)
	flags.Usage = func() {
		fmt.Fprintln(output, "usage: terminal [flags] [room]")
		flags.PrintDefaults()
	}
	flags.StringVar(&s.url, "url", "http://127.0.0.1:8080/api", "`address` of the chat's API")
	flags.StringVar(&s.name, "name", login(), "`name` to be a guest under")
	flags.StringVar(&s.token, "token", "", "`token` to show; by default one of a guest is made once and kept")
	flags.IntVar(&s.history, "history", 20, "`messages` to show of a room at first, 1 to 200")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	switch flags.NArg() {
	case 0:
	case 1:
		s.room = flags.Arg(0)
	default:
		return s, fmt.Errorf("argument %q is not understood: flags go before the room", flags.Arg(1))
	}
	if s.history < 1 || s.history > 200 {
		return s, fmt.Errorf("-history is %d, not 1 to 200", s.history)
	}
	return s, nil
}

// login is the name of who has started the program.
func login() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "guest"
}

// run chats until the user leaves, the input ends, or ctx does.
func run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) error {
	s, err := parse(args, errs)
	if err != nil {
		return err
	}
	screen := isTerminal(in) && isTerminal(out) && os.Getenv("TERM") != "dumb"
	if screen { // what a pipe has not done is for whoever has filled it to do again
		s.outbox = keptOutbox(s.url)
	}
	c, err := s.connect(ctx, errs)
	if err != nil {
		return err
	}
	defer c.Close()
	a := newApp(c, s.history)
	defer a.close()
	if screen {
		return runScreen(ctx, a, s.room, in, out)
	}
	return runLines(ctx, a, s.room, in, out, errs)
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(f.Fd())
}

// connect dials with the token of the flag, or as the guest that is kept. Where the
// server does not know that one any more, another one is made.
func (s settings) connect(ctx context.Context, errs io.Writer) (*client.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if s.token != "" {
		return s.dial(ctx, s.token)
	}
	kept, err := keptToken(s.url, s.name)
	if err != nil {
		return nil, err
	}
	token, err := kept.read()
	if err != nil {
		return nil, err
	}
	if token != "" {
		c, err := s.dial(ctx, token)
		if !errors.Is(err, &client.Problem{Code: "unauthenticated"}) {
			return c, err
		}
		fmt.Fprintf(errs, "The token that was kept for %s is no longer good: a new guest is made.\n", clean(s.name))
	}
	if _, token, err = client.Guest(ctx, s.url, s.name); err != nil {
		return nil, err
	}
	if err := kept.write(token); err != nil {
		return nil, err
	}
	return s.dial(ctx, token)
}

func (s settings) dial(ctx context.Context, token string) (*client.Client, error) {
	return client.Dial(ctx, s.url, &client.Options{Token: client.Token(token), MaxDelay: 15 * time.Second, Storage: s.outbox})
}
