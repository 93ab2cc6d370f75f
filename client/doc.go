// Package client speaks to a chat server as docs/protocol.md has it: nobody who
// follows a room misses an event or sees one twice, and each message that is
// sent is stored exactly once, however often the connection is cut.
//
//	c, err := client.Dial(ctx, "https://example.com/api", &client.Options{Token: token})
//	e, err := c.Room("general").Post(ctx, "Hello.")   // waits until it is stored
//	o, err := c.Room("general").Send("Hello again.")  // does not wait
//	for e, err := range c.Room("general").Follow(ctx, client.Latest) { … }
//
// What it promises:
//
// Connection. Dial returns when the server has said hello, when it refuses, or
// when its context ends. From then on the client comes back by itself, until Close
// or until the server refuses it for good. All rooms share one WebSocket. Where
// none can be opened, event streams and calls take its place. State tells how it
// stands, and States each change.
//
// Waiting. Before attempt n a time is drawn between nothing and MinDelay doubled
// n times, at most MaxDelay; a delay that the server asks for is kept to. A server
// that is silent for two and a half of its heartbeats is dead, and the client
// connects anew. State.Code tells in a word why there is no connection.
//
// Following. Follow resumes by its cursor over cuts, restarts, drains and new
// tokens, without a gap and without an event twice. Where the cursor is of no use
// it yields a *Reset and, if the loop goes on, goes on at the present: nothing is
// skipped in silence. A cursor knows its store; one of another store is a Reset. Where
// the room ends for one who was in it, an *Ended tells so, and whether there may be
// more than they have got. Live is the history and what follows it in one.
//
// Sending. A command has a key, which is made before the first attempt, sorts by
// time and stays the same over all attempts. It is sent again until it is answered
// or its context ends. A refusal is returned at once, as a *Problem. One that is
// asked to come later, for a rate or a server that is not well, comes later. A
// command whose context ends may have been stored: it is an *Unanswered, which has
// the key to ask once more.
//
// Queueing. Send does not wait: the message is in the Outbox at once, as Pending. The
// messages of a room go out one after the other, in the order in which they were
// queued, over cuts, restarts and time without a network, each until it is answered,
// and end as exactly one message each. One that is refused is Failed, until it is
// queued again or dropped, and the next goes on. With Options.Storage what was not
// answered outlives the program. What was tried more than 7 days ago is not repeated
// by itself, and nothing is sent under another name than that of who has queued it.
//
// Bounds. An iterator that is slow delays nobody else. At most Options.Buffer events
// wait for it, and 1 MiB; of more it reads the log in pages when it comes to it. At
// most Options.Outbox commands wait for an answer, and as many messages in the outbox;
// one more is ErrOutboxFull. After Close no goroutine is left.
//
// The types are declared here, to the letter of the protocol, and not those of
// package chat: a client needs no database.
package client
