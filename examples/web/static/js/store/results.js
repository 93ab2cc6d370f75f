// Messages that were looked for: found by words, or mentions of the user. The
// pages come newest first; a message that is edited or deleted meanwhile is
// shown, or not shown, as it is now.

export class Results {
  /** @type {object[]} of the history view, newest first */
  items = [];
  /** What goes into `before` to get the next page; null at the end. */
  before = null;
  loaded = false;
  #recent = []; // the newest edits and deletions: a page may have been read before them

  /** Adds a page. @param {{messages: object[], prev: string | null, cursor: string}} page */
  add({ messages, prev, cursor }) {
    const known = new Set(this.items.map(({ id }) => id));
    this.items.push(...messages.filter(({ id, deleted }) => !deleted && !known.has(id)));
    this.items.sort((a, b) => (a.id < b.id ? 1 : -1));
    this.before = prev ?? null;
    this.loaded = true;
    for (const event of this.#recent) if (event.id > cursor) this.#fold(event);
  }

  /** Takes an event. True if it changed anything. */
  apply(event) {
    if (event.type === 'RoomDeleted') return this.forget(event.room);
    if (event.type !== 'MessageDeleted' && event.type !== 'MessageEdited') return false;
    this.#recent.push(event);
    if (this.#recent.length > 600) this.#recent.splice(0, 300);
    return this.#fold(event);
  }

  #fold({ type, data }) {
    const at = this.items.findIndex(({ id }) => id === data.message);
    if (at < 0) return false;
    if (type === 'MessageDeleted') this.items.splice(at, 1);
    else if (data.text !== undefined) this.items[at] = { ...this.items[at], text: data.text };
    return true;
  }

  /** Lets go of what was found in a room. True if there was anything. */
  forget(room) {
    const rest = this.items.filter((item) => item.room !== room);
    const changed = rest.length !== this.items.length;
    this.items = rest;
    return changed;
  }
}
