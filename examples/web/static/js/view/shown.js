// From what is known of a room to what is shown of it: messages grouped by
// author, headings for the days, and the commands on their way as if they had
// arrived already.

import { threadOf } from '../store/message.js';
import { dayName, dayOf } from './time.js';

const pause = 5 * 60_000; // ms between two messages of one group, at most

/**
 * What beside the messages decides how they look.
 * @typedef {object} Context
 * @property {{id: string, name: string}} me
 * @property {import('../store/rights.js').Rights} rights
 * @property {import('../store/people.js').People} people
 * @property {import('../store/timeline.js').Timeline} room the room's own timeline, also for a thread
 * @property {string} divider what is behind it is new to the user; empty if nothing is
 * @property {((message: string) => {id: string, name: string}[]) | null} readers those who have read a message; null where that is not shown
 */

/**
 * The entries to show, in order. Each has an id that stays the same as long as
 * it is the same entry, and a signature that changes when it looks different.
 * @param {import('../store/timeline.js').Timeline} timeline of a room, or of a thread in it
 * @param {import('../outbox.js').Command[]} commands of the room, in order
 * @param {Context} context
 */
export function entries(timeline, commands, context) {
  const about = Map.groupBy(commands, (command) => command.message);
  const posts = commands.filter((command) => command.op === 'post' && !(command.event && timeline.message(command.event)));
  const here = timeline.items.filter((item) => item.kind === 'line' || !timeline.folded(item));
  const shown = here.map((item) =>
    item.kind === 'line' ? { id: item.id, at: item.at, line: item.text } : existing(item, about.get(item.id) ?? [], timeline, context),
  );
  for (const command of posts) {
    const entry = coming(command, timeline, context);
    if (timeline.root ? threadOf(entry.message) === timeline.root : !timeline.folded(entry.message)) shown.push(entry);
  }
  markNew(shown, timeline, context);
  if (context.readers) markSeen(shown, context.readers);
  return withDays(grouped(shown));
}

/** Marks the first message that is new to the user, if its place is here. */
function markNew(shown, { hasMore, first }, { divider }) {
  if (!divider || (hasMore && first > divider)) return;
  const entry = shown.find(({ id, message, own }) => message && id > divider && !own && !message.deleted);
  if (entry) entry.fresh = true;
}

/** Tells of the newest own message who has read it. */
function markSeen(shown, readers) {
  const entry = shown.findLast(({ own, message }) => own && message.id && !message.deleted);
  if (entry) entry.seen = readers(entry.message.id).map(({ id, name }) => name || id);
}

function existing(message, commands, timeline, context) {
  const entry = {
    id: message.id,
    at: message.at,
    message,
    text: message.text,
    pending: false,
    key: '',
    error: '',
    reactions: [...message.reactions],
    change: '', // what the commands alter, for the signature
    fresh: false,
    seen: [],
    ...around(message, timeline, context),
  };
  for (const command of commands) foresee(entry, command, context.me);
  return entry;
}

/** What is shown with a message and is not of it. */
function around(message, timeline, { me, rights, people, room }) {
  const answered = timeline.parent(message) ?? (timeline.root ? room.parent(message) : null);
  return {
    own: message.user.id === me.id,
    rights,
    names: message.mentions.map((id) => people.get(id)),
    toMe: message.mentions.includes(me.id),
    inThread: timeline.root !== '',
    // In a thread it goes without saying that its beginning is answered.
    parent: message.replyTo && message.replyTo !== timeline.root ? answered ?? { id: message.replyTo, user: null, text: '' } : null,
    root: message.thread && message.thread !== timeline.root ? message.thread : '',
  };
}

/** Alters an entry as the command will. */
function foresee(entry, command, me) {
  entry.pending ||= !command.event;
  if (command.op === 'edit') entry.text = command.text;
  if (command.op === 'react' || command.op === 'unreact') foreseeReaction(entry, command, me);
  entry.change += `${command.key}${command.event ? '+' : ''}`;
}

function foreseeReaction(entry, { op, emoji }, me) {
  const reactions = new Map(entry.reactions);
  const { count, mine, users } = reactions.get(emoji) ?? { count: 0, mine: false, users: [] };
  if (op === 'react' && !mine) reactions.set(emoji, { count: count + 1, mine: true, users: [...users, me.name] });
  if (op === 'unreact' && mine) {
    if (count === 1) reactions.delete(emoji);
    else reactions.set(emoji, { count: count - 1, mine: false, users: users.filter((name) => name !== me.name) });
  }
  entry.reactions = [...reactions];
}

/** The entry of a message that is still on its way. */
function coming(command, timeline, context) {
  const at = new Date(command.at).toISOString();
  const message = {
    kind: 'message', id: command.event ?? '', user: context.me, at, text: command.text,
    replyTo: command.reply_to ?? '', thread: command.thread ?? '', parent: null, replies: 0, mentions: command.mentions ?? [],
    edited: false, deleted: false, reactions: new Map(), asOf: '', revision: 0, live: true,
  };
  return {
    id: command.key,
    at,
    message,
    text: command.text,
    pending: !command.event,
    key: command.key,
    error: command.error ?? '',
    reactions: [],
    change: `${command.event ?? ''}`,
    fresh: false,
    seen: [],
    ...around(message, timeline, context),
  };
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
    const { first, last, pending, error, change, message, parent, names, rights, seen } = entry;
    const context = [parent?.text, parent?.deleted, parent?.user?.name, ...names.map(({ name }) => name), rights.write, rights.leads, ...seen];
    entry.signature = `${message.revision} ${first} ${last} ${pending} ${error} ${change} ${JSON.stringify(context)}`;
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
