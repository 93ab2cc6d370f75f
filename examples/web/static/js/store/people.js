// The people whom this page has met: in rosters, and as authors of what
// happened. Names are shown, ids go over the wire.

/** @typedef {{id: string, name: string}} User */

export class People {
  /** @type {Map<string, User>} */
  #users = new Map();

  /** @param {User[]} users */
  meet(...users) {
    for (const { id, name } of users) if (id && name) this.#users.set(id, { id, name });
  }

  /** Meets those whom an event names. */
  learn({ user, data }) {
    if (user) this.meet(user);
    if (data?.member) this.meet(data.member);
  }

  /** @returns {User} */
  get(id) {
    return this.#users.get(id) ?? { id, name: '' };
  }

  /** All of them, by name. @returns {User[]} */
  list() {
    return [...this.#users.values()].sort((a, b) => a.name.localeCompare(b.name));
  }
}
