// What the user can do on the screen, and what comes of it.

import * as api from './api.js';
import { mentionsOf } from './store/mention.js';

/**
 * @param {import('./desk.js').Desk} desk
 * @param {import('./outbox.js').Outbox} outbox
 * @param {import('./side.js').Side} side
 * @param {import('./store/people.js').People} people
 * @param {any} chat what the chat does itself
 */
export function actionsOf(desk, outbox, side, people, chat) {
  const add = (fields) => outbox.add({ ...fields, room: chat.room() });
  return {
    ...chat,
    desk,
    known: () => people.list(),
    looked: chat.list,
    send: (text, { picked = [], replyTo, thread }) => {
      const mentions = mentionsOf(text, picked);
      chat.sent();
      add({ op: 'post', text, mentions: mentions.length ? mentions : undefined, reply_to: replyTo, thread });
    },
    save: (message, text, users) => add({ op: 'edit', message, text, mentions: mentionsOf(text, users) }),
    remove: (message) => add({ op: 'delete', message }),
    react: (message, emoji, on) => add({ op: on ? 'react' : 'unreact', message, emoji }),
    again: (key) => outbox.again(key),
    discard: (key) => outbox.remove(key),
    versions: async (message) => (await api.message(chat.room(), message, true)).versions ?? [],
    openThread: async (root) => {
      await side.openThread(chat.room(), root);
      chat.refresh();
    },
    olderReplies: async () => {
      await side.thread?.older();
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
