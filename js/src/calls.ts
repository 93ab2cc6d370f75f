// Calls of the API that a chat needs now and then, with their types. All else is
// chat.call and room.call.

import {
  newKey, type Chat, type Cursor, type LogEvent, type Member, type Message, type Overview, type Page, type PageQuery, type Room, type RoomSettings, type RoomView,
  type Signalled, type Status,
} from './chat.js';
import { delay, pause } from './wait.js';

const at = encodeURIComponent;

/** Repeats a call as long as it fails in a way that may pass. It rejects with the error that is for good, or the reason of the signal. */
export const patient = async <T>({ options }: Chat, call: () => Promise<T>, { signal }: Signalled = {}): Promise<T> => {
  for (let tries = 0; ; ) {
    try {
      return await call();
    } catch (e: any) {
      signal?.throwIfAborted();
      if (!e.transient) throw e;
      await pause(delay(tries++, options.backoff, e.retryAfter), signal);
    }
  }
};

/** Makes a room: its id is that of the event's room. */
export const createRoom = (chat: Chat, room: { id?: string; members?: (string | { id: string; name?: string })[] } & Partial<RoomSettings>, { signal }: Signalled = {}): Promise<LogEvent> =>
  chat.call('POST', 'rooms', { body: room, key: newKey(), signal });

/** The rooms that the user may see, by last activity. `next` goes into `after`. */
export const listRooms = (chat: Chat, { signal, ...query }: { scope?: 'mine' | 'public'; limit?: number; after?: string } & Signalled = {}): Promise<{ rooms: RoomView[]; next: string | null; cursor: Cursor }> =>
  chat.call('GET', 'rooms', { query, signal });

/** The messages that mention the user, over all rooms. */
export const mentions = (chat: Chat, { signal, ...query }: { before?: Cursor; limit?: number } & Signalled = {}): Promise<Page> =>
  chat.call('GET', 'mentions', { query, signal });

/** Sets what others see of the user. */
export const setStatus = (chat: Chat, status: Status, text?: string): Promise<unknown> => chat.call('PUT', 'me/status', { body: { status, text } });

/** Makes the user a member; that may make the room, if the host lets it. */
export const join = (room: Room, { signal }: Signalled = {}): Promise<{ event?: LogEvent; users: Member[]; cursor: Cursor }> =>
  room.call('POST', 'join', { key: newKey(), signal });

export const leave = (room: Room, { signal }: Signalled = {}): Promise<{ event?: LogEvent }> => room.call('POST', 'leave', { signal });

/** What the room is, and who is in it. */
export const overview = (room: Room, { signal }: Signalled = {}): Promise<Overview> => room.call('GET', '', { signal });

/** One message; with history also the texts that it has had. */
export const message = (room: Room, id: string, { signal, history }: { history?: boolean } & Signalled = {}): Promise<Message> =>
  room.call('GET', 'messages/' + at(id), { query: { history: history ? 1 : undefined }, signal });

/** The replies to a message. */
export const thread = (room: Room, id: string, { signal, ...query }: PageQuery & Signalled = {}): Promise<Page> =>
  room.call('GET', `messages/${at(id)}/thread`, { query, signal });

/** Messages that hold all words of q, newest first. A page may be short and still have a `prev`. */
export const search = (room: Room, q: string, { signal, ...query }: { before?: Cursor; limit?: number } & Signalled = {}): Promise<Page> =>
  room.call('GET', 'search', { query: { q, ...query }, signal });
