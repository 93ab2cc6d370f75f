// What components share: one view of a room for all that show it, as long as one
// of them does.

import type { Chat, Room } from './chat.js';
import { Messages } from './messages.js';
import { People } from './people.js';
import { RoomList } from './rooms.js';

/** What outlives its last user for a moment: components are often taken out only to be put in again. */
const linger = 1000;

interface View {
  on(type: 'change', listener: () => void): () => void;
  close(): void;
}

export interface Shared<T> {
  /** The view, while somebody listens. */
  get(): T | undefined;
  subscribe(listener: () => void): () => void;
}

const share = <Of extends object, T extends View>(make: (of: Of) => T) => {
  const all = new WeakMap<Of, { view: T; users: number }>();
  return (of: Of): Shared<T> => ({
    get: () => all.get(of)?.view,
    subscribe: (listener) => {
      let shared = all.get(of);
      if (!shared) all.set(of, (shared = { view: make(of), users: 0 }));
      const mine = shared;
      mine.users++;
      const off = mine.view.on('change', listener);
      let on = true;
      return () => {
        if (!on) return;
        on = false;
        off();
        setTimeout(() => {
          if (--mine.users) return;
          mine.view.close();
          all.delete(of);
        }, linger);
      };
    },
  });
};

export const sharedMessages = share((room: Room) => new Messages(room));
export const sharedPeople = share((room: Room) => new People(room));
export const sharedRooms = share((chat: Chat) => new RoomList(chat));
export const sharedRoom = share((room: Room) => {
  const release = room.retain();
  return { room, on: (type: 'change', listener: () => void) => room.on(type, listener), close: release };
});
