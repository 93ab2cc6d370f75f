// Package transport is what all transports of a chat share: who is asking and
// what they may do, where a stream begins, how a request body is read, how a
// refusal looks, and what is too much.
//
// A transport is a package below this one that serves a *chat.Chat to the
// network: rest (commands and queries), sse (the event stream) and ws (the
// socket). Package mount puts all of them behind one handler; most programs
// need nothing else. What they speak is in docs/protocol.md.
//
// What comes before a handler is asked is the host's: its http.Server should have
// a ReadHeaderTimeout, or clients that never end their headers stay, and its
// access log should leave out the query of streams and sockets, which may hold a
// ticket. The transports log no queries.
//
// A Gate stands before every handler. A Feed is what a stream serves: it begins
// at a cursor, says where it stands, replays, says when it is live, and goes on.
package transport
