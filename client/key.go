package client

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"time"
)

// NewKey returns a new idempotency key: 48 bits of the time in milliseconds and 80
// random ones, in hexadecimal. Keys of one sender sort by their time.
func NewKey() string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(time.Now().UnixMilli())<<16)
	_, _ = rand.Read(b[6:]) // it never fails
	return hex.EncodeToString(b[:])
}
