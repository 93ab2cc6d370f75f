// Commands about the open room and the people in it. Unlike messages they do
// not wait for a connection: they are done at once, or refused, and whoever
// gave them is told why.

import { newKey } from '@roomlog/chat';
import { leave } from '@roomlog/chat/calls';
import { explain } from './problem.js';

export class Desk {
  #client;
  #room;
  #went;
  #gone;
  #unknown;

  /**
   * @param {import('@roomlog/chat').Chat} client
   * @param {{room: () => string, went: (room: string) => void, gone: (room: string, why: string, event?: object) => void, unknown: () => void}} chat
   *   which room is open; turns to one; one is left or deleted; the server does not know the user
   */
  constructor(client, { room, went, gone, unknown }) {
    this.#client = client;
    this.#room = room;
    this.#went = went;
    this.#gone = gone;
    this.#unknown = unknown;
  }

  /** @param {object} fields of POST /rooms @param {string} key the same for every attempt */
  async create(fields, key) {
    const { room } = await this.#ask(() => this.#client.call('POST', 'rooms', { body: fields, key }));
    this.#went(room);
  }

  /** Opens the direct room with a user, making it if there is none. */
  direct({ id, name }) {
    return this.create({ kind: 'direct', members: [{ id, name }] }, newKey());
  }

  change(fields) {
    return this.#call('PATCH', '', fields);
  }

  archive(archived) {
    return this.#call('PATCH', '', { archived });
  }

  async erase() {
    const room = this.#room();
    const event = await this.#call('DELETE', '');
    this.#gone(room, 'deleted', event);
  }

  async leave() {
    const room = this.#room();
    const { event } = await this.#ask(() => leave(this.#client.room(room)));
    this.#gone(room, 'left', event);
  }

  /** Adds a member. @param {{id: string, name?: string}} user */
  add(user, role = 'member') {
    return this.#about('PUT', 'members', user, user.name ? { role, name: user.name } : { role });
  }

  setRole(user, role) {
    return this.#about('PUT', 'members', user, { role });
  }

  remove(user) {
    return this.#about('DELETE', 'members', user);
  }

  /** @param {number} seconds 0 is for ever */
  ban(user, seconds) {
    return this.#about('PUT', 'bans', user, lasting(seconds));
  }

  unban(user) {
    return this.#about('DELETE', 'bans', user);
  }

  /** @param {number} seconds 0 is for ever */
  mute(user, seconds) {
    return this.#about('PUT', 'mutes', user, lasting(seconds));
  }

  unmute(user) {
    return this.#about('DELETE', 'mutes', user);
  }

  /** @param {object} [body] */
  #about(method, kind, { id }, body) {
    return this.#call(method, `${kind}/${encodeURIComponent(id)}`, body);
  }

  /** A call on the open room. @param {object} [body] */
  #call(method, path, body) {
    return this.#ask(() => this.#client.room(this.#room()).call(method, path, { body }));
  }

  async #ask(request) {
    try {
      return await request();
    } catch (error) {
      if (error.status === 401) this.#unknown();
      throw new Error(explain(error), { cause: error });
    }
  }
}

const lasting = (seconds) => (seconds ? { until: new Date(Date.now() + seconds * 1000).toISOString() } : {});
