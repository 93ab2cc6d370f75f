package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// serveJetStream is a NATS server in this process with a stream in files. A post
// is published and answered when the server has acknowledged it, with "sync
// always": that is, when it is durable. With o.Last, the stream has so many stamped
// events of the first room from the start, evenly among o.All of all rooms, and
// nothing waits for the disk.
func serveJetStream(o order) (*backend, error) {
	srv, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: filepath.Join(o.Dir, "jetstream"),
		SyncAlways: o.Last == 0, NoLog: true, NoSigs: true,
	})
	if err != nil {
		return nil, err
	}
	go srv.Start()
	if !srv.ReadyForConnections(patience) {
		return nil, errors.New("the server is not ready")
	}
	conn, err := nats.Connect("", nats.InProcessServer(srv))
	if err != nil {
		return nil, err
	}
	js, err := jetstream.New(conn, jetstream.WithPublishAsyncMaxPending(4096))
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	_, err = js.CreateStream(ctx, jetstream.StreamConfig{Name: "chat", Subjects: []string{"rooms.>"}, Storage: jetstream.FileStorage})
	if err != nil {
		return nil, err
	}
	if o.Last > 0 {
		if err := fillJetStream(js, o); err != nil {
			return nil, err
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /url", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, srv.ClientURL()) })
	mux.Handle("POST /rooms/{room}/messages", takePosts(func(w http.ResponseWriter, room, text string) error {
		event, _ := appendEvent(nil, room, "user-000000", text)
		ack, err := js.Publish(ctx, "rooms."+room, event)
		if err != nil {
			return err
		}
		copy(event[len(`{"id":"`):], fmt.Sprintf("%026d", ack.Sequence))
		answerEvent(w, event)
		return nil
	}))
	return &backend{http: mux, close: func() error {
		conn.Close()
		srv.Shutdown()
		srv.WaitForShutdown()
		return nil
	}}, nil
}

func fillJetStream(js jetstream.JetStream, o order) error {
	every := max(1, o.All/o.Last)
	n := 0
	for i := 0; n < o.Last; i++ {
		room := roomName(0)
		if i%every == 0 {
			n++
		} else {
			room = roomName(1 + i%max(1, o.Rooms-1))
		}
		if _, err := js.PublishAsync("rooms."+room, stampedEvent(max(0, n-1))); err != nil {
			return err
		}
	}
	select {
	case <-js.PublishAsyncComplete():
		return nil
	case <-time.After(patience):
		return errors.New("JetStream does not acknowledge what was published")
	}
}

// drawJetStream reads the n events of the first room with an ordered consumer.
func drawJetStream(url string, n int) (took time.Duration, err error) {
	conn, err := nats.Connect(url)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	began := time.Now()
	consumer, err := js.OrderedConsumer(ctx, "chat", jetstream.OrderedConsumerConfig{FilterSubjects: []string{"rooms." + roomName(0)}})
	if err != nil {
		return 0, err
	}
	var s scanner
	done := make(chan struct{})
	buf := make([]byte, keep, 4<<10)
	consuming, err := consumer.Consume(func(m jetstream.Msg) {
		s.scan(append(buf[:keep], m.Data()...), 0, nil)
		s.rest = s.rest[:0]
		if int(s.count) == n {
			close(done)
		}
	})
	if err != nil {
		return 0, err
	}
	defer consuming.Stop()
	select {
	case <-done:
	case <-ctx.Done():
		return 0, fmt.Errorf("after %d of %d events: %w", s.count, n, ctx.Err())
	}
	took = time.Since(began)
	if want := ofRoom(uint64(n), 0, 1); s.sum != want.sum {
		return 0, fmt.Errorf("numbers come to %d, want %d", s.sum, want.sum)
	}
	return took, nil
}
