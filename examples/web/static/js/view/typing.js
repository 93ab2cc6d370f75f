// Who is typing, in a line that is always there: nothing moves when it changes.

import { el, fill } from './dom.js';

const rest = 10_000; // ms between two that are read out

export class TypingLine {
  #line;
  #said; // for screen readers: not every change
  #text = '';
  #saidAt = 0;

  /** @param {HTMLElement} line @param {HTMLElement} said what is read out */
  constructor(line, said) {
    this.#line = line;
    this.#said = said;
  }

  /** @param {{id: string, name: string}[]} users who are typing, but for the user */
  show(users) {
    const text = sentence(users.map(({ name }) => name));
    if (text === this.#text) return;
    const began = this.#text === '';
    this.#text = text;
    fill(this.#line, text && el('span', { class: 'writing', 'aria-hidden': 'true' }, el('i'), el('i'), el('i')), text && el('span', { class: 'typists' }, text));
    if (text === '') this.#said.textContent = '';
    else if (began && Date.now() - this.#saidAt > rest) {
      this.#said.textContent = text;
      this.#saidAt = Date.now();
    }
  }
}

/** @param {string[]} names */
function sentence([first, second, ...others]) {
  if (first === undefined) return '';
  if (second === undefined) return `${first} is typing…`;
  return others.length === 0 ? `${first} and ${second} are typing…` : 'Several people are typing…';
}
