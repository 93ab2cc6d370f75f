import type { Keeper, KeyValue } from './chat.js';
/**
 * Keeps cursors and the outbox in localStorage, sessionStorage, or anything of
 * their kind. Each command is an item of its own, so tabs that share a storage do
 * not overwrite each other's. Where it is full or forbidden nothing outlives the
 * page. The name is for several chats on one origin.
 */
export declare const keep: (storage: KeyValue, name?: string) => Keeper;
