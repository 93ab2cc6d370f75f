// Package chattest serves a chat for the tests of a program that uses one.
//
//	func TestHook_refusesShouting(t *testing.T) {
//		s := chattest.New(t, &chattest.Options{Chat: chat.Options{BeforeAppend: quiet}})
//		ann := s.User("Ann").Join("general")
//		_, err := ann.Room("general").Post(t.Context(), "HELLO!")
//		if !errors.Is(err, &client.Problem{Code: "rejected"}) {
//			t.Errorf("shouting is answered %v", err)
//		}
//	}
//
// What it promises:
//
// Real. New makes a chat in a file of a temporary directory and serves it with all
// its transports over TCP: /api is the chat, all other paths are Options.Handler.
// Users speak to it with package client. When the test ends all of it is closed, and
// what cannot be closed in order fails the test.
//
// Recorded. A Recorder has every event of its rooms from the first one on, once and in
// order, also those from before it was made, and over cuts, kills and restarts.
// Server.Record reads the log itself, User.Record what the user's client is sent. Wait
// and WaitFor have a deadline, and tell what came instead.
//
// Timed. The Clock stands still unless it is stepped. By it go the times of events,
// the ends of mutes and bans, slow mode, keys and the tokens of users. Heartbeats, timeouts,
// limits on rates, typing and presence go by real time.
//
// Bad networks. All connections pass through a relay of the server's. Cut resets those that
// are open. Slow bounds the bytes a second, and Freeze lets nothing pass that is
// sent until Thaw: of those that are open and of those to come.
//
// Crashes. Kill is a crash of the process: connections are reset, and the chat is opened anew
// from a copy of its files as they are at that moment, without having been closed.
// Whatever was answered over the network, or recorded, is in it. Restart is an
// update: readers are told, the chat is closed and the same file is opened. The address
// stays in either case, and the clients come back by themselves.
//
// The methods may be called concurrently. Those that fail the test must be called from
// the goroutine of the test, as testing.T has it.
package chattest
