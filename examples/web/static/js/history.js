// Pages of the past: of a room, with what else happened between its messages,
// and of a thread.

import * as api from './api.js';
import { retry } from './retry.js';
import { isLine } from './store/line.js';

const size = 50; // messages a page

/** The newest page, for Timeline.begin. */
export async function newest(room, wanted) {
  const page = await retry(() => api.messages(room, { limit: size }), wanted);
  return { page, log: await between(room, page, page.cursor) };
}

/** The page before one, for Timeline.extend. @param {string} first id of the oldest item that is there */
export async function older(room, before, first, limit = size) {
  const page = await api.messages(room, { before, limit });
  return { page, log: await between(room, page, first) };
}

/**
 * The message that began a thread, as a page for Timeline.begin, and the
 * thread's newest page, for Timeline.extend: each has a cursor of its own.
 */
export async function newestOfThread(room, root, wanted) {
  const head = await retry(() => api.messages(room, { around: root, limit: 3 }), wanted);
  head.messages = head.messages.filter(({ id }) => id === root);
  return { head, page: await retry(() => api.thread(room, root, { limit: size }), wanted) };
}

/** The page of a thread before one, for Timeline.extend. */
export const olderOfThread = (room, root, before) => api.thread(room, root, { before, limit: size });

/** What lines tell of, from a page's oldest message up to an id. It is an addition: without it the page is still good. */
async function between(room, page, until) {
  const found = [];
  let after = page.has_more ? page.messages[0]?.id : undefined;
  try {
    for (let pages = 0; pages < 3; pages++) {
      const { events, next } = await api.log(room, { after, limit: 1000 });
      found.push(...events.filter((event) => event.id <= until && isLine(event)));
      if (events.length === 0 || next >= until) break;
      after = next;
    }
  } catch {
    return found;
  }
  return found;
}
