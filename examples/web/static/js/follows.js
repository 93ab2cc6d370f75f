// The rooms that are followed: those that were opened, and the newest of the
// list, whose logs tell of their end, and of what was found in them.

import { People } from '@roomlog/chat/people';

export class Follows {
  #chat;
  #handlers;
  #rooms = new Map(); // id -> {offs, people, asked}

  /**
   * @param {import('@roomlog/chat').Chat} chat
   * @param {{events: (room: string, events: object[]) => void, changed: (room: string) => void,
   *   present: (people: People) => void, ended: (room: string, reason: string) => void}} handlers
   */
  constructor(chat, handlers) {
    this.#chat = chat;
    this.#handlers = handlers;
  }

  has(id) {
    return this.#rooms.has(id);
  }

  /** Follows a room, from a cursor on or from its newest page. */
  follow(id, after) {
    if (this.has(id)) return;
    const room = this.#chat.room(id);
    const { events, changed, ended } = this.#handlers;
    const followed = {
      people: null,
      asked: false, // how far they have read, since the room was live
      offs: [
        room.on('events', (list) => events(id, list)),
        room.on('live', () => (followed.asked = false)),
        room.on('change', () => changed(id)),
        room.on('end', (reason) => ended(id, reason)),
        room.retain({ after }),
      ],
    };
    this.#rooms.set(id, followed);
  }

  unfollow(id) {
    const { offs = [], people } = this.#rooms.get(id) ?? {};
    this.#rooms.delete(id);
    people?.close();
    for (const off of offs) off();
  }

  /** Who is in a room, and how far they have read; undefined where it is not followed. @returns {People | undefined} */
  people(id) {
    const followed = this.#rooms.get(id);
    if (followed && !followed.people) {
      const people = new People(this.#chat.room(id));
      followed.people = people;
      people.on('change', () => this.#handlers.present(people));
      people.on('receipts', () => this.#handlers.changed(id));
    }
    return followed?.people;
  }

  /** Gets how far all in a room have read, where it shows that: what is told is only who moves. @param {boolean} shown */
  readers(id, shown) {
    const followed = this.#rooms.get(id);
    if (!followed || followed.asked === shown) return;
    followed.asked = shown;
    if (shown) this.people(id)?.loadReceipts().catch(() => {}); // those who move are told all the same
  }
}
