// The client of the page: one connection for all rooms, and an outbox that
// outlives a reload of the tab.

import { Chat } from '@roomlog/chat';
import { keep } from '@roomlog/chat/storage';

const storage = keep(sessionStorage);

/** @param {boolean} stream over server-sent events, also where a socket could be opened */
export const connect = (stream) => new Chat({ url: 'api', storage, transport: stream ? 'stream' : 'auto' });

/** What was not sent goes out under the name that was chosen anew: it is the same tab. */
export function takeOver() {
  for (const { user, ...entry } of storage.entries()) storage.put(entry);
}
