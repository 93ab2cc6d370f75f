package main

import (
	"fmt"
	"io"
	"time"
)

// printIdle prints the table of the memory of idle connections.
func printIdle(out io.Writer, s settings) error {
	fmt.Fprintf(out, "## Memory of an idle connection\n\n")
	fmt.Fprintf(out, "%d readers of one room in which nothing happens: how much more of the server's memory is resident than before they came, for each of them,\n"+
		"%s after the last has come; and once more when the server was told to collect its garbage. Buffers of the system are not in it. One run each.\n\n", s.conns, s.warm)
	fmt.Fprintln(out, "| over | signals | each | collected |")
	fmt.Fprintln(out, "|---|---|--:|--:|")
	for _, socket := range s.sockets() {
		for _, silent := range []bool{false, true} {
			d := door{kind: "chat", socket: socket, silent: silent}
			resident, collected, err := d.weigh(s, s.conns)
			if err != nil {
				return err
			}
			signals := "yes"
			if silent {
				signals = "no"
			}
			progress("idle, %s, signals %s: %s, collected %s", d.name(), signals, kib(resident), kib(collected))
			fmt.Fprintf(out, "| %s | %s | %s | %s |\n", d.name(), signals, kib(resident), kib(collected))
		}
	}
	fmt.Fprintln(out)
	return nil
}

func kib(bytes float64) string { return fmt.Sprintf("%.2f KiB", bytes/1024) }

// weigh returns how much memory each of n idle connections takes.
func (d door) weigh(s settings, n int) (resident, collected float64, err error) {
	srv, err := start(s, order{Kind: d.kind})
	if err != nil {
		return 0, 0, err
	}
	defer func() {
		if err != nil {
			srv.kill()
		}
	}()
	d.port = srv.port
	web := newSite(srv, d.kind)
	defer web.close()
	if err := web.furnish(1); err != nil {
		return 0, 0, err
	}
	if _, err := srv.tell("collect"); err != nil {
		return 0, 0, err
	}
	before, err := srv.memory()
	if err != nil {
		return 0, 0, err
	}
	c, err := gather(d, n, 1)
	if err != nil {
		return 0, 0, err
	}
	defer c.close()
	go c.read() // what signals there are
	stop, err := srv.profile(s, fmt.Sprintf("idle-%s", d.name()))
	if err != nil {
		return 0, 0, err
	}
	time.Sleep(s.warm)
	now, err := srv.memory()
	if err != nil {
		return 0, 0, err
	}
	if err := stop(); err != nil {
		return 0, 0, err
	}
	if _, err := srv.tell("collect"); err != nil {
		return 0, 0, err
	}
	after, err := srv.memory()
	if err != nil {
		return 0, 0, err
	}
	if err := c.halt(); err != nil {
		return 0, 0, err
	}
	c.close()
	c.readers = nil
	return float64(now-before) / float64(n), float64(after-before) / float64(n), srv.stop()
}
