// Who is in a room just now, as the server tells it: the whole at first, then
// what has changed from one version to the next.

const most = 100; // users that are listed; of more only the number is told

/** @typedef {{id: string, name: string, status: 'online' | 'away' | 'busy' | 'offline', text?: string, last_seen: string}} Present */

export class Presence {
  /** How many are here. */
  count = 0;
  version = 0;
  #users = new Map(); // those who are here, by id
  #seen = new Map(); // when those who are not were last here
  #newest = 0; // the newest version that was heard of

  /** Whether each of those who are here is known. */
  get listed() {
    return this.count <= most;
  }

  /** @returns {Present | undefined} undefined of somebody who is not here */
  get(id) {
    return this.#users.get(id);
  }

  /** When somebody who is not here last was, RFC 3339, or nothing. */
  lastSeen(id) {
    return this.#seen.get(id) ?? '';
  }

  /**
   * Takes what a link has told. False if something before it was missed: then the
   * whole is to be asked for.
   * @param {{version: number, from?: number, count: number, users: Present[]}} told
   */
  take({ version, from = 0, count, users }) {
    if (from === 0) this.#begin();
    else if (version <= this.version) return true; // what was asked for had it already
    this.#newest = version;
    if (from > this.version) return false;
    this.#fold(version, count, users);
    return !this.listed || this.#users.size === count;
  }

  /**
   * Takes an answer to the question who is here. False if the link has told of
   * something newer meanwhile: then it is to be asked again.
   */
  answer({ version, count, users, offline = [] }) {
    for (const { id, last_seen: at } of offline) this.#seen.set(id, at);
    if (version < this.version) return true;
    this.#users.clear();
    this.#fold(version, count, users);
    return version >= this.#newest;
  }

  #begin() {
    this.#users.clear();
    this.version = 0;
  }

  #fold(version, count, users) {
    this.version = version;
    this.count = count;
    for (const user of users) {
      if (user.status === 'offline') {
        this.#users.delete(user.id);
        this.#seen.set(user.id, user.last_seen);
      } else {
        this.#users.set(user.id, user);
      }
    }
    if (!this.listed) this.#users.clear();
  }
}
