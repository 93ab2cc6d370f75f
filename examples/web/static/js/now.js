// What is so just now, and what no log keeps: who is here, who is typing, and
// how far the others have read. The newest that was told holds.

import * as api from './api.js';
import { Presence } from './store/presence.js';

/** @typedef {{id: string, name: string}} User */

export class Now {
  #me;
  #ask;
  #changed;
  #presences = new Map(); // room -> Presence
  #typing = new Map(); // room -> users
  #receipts = new Map(); // room -> user -> {user, upTo}
  #loaded = new Set(); // rooms whose receipts have been asked for
  #asking = new Set(); // rooms whose presence is being asked for
  /** How others see the user, as far as the server has told. @type {{status: string, text: string}} */
  status = { status: 'online', text: '' };

  /**
   * @param {string} me id of the user
   * @param {{ask: (room: string) => Promise<any>, changed: (room: string) => void}} handlers ask gets the presence of a room
   */
  constructor(me, { ask, changed }) {
    this.#me = me;
    this.#ask = ask;
    this.#changed = changed;
  }

  /** Who is in a room, or undefined while that is not known. @returns {Presence | undefined} */
  presence(room) {
    return this.#presences.get(room);
  }

  /** Those who are typing in a room, but for the user. @returns {User[]} */
  typing(room) {
    return (this.#typing.get(room) ?? []).filter(({ id }) => id !== this.#me);
  }

  /** Those of the others who have read a message, by name. @returns {User[]} */
  readers(room, message) {
    const found = [...(this.#receipts.get(room)?.values() ?? [])];
    const readers = found.filter(({ user, upTo }) => user.id !== this.#me && upTo >= message).map(({ user }) => user);
    return readers.sort((a, b) => a.name.localeCompare(b.name));
  }

  /** Takes a signal of the link. */
  signal(room, name, data) {
    if (name === 'presence') this.#present(room, data);
    else if (name === 'typing') this.#typing.set(room, data.users);
    else if (name === 'read' && data.receipts) this.#receive(room, data.receipts);
    else return;
    this.#changed(room);
  }

  /** The room is told anew, from here on. */
  live(room) {
    this.#typing.delete(room); // nobody is, unless it is said
    this.#loaded.delete(room);
  }

  /** Somebody has posted: what they were typing. */
  posted(room, user) {
    const users = this.#typing.get(room);
    if (users) this.#typing.set(room, users.filter(({ id }) => id !== user));
  }

  /** A room is not to be had any more. */
  forget(room) {
    for (const map of [this.#presences, this.#typing, this.#receipts, this.#loaded]) map.delete(room);
  }

  /** Asks who is in a room, and when those who are not last were. */
  async look(room) {
    if (this.#asking.has(room)) return;
    this.#asking.add(room);
    try {
      const presence = this.#of(room);
      for (let tries = 0; tries < 5 && !presence.answer(await this.#ask(room)); tries++);
      this.#changed(room);
    } catch {
      // The next that is told shows that something is missing, and so does the next connection.
    }
    this.#asking.delete(room);
  }

  /** Gets how far the members have read, once, where the room shows it. @param {boolean} shown */
  async follow(room, shown) {
    if (!shown) {
      this.#receipts.delete(room);
      this.#loaded.delete(room);
    }
    if (!shown || this.#loaded.has(room)) return;
    this.#loaded.add(room);
    try {
      this.#receive(room, (await api.receipts(room)).receipts);
      this.#changed(room);
    } catch {
      // What is told from now on is shown all the same.
    }
  }

  #of(room) {
    if (!this.#presences.has(room)) this.#presences.set(room, new Presence());
    return this.#presences.get(room);
  }

  #present(room, told) {
    const presence = this.#of(room);
    if (!presence.take(told)) this.look(room);
    const own = presence.get(this.#me);
    // Who is in the room and is not seen there has chosen that.
    if (own) this.status = { status: own.status, text: own.text ?? '' };
    else if (presence.listed) this.status = { ...this.status, status: 'offline' };
  }

  #receive(room, receipts) {
    const known = this.#receipts.get(room) ?? new Map();
    for (const { user, up_to: upTo } of receipts) {
      if (!(known.get(user.id)?.upTo > upTo)) known.set(user.id, { user, upTo });
    }
    this.#receipts.set(room, known);
  }
}
