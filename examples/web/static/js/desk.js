// Commands about the open room and the people in it. Unlike messages they do
// not wait for a connection: they are done at once, or refused, and whoever
// gave them is told why.

import * as api from './api.js';

export class Desk {
  #room;
  #went;
  #gone;
  #unknown;

  /**
   * @param {{room: () => string, went: (room: string) => void, gone: (room: string, why: string, event?: object) => void, unknown: () => void}} chat
   *   which room is open; turns to one; one is left or deleted; the server does not know the user
   */
  constructor({ room, went, gone, unknown }) {
    this.#room = room;
    this.#went = went;
    this.#gone = gone;
    this.#unknown = unknown;
  }

  /** @param {object} fields of POST /rooms @param {string} key the same for every attempt */
  async create(fields, key) {
    const { room } = await this.#ask(() => api.createRoom(fields, key));
    this.#went(room);
  }

  /** Opens the direct room with a user, making it if there is none. */
  async direct({ id, name }) {
    const { room } = await this.#ask(() => api.createRoom({ kind: 'direct', members: [{ id, name }] }));
    this.#went(room);
  }

  change(fields) {
    return this.#ask(() => api.changeRoom(this.#room(), fields));
  }

  archive(archived) {
    return this.#ask(() => api.changeRoom(this.#room(), { archived }));
  }

  async erase() {
    const room = this.#room();
    const event = await this.#ask(() => api.deleteRoom(room));
    this.#gone(room, 'deleted', event);
  }

  async leave() {
    const room = this.#room();
    const { event } = await this.#ask(() => api.leave(room));
    this.#gone(room, 'left', event);
  }

  /** Adds a member. @param {{id: string, name?: string}} user */
  add({ id, name }, role = 'member') {
    return this.#ask(() => api.putMember(this.#room(), id, name ? { role, name } : { role }));
  }

  setRole({ id }, role) {
    return this.#ask(() => api.putMember(this.#room(), id, { role }));
  }

  remove({ id }) {
    return this.#ask(() => api.removeMember(this.#room(), id));
  }

  /** @param {number} seconds 0 is for ever */
  ban({ id }, seconds) {
    return this.#ask(() => api.ban(this.#room(), id, lasting(seconds)));
  }

  unban({ id }) {
    return this.#ask(() => api.unban(this.#room(), id));
  }

  /** @param {number} seconds 0 is for ever */
  mute({ id }, seconds) {
    return this.#ask(() => api.mute(this.#room(), id, lasting(seconds)));
  }

  unmute({ id }) {
    return this.#ask(() => api.unmute(this.#room(), id));
  }

  async #ask(request) {
    try {
      return await request();
    } catch (error) {
      if (error.status === 401) this.#unknown();
      throw error;
    }
  }
}

const lasting = (seconds) => (seconds ? { until: new Date(Date.now() + seconds * 1000).toISOString() } : {});
