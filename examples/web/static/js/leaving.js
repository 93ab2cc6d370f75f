// Rooms that one has left, or lost: nothing of them stays on the screen.

import { farewell } from './farewell.js';
import { explain } from './problem.js';

export const home = 'general'; // where one is who is nowhere else

export class Leaving {
  #rooms;
  #parts;
  #chat;

  /**
   * @param {import('./store/rooms.js').Rooms} rooms
   * @param {{list: import('./list.js').List, conversations: import('./conversations.js').Conversations, side: import('./side.js').Side,
   *   screen: import('./view/screen.js').Screen}} parts that have something of a room
   * @param {{room: () => string, open: (room: string) => void, none: () => void, unknown: () => void, changed: () => void}} chat
   *   which room is open; turns to one, or to none; the server does not know the user; something has changed
   */
  constructor(rooms, parts, chat) {
    this.#rooms = rooms;
    this.#parts = parts;
    this.#chat = chat;
  }

  /** The words for an event, or a reason, after which a room is gone; null for any other. */
  words(room, cause, me) {
    return farewell(cause, this.#rooms.get(room)?.name ?? room, me);
  }

  /** Lets go of a room. @param {string | null} text that is told @param {string} [event] that says so, if it is known */
  gone(room, text, event = '') {
    const open = room === this.#chat.room();
    const { conversations, list, side, screen } = this.#parts;
    conversations.drop(room);
    list.leave(room, event);
    side.forget(room);
    screen.gone(room);
    if (text) screen.notice(text);
    if (open) this.#turn(room);
    list.look(); // a public one can be joined again
    this.#chat.changed();
  }

  /** A room is followed no more, for some reason. */
  ended(room, reason) {
    const { conversations } = this.#parts;
    const conversation = conversations.get(room);
    if (conversation && !conversation.opened) return; // it may be made only now
    if (reason !== 'room_not_found' || room !== home) return this.gone(room, this.words(room, reason));
    conversations.drop(room);
    if (room === this.#chat.room()) this.#chat.open(room);
  }

  /** A room cannot be opened. */
  failed(room, error) {
    if (error.status === 401) return this.#chat.unknown();
    const why = error.status === 404 ? 'There is no such room, or it is not open to you.' : explain(error);
    this.gone(room, `${this.#rooms.get(room)?.name ?? room} cannot be opened. ${why}`);
  }

  /** Turns to another room than the one that is gone. */
  #turn(gone) {
    const { list } = this.#parts;
    const next = this.#rooms.list().find(({ id, role }) => role && id !== gone && !list.left(id));
    if (next) this.#chat.open(next.id);
    else if (!list.left(home)) this.#chat.open(home);
    else this.#chat.none();
  }
}
