// What is open beside the conversation: one thing at a time. On a phone it
// covers the conversation.

import { byId } from './dom.js';
import { icon } from './icons.js';

const titles = { members: 'Members', thread: 'Thread', search: 'Search', mentions: 'Mentions of you' };
const openers = { members: 'people-button', search: 'open-search', mentions: 'open-mentions' };

/** @typedef {keyof typeof titles} Kind */

export class Panel {
  #panel = byId('panel');
  /** @type {Kind | ''} */
  #open = '';
  /** @type {any} where the focus was before */
  #before = null;
  #closed;

  /** @param {() => void} closed called when it has been closed, or shows something else */
  constructor(closed) {
    this.#closed = closed;
    byId('close-panel').append(icon('close'));
    byId('close-panel').addEventListener('click', () => this.close());
    this.#panel.addEventListener('keydown', (event) => event.key === 'Escape' && !event.defaultPrevented && this.close());
    this.#mark();
  }

  /** What is open, or nothing. */
  get kind() {
    return this.#open;
  }

  /** @param {Kind} kind */
  open(kind) {
    if (kind !== this.#open) {
      if (this.#open) this.#closed();
      else this.#before = document.activeElement;
      this.#open = kind;
      this.#mark();
    }
    const first = this.#panel.querySelector(`#${kind}-panel :is(input, textarea):not([hidden] *)`);
    if (first && !matchMedia('(pointer: coarse)').matches) first.focus({ preventScroll: true });
    else byId('close-panel').focus({ preventScroll: true });
  }

  close() {
    if (!this.#open) return;
    const within = this.#panel.contains(document.activeElement);
    this.#open = '';
    this.#mark();
    this.#closed();
    if (!within) return;
    const back = this.#before?.isConnected && this.#before.checkVisibility() ? this.#before : byId('text');
    back.focus({ preventScroll: true });
  }

  /** Opens, or closes if it is open. @param {Kind} kind */
  toggle(kind) {
    if (kind === this.#open) this.close();
    else this.open(kind);
    return this.#open === kind;
  }

  #mark() {
    this.#panel.hidden = this.#open === '';
    document.body.classList.toggle('panel-open', this.#open !== '');
    if (this.#open) byId('panel-title').textContent = titles[this.#open];
    for (const kind of Object.keys(titles)) byId(`${kind}-panel`).hidden = kind !== this.#open;
    for (const [kind, id] of Object.entries(openers)) byId(id).setAttribute('aria-expanded', String(kind === this.#open));
  }
}
