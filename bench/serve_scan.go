package main

import (
	"bytes"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/gobwas/ws"
	bolt "go.etcd.io/bbolt"
)

// serveScan is the floor of a replay: the records of an archive, copied to the
// socket as they are, by a bare cursor over the log, or, where there are several
// rooms, by looking up those of the first, whose ids are known.
func serveScan(o order) (*backend, error) {
	db, err := bolt.Open(archive{dir: o.Dir}.path(), 0o600, &bolt.Options{ReadOnly: true, Timeout: time.Second, InitialMmapSize: 8 << 30})
	if err != nil {
		return nil, err
	}
	var ids [][]byte
	all := true
	err = db.View(func(tx *bolt.Tx) error {
		return tx.Bucket(floorBucket).ForEach(func(k, v []byte) error {
			if bytes.Contains(v, []byte(`"room":"`+roomName(0)+`"`)) {
				ids = append(ids, bytes.Clone(k))
			} else {
				all = false
			}
			return nil
		})
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &backend{close: db.Close, http: serveBytes(func(conn net.Conn) error {
		return db.View(func(tx *bolt.Tx) error {
			if all {
				return copyAll(conn, tx.Bucket(floorBucket).Cursor())
			}
			return copyThese(conn, tx.Bucket(floorBucket), ids)
		})
	})}, nil
}

// batchBytes is how much is written at once.
const batchBytes = 64 << 10

func copyAll(conn net.Conn, c *bolt.Cursor) (err error) {
	buf := make([]byte, 0, batchBytes+4<<10)
	for k, v := c.First(); k != nil; k, v = c.Next() {
		if buf, err = fill(conn, buf, v); err != nil {
			return err
		}
	}
	_, err = conn.Write(buf)
	return err
}

func copyThese(conn net.Conn, b *bolt.Bucket, ids [][]byte) (err error) {
	buf := make([]byte, 0, batchBytes+4<<10)
	for _, id := range ids {
		if buf, err = fill(conn, buf, b.Get(id)); err != nil {
			return err
		}
	}
	_, err = conn.Write(buf)
	return err
}

// fill adds a value to what is to be written, and writes it when that is enough.
func fill(conn net.Conn, buf, value []byte) ([]byte, error) {
	if buf = append(buf, value...); len(buf) < batchBytes {
		return buf, nil
	}
	_, err := conn.Write(buf)
	return buf[:0], err
}

// serveBytes answers streams and sockets with what send writes, and hangs up
// when the client does.
func serveBytes(send func(net.Conn) error) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /rooms/{room}/events", func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		if _, err := conn.Write([]byte(streamHead)); err != nil {
			conn.Close()
			return
		}
		sendAll(conn, send)
	})
	mux.HandleFunc("GET /ws", func(w http.ResponseWriter, r *http.Request) {
		conn, _, _, err := ws.UpgradeHTTP(r, w)
		if err != nil {
			return
		}
		sendAll(conn, send)
	})
	return mux
}

func sendAll(conn net.Conn, send func(net.Conn) error) {
	defer conn.Close()
	if send(conn) == nil {
		_, _ = conn.Read(make([]byte, 1))
	}
}

// serveCopy is the floor of many clients that reconnect: the last events of an
// archive as they go out, in memory, written to each as they are.
func serveCopy(o order) (*backend, error) {
	a := archive{dir: o.Dir}
	all, err := a.frames(o.Last)
	if err != nil {
		return nil, err
	}
	return &backend{close: func() error { return nil }, http: serveBytes(func(conn net.Conn) error {
		for rest := all; len(rest) > 0; {
			n, err := conn.Write(rest[:min(len(rest), batchBytes)])
			if err != nil {
				return err
			}
			rest = rest[n:]
		}
		return nil
	})}, nil
}
