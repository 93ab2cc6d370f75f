// The same as Svelte stores: objects with subscribe, so nothing of Svelte is
// needed. Each opens what it shows with its first subscriber.

import type { Chat, Message, Presence, Room, RoomView, State, Unread, User } from './chat.js';
import { type Shared, sharedMessages, sharedPeople, sharedRoom, sharedRooms } from './shared.js';

/** The contract of a Svelte store. */
export interface Readable<T> {
  subscribe(run: (value: T) => void): () => void;
}

/** Tells the value now, and whenever it is another one. */
const readable = <T>(subscribe: (listener: () => void) => () => void, get: () => T): Readable<T> => ({
  subscribe: (run) => {
    let last: T;
    const tell = () => {
      const value = get();
      if (value !== last) run((last = value));
    };
    const off = subscribe(tell);
    run((last = get()));
    return off;
  },
});

const view = <V, T>(shared: Shared<V>, pick: (view: V) => T): Readable<T> => readable(shared.subscribe, () => pick(shared.get()!));

export interface MessagesStore extends Readable<readonly Message[]> {
  /** Loads older ones. Resolves to whether there are still more. */
  older(): Promise<boolean>;
}

/** The messages of a room, oldest first, with one's own that are on their way at the end. */
export const messages = (room: Room): MessagesStore => {
  const shared = sharedMessages(room);
  return { ...view(shared, ({ list }) => list), older: async () => (await shared.get()?.older()) ?? false };
};

/** Who else is typing. Call room.typing() at every key. */
export const typing = (room: Room): Readable<readonly User[]> => view(sharedRoom(room), () => room.typists);

/** Who is in the room just now. */
export const presence = (room: Room): Readable<Presence> => view(sharedPeople(room), (people) => people.presence);

/** What is unread in a room. Call room.read() to mark it. */
export const unread = (room: Room): Readable<Unread> => view(sharedRoom(room), () => room.unread);

/** How things stand with the server. */
export const connection = (chat: Chat): Readable<State> => readable((listener) => chat.on('state', listener), () => chat.state);

/** The rooms that the user has joined. */
export const rooms = (chat: Chat): Readable<readonly RoomView[]> => view(sharedRooms(chat), ({ list }) => list);
