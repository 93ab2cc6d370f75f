// What an edited message said before.

import { explain } from '../problem.js';
import { openSheet } from './dialog.js';
import { el } from './dom.js';
import { inFull } from './time.js';

/** @param {string} id of the message @param {Promise<{text: string, at: string}[]>} loading oldest first */
export async function showVersions(id, loading) {
  const list = el('ol', { class: 'versions', 'data-of': id }, el('li', { class: 'hint' }, 'Loading…'));
  openSheet('What it said before', list);
  try {
    const versions = await loading;
    list.replaceChildren(...versions.toReversed().map(({ text, at }, i) => version(text, at, i === 0)));
  } catch (problem) {
    list.replaceChildren(el('li', { class: 'form-error' }, explain(problem)));
  }
}

/** The message is deleted: what is shown of it goes too. */
export function forgetVersions(id) {
  document.querySelectorAll(`.versions[data-of="${CSS.escape(id)}"]`).forEach((list) => {
    list.replaceChildren(el('li', { class: 'hint' }, 'This message was deleted.'));
  });
}

function version(text, at, present) {
  const time = el('time', { class: 'hint', dateTime: at }, inFull(new Date(at)), present && ' — as it is now');
  return el('li', {}, time, el('p', { class: 'version', dir: 'auto' }, text));
}
