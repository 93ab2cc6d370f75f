// What is shown of a room, or of a thread: the messages as the client has them,
// and the lines between them, in the order of the log.

/** The message in whose thread one stands: a reply without a thread stands in that of what it answers. */
export const threadOf = ({ reply_to: replyTo, thread }) => thread || replyTo || '';

/** Whether a message has an id: one that was not answered goes by its key. */
export const isStored = ({ id, key }) => id !== key;

export class Timeline {
  /** The message whose thread this is; empty if it is the room itself. */
  root;
  #messages;
  #lines;
  #since = ''; // what is behind it has come while we were looking
  #begun = false;
  /** @type {any} */
  #of = null; // what was put together last
  #items = [];
  #byId = new Map();

  /** @param {import('@roomlog/chat/messages').Messages} messages @param {import('./lines.js').Lines | null} lines @param {string} [root] */
  constructor(messages, lines = null, root = '') {
    this.#messages = messages;
    this.#lines = lines;
    this.root = root;
  }

  /** Whether a first page has come. */
  get loaded() {
    return this.#messages.ready;
  }

  /** Whether there are older messages than the first one here. */
  get hasMore() {
    return this.#messages.hasMore;
  }

  /** Messages and lines; at the end those messages that are on their way. */
  get items() {
    const { list } = this.#messages;
    const lines = this.#lines?.items ?? [];
    if (this.#of?.list === list && this.#of.lines === lines) return this.#items;
    this.#of = { list, lines };
    this.#byId = new Map(list.filter(isStored).map((message) => [message.id, message]));
    if (this.loaded && !this.#begun) {
      this.#begun = true;
      this.#since = [...this.#byId.keys(), ...lines.map(({ id }) => id)].reduce((a, b) => (a > b ? a : b), '');
    }
    return (this.#items = merged(list, lines));
  }

  get messages() {
    return [...this.#all.values()];
  }

  get #all() {
    void this.items;
    return this.#byId;
  }

  get count() {
    return this.messages.filter(({ deleted }) => !deleted).length;
  }

  /** The id of the oldest message, or undefined. */
  get first() {
    return this.messages[0]?.id;
  }

  message(id) {
    return this.#all.get(id);
  }

  /** Whether it came while we were looking. */
  isLive(item) {
    return item.id > this.#since || item.id === item.key;
  }

  /** What is shown has been loaded anew: nothing of it has just come. */
  begin() {
    this.#begun = false;
    this.#of = null;
  }

  /** The newest message, if behind a position of the log somebody else has posted; else nothing. */
  unseen(upTo, me) {
    const behind = this.messages.filter(({ id }) => id > upTo);
    return behind.some(({ user, deleted }) => user.id !== me && !deleted) ? behind.reduce((a, { id }) => (a > id ? a : id), '') : '';
  }

  /** Whether a message is shown in its thread alone: if there is a way to that thread here. */
  folded({ thread }) {
    const root = thread && thread !== this.root && this.message(thread);
    return Boolean(root && !root.deleted);
  }
}

function merged(list, lines) {
  const items = [];
  let at = 0;
  for (const message of list) {
    while (at < lines.length && (!isStored(message) || lines[at].id < message.id)) items.push(lines[at++]);
    items.push(message);
  }
  return [...items, ...lines.slice(at)];
}
