// The rooms that are listed.

import { Room } from './room.js';

export class Rooms {
  /** @type {Map<string, Room>} */
  #rooms = new Map();
  #me;

  /** @param {string} me id of the user who looks */
  constructor(me) {
    this.#me = me;
  }

  /** By last activity, newest first. */
  list() {
    return [...this.#rooms.values()].sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : a.id < b.id ? -1 : 1));
  }

  get(id) {
    return this.#rooms.get(id);
  }

  /** Takes the server's list as of a position of the log, keeping what is counted here. */
  take(listed, cursor) {
    for (const info of listed) this.add(info.id).take(info, cursor);
  }

  /** Makes sure that a room is listed. @returns {Room} */
  add(id) {
    if (!this.#rooms.has(id)) this.#rooms.set(id, new Room(id, this.#me));
    return /** @type {Room} */ (this.#rooms.get(id));
  }

  remove(id) {
    this.#rooms.delete(id);
  }

  /** Takes an event of a room. */
  apply(event) {
    this.add(event.room).apply(event);
  }
}
