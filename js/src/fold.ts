// What events make of the messages that are shown.

import type { Cursor, LogEvent, Message, User } from './types.js';

/** The first place in a list, by id, whose message is not older than an id. */
const place = (list: readonly Message[], id: string): number => {
  let low = 0;
  for (let high = list.length; low < high; ) {
    const middle = (low + high) >> 1;
    if (list[middle].id < id) low = middle + 1;
    else high = middle;
  }
  return low;
};

export const find = (list: readonly Message[], id: string | undefined): Message | undefined => {
  const found = id ? list[place(list, id)] : undefined;
  return found?.id == id ? found : undefined;
};

export const react = (m: Message, emoji: string, user: User, added: boolean, mine: boolean): Message => {
  const change = added ? 1 : -1;
  const reactions = m.reactions.map((r) =>
    r.emoji == emoji
      ? { ...r, count: r.count + change, mine: mine ? added : r.mine, users: [...r.users.filter(({ id }) => id != user.id), ...(added ? [user] : [])] }
      : r,
  );
  if (added && !reactions.some((r) => r.emoji == emoji)) reactions.push({ emoji, count: 1, mine, users: [user] });
  return { ...m, reactions: reactions.filter((r) => r.count > 0) };
};

/**
 * Applies an event to a list of messages, oldest first, in place; a message that
 * changes becomes another object. `asOf` tells up to where a message holds
 * events already, since it was loaded at that place.
 */
export const fold = (list: Message[], event: LogEvent, me: string | undefined, asOf: Map<string, Cursor>): void => {
  const { type, id, room, at, user } = event;
  const mine = user.id === me;
  const change = (target: string | undefined, how: (m: Message) => Message) => {
    const m = find(list, target);
    if (m && !m.deleted && !(asOf.get(m.id)! >= id)) list[place(list, m.id)] = how(m);
  };
  if (type == 'MessagePosted') {
    const { text, reply_to, thread, ...more } = event.data;
    const i = place(list, id);
    if (list[i]?.id == id) return;
    if (event.erased) return void list.splice(i, 0, { id, room, at, user, text: '', deleted: true, reply_to, reactions: [] });
    const parent = find(list, reply_to);
    list.splice(i, 0, {
      id, room, at, user, text: text ?? '', reply_to, thread, reactions: [], ...more,
      ...(mine && event.key && { key: event.key }),
      ...(parent && { parent: { id: parent.id, user: parent.user, text: parent.text, deleted: parent.deleted } }),
    });
    change(thread ?? reply_to, (m) => ({ ...m, replies: (m.replies ?? 0) + 1 }));
  } else if (type == 'MessageEdited') {
    const { message, text, mentions } = event.data;
    if (event.erased) return;
    change(message, (m) => ({ ...m, text: text ?? '', edited_at: at, mentions: mentions ?? m.mentions }));
  } else if (type == 'MessageDeleted') {
    const gone = find(list, event.data.message);
    change(gone?.thread ?? gone?.reply_to, (m) => ({ ...m, replies: Math.max(0, (m.replies ?? 0) - 1) }));
    change(gone?.id, (m) => ({ id: m.id, room, at: m.at, user: m.user, text: '', deleted: true, reply_to: m.reply_to, reactions: [] }));
  } else if (type == 'ReactionAdded' || type == 'ReactionRemoved') {
    const { message, emoji } = event.data;
    change(message, (m) => react(m, emoji, user, type == 'ReactionAdded', mine));
  }
  quote(list, event);
};

/** Replies show what they answer as it is now, also where that is not in the list. */
export const quote = (list: Message[], { type, data, erased }: LogEvent): void => {
  const deleted = type == 'MessageDeleted';
  if (!deleted && (type != 'MessageEdited' || erased)) return;
  const { message, text = '' }: { message: string; text?: string } = data;
  list.forEach((m, i) => {
    if (m.parent?.id == message && !m.parent.deleted) list[i] = { ...m, parent: { ...m.parent, text, deleted } };
  });
};
