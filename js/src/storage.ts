// What is kept beyond the page: cursors, and what was not sent yet.

import type { Cursor, Entry, Keeper, KeyValue } from './chat.js';

const week = 7 * 24 * 3600 * 1000; // for so long the server knows a key

/**
 * Keeps cursors and the outbox in localStorage, sessionStorage, or anything of
 * their kind. Each command is an item of its own, so tabs that share a storage do
 * not overwrite each other's. Where it is full or forbidden nothing outlives the
 * page. The name is for several chats on one origin.
 */
export const keep = (storage: KeyValue, name = 'roomlog'): Keeper => {
  const place = (room: string) => `${name}:at:${room}`;
  const prefix = `${name}:out:`;
  const set = (key: string, value: unknown) => {
    try {
      storage.setItem(key, JSON.stringify(value));
    } catch {} // full or forbidden
  };
  const get = (key: string) => {
    try {
      return JSON.parse(storage.getItem(key) ?? 'null') ?? undefined;
    } catch {}
  };
  return {
    load: (room): [store: string, cursor: Cursor] | undefined => get(place(room)),
    save: (room, store, cursor) => set(place(room), [store, cursor]),
    put: (entry) => set(prefix + entry.key, entry),
    remove: (key) => {
      try {
        storage.removeItem(prefix + key);
      } catch {}
    },
    entries: () => {
      const entries: Entry[] = [];
      for (let i = 0; i < storage.length; i++) {
        const key = storage.key(i)!;
        const entry: Entry | undefined = key.startsWith(prefix) ? get(key) : undefined;
        if (!entry) continue;
        if (entry.status == 'pending' && Date.now() - entry.at > week) {
          entry.status = 'failed';
          entry.error = { code: 'expired', message: 'too old to be repeated by itself' };
        }
        entries.push(entry);
      }
      return entries;
    },
  };
};
