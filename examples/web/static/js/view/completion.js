// Names that are offered after an @: arrows choose, Enter and Tab take,
// Escape does not.

import { avatar } from './avatar.js';
import { el, fill } from './dom.js';

const most = 6;
const begun = /(?:^|[\s([{"'])@([^@\n]{0,30})$/u; // up to the caret

/** @typedef {{id: string, name: string}} User */

export class Completion {
  #area;
  #box;
  #people;
  /** @type {User[]} */
  #offered = [];
  #at = 0; // which of them
  /** @type {User[]} */
  #picked = [];

  /** @param {HTMLTextAreaElement} area @param {HTMLElement} box where they are shown @param {() => User[]} people */
  constructor(area, box, people) {
    this.#area = area;
    this.#box = box;
    this.#people = people;
    area.setAttribute('aria-autocomplete', 'list');
    area.setAttribute('aria-controls', box.id);
    area.addEventListener('input', () => this.#look());
    area.addEventListener('click', () => this.#look());
    area.addEventListener('blur', () => this.#offer([]));
    box.addEventListener('mousedown', (event) => event.preventDefault()); // the caret stays
  }

  /** Those who are meant by the names in the text: the ones picked before others of the same name. */
  meant() {
    return [...this.#picked, ...this.#people()];
  }

  /** The text is gone. */
  forget() {
    this.#picked = [];
    this.#offer([]);
  }

  /** Takes a key. True if it was for the list. @param {KeyboardEvent} event */
  handle(event) {
    if (this.#offered.length === 0) return false;
    const { key } = event;
    if (key === 'ArrowDown' || key === 'ArrowUp') {
      const step = key === 'ArrowDown' ? 1 : this.#offered.length - 1;
      this.#at = (this.#at + step) % this.#offered.length;
      this.#show();
    } else if ((key === 'Enter' && !event.shiftKey) || key === 'Tab') {
      this.#take(this.#offered[this.#at]);
    } else if (key === 'Escape') {
      event.stopPropagation();
      this.#offer([]);
    } else {
      return false;
    }
    event.preventDefault();
    return true;
  }

  #look() {
    const typed = this.#typed();
    if (typed === null) return this.#offer([]);
    const start = typed.toLocaleLowerCase();
    const fits = ({ name }) => {
      const lower = name.toLocaleLowerCase();
      return lower !== start && (lower.startsWith(start) || lower.split(/\s+/).some((word) => word.startsWith(start)));
    };
    this.#offer(this.#people().filter(fits).slice(0, most));
  }

  /** What stands between an @ and the caret, null if there is none. */
  #typed() {
    const { value, selectionStart, selectionEnd } = this.#area;
    if (selectionStart !== selectionEnd) return null;
    return value.slice(0, selectionStart).match(begun)?.[1] ?? null;
  }

  #take(user) {
    const { value, selectionStart } = this.#area;
    const start = selectionStart - (this.#typed() ?? '').length;
    this.#picked.unshift(user);
    this.#area.value = `${value.slice(0, start)}${user.name} ${value.slice(selectionStart).trimStart()}`;
    const caret = start + user.name.length + 1;
    this.#area.setSelectionRange(caret, caret);
    this.#offer([]);
    this.#area.dispatchEvent(new Event('input'));
  }

  #offer(users) {
    this.#offered = users;
    this.#at = 0;
    this.#show();
  }

  #show() {
    this.#box.hidden = this.#offered.length === 0;
    const option = (user, i) =>
      el(
        'li',
        { role: 'option', 'aria-selected': String(i === this.#at), onclick: () => this.#take(user) },
        avatar(user, 'avatar small'),
        el('span', {}, user.name),
      );
    const options = this.#offered.map(option);
    options.forEach((node, i) => (node.id = `${this.#box.id}-${i}`));
    fill(this.#box, ...options);
    if (options.length) this.#area.setAttribute('aria-activedescendant', `${this.#box.id}-${this.#at}`);
    else this.#area.removeAttribute('aria-activedescendant');
  }
}
