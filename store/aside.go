package store

import (
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"
)

// An aside is state of the log file that is no fold of its records: what durable
// observers have saved, and read markers. What waits of it goes with the commit
// of a batch, or gets a commit of its own once it is due. The committer alone
// calls these methods, and each write is followed by one call of wrote.
type aside interface {
	// due is when what waits is to be written at the latest; ok is false if
	// nothing waits.
	due() (at time.Time, ok bool)
	// write puts what is to go now into a transaction of the log file, and
	// reports whether that changed anything. w is the state that the transaction
	// leaves.
	write(tx *bolt.Tx, w *workspace, now time.Time) (changed bool, err error)
	// wrote tells what became of it: it is durable if err is nil.
	wrote(err error)
	// refuse answers whoever waits when nothing will be written any more.
	refuse(err error)
	// close refuses what comes from now on, and makes due what waits.
	close()
}

// A knock wakes the committer when something has begun to wait.
type knock chan struct{}

func newKnock() knock { return make(knock, 1) }

func (k knock) ring() {
	select {
	case k <- struct{}{}:
	default:
	}
}

// writeAsides puts what waits into the transaction of a commit.
func (c *committer) writeAsides(tx *bolt.Tx) (changed bool, err error) {
	now := time.Now()
	for _, a := range c.asides {
		did, err := a.write(tx, c.w, now)
		if err != nil {
			return false, err
		}
		changed = changed || did
	}
	return changed, nil
}

// wroteAsides tells what became of that.
func (c *committer) wroteAsides(err error) {
	for _, a := range c.asides {
		a.wrote(err)
	}
}

// saveAsides commits what is due, and sees to it that what is not yet will be.
func (c *committer) saveAsides() {
	for {
		if err := c.Failed(); err != nil {
			for _, a := range c.asides {
				a.refuse(fmt.Errorf("%w: %w", ErrFailed, err))
			}
			return
		}
		at, ok := c.asidesDue()
		if !ok {
			return
		}
		if wait := time.Until(at); wait > 0 {
			c.saveTimer.Reset(wait)
			return
		}
		c.commitAsides()
	}
}

// asidesDue is when the next commit for asides is due. A full disk is left alone
// until it is tried again.
func (c *committer) asidesDue() (at time.Time, ok bool) {
	for _, a := range c.asides {
		if t, waits := a.due(); waits && (!ok || t.Before(at)) {
			at, ok = t, true
		}
	}
	if full := time.Unix(0, c.fullTil.Load()); at.Before(full) {
		at = full
	}
	return at, ok
}

// commitAsides gives what waits a commit of its own.
func (c *committer) commitAsides() {
	tx, err := c.Store.log.Begin(true)
	if err != nil {
		c.fail(fmt.Errorf("commit: %w", err))
		return
	}
	txid, changed := tx.ID(), false
	err = c.inViews(func() (err error) {
		changed, err = c.writeAsides(tx)
		return err
	})
	if err == nil && changed {
		err = commitTx(tx)
	} else {
		rollback(tx)
	}
	if err != nil {
		err = c.refusal(err, txid)
	}
	c.wroteAsides(err)
}
