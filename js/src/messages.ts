// The messages of a room as people see them: history and log, folded.

import { Emitter, type ChatError, type Entry, type LogEvent, type Message, type Page, type Room, type Signalled, type Cursor } from './chat.js';
import { find, fold, quote, react } from './fold.js';
import { delay, pause } from './wait.js';

export interface MessagesEvents {
  /** The list is another one. Once for many changes. */
  change: readonly Message[];
}

/** A message as the fold wants it: those that are deleted come without reactions and text. */
const whole = (m: Message): Message => ({ ...m, text: m.text ?? '', reactions: m.reactions ?? [] });
const byId = (a: Message, b: Message) => (a.id < b.id ? -1 : 1);
const threadOf = ({ thread, reply_to }: { thread?: string; reply_to?: string }) => thread ?? reply_to;

/** The messages of a room, live, or of a thread in it. It opens the room, and closes it when it is closed itself, unless others retain it. */
export class Messages extends Emitter<MessagesEvents> {
  /** There are older ones than those of the list. */
  hasMore = false;
  /** The newest page is there. */
  ready = false;
  /** Why there is nothing to show: the thread is not to be had. Of a room, that is told by the room. */
  error?: ChatError;

  #room: Room;
  #thread?: string;
  #list: Message[] = [];
  #shown?: readonly Message[];
  #revision = 0; // of the room, as shown
  #before: Cursor | null = null;
  #asOf = new Map<string, Cursor>();
  #late?: LogEvent[]; // what has come while a page is asked for
  #answered = new Map<string, LogEvent[]>(); // what is answered and not in the list, and the changes of that while it is asked for
  #offs: (() => void)[];

  /** With a thread it has the message that began it, first, and the replies. */
  constructor(room: Room, { thread }: { thread?: string } = {}) {
    super();
    this.#room = room;
    this.#thread = thread;
    const closed = new AbortController();
    this.#offs = [
      room.on('page', (page) => {
        this.#late = undefined;
        if (thread) this.#begin(closed.signal);
        else this.#replace([page], []);
      }),
      room.on('events', (events) => this.#apply(events)),
      room.on('change', () => this.emit('change', this.list)),
      () => closed.abort(),
    ];
    const known = room.cursor;
    this.#offs.push(room.retain());
    // It was open before: its page is gone by.
    if (known) this.#begin(closed.signal);
  }

  /** Oldest first, and behind them those of one's own that are on their way. Changes of one's own that are on their way are in it, too. The same array until something changes. */
  get list(): readonly Message[] {
    if (!this.#shown || this.#revision != this.#room.revision) {
      this.#revision = this.#room.revision;
      const list = this.#list.slice();
      for (const entry of this.#room.pending) this.#foresee(list, entry);
      this.#shown = list;
    }
    return this.#shown;
  }

  /** Loads the page before the first message, or reply. Resolves to whether there are still older ones. */
  async older({ limit, signal }: Signalled & { limit?: number } = {}): Promise<boolean> {
    if (!this.hasMore || this.#late) return this.hasMore;
    const late: LogEvent[] = (this.#late = []);
    try {
      const page = await this.#page({ before: this.#before ?? this.#list[this.#thread ? 1 : 0]?.id, limit }, signal);
      if (this.#late != late) return this.hasMore; // the room was reset meanwhile
      const older = this.#load([page], late.filter(({ type }) => type != 'MessagePosted'));
      this.#list = [...older, ...this.#list].sort(byId);
    } finally {
      if (this.#late == late) this.#late = undefined;
    }
    this.#complete();
    this.#room.touch();
    return this.hasMore;
  }

  /** Keeps the newest messages only: for rooms that are open for days. */
  trim(keep: number): void {
    if (this.#list.length <= keep) return;
    this.#list = [...(this.#thread ? this.#list.slice(0, 1) : []), ...this.#list.slice(-keep)];
    this.#before = null;
    this.hasMore = true;
    this.#room.touch();
  }

  /** Follows the room no more. */
  close(): void {
    for (const off of this.#offs.splice(0)) off();
  }

  /** Loads the newest page, as often as it takes. Events that it may not have are kept until it is there. */
  async #begin(signal: AbortSignal): Promise<void> {
    const late: LogEvent[] = (this.#late = []);
    for (let tries = 0; this.#late == late && !signal.aborted; ) {
      try {
        const pages = await Promise.all([this.#page({}, signal), ...(this.#thread ? [this.#root(this.#thread, signal)] : [])]);
        if (this.#late != late) return; // the room was reset meanwhile
        this.#late = undefined;
        this.#replace(pages, late);
      } catch (e: any) {
        if (signal.aborted) return;
        if (!e.transient && e.status != 401) {
          this.error = e;
          this.#late = undefined;
        } else await pause(delay(tries++, this.#room.chat.options.backoff, e.retryAfter), signal).catch(() => {});
      }
    }
    this.#room.touch();
  }

  #page(query: object, signal?: AbortSignal): Promise<Page> {
    const path = this.#thread ? `messages/${encodeURIComponent(this.#thread)}/thread` : 'messages';
    return this.#room.call('GET', path, { query: { limit: this.#room.chat.options.page ?? 50, ...query }, signal });
  }

  /** The message that began a thread, as a page: so it is known up to where it holds events. */
  async #root(id: string, signal: AbortSignal): Promise<Page> {
    const page: Page = await this.#room.call('GET', 'messages', { query: { around: id, limit: 3 }, signal });
    return { ...page, messages: page.messages.filter((m) => m.id == id) };
  }

  /** Replaces the whole list at once: until then what was shown stays. */
  #replace(pages: Page[], late: LogEvent[]): void {
    this.#asOf.clear();
    this.#answered.clear();
    this.#list = this.#load(pages, late);
    this.ready = true;
    this.error = undefined;
    this.#shown = undefined;
    this.#complete();
  }

  /** The messages of pages, of which the first says what comes before, with what has happened since. */
  #load(pages: Page[], late: LogEvent[]): Message[] {
    const list = pages.flatMap(({ messages, cursor }) =>
      messages.map((m) => {
        this.#asOf.set(m.id, cursor);
        return whole(m);
      }),
    );
    this.#before = pages[0].prev;
    this.hasMore = pages[0].has_more;
    list.sort(byId);
    for (const event of late) this.#fold(list, event);
    return list;
  }

  #fold(list: Message[], event: LogEvent): void {
    if (event.type == 'MessagePosted' && this.#thread && threadOf(event.data) != this.#thread) return;
    fold(list, event, this.#room.chat.user?.id, this.#asOf);
  }

  #apply(events: LogEvent[]): void {
    const list = this.#list.slice();
    for (const event of events) {
      this.#fold(list, event);
      this.#answered.get((event.data as any)?.message)?.push(event);
    }
    this.#late?.push(...events);
    this.#list = list;
    this.#shown = undefined;
    this.#complete();
  }

  /** Gets what is answered by a message that came live, and is on no page that is here. */
  #complete(): void {
    for (const { reply_to, parent, deleted } of this.#list) {
      if (reply_to && !parent && !deleted && !this.#answered.has(reply_to)) this.#quote(reply_to);
    }
  }

  async #quote(id: string): Promise<void> {
    const late: LogEvent[] = [];
    this.#answered.set(id, late);
    const parent: Message | undefined = find(this.#list, id) ?? (await this.#room.call('GET', 'messages/' + encodeURIComponent(id)).catch(() => {}));
    if (!parent || this.#answered.get(id) != late) return;
    const { user, text = '', deleted } = parent;
    const list = this.#list.map((m) => (m.reply_to == id && !m.deleted ? { ...m, parent: { id, user, text, deleted } } : m));
    for (const event of late) quote(list, event);
    this.#list = list;
    this.#room.touch();
  }

  /** Shows what the server has not answered yet as if it had. */
  #foresee(list: Message[], entry: Entry): void {
    const { op, message, text, emoji, mentions, status } = entry;
    if (op == 'post') {
      if (!this.#thread || threadOf(entry) == this.#thread) list.push(this.#pending(entry));
      return;
    }
    const i = list.findIndex(({ id }) => id == message);
    if (i < 0 || list[i].deleted) return;
    let m = list[i];
    const { user } = this.#room.chat;
    if (op == 'edit') m = { ...m, text: text!, mentions: mentions ?? m.mentions };
    else if (emoji && user && m.reactions.some((r) => r.emoji == emoji && r.mine) != (op == 'react')) m = react(m, emoji, user, op == 'react', true);
    list[i] = { ...m, status };
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
