// A notice above the conversation, which stays until it has been read.

import { byId, el, fill } from './dom.js';
import { icon } from './icons.js';

/** @param {string} text */
export function showNotice(text) {
  const box = byId('notice');
  const close = el('button', { type: 'button', class: 'icon-button', 'aria-label': 'Close the notice', onclick: hideNotice }, icon('close'));
  fill(box, el('p', {}, text), close);
  box.hidden = false;
}

export function hideNotice() {
  byId('notice').hidden = true;
}
