// Choosing people: known ones by their name, all others by their id.

import { avatar } from './avatar.js';
import { el, fill } from './dom.js';

const most = 5;
const userId = /^[^\s/\\]{1,128}$/;

/** @typedef {{id: string, name: string}} User */

/**
 * A field and the people who fit what is typed.
 * @param {{label: string, known: () => User[], choose: (user: User) => void}} options known leaves out who is chosen already
 * @returns {{node: HTMLElement, input: HTMLInputElement, refresh: () => void}}
 */
export function picker({ label, known, choose }) {
  const input = el('input', { class: 'field', type: 'text', 'aria-label': label, placeholder: 'Name, or the id of somebody', autocomplete: 'off', spellcheck: false });
  const list = el('ul', { class: 'picker-list' });
  const take = (user) => {
    input.value = '';
    choose(user);
    refresh();
    input.focus();
  };
  const refresh = () => {
    const typed = input.value.trim();
    const users = fitting(known(), typed);
    fill(list, ...users.map((user) => el('li', {}, el('button', { type: 'button', 'data-user': user.id, onclick: () => take(user) }, ...face(user)))));
  };
  input.addEventListener('input', refresh);
  input.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.isComposing) return;
    event.preventDefault();
    const typed = input.value.trim();
    if (typed === '') return;
    const [first] = fitting(known(), typed);
    if (first) take(first);
  });
  // Enter chooses somebody: it does not send the form around it.
  input.addEventListener('keypress', (event) => event.key === 'Enter' && event.preventDefault());
  refresh();
  return { node: el('div', { class: 'picker' }, input, list), input, refresh };
}

/** Those whose name or id fits; with what can only be an id, that one. */
function fitting(users, typed) {
  const start = typed.toLocaleLowerCase();
  const fit = users.filter(({ id, name }) => id === typed || name.toLocaleLowerCase().includes(start)).slice(0, most);
  if (typed && fit.length === 0 && userId.test(typed)) fit.push({ id: typed, name: '' });
  return fit;
}

function face({ id, name }) {
  return [avatar({ id, name: name || '#' }, 'avatar small'), el('span', { class: 'picker-name' }, name || `The user with the id ${id}`)];
}
