// What the user can do on the screen, and what comes of it.

import { message } from '@roomlog/chat/calls';
import { explain } from './problem.js';
import { mentionsOf } from './store/mention.js';

/**
 * @param {import('@roomlog/chat').Chat} client
 * @param {import('./desk.js').Desk} desk
 * @param {import('./side.js').Side} side
 * @param {import('./store/people.js').People} people
 * @param {any} chat what the controller does itself
 */
export function actionsOf(client, desk, side, people, chat) {
  const room = () => client.room(chat.room());
  /** A change that was refused is seen no more; it is told why. */
  const tell = (answer) => answer.catch((error) => error.code === 'dropped' || chat.note(`That did not work: ${explain(error)}`));
  return {
    ...chat,
    desk,
    known: () => people.list(),
    send: (text, { picked = [], replyTo, thread }) => {
      const mentions = mentionsOf(text, picked);
      chat.sent();
      room().send(text, { mentions: mentions.length ? mentions : undefined, reply_to: replyTo, thread }).catch(() => {}); // it stays, as failed
    },
    save: (id, text, users) => tell(room().edit(id, text, { mentions: mentionsOf(text, users) })),
    remove: (id) => tell(room().delete(id)),
    react: (id, emoji, on) => tell(on ? room().react(id, emoji) : room().unreact(id, emoji)),
    again: (key) => room().retry(key),
    discard: (key) => room().drop(key),
    typing: (text) => text.trim() && room().typing(),
    versions: async (id) => (await message(room(), id, { history: true })).versions ?? [],
    openThread: async (root) => {
      await side.openThread(chat.room(), root);
      chat.refresh();
    },
    olderReplies: async () => {
      await side.thread?.messages.older().catch(() => {});
      chat.refresh();
    },
    closeThread: () => side.closeThread(),
    find: (words) => side.find(chat.room(), words),
    openMentions: () => side.openMentions(),
    closePanel: () => {
      side.turned();
      side.closeMentions();
    },
  };
}
