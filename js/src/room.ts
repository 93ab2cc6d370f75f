import type { Call } from './api.js';
import type { Chat } from './client.js';
import { Emitter } from './emitter.js';
import { newKey } from './key.js';
import { zero } from './link.js';
import type { Entry } from './outbox.js';
import type { Cursor, CustomSignal, Extras, LogEvent, Page, Presence, Receipt, Reset, Signalled, Unread, User } from './types.js';
import { delay, onAbort, once, pause } from './wait.js';

export interface RoomEvents {
  /** Something of what the room has is other than before: read it anew. Once for many changes. */
  change: Room;
  /** An event of the log, each once and in order. */
  event: LogEvent;
  /** The same, as many at once as have come. */
  events: LogEvent[];
  /** The newest page of the history, from which on events come. It takes the place of what was shown. */
  page: Page;
  /** Events are missing; the page of now came just before. */
  reset: Reset;
  /** All that was stored is here; what comes now is new. */
  live: Cursor;
  /** The room is not to be had any more: room_not_found, forbidden. */
  end: string;
  /** Who is in the room, or what has changed in that. People makes a list of it. */
  presence: Presence;
  /** Others have read further, where the room shows it. */
  receipts: Receipt[];
  /** A signal of the host's own. */
  signal: CustomSignal;
}

export interface OpenOptions extends Signalled {
  /**
   * Where to begin: a cursor, "earliest", "latest", or "saved", which is where this
   * client has read to, if it was given a storage. Without it the newest page of
   * the history is loaded, and what comes after that is followed.
   */
  after?: Cursor | 'earliest' | 'latest' | 'saved';
}

const none: readonly never[] = [];

/** A room, live: its log and its signals. Chat.room makes it; it follows nothing before open or retain. */
export class Room extends Emitter<RoomEvents> {
  /** Those who are typing, oneself not among them. */
  typists: readonly User[] = none;
  unread: Unread = { unread: 0, mentions: 0, up_to: null };
  /** Up to where the room is read; empty while it is being loaded. */
  cursor: Cursor = '';
  /** Why the room is not to be had any more. */
  ended?: string;
  /** Rises with every change of what the room has. */
  revision = 0;

  /** @internal The store that the cursor is of. */
  store?: string;
  #held?: LogEvent[]; // what came while the history is loaded
  #open?: AbortController;
  #loading?: Promise<void>;
  #users = 0;
  #typed = 0;
  #toRead?: Cursor;
  #readers = 0;
  #dirty = false;

  /** @internal */
  constructor(
    readonly chat: Chat,
    readonly id: string,
  ) {
    super();
  }

  /** What one has done and the log has not shown yet, in the order given: messages, and changes of messages. */
  get pending(): readonly Entry[] {
    return this.chat.outbox.of(this.id);
  }

  /**
   * Follows the room until it is closed or the signal is aborted. Resolves when it
   * is loaded, and rejects where it is not to be had. A room that is open stays as
   * it is.
   */
  open({ after, signal }: OpenOptions = {}): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (!this.#open) {
      this.#open = new AbortController();
      this.ended = undefined;
      this.chat.connect();
      this.#begin(after);
    }
    const own = this.#open;
    onAbort(signal, () => this.#open == own && this.close());
    return this.#loading!;
  }

  /** Follows it no more. What it has stays. */
  close(): void {
    this.#open?.abort();
    this.#open = this.#held = undefined;
    this.cursor = '';
    this.typists = none;
    this.chat.drop(this);
  }

  /** Opens the room until as many have released it as have retained it: for components that come and go. */
  retain(options?: OpenOptions): () => void {
    this.#users++;
    this.open(options).catch(() => {});
    return once(() => --this.#users || this.close());
  }

  #begin(after?: string, reset?: Reset): void {
    this.#loading = this.#load(this.#open!.signal, after, reset);
    this.#loading.catch(() => {});
  }

  async #load(signal: AbortSignal, after?: string, reset?: Reset): Promise<void> {
    const { options, outbox } = this.chat;
    const saved = after == 'saved' && options.storage?.load(this.id);
    this.#held = [];
    this.cursor = '';
    let page: Page | undefined;
    if (saved) [this.store, this.cursor] = saved;
    else if (after == 'earliest') this.cursor = zero;
    else if (after && after != 'saved' && after != 'latest') this.cursor = after;
    for (let tries = 0; !this.cursor; ) {
      const held: LogEvent[] = (this.#held = []);
      try {
        page = await this.call('GET', 'messages', { query: { limit: after == 'latest' ? 1 : (options.page ?? 50) }, signal });
        if (this.#held != held) continue; // another reset: what it was read at may be too early
        this.cursor = page!.cursor;
        this.store = this.chat.store;
      } catch (e: any) {
        signal.throwIfAborted();
        if (!e.transient && e.status != 401) {
          this.take('end', { reason: e.code });
          throw e;
        }
        // Also while nobody is signed in.
        do await pause(delay(tries++, options.backoff, e.retryAfter), signal);
        while (this.chat.state.phase == 'closed');
      }
    }
    const held = this.#held;
    this.#held = undefined;
    if (page) this.emit('page', page);
    if (reset) this.emit('reset', reset);
    outbox.reached(this.id, this.cursor);
    this.take('events', held);
    this.touch();
    this.chat.follow(this);
  }

  /**
   * Posts a message. It is pending at once, also without a connection, and is sent
   * as often as it takes; in the end it is there exactly once. Resolves to its
   * event; rejects where the server refuses it, and then it stays as failed.
   * Aborting the signal gives it up, if it is not stored yet.
   */
  send(text: string, extras?: Extras & Signalled): Promise<LogEvent> {
    this.#typed = 0;
    return this.#command('post', { text, ...extras }) as Promise<LogEvent>;
  }

  /** The commands below are sent in the same way, but a refusal is only told by the promise. They resolve to undefined where nothing has changed. */
  edit(message: string, text: string, more?: { mentions?: string[] } & Signalled): Promise<LogEvent | undefined> {
    return this.#command('edit', { message, text, ...more });
  }

  delete(message: string, more?: Signalled): Promise<LogEvent | undefined> {
    return this.#command('delete', { message, ...more });
  }

  react(message: string, emoji: string, more?: Signalled): Promise<LogEvent | undefined> {
    return this.#command('react', { message, emoji, ...more });
  }

  unreact(message: string, emoji: string, more?: Signalled): Promise<LogEvent | undefined> {
    return this.#command('unreact', { message, emoji, ...more });
  }

  async #command(op: Entry['op'], { signal, ...fields }: Partial<Entry> & Signalled): Promise<LogEvent | undefined> {
    signal?.throwIfAborted();
    return this.chat.outbox.add({ ...fields, op, room: this.id, key: newKey(), at: Date.now(), user: this.chat.user?.id, status: 'pending' }, signal);
  }

  /** Sends a message again that has failed. */
  retry(key: string): void {
    this.chat.outbox.retry(key);
  }

  /** Gives a message up that is pending or has failed. */
  drop(key: string): void {
    this.chat.outbox.drop(key);
  }

  /** Says that the user is typing: call it at every key, it is told every 3 seconds at most. */
  typing(): void {
    if (Date.now() - this.#typed < 3000 || !this.chat.online) return;
    this.#typed = Date.now();
    this.chat.run('typing', this.id).catch(() => {});
  }

  /** Marks the room as read, up to a cursor or all that has come. It only goes forward, and is told when there is a connection. */
  read(upTo: Cursor = this.cursor): void {
    if (upTo <= (this.#toRead ?? this.unread.up_to ?? '')) return;
    this.#toRead = upTo;
    this.tell();
  }

  /** @internal Tells how far the room is read. */
  async tell(): Promise<void> {
    const up_to = this.#toRead;
    if (!up_to || !this.chat.online) return;
    try {
      this.#marked(await this.chat.run('read', this.id, { up_to }));
    } catch (e: any) {
      if (e.transient) return void setTimeout(() => this.tell(), e.retryAfter || 1000);
    }
    if (this.#toRead == up_to) this.#toRead = undefined;
  }

  /** Tells those who are in the room something of one's own, of a kind that begins with "x.". Nothing of it is stored. */
  signal(kind: string, data: unknown): Promise<void> {
    return this.chat.run('signal', this.id, { kind, data });
  }

  /** A call of the API on this room, such as ("POST", "join") or ("GET", ""). */
  call(method: string, path: string, options?: Call): Promise<any> {
    return this.chat.call(method, `rooms/${encodeURIComponent(this.id)}${path && '/' + path}`, options);
  }

  /**
   * The events of the log from now on, and a Reset where some are missing. It ends
   * with the room, and rejects when the signal is aborted. A saved cursor moves
   * behind an event when the next is asked for.
   */
  async *events({ signal }: Signalled = {}): AsyncGenerator<LogEvent | Reset, void, void> {
    const queue: (LogEvent | Reset | string)[] = [];
    let wake = () => {};
    const put = (item: LogEvent | Reset | string) => {
      queue.push(item);
      wake();
    };
    const offs = [this.on('event', put), this.on('reset', put), this.on('end', put), onAbort(signal, put)];
    this.#readers++;
    try {
      for (;;) {
        signal?.throwIfAborted();
        const item = queue.shift();
        if (!item) await new Promise<void>((resolve) => (wake = resolve));
        else if (typeof item == 'string') return;
        else {
          yield item;
          if ('id' in item) this.#save(item.id);
        }
      }
    } finally {
      this.#readers--;
      offs.forEach((off) => off());
    }
  }

  [Symbol.asyncIterator](): AsyncGenerator<LogEvent | Reset, void, void> {
    return this.events();
  }

  /** @internal Something of the room has come. */
  take(what: string, data: any): void {
    if (what == 'events') {
      if (this.#held) this.#held.push(...data);
      else {
        let at = this.cursor;
        this.#apply(data.filter(({ id }: LogEvent) => id > at && (at = id)));
      }
    } else if (what == 'live') {
      this.typists = none; // nobody is, unless it is told
      this.reach(data);
      this.emit('live', this.cursor);
    } else if (what == 'reset') {
      if (this.#held) this.#held = [];
      else if (this.#open) this.#begin('', { type: 'chat.reset', room: this.id, reason: data.reason });
    } else if (what == 'end') {
      this.close();
      this.emit('end', (this.ended = data.reason));
    } else if (what == 'typing') {
      this.typists = data.users.filter(({ id }: User) => id != this.chat.user?.id);
    } else if (what == 'presence') this.emit(what, data);
    else if (what == 'read') {
      if (data.receipts) this.emit('receipts', data.receipts);
      else this.#marked(data);
    } else if (/^(x\.|cleared$)/.test(what)) this.emit('signal', { kind: what, user: data.user, data: data.data });
    this.touch();
  }

  #apply(events: LogEvent[]): void {
    if (!events.length) return;
    const me = this.chat.user?.id;
    this.emit('events', events);
    for (const event of events) {
      if (!this.#open) return; // a listener has closed it
      const { id, type, user, data } = event;
      const { unread, mentions, up_to } = this.unread;
      const mine = user.id == me;
      if (type == 'MessagePosted') {
        this.typists = this.typists.filter((one) => one.id != user.id);
        if (!mine && up_to && id > up_to && data.text != null) {
          this.unread = { ...this.unread, unread: unread + 1, mentions: mentions + +!!data.mentions?.includes(me!) };
        }
      }
      // Whose it was, and whether it was counted, the server knows.
      if (type == 'MessageDeleted' && unread && data.message > up_to!) {
        this.call('GET', '').then(({ room }) => this.#marked({ ...room, up_to: room.read_up_to }), () => {});
      }
      this.cursor = id;
      if (mine) this.chat.outbox.echo(event);
      this.emit('event', event);
      this.chat.emit('event', event);
    }
    this.reach(this.cursor);
  }

  /** @internal The log is read up to here. */
  reach(cursor: Cursor): void {
    if (!this.cursor || cursor < this.cursor) return;
    this.cursor = cursor;
    this.store = this.chat.store;
    this.chat.outbox.reached(this.id, cursor);
    if (!this.#readers) this.#save(cursor);
  }

  #save(cursor: Cursor): void {
    this.chat.options.storage?.save(this.id, this.store!, cursor);
  }

  #marked({ up_to, unread, unread_more, mentions }: Unread): void {
    if (up_to! >= (this.unread.up_to ?? '')) this.unread = { unread, unread_more, mentions, up_to };
    this.touch();
  }

  /** @internal Something has changed; those who look are told once. */
  touch(): void {
    this.revision++;
    if (this.#dirty) return;
    this.#dirty = true;
    queueMicrotask(() => {
      this.#dirty = false;
      this.emit('change', this);
    });
  }
}
