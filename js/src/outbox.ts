// What the user has done and nobody has confirmed. Each command keeps its key
// over all attempts, so the server carries it out once. The next of a room is
// sent when the one before is answered: so they keep their order.

import { ChatError } from './errors.js';
import type { Cursor, Extras, LogEvent, Options } from './types.js';
import { delay, onAbort } from './wait.js';

export interface Entry extends Extras {
  op: 'post' | 'edit' | 'delete' | 'react' | 'unreact';
  room: string;
  key: string;
  /** When it was given, in ms since 1970. */
  at: number;
  /** Whose it is; empty if that was not known yet. */
  user?: string;
  message?: string;
  text?: string;
  emoji?: string;
  status: 'pending' | 'sent' | 'failed';
  error?: { code: string; message: string };
  /** The event that it became. */
  id?: Cursor;
}

export interface Outbox {
  add(entry: Entry, signal?: AbortSignal): Promise<LogEvent | undefined>;
  /** The commands of a room that its log has not shown, in the order given. */
  of(room: string): Entry[];
  retry(key: string): void;
  drop(key: string, why?: unknown): void;
  /** An event of one's own has come. */
  echo(event: LogEvent): void;
  /** A room is read up to a cursor. */
  reached(room: string, cursor: Cursor): void;
  /** Sends what waits: there is a connection. */
  flush(): void;
  /** It is known who one is: what others have left stays where it is kept. */
  adopt(user: string): void;
}

interface Needs {
  options: Options;
  open(): boolean;
  /** Carries a command out. The answer has the event, if anything has changed. */
  run(entry: Entry): Promise<{ event?: LogEvent }>;
  /** Up to where the room is shown; nothing where it is not. */
  shown(room: string): Cursor | undefined;
  changed(room: string): void;
}

export const makeOutbox = ({ options, open, run, shown, changed }: Needs): Outbox => {
  const storage = options.storage;
  let entries: Entry[] = [];
  const waiting = new Map<string, [ok: (event?: LogEvent) => void, failed: (why: unknown) => void]>();
  const busy = new Set<string>(); // rooms with a command on its way
  const timers = new Map<string, any>();

  const save = (entry: Entry) => {
    if (entries.includes(entry)) storage?.put(entry); // it may have been dropped meanwhile
    changed(entry.room);
  };
  const remove = (entry: Entry) => {
    entries = entries.filter((other) => other != entry);
    storage?.remove(entry.key);
    changed(entry.room);
  };
  const find = (key: string) => entries.find((entry) => entry.key == key);

  const settle = (key: string, way: 0 | 1, value: any) => {
    waiting.get(key)?.[way](value);
    waiting.delete(key);
  };
  const done = (entry: Entry, event?: LogEvent, echoed?: boolean) => {
    const room = shown(entry.room);
    settle(entry.key, 0, event);
    entry.status = 'sent';
    entry.id = event?.id;
    // What the answer tells is shown when the log tells it: other events may come before.
    if (echoed || !event || !room || event.id <= room) remove(entry);
    else save(entry);
  };
  const failed = (entry: Entry, why: any) => {
    settle(entry.key, 1, why);
    entry.status = 'failed';
    entry.error = { code: why.code, message: why.message };
    if (entry.op == 'post') save(entry);
    else remove(entry);
  };

  const pump = async (room: string, tries = 0): Promise<void> => {
    clearTimeout(timers.get(room));
    timers.delete(room);
    const entry = entries.find((e) => e.room == room && e.status == 'pending');
    if (!entry || busy.has(room) || !open()) return;
    busy.add(room);
    let after = 0;
    try {
      done(entry, (await run(entry)).event);
    } catch (e: any) {
      if (e.transient || e.status == 401) after = delay(tries, options.backoff, e.retryAfter || 1);
      else failed(entry, e);
    }
    busy.delete(room);
    if (after) timers.set(room, setTimeout(pump, after, room, tries + 1));
    else pump(room);
  };

  const box: Outbox = {
    add: (entry, signal) => {
      const answer = new Promise<LogEvent | undefined>((ok, failed) => waiting.set(entry.key, [ok, failed]));
      answer.catch(() => {}); // it is told by the entry's status, too
      entries.push(entry);
      save(entry);
      box.flush();
      const off = onAbort(signal, (why) => box.drop(entry.key, why));
      answer.then(off, off);
      return answer;
    },
    of: (room) => entries.filter((e) => e.room == room),
    retry: (key) => {
      const entry = find(key);
      if (entry?.status != 'failed') return;
      entry.status = 'pending';
      entry.error = undefined;
      entry.at = Date.now();
      save(entry);
      box.flush();
    },
    drop: (key, why = new ChatError('dropped')) => {
      const entry = find(key);
      if (!entry) return;
      settle(key, 1, why);
      remove(entry);
    },
    echo: (event) => {
      const entry = event.key && find(event.key);
      if (entry) done(entry, event, true);
    },
    reached: (room, cursor) => {
      for (const entry of entries) if (entry.room == room && entry.id! <= cursor) remove(entry);
    },
    flush: () => {
      // But for those that the server wants to wait.
      for (const { room } of entries) if (!timers.has(room)) pump(room);
    },
    adopt: (user) => {
      const kept = (storage?.entries() ?? []).filter((entry) => !find(entry.key));
      entries = [...kept, ...entries].filter((entry) => (entry.user ??= user) == user).sort((a, b) => (a.key < b.key ? -1 : 1));
      entries.forEach(({ room }) => changed(room));
    },
  };
  return box;
};
