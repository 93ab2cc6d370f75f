// From what is known of a room to what is shown of it: messages grouped by
// author, headings for the days, and lines for what else has happened.

import { explain } from '../problem.js';
import { readersOf } from '../store/presence.js';
import { isStored, threadOf } from '../timeline.js';
import { dayName, dayOf } from './time.js';

const pause = 5 * 60_000; // ms between two messages of one group, at most

/**
 * What beside the messages decides how they look.
 * @typedef {object} Context
 * @property {{id: string, name: string}} me
 * @property {import('../store/rights.js').Rights} rights
 * @property {import('../store/people.js').People} known those whom the page has met
 * @property {string} divider what is behind it is new to the user; empty if nothing is
 * @property {import('@roomlog/chat/people').People | null} readers who has read what; null where that is not shown
 * @property {import('../store/room.js').Room} room
 */

const looks = new WeakMap(); // message -> how it looks, in JSON

/** A text that is another one where a message looks different. */
function look(message) {
  if (!looks.has(message)) looks.set(message, JSON.stringify(message));
  return looks.get(message);
}

/**
 * The entries to show, in order. Each has an id that stays the same as long as
 * it is the same entry, and a signature that changes when it looks different.
 * @param {import('../timeline.js').Timeline} timeline of a room, or of a thread in it
 * @param {Context} context
 */
export function entries(timeline, context) {
  const here = timeline.items.filter((item) => 'line' in item || !timeline.folded(item));
  const shown = here.map((item) => ('line' in item ? { id: item.id, at: item.at, line: item.line } : entryOf(item, timeline, context)));
  markNew(shown, timeline, context);
  if (context.readers) markSeen(shown, context);
  return withDays(grouped(shown));
}

/** A message, and what is shown with it and is not of it. */
function entryOf(message, timeline, { me, rights, known }) {
  const { reply_to: replyTo, thread, mentions = [], status } = message;
  return {
    id: message.key ?? message.id, // the key stays when there is an id
    at: message.at,
    message,
    text: message.text,
    stored: isStored(message),
    live: timeline.isLive(message),
    pending: status === 'pending',
    error: status === 'failed' ? explain(message.error) : '',
    fresh: false,
    seen: [],
    own: message.user.id === me.id,
    rights,
    names: mentions.map((id) => known.get(id)),
    toMe: mentions.includes(me.id),
    inThread: timeline.root !== '',
    // In a thread it goes without saying that its beginning is answered.
    parent: replyTo && replyTo !== timeline.root && !message.deleted ? message.parent ?? { id: replyTo, user: null, text: '' } : null,
    root: thread && threadOf(message) !== timeline.root ? thread : '',
  };
}

/** Marks the first message that is new to the user, if its place is here. */
function markNew(shown, { hasMore, first }, { divider }) {
  if (!divider || (hasMore && first > divider)) return;
  const entry = shown.find(({ message, own }) => message && message.id > divider && !own && !message.deleted);
  if (entry) entry.fresh = true;
}

/** Tells of the newest own message who of the members has read it. */
function markSeen(shown, { readers, me, room }) {
  const entry = shown.findLast(({ own, stored, message }) => own && stored && !message.deleted);
  if (entry) entry.seen = readersOf(readers, entry.message.id, me.id).filter(({ id }) => room.roster?.has(id)).map(({ id, name }) => name || id);
}

function grouped(shown) {
  const together = (a, b) =>
    a?.message && b?.message &&
    a.message.user.id === b.message.user.id && !b.parent && !b.root && !b.fresh &&
    Math.abs(Date.parse(b.at) - Date.parse(a.at)) < pause &&
    dayOf(new Date(a.at)) === dayOf(new Date(b.at));
  shown.forEach((entry, i) => {
    if (!entry.message) return void (entry.signature = entry.line);
    entry.first = !together(shown[i - 1], entry);
    entry.last = !together(entry, shown[i + 1]);
    const { first, last, message, names, rights, seen, parent, root } = entry;
    entry.signature = look(message) + [first, last, rights.write, rights.leads, Boolean(parent), root] + JSON.stringify([names.map(({ name }) => name), seen]);
  });
  return shown;
}

function withDays(shown) {
  const today = dayOf(new Date());
  const result = [];
  let day = '';
  for (const entry of shown) {
    const time = new Date(entry.at);
    const next = dayOf(time);
    if (next !== day) result.push({ id: `day ${next}`, day: dayName(time), at: entry.at, signature: today });
    day = next;
    if (entry.fresh) result.push({ id: 'new', news: 'New messages', at: entry.at, signature: '' });
    result.push(entry);
  }
  return result;
}
