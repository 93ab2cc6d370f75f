package crash_test

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"
	"unsafe"

	bolt "go.etcd.io/bbolt"
)

// A span is a part of a file.
type span struct{ from, to int }

// spans tells where the keys and the values of a bucket are in a file, which is
// closed.
func spans(t *testing.T, path, bucket string) (all []span) {
	t.Helper()
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true, Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var in func(b *bolt.Bucket) error
	in = func(b *bolt.Bucket) error {
		return b.ForEach(func(k, v []byte) error {
			if v == nil {
				return in(b.Bucket(k))
			}
			for _, s := range [][]byte{k, v} {
				if from := int(uintptr(unsafe.Pointer(unsafe.SliceData(s))) - db.Info().Data); len(s) > 0 {
					all = append(all, span{from, from + len(s)})
				}
			}
			return nil
		})
	}
	if err := db.View(func(tx *bolt.Tx) error { return in(tx.Bucket([]byte(bucket))) }); err != nil {
		t.Fatal(err)
	}
	return all
}

// A bit of a record that is not as it was written: Open refuses the file, or
// Verify finds it, and no reader gets it.
func TestDamage_everyFlippedBitOfAnEventIsFound(t *testing.T) {
	whole := sample(t, true)
	d := newPatients(t, whole)
	d.task.Find = true
	rnd := rand.New(rand.NewPCG(7, uint64(*flips)))
	for range *flips {
		in := whole.records[rnd.IntN(len(whole.records))]
		data := bytes.Clone(whole.log)
		data[in.from+rnd.IntN(in.to-in.from)] ^= 1 << rnd.IntN(8)
		d.add(data, whole.views, "a bit of an event flipped")
	}
	d.run()
	t.Logf("%d bits of %d records flipped; refused at once: %d", d.n, len(whole.records)/2, d.refused)
	if d.n == d.refused {
		t.Error("void: none was left for Verify to find")
	}
}

// A bit of a row of the views that is not as it was written: what is shown is
// what the log says, or an error.
func TestDamage_aFlippedBitOfTheViewsIsNotShown(t *testing.T) {
	whole := sample(t, true)
	d := newPatients(t, whole)
	rnd := rand.New(rand.NewPCG(9, uint64(*flips)))
	for range *flips {
		in := whole.rows[rnd.IntN(len(whole.rows))]
		data := bytes.Clone(whole.views)
		data[in.from+rnd.IntN(in.to-in.from)] ^= 1 << rnd.IntN(8)
		d.add(whole.log, data, "a bit of a row flipped")
	}
	d.run()
	t.Logf("%d bits of %d rows flipped", d.n, len(whole.rows))
}
