// The text of a message: as it was written, with links to follow and the
// names of those whom it speaks to.

import { namedIn } from '../store/mention.js';
import { el } from './dom.js';

const link = /https?:\/\/[^\s<>"'`]+/g;
const closing = /[.,;:!?)\]}]+$/; // belongs to the sentence rather than to the link
const few = /^(?:\p{Extended_Pictographic}[\p{Emoji_Modifier}\u200d\ufe0f\p{Extended_Pictographic}]*\s*){1,3}$/u;

/**
 * The parts of a text, for an element's children.
 * @param {string} text
 * @param {{id: string, name: string}[]} users whom it mentions
 * @param {string} me id of the user who looks
 */
export function parts(text, users = [], me = '') {
  const found = [];
  let end = 0;
  for (const { start, end: next, user } of users.length ? namedIn(text, users) : []) {
    found.push(...linked(text.slice(end, start)), el('span', { class: user.id === me ? 'mention self' : 'mention' }, text.slice(start, next)));
    end = next;
  }
  return [...found, ...linked(text.slice(end))];
}

function linked(text) {
  const found = [];
  let end = 0;
  for (const match of text.matchAll(link)) {
    const url = match[0].replace(closing, '');
    if (!URL.canParse(url)) continue;
    found.push(text.slice(end, match.index), anchor(url));
    end = match.index + url.length;
  }
  found.push(text.slice(end));
  return found;
}

/** The parts of a text with the words in it marked. @param {string[]} words */
export function marked(text, words) {
  const any = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
  if (!any) return [text];
  return text.split(new RegExp(`(${any})`, 'giu')).map((part, i) => (i % 2 ? el('mark', {}, part) : part));
}

/** Whether a text is only one to three emoji, which are shown large. */
export const isEmoji = (text) => text.length <= 32 && few.test(text);

function anchor(url) {
  return el('a', { href: url, target: '_blank', rel: 'noopener noreferrer nofollow' }, url);
}
