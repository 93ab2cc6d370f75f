// Package transporttest holds the contract of a transport as a suite of tests.
//
// A transport serves a *chat.Chat to the network: package sse and package ws are
// two, and a third is easily written on transport.Gate and transport.Feed. The
// tests of this package hold one, to learn from and to begin with: the events of
// rooms as lines of JSON. ndjson_test.go lets readers in, ndjson_stream_test.go
// sends them what there is, ndjson_client_test.go reads it for the suite. Whoever
// writes a transport of their own runs
//
//	func TestTransport(t *testing.T) { transporttest.Run(t, myTransport) }
//
// where a Transport says how to serve a chat and how to read what is served, in
// the neutral form of a Frame.
//
// # The obligations
//
// Each is a subtest that bears its name.
//
//   - Unauthenticated: who has no credentials is refused with unauthenticated,
//     before the room, the cursor or the host's rules are looked at. An Auth
//     that panics lets nobody in.
//   - MissingRoom: a room that is not there, or cannot be, is refused with
//     room_not_found.
//   - HiddenRoom: a room that May hides is refused exactly like a missing one; a
//     room that May forbids is refused with forbidden.
//   - StartOrder: a reader is first told its verdict, then of a reset if there is
//     one, then what it has missed, and then once that it is live.
//   - Verdicts: every text is a cursor. None and latest are fresh; earliest and
//     every ULID that is not beyond the newest event are resumed, in any letter
//     case, whether it is an event, of another room, or none; all else is reset,
//     with the reason. No cursor is ever refused.
//   - ExpiredCursor: a cursor below the floor of its room is reset, with the floor
//     and the head; the floor itself and earliest are resumed.
//   - Overtaken: a reader that retention overtakes is told by a reset, loses
//     nothing else, and goes on from the present.
//   - LiveCursor: a reader that is cut off after the mark that it is live, and
//     before its first event, has a cursor that misses nothing, also after the
//     verdicts fresh and reset.
//   - NoSeam: a reader that is cut off again and again while others write, after
//     any number of events or in the midst of one, and resumes each time, gets
//     every event once and in order.
//   - SameBytes: an event is the bytes of its Event.JSON, on replay and live.
//   - LargeEvents: a burst of events near 64 KiB arrives whole.
//   - Erased: an event that was erased is served erased to whoever comes then.
//   - SeveralRooms: a reader of several rooms has one cursor and gets one order;
//     each room has its verdict; a room that ends does not end the others.
//   - ManyReaders: fifty readers, opened while four writers write, each get what
//     the log holds.
//   - Heartbeat: a reader that has nothing to read is shown that the server lives.
//   - Refused: a reader whom May begins to refuse a room is told forbidden within
//     a heartbeat, also while the room is never silent, and nothing of the room
//     after that.
//   - Removal: a reader who is removed, banned, or not a member of a room that is
//     made private, gets all up to the event that says so, then is told forbidden,
//     and gets nothing of the room after that, live or on replay, though the next
//     heartbeat is far. Who comes again is refused.
//   - Deletion: where a room is deleted its readers are told forbidden, and get
//     nothing that is written into a later room of that name.
//   - JoinedVisibility: a reader of a room whose members see it from their join on
//     gets nothing of what came before, with whatever cursor.
//   - Signals: what is so just now comes once a reader is live, and not before:
//     first how far the user has read, where there is a marker, and the whole of who
//     is there, then who is typing and the host's own, then what changes.
//   - SignalsMoveNoCursor: who resumes after signals has neither missed an event
//     nor gets one twice.
//   - SignalsOfTheLate: a reader that takes nothing for a while is then told what is
//     so by then, and not all that has been so meanwhile.
//   - SignalsOfTheRemoved: behind the event that takes a room from a reader comes no
//     signal of it, however many are made around it, and none that was made after.
//   - Departure: with the last reader of a user their typing and the host's own
//     signals end at once, and their presence after the grace time, in whatever way
//     the reader ends.
//   - Expiry: a reader whose grant ends is told expired, without waiting for
//     anything else, and gets nothing that is stored after that.
//   - Drain: a reader that is live is sent what was stored before the drain, at
//     least as much of it as a Feed gives at once, then draining, and nothing more.
//     Whoever comes then is told so. Drain returns when the readers have ended.
//   - DrainedAnywhere: a reader that is drained in the midst of its replay resumes
//     at another server over the same file, and has missed nothing.
//   - SlowReader: a reader that reads little at a time is late, and neither cut
//     off nor spared an event, however long it takes.
//   - FrozenReader: a reader that takes nothing is closed after the write timeout,
//     and delays nobody else.
//   - TooMany: a reader beyond the limit on connections is told so, and those who
//     are in stay in.
//   - Release: when a reader has ended, on whatever side, its place is free for
//     another one and its goroutines are gone.
//
// A transport may be unable to do one thing by its nature: to read several rooms
// in one order. It says so in Transport.OneRoom, and the subtest is skipped with
// that reason.
//
// The suite catches transports that break the contract: its own tests run it
// against some forty that do, each in one way.
package transporttest
