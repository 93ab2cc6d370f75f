// The list of rooms: those of the user, which the server tells live, and other
// public ones, which are asked for when the list is looked at.

import { listRooms } from '@roomlog/chat/calls';

const followed = 30; // rooms that are followed without having been opened
const batch = 100; // rooms that the server tells at once

export class List {
  #rooms;
  #client;
  #chat;
  #left = new Map(); // room that the user has left, or lost -> the event of that
  #followed = new Set(); // rooms that were followed from here
  /** @type {Set<string> | null} while the list begins anew: the rooms that it has had so far */
  #told = null;
  #whole = false; // all of it has come once

  /**
   * @param {import('./store/rooms.js').Rooms} rooms
   * @param {import('@roomlog/chat').Chat} client
   * @param {{kept: (room: string) => boolean, follow: (room: string, cursor: string) => void, enter: (room: string) => void,
   *   changed: () => void, unknown: () => void}} chat whether a room is followed or open, so that its log tells of its
   *   end; follows one; gets its members; the list has changed; the server does not know the user
   */
  constructor(rooms, client, chat) {
    this.#rooms = rooms;
    this.#client = client;
    this.#chat = chat;
  }

  /** Begins to follow the user's rooms, and looks for others. */
  start() {
    this.#client.on('rooms', (update) => this.#take(update));
    this.#client.watchRooms();
    this.look();
  }

  /** Takes what the server tells of the user's rooms. */
  #take({ full = false, rooms, removed = [], cursor }) {
    if (full) this.#told = new Set();
    for (const info of rooms) this.#add(info, cursor);
    for (const id of removed) this.#drop(id);
    if (this.#told && rooms.length < batch) this.#complete(this.#told);
    this.#chat.changed();
  }

  /** Looks for public rooms that the user is not in. */
  async look() {
    try {
      const { rooms, next, cursor } = await listRooms(this.#client, { scope: 'public', limit: 200 });
      for (const info of rooms) if (!info.role) this.#rooms.add(info.id).take(info, cursor);
      const listed = new Set(rooms.map(({ id }) => id));
      for (const { id, role } of this.#rooms.list()) if (!next && !role && !listed.has(id)) this.#drop(id);
      this.#chat.changed();
    } catch (error) {
      if (error.status === 401) this.#chat.unknown();
    }
  }

  /** The user has left a room, or lost it. @param {string} event that says so, if it is known */
  leave(room, event) {
    this.#left.set(room, event);
    this.#followed.delete(room);
    this.#rooms.remove(room);
  }

  /** The user turns to a room. */
  enter(room) {
    this.#left.delete(room);
  }

  left(room) {
    return this.#left.has(room);
  }

  #add(info, cursor) {
    const { id, kind, role } = info;
    this.#told?.add(id);
    if (cursor < (this.#left.get(id) ?? '')) return; // from before it was left
    this.#left.delete(id); // somebody has added us again
    const known = this.#rooms.get(id);
    const room = this.#rooms.add(id);
    const kept = this.#chat.kept(id);
    if (this.#whole && role && !known?.role && kind !== 'public' && !kept) room.fresh = true;
    room.take(info, cursor);
    if (!kept && this.#followed.size < followed) {
      this.#followed.add(id);
      this.#chat.follow(id, cursor);
    }
    if (kind === 'direct' && !room.roster) this.#chat.enter(id);
  }

  /** The list has begun anew, and is whole now. */
  #complete(told) {
    this.#told = null;
    this.#whole = true;
    for (const { id, role } of this.#rooms.list()) if (role && !told.has(id)) this.#drop(id);
  }

  #drop(room) {
    if (!this.#chat.kept(room)) this.#rooms.remove(room);
  }
}
