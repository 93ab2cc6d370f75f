package store

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"

	bolt "go.etcd.io/bbolt"
)

// Each value in the views file ends with the CRC-32C of its key, as layers name
// it, and of what is before: what is shown of the views is what was written.

const sealSize = 4

// sealed returns a value as it is stored under a key.
func sealed(key, value string) []byte {
	b := append(make([]byte, 0, len(value)+sealSize), value...)
	return binary.BigEndian.AppendUint32(b, sealOf(key, b))
}

func sealOf(key string, value []byte) uint32 {
	return crc32.Update(crc32.Checksum(bytesOf(key), castagnoli), castagnoli, value)
}

// unseal returns the value in a stored one.
func unseal(key string, stored []byte) ([]byte, error) {
	n := len(stored) - sealSize
	if n < 0 || binary.BigEndian.Uint32(stored[n:]) != sealOf(key, stored[:n]) {
		return nil, fmt.Errorf("row %x: wrong checksum: %w", key, ErrDamaged)
	}
	return stored[:n:n], nil
}

// mustUnseal is unseal for those who read under a guard, as all do who read
// pages of the file.
func mustUnseal(key string, stored []byte) []byte {
	value, err := unseal(key, stored)
	if err != nil {
		panic(err)
	}
	return value
}

// checkSeals looks at all rows of a views file.
func checkSeals(tx *bolt.Tx) error {
	var key []byte
	check := func(prefix []byte, b *bolt.Bucket) error {
		return b.ForEach(func(k, v []byte) error {
			if v == nil {
				return nil
			}
			key = append(slices.Grow(key[:0], len(prefix)+len(k)), prefix...)
			key = append(key, k...)
			_, err := unseal(stringOf(key), v)
			return err
		})
	}
	if err := check(nil, tx.Bucket(bucketRows)); err != nil {
		return err
	}
	keys := tx.Bucket(bucketKeys)
	return keys.ForEachBucket(func(g []byte) error {
		return check(append([]byte(rowKey), g...), keys.Bucket(g))
	})
}
