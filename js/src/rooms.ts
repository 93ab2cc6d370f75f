// The list of the user's rooms.

import { Emitter, type Chat, type RoomView } from './chat.js';

export interface RoomListEvents {
  change: readonly RoomView[];
}

/** The rooms that the user has joined, live, by last activity: with what was said last, and what is unread. */
export class RoomList extends Emitter<RoomListEvents> {
  list: readonly RoomView[] = [];
  /** The list is there. */
  ready = false;
  #rooms = new Map<string, RoomView>();
  #offs: (() => void)[];

  constructor(chat: Chat) {
    super();
    const take = ({ full, rooms, removed = [] }: { full?: boolean; rooms: RoomView[]; removed?: string[] }) => {
      if (full) this.#rooms.clear();
      for (const id of removed) this.#rooms.delete(id);
      for (const room of rooms) this.#rooms.set(room.id, room);
      this.list = [...this.#rooms.values()].sort((a, b) => (a.last_activity < b.last_activity ? 1 : -1));
      this.ready = true;
      this.emit('change', this.list);
    };
    this.#offs = [chat.on('rooms', take), chat.watchRooms()];
  }

  /** Follows the list no more. */
  close(): void {
    for (const off of this.#offs.splice(0)) off();
  }
}
