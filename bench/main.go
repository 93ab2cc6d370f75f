// Command bench measures the chat, each figure beside its floor: the least that
// any program must do for the same, measured in the same run. It prints Markdown.
//
//	go -C bench run . -d 20s
//
// What is measured, and what the floor of it is, stands above each table. Servers
// run in processes of their own; this one then is the load generator.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// parts are the measurements, in their order.
var parts = []struct {
	name  string
	print func(io.Writer, settings) error
}{
	{"posts", printPosts},
	{"http", printHTTP},
	{"deliver", printDeliver},
	{"rooms", printRooms},
	{"latency", printLatency},
	{"replay", printReplay},
	{"stream", printStream},
	{"reconnect", printReconnect},
	{"bell", printBell},
	{"idle", printIdle},
	{"long", printLong},
	{"unread", printUnread},
	{"marks", printMarks},
}

func main() {
	if err := command(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func command() error {
	if o, is := os.LookupEnv(serverEnv); is {
		return serve(o, os.Stdin, os.Stdout)
	}
	var s settings
	var names []string
	for _, p := range parts {
		names = append(names, p.name)
	}
	only := flag.String("only", "", "measure only these, with commas: "+strings.Join(names, ", "))
	s.define(flag.CommandLine)
	flag.Parse()
	return run(os.Stdout, s, *only)
}

func run(out io.Writer, s settings, only string) error {
	wanted := strings.Split(only, ",")
	for _, name := range wanted {
		known := only == ""
		for _, p := range parts {
			known = known || p.name == name
		}
		if !known {
			return errors.New("nothing is called " + name)
		}
	}
	if err := printMachine(out, s.dir); err != nil {
		return err
	}
	for _, p := range parts {
		if only != "" && !slices.Contains(wanted, p.name) {
			continue
		}
		if err := p.print(out, s); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}
