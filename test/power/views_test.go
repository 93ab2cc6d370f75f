package power_test

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"
)

// dump returns all rows of a views file that is closed.
func dump(path string) (string, error) {
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true, Timeout: time.Second})
	if err != nil {
		return "", err
	}
	defer db.Close()
	var out bytes.Buffer
	err = db.View(func(tx *bolt.Tx) error {
		for _, name := range []string{"row", "key"} {
			b := tx.Bucket([]byte(name))
			if b == nil {
				return fmt.Errorf("no bucket %s", name)
			}
			if err := dumpBucket(&out, name, b); err != nil {
				return err
			}
		}
		return nil
	})
	return out.String(), err
}

func dumpBucket(out *bytes.Buffer, name string, b *bolt.Bucket) error {
	return b.ForEach(func(k, v []byte) error {
		if v == nil {
			return dumpBucket(out, fmt.Sprintf("%s %x", name, k), b.Bucket(k))
		}
		fmt.Fprintf(out, "%s %x %x\n", name, k, v)
		return nil
	})
}

// differ tells two dumps apart.
func differ(what, got, want string) error {
	if got == want {
		return nil
	}
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Errorf("%s: row %d is %s, want %s", what, i, g[i], w[i])
		}
	}
	return fmt.Errorf("%s: %d rows, want %d", what, len(g), len(w))
}
