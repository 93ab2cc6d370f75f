// The text of a message: as it was written, with links to follow.

import { el } from './dom.js';

const link = /https?:\/\/[^\s<>"'`]+/g;
const closing = /[.,;:!?)\]}]+$/; // belongs to the sentence rather than to the link
const few = /^(?:\p{Extended_Pictographic}[\p{Emoji_Modifier}\u200d\ufe0f\p{Extended_Pictographic}]*\s*){1,3}$/u;

/** The parts of a text, for an element's children. @param {string} text */
export function parts(text) {
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

/** Whether a text is only one to three emoji, which are shown large. */
export const isEmoji = (text) => text.length <= 32 && few.test(text);

function anchor(url) {
  return el('a', { href: url, target: '_blank', rel: 'noopener noreferrer nofollow' }, url);
}
