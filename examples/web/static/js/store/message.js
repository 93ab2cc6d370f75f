// A message as it is now, and how an event changes it. Every message knows the
// position of the log that it shows (asOf): an event at or before it is in the
// message already, so events may come twice, or after a page that had them.

/**
 * @typedef {object} Message
 * @property {'message'} kind
 * @property {string} id
 * @property {{id: string, name: string}} user
 * @property {string} at RFC 3339
 * @property {string} text
 * @property {boolean} edited
 * @property {boolean} deleted
 * @property {string} replyTo id of the message that it answers, or nothing
 * @property {string} thread id of the message whose thread it was posted to, or nothing
 * @property {Parent | null} parent what it answers, as far as that is known without having it here
 * @property {number} replies in its thread
 * @property {string[]} mentions ids of users
 * @property {Map<string, Reaction>} reactions by emoji, in the order of their first use
 * @property {string} asOf
 * @property {number} revision rises with every change
 * @property {boolean} [live] it came while we were looking
 */

/** @typedef {{count: number, mine: boolean, users: string[]}} Reaction */

/** @typedef {{id: string, user: {id: string, name: string}, text: string, deleted?: boolean}} Parent */

/** A message of the history view. @param {string} asOf the page's cursor @returns {Message} */
export function fromHistory(view, asOf) {
  const reactions = (view.reactions ?? []).map(({ emoji, count, mine, users }) => [
    emoji,
    { count, mine: Boolean(mine), users: (users ?? []).map((user) => user.name ?? String(user)) },
  ]);
  return {
    kind: 'message',
    id: view.id,
    user: view.user,
    at: view.at,
    text: view.text ?? '',
    edited: Boolean(view.edited_at),
    deleted: Boolean(view.deleted),
    replyTo: view.reply_to ?? '',
    thread: view.thread ?? '',
    parent: view.parent ?? null,
    replies: view.replies ?? 0,
    mentions: view.mentions ?? [],
    reactions: new Map(reactions),
    asOf,
    revision: 0,
  };
}

/** The message that a MessagePosted begins. @returns {Message} */
export function fromEvent(event) {
  const data = event.data ?? {};
  return {
    kind: 'message',
    id: event.id,
    user: event.user,
    at: event.at,
    text: data.text ?? '',
    edited: false,
    deleted: Boolean(event.erased),
    replyTo: data.reply_to ?? '',
    thread: data.thread ?? '',
    parent: null,
    replies: 0,
    mentions: data.mentions ?? [],
    reactions: new Map(),
    asOf: event.id,
    revision: 0,
    live: true,
  };
}

/** The message in whose thread one stands: a reply without a thread stands in that of what it answers. */
export const threadOf = ({ replyTo, thread }) => thread || replyTo || '';

/**
 * Folds an event about a message into it.
 * @param {Message} message
 * @param {string} me id of the user who looks
 */
export function change(message, event, me) {
  if (event.id <= message.asOf) return;
  message.asOf = event.id;
  message.revision++;
  const { text, emoji, mentions } = event.data ?? {};
  switch (event.type) {
    case 'MessageEdited':
      if (event.erased) break; // the message has been deleted since
      message.text = text;
      message.edited = true;
      if (mentions) message.mentions = mentions;
      break;
    case 'MessageDeleted':
      erase(message);
      break;
    case 'ReactionAdded':
      add(message.reactions, emoji, event.user, event.user.id === me);
      break;
    case 'ReactionRemoved':
      remove(message.reactions, emoji, event.user, event.user.id === me);
      break;
  }
}

/** Counts a reply that came into a message's thread, or went from it. @param {1 | -1} by */
export function countReply(message, event, by) {
  if (event.id <= message.asOf) return;
  message.asOf = event.id;
  message.revision++;
  message.replies = Math.max(0, message.replies + by);
}

function erase(message) {
  Object.assign(message, { text: '', deleted: true, parent: null, replies: 0, mentions: [] });
  message.reactions.clear();
}

function add(reactions, emoji, user, mine) {
  const reaction = reactions.get(emoji) ?? { count: 0, mine: false, users: [] };
  reaction.count++;
  reaction.mine ||= mine;
  reaction.users.push(user.name);
  reactions.set(emoji, reaction);
}

function remove(reactions, emoji, user, mine) {
  const reaction = reactions.get(emoji);
  if (!reaction) return;
  reaction.count--;
  if (mine) reaction.mine = false;
  reaction.users = reaction.users.filter((name) => name !== user.name);
  if (reaction.count <= 0) reactions.delete(emoji);
}
