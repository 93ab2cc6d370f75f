// A round mark for a user: the first letter on a colour that is always the
// same for the same user.

import { el } from './dom.js';

/** @param {{id: string, name: string}} user */
export function avatar(user, className = 'avatar') {
  const mark = el('span', { class: className, 'aria-hidden': 'true' }, initial(user.name));
  tint(mark, user);
  return mark;
}

/** Gives an element its user's hue, as the CSS variable --hue. */
export function tint(element, user) {
  element.style.setProperty('--hue', String(hue(user.id)));
}

function initial(name) {
  const [first = '?'] = name.trim();
  return first.toLocaleUpperCase();
}

function hue(id) {
  let sum = 2166136261;
  for (const char of id) sum = Math.imul(sum ^ char.codePointAt(0), 16777619);
  return ((sum >>> 0) % 24) * 15;
}
