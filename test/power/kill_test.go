package power_test

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// A process is killed while it waits for a sync, and the power is cut soon after
// the next one has begun. What that one found in the file need not have been on
// the disk; what it said and did since rests on it.
func TestPowerCut_soonAfterAKillLosesNothingAcknowledged(t *testing.T) {
	for _, c := range []struct {
		name    string
		compact bool // what is killed
		first   bool // there was no chat before
		retry   bool // the next process gives again what was under way, and nothing else
		end     end
	}{
		{"within a commit", false, false, true, commits(3)},
		{"within the first commit of all", false, true, true, commits(1)},
		{"while the chat is made", false, true, false, atName(link)},
		{"while it is compacted", true, false, false, atName(rename)},
	} {
		t.Run(c.name, func(t *testing.T) {
			rec := &recording{}
			o := orders{Dir: mount(t, rec), Seed: 1, Commands: 3} // too few for a room to be deleted
			if !c.first {
				rec.run(t, o, atLast)
				o.Writers = readLedger(t, rec.ops).writers
			}
			o.Compact = c.compact
			if !rec.run(t, o, c.end) {
				t.Fatal("void: it was done before it could be killed")
			}
			since := len(rec.ops)
			o.Writers, o.Compact = readLedger(t, rec.ops).writers, false
			if o.Retry = c.retry; c.retry {
				o.Commands = 1
			}
			rec.run(t, o, atLast)
			l := readLedger(t, rec.ops)
			d, rnd := newDisk(), rand.New(rand.NewPCG(1, 1))
			for at, o := range rec.ops {
				if at >= since && at < since+150 {
					c := &cut{dir: t.TempDir(), at: at}
					c.image, c.how = d.cut(rnd, []fate{none})
					dir, err := c.copy("image")
					if err == nil {
						err = l.check(dir, at, 0)
					}
					if err != nil {
						t.Fatalf("cut %d ops after the start: %v", at-since, err)
					}
				}
				d.take(o)
			}
		})
	}
}

// commits ends a process in the n-th commit of the log, when all is written and
// the last sync is yet to be done.
func commits(n int) end {
	return func(done []op, o op) bool {
		if o.kind != sync_ || !meta(done, o.file) {
			return false
		}
		found := 0
		for i := range done {
			if done[i].kind == sync_ && done[i].file == o.file && meta(done[:i], o.file) {
				found++
			}
		}
		return found >= n-1 && said(done)
	}
}

// meta reports whether the last write of a file was to a meta page, as at the
// end of a commit.
func meta(done []op, file int) bool {
	for i := len(done) - 1; i >= 0; i-- {
		if done[i].kind == write && done[i].file == file {
			return done[i].off < 2*4096 && len(done[i].data) == 4096
		}
	}
	return false
}

// said reports whether a command is under way.
func said(done []op) bool {
	for _, o := range done {
		if o.kind == say && bytes.Contains(o.data, []byte(`"begin"`)) {
			return true
		}
	}
	return false
}

// atName ends a process that has given the log its name, by a link or a rename,
// before that is synced.
func atName(how kind) end {
	return func(done []op, o op) bool {
		if o.kind != syncDir {
			return false
		}
		for _, o := range done {
			if o.kind == how && (o.name == "chat.db" || o.to == "chat.db") {
				return true
			}
		}
		return false
	}
}
