// From what is known of a room to what is shown of it: messages grouped by
// author, headings for the days, and the commands on their way as if they had
// arrived already.

import { dayName, dayOf } from './time.js';

const pause = 5 * 60_000; // ms between two messages of one group, at most

/**
 * The entries to show, in order. Each has an id that stays the same as long as
 * it is the same entry, and a signature that changes when it looks different.
 * @param {import('../store/timeline.js').Timeline} timeline
 * @param {import('../outbox.js').Command[]} commands of the room, in order
 * @param {{id: string, name: string}} me
 */
export function entries(timeline, commands, me) {
  const about = Map.groupBy(commands, (command) => command.message);
  const posts = commands.filter((command) => command.op === 'post' && !(command.event && timeline.message(command.event)));
  const shown = timeline.items.map((item) =>
    item.kind === 'line' ? { id: item.id, at: item.at, line: item.text } : existing(item, about.get(item.id) ?? [], me),
  );
  for (const command of posts) shown.push(coming(command, me));
  return withDays(grouped(shown));
}

function existing(message, commands, me) {
  const entry = {
    id: message.id,
    at: message.at,
    message,
    text: message.text,
    own: message.user.id === me.id,
    pending: false,
    key: '',
    error: '',
    reactions: [...message.reactions],
    change: '', // what the commands alter, for the signature
  };
  for (const command of commands) foresee(entry, command, me);
  return entry;
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
function coming(command, me) {
  const at = new Date(command.at).toISOString();
  const message = {
    kind: 'message', id: command.event ?? '', user: me, at, text: command.text,
    edited: false, deleted: false, reactions: new Map(), asOf: '', revision: 0, live: true,
  };
  return {
    id: command.key,
    at,
    message,
    text: command.text,
    own: true,
    pending: !command.event,
    key: command.key,
    error: command.error ?? '',
    reactions: [],
    change: `${command.event ?? ''}`,
  };
}

function grouped(shown) {
  const together = (a, b) =>
    a?.message && b?.message &&
    a.message.user.id === b.message.user.id &&
    Math.abs(Date.parse(b.at) - Date.parse(a.at)) < pause &&
    dayOf(new Date(a.at)) === dayOf(new Date(b.at));
  shown.forEach((entry, i) => {
    if (!entry.message) return void (entry.signature = entry.line);
    entry.first = !together(shown[i - 1], entry);
    entry.last = !together(entry, shown[i + 1]);
    const { first, last, pending, error, change, message } = entry;
    entry.signature = `${message.revision} ${first} ${last} ${pending} ${error} ${change}`;
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
    result.push(entry);
  }
  return result;
}
