// Pages of a room's past: its messages, and who came and went between them.

import * as api from './api.js';
import { retry } from './retry.js';

const size = 50; // messages a page

/** The newest page, for Timeline.begin. */
export async function newest(room, wanted) {
  const page = await retry(() => api.messages(room, { limit: size }), wanted);
  return { page, log: await between(room, page, page.cursor) };
}

/** The page before one, for Timeline.extend. @param {string} first id of the oldest item that is there */
export async function older(room, before, first) {
  const page = await api.messages(room, { before, limit: size });
  return { page, log: await between(room, page, first) };
}

/** Joins and leaves from a page's oldest message up to an id. They are an addition: without them the page is still good. */
async function between(room, page, until) {
  const found = [];
  let after = page.has_more ? page.messages[0]?.id : undefined;
  try {
    for (let pages = 0; pages < 3; pages++) {
      const { events, next } = await api.log(room, { after, limit: 1000 });
      found.push(...events.filter(({ id, type }) => id <= until && (type === 'UserJoined' || type === 'UserLeft')));
      if (events.length === 0 || next >= until) break;
      after = next;
    }
  } catch {
    return found;
  }
  return found;
}
