package store

import (
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// rollback ends a transaction whatever its pages look like.
func rollback(tx *bolt.Tx) {
	var err error
	defer guard("", &err)
	_ = tx.Rollback()
}

// commitTx commits a transaction whatever its pages look like.
func commitTx(tx *bolt.Tx) (err error) {
	defer func() {
		if err != nil {
			rollback(tx) // a panic leaves it open, and its lock held
		}
	}()
	defer guard("commit", &err)
	return tx.Commit()
}

// guard turns a panic of bbolt on a damaged page into ErrDamaged. Its
// goroutine must have debug.SetPanicOnFault set for pages beyond the file.
func guard(file string, err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%s: %w: %v", file, ErrDamaged, p)
	}
}
