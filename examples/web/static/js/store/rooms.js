// The rooms that are listed: their newest message and what was not read yet.

/**
 * @typedef {object} Entry
 * @property {string} id
 * @property {number} members
 * @property {string} asOf the position of the log at which they were counted
 * @property {string} at when something last happened, RFC 3339
 * @property {{name: string, text: string, id: string} | null} last the newest message
 * @property {number} unread messages that came while the room was not open
 */

export class Rooms {
  /** @type {Map<string, Entry>} */
  #entries = new Map();

  /** By last activity, newest first. */
  list() {
    return [...this.#entries.values()].sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : a.id < b.id ? -1 : 1));
  }

  get(id) {
    return this.#entries.get(id);
  }

  /** Takes the server's list as of a position of the log, keeping what is counted here. */
  take(listed, cursor) {
    for (const { id, members, last_activity: at, last } of listed) {
      const entry = this.#entry(id);
      this.count(id, members, cursor);
      if (at && at >= entry.at) entry.at = at;
      if (last) this.#newest(entry, last.id, last.user?.name, last.deleted ? '' : last.text);
    }
  }

  /** How many members a room has, as of a position of the log. */
  count(id, members, cursor) {
    const entry = this.#entry(id);
    if (cursor < entry.asOf) return;
    entry.members = members;
    entry.asOf = cursor;
  }

  /** Makes sure that a room is listed. */
  add(id) {
    return this.#entry(id);
  }

  remove(id) {
    this.#entries.delete(id);
  }

  /** Takes an event of a room. @param {boolean} read whether it is being looked at */
  apply(event, read, me) {
    const entry = this.#entry(event.room);
    if (event.at > entry.at) entry.at = event.at;
    const { message, text } = event.data ?? {};
    switch (event.type) {
      case 'MessagePosted':
        this.#newest(entry, event.id, event.user.name, text);
        if (!read && event.user.id !== me) entry.unread++;
        break;
      case 'MessageEdited':
      case 'MessageDeleted':
        if (entry.last?.id === message) entry.last.text = text ?? '';
        break;
      case 'UserJoined':
        if (event.id > entry.asOf) entry.members++;
        break;
      case 'UserLeft':
        if (event.id > entry.asOf) entry.members--;
        break;
    }
  }

  #newest(entry, id, name, text) {
    if (entry.last && entry.last.id > id) return;
    entry.last = { id, name: name ?? '', text: text ?? '' };
  }

  #entry(id) {
    if (!this.#entries.has(id)) this.#entries.set(id, { id, members: 0, asOf: '', at: '', last: null, unread: 0 });
    return this.#entries.get(id);
  }
}
