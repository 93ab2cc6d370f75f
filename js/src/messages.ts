// The messages of a room as people see them: history and log, folded.

import { Emitter, type Entry, type LogEvent, type Message, type Page, type Room, type Signalled, type Cursor } from './chat.js';
import { find, fold } from './fold.js';

export interface MessagesEvents {
  /** The list is another one. Once for many changes. */
  change: readonly Message[];
}

/** A message as the fold wants it: those that are deleted come without reactions and text. */
const whole = (m: Message): Message => ({ ...m, text: m.text ?? '', reactions: m.reactions ?? [] });

/** The messages of a room, live. It opens the room, and closes it when it is closed itself, unless others retain it. */
export class Messages extends Emitter<MessagesEvents> {
  /** There are older ones than those of the list. */
  hasMore = false;
  /** The newest page is there. */
  ready = false;

  #room: Room;
  #list: Message[] = [];
  #shown?: readonly Message[];
  #revision = 0; // of the room, as shown
  #before: Cursor | null = null;
  #asOf = new Map<string, Cursor>();
  #late?: LogEvent[]; // what has come while a page is asked for
  #offs: (() => void)[];

  constructor(room: Room) {
    super();
    this.#room = room;
    this.#offs = [
      room.on('page', (page) => {
        this.#late = undefined;
        this.#replace(page);
      }),
      room.on('events', (events) => this.#apply(events)),
      room.on('change', () => this.emit('change', this.list)),
    ];
    const known = room.cursor;
    this.#offs.push(room.retain());
    // It was open before: its page is gone by.
    if (known) this.#fetch({}, (page) => this.#replace(page)).catch(() => {});
  }

  /** Oldest first, and behind them those of one's own that are on their way. The same array until something changes. */
  get list(): readonly Message[] {
    if (!this.#shown || this.#revision != this.#room.revision) {
      this.#revision = this.#room.revision;
      this.#shown = [...this.#list, ...this.#room.pending.map((entry) => this.#pending(entry))];
    }
    return this.#shown;
  }

  /** Loads the page before the first message. Resolves to whether there are still older ones. */
  async older({ limit, signal }: Signalled & { limit?: number } = {}): Promise<boolean> {
    if (!this.hasMore || this.#late) return this.hasMore;
    await this.#fetch({ before: this.#before ?? this.#list[0]?.id, limit }, (page, late) => {
      const older = this.#load(page, late.filter(({ type }) => type != 'MessagePosted'));
      this.#list = [...older, ...this.#list];
    }, signal);
    return this.hasMore;
  }

  /** Keeps the newest messages only: for rooms that are open for days. */
  trim(keep: number): void {
    if (this.#list.length <= keep) return;
    this.#list = this.#list.slice(-keep);
    this.#before = null;
    this.hasMore = true;
    this.#room.touch();
  }

  /** Follows the room no more. */
  close(): void {
    for (const off of this.#offs.splice(0)) off();
  }

  /** Asks for a page. Events that it may not have are kept until it is there. */
  async #fetch(query: object, then: (page: Page, late: LogEvent[]) => void, signal?: AbortSignal): Promise<void> {
    const late: LogEvent[] = (this.#late = []);
    try {
      const page: Page = await this.#room.call('GET', 'messages', { query: { limit: this.#room.chat.options.page ?? 50, ...query }, signal });
      if (this.#late != late) return; // the room was reset meanwhile
      then(page, late);
    } finally {
      if (this.#late == late) this.#late = undefined;
    }
    this.#room.touch();
  }

  /** Replaces the whole list at once: until then what was shown stays. */
  #replace(page: Page, late: LogEvent[] = []): void {
    this.#asOf.clear();
    this.#list = this.#load(page, late);
    this.ready = true;
    this.#shown = undefined;
  }

  #load(page: Page, late: LogEvent[]): Message[] {
    const list = page.messages.map(whole);
    for (const { id } of list) this.#asOf.set(id, page.cursor);
    this.#before = page.prev;
    this.hasMore = page.has_more;
    for (const event of late) fold(list, event, this.#room.chat.user?.id, this.#asOf);
    return list;
  }

  #apply(events: LogEvent[]): void {
    const list = this.#list.slice();
    for (const event of events) fold(list, event, this.#room.chat.user?.id, this.#asOf);
    this.#late?.push(...events);
    this.#list = list;
    this.#shown = undefined;
  }

  #pending({ key, at, text, op, id, user, message, emoji, ...rest }: Entry): Message {
    const parent = find(this.#list, rest.reply_to);
    return {
      id: id ?? key, key, text: text ?? '', reactions: [], ...rest,
      user: this.#room.chat.user ?? { id: '', name: '' },
      at: new Date(at).toISOString(),
      ...(parent && { parent: { id: parent.id, user: parent.user, text: parent.text, deleted: parent.deleted } }),
    };
  }
}
