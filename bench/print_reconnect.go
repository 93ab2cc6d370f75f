package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"
)

// printReconnect prints the table of many clients that come back at once.
func printReconnect(out io.Writer, s settings) error {
	fmt.Fprintf(out, "## Many clients come back at once\n\n")
	fmt.Fprintf(out, "%d clients that are each the last %d of %d events behind ask for them at the same time, over connections that are open: how long until all have\n"+
		"all. The floor writes the same bytes from memory to as many sockets. Medians of %d rounds, ratios within a round.\n\n", s.clients, s.behind, s.replay, s.pairs)
	fmt.Fprintln(out, "| over | server | all have all | ours / its | events/s | CPU each | ours / its |")
	fmt.Fprintln(out, "|---|---|--:|--:|--:|--:|--:|")
	a, err := makeStamped(s, s.replay, 1, s.replay)
	defer os.RemoveAll(a.dir)
	if err != nil {
		return err
	}
	cursor, err := a.before(s.behind)
	if err != nil {
		return err
	}
	for _, socket := range s.sockets() {
		kinds := s.servers("chat", "copy")
		d := door{socket: socket, after: cursor.String()}
		all, err := rounds(s, "reconnect, "+d.name(), kinds, func(kind string) (*figures, error) { return d.storm(s, a, kind) })
		if err != nil {
			return err
		}
		for _, kind := range kinds {
			its := all[kind]
			took := func(f *figures) float64 { return float64(f.took) }
			fmt.Fprintf(out, "| %s | %s | %s | %s | %s | %s | %s |\n", d.name(), titles[kind], duration(median(its, took)), times(all, kind, took),
				count(median(its, rateOf)), duration(median(its, cpuOf)), times(all, kind, cpuOf))
		}
	}
	fmt.Fprintln(out)
	return nil
}

// storm runs a server over an archive and lets all clients come at once.
func (d door) storm(s settings, a archive, kind string) (f *figures, err error) {
	srv, err := start(s, order{Kind: kind, Dir: a.dir, Last: s.behind})
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			srv.kill()
			err = fmt.Errorf("%s: %w", kind, err)
		}
	}()
	d.port, d.kind = srv.port, kind
	c, words, err := d.assemble(s.clients)
	if err != nil {
		return nil, err
	}
	defer c.close()
	stop, err := srv.profile(s, fmt.Sprintf("reconnect-%s-%s", kind, d.name()))
	if err != nil {
		return nil, err
	}
	before, err := srv.cpu()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	for i, r := range c.readers {
		if err := r.write(words[i]); err != nil {
			return nil, err
		}
	}
	f = &figures{delivered: int64(s.clients) * int64(s.behind)}
	c.goal.Store(f.delivered)
	go c.read()
	select {
	case <-c.reached:
	case err := <-c.done:
		return nil, err
	case <-time.After(2 * patience):
		return nil, errors.Join(fmt.Errorf("%d of %d events came", c.delivered.Load(), f.delivered), c.halt())
	}
	f.took = time.Since(began)
	after, err := srv.cpu()
	if err != nil {
		return nil, err
	}
	if err := errors.Join(c.halt(), stop()); err != nil {
		return nil, err
	}
	for i, r := range c.readers {
		if r.tally != c.readers[0].tally || int(r.count) != s.behind {
			return nil, fmt.Errorf("client %d has %d events, or not those of the others", i, r.count)
		}
	}
	f.rate, f.cpu = float64(f.delivered)/f.took.Seconds(), float64(after-before)/float64(f.delivered)
	c.close()
	c.readers = nil
	return f, srv.stop()
}

// assemble connects clients that say nothing yet, and returns what each will say.
func (d door) assemble(n int) (c *crowd, words []string, err error) {
	if c, err = newCrowd(1); err != nil {
		return nil, nil, err
	}
	for i := range n {
		r := &reader{}
		if r.fd, err = connect(d.port, i); err == nil {
			if err = c.admit(r); err == nil {
				err = syscall.SetNonblock(r.fd, true)
			}
		}
		if err != nil {
			c.close()
			return nil, nil, err
		}
		first, _, then := d.words(i, 0)
		r.then, words = then, append(words, first)
	}
	return c, words, nil
}
