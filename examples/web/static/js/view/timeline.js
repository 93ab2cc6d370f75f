// The list of messages. Only what has changed is made anew; the rest of the
// elements stay, with their focus and selection.

import { el } from './dom.js';
import { openEditor } from './editor.js';
import { icon } from './icons.js';
import { messageNode } from './message.js';
import { Scroll } from './scroll.js';
import { entries } from './shown.js';

/**
 * The elements of a list of messages.
 * @typedef {{scroller: HTMLElement, list: HTMLElement, older: HTMLElement, empty: HTMLElement, pill: HTMLElement, input: HTMLElement}} Elements
 */

export class TimelineView {
  #list;
  #older;
  #empty;
  #pill;
  #scroller;
  #input;
  #scroll;
  #actions;
  #nodes = new Map(); // id of an entry -> {node, signature}
  #room = '';
  #newest = ''; // the newest message that was at the end when it was shown
  #editing = ''; // the message that is being edited
  #editor; // what is shown for it
  #missed = 0;

  /**
   * @param {Elements} elements
   * @param {Omit<import('./message.js').Actions, 'edit'> & {older: () => Promise<any>, save: (entry: any, text: string) => void,
   *   refresh: () => void, read: () => void}} actions
   */
  constructor({ scroller, list, older, empty, pill, input }, actions) {
    this.#scroller = scroller;
    this.#list = list;
    this.#older = older;
    this.#empty = empty;
    this.#pill = pill;
    this.#input = input;
    this.#actions = { ...actions, edit: (shown) => this.edit(shown.message.id) };
    this.#scroll = new Scroll(scroller, this.#list, () => this.#mark());
    const button = /** @type {any} */ (older.querySelector('button'));
    button.addEventListener('click', async () => {
      button.disabled = true;
      await actions.older().finally(() => (button.disabled = false));
    });
    this.#pill.addEventListener('click', () => this.#scroll.toEnd(calm() ? 'instant' : 'smooth'));
  }

  get atEnd() {
    return this.#scroll.atEnd;
  }

  toEnd() {
    this.#scroll.toEnd();
  }

  /**
   * Shows a room, or a thread, as it is now.
   * @param {string} room
   * @param {import('../timeline.js').Timeline} timeline
   * @param {import('./shown.js').Context} context
   */
  show(room, timeline, context) {
    const changed = room !== this.#room;
    if (changed) this.#clear(room);
    const list = entries(timeline, context);
    this.#scroller.setAttribute('aria-busy', String(!timeline.loaded));
    this.#scroll.keep(() => {
      this.#reconcile(list, changed);
      this.#older.hidden = !timeline.hasMore;
      this.#empty.hidden = !timeline.loaded || list.some(({ message }) => message);
      this.#empty.textContent = timeline.root ? '' : 'Nothing has been said here yet.';
    });
    if (changed) this.toEnd();
    this.#count(list);
    this.#mark();
  }

  /** Opens the editor of an own message. */
  edit(id) {
    const known = this.#known(id);
    if (!known || this.#editing) return;
    this.#editing = id;
    this.#editor = known;
    openEditor(known.node, known.entry.text, (text) => {
      this.#editing = '';
      known.signature = ''; // made anew with the next showing
      if (text !== null) this.#actions.save(known.entry, text);
      this.#actions.refresh();
      this.#input.focus({ preventScroll: true });
    });
    if (this.#scroll.atEnd) this.toEnd();
  }

  /** Brings a message before the user's eyes. False if it is not here. */
  jump(id) {
    const node = this.#known(id)?.node;
    if (!node) return false;
    node.scrollIntoView({ block: 'center', behavior: 'instant' });
    node.focus({ preventScroll: true });
    node.classList.remove('sought');
    requestAnimationFrame(() => node.classList.add('sought'));
    return true;
  }

  /** Nothing is shown any more. */
  empty(text = '') {
    this.#clear('');
    this.#older.hidden = this.#pill.hidden = true;
    this.#empty.hidden = text === '';
    this.#empty.textContent = text;
  }

  /** The newest own message that can be edited, or undefined. */
  lastOwn() {
    const own = [...this.#nodes.values()].map(({ entry }) => entry);
    return own.findLast((entry) => entry.own && entry.stored && !entry.message.deleted)?.message.id;
  }

  /** What is shown of a message: one's own stand under the keys that they were sent with. */
  #known(id) {
    return this.#nodes.get(id) ?? [...this.#nodes.values()].find(({ entry }) => entry.message?.id === id);
  }

  #clear(room) {
    this.#room = room;
    this.#editing = '';
    this.#newest = '';
    this.#missed = 0;
    this.#nodes.clear();
    this.#list.replaceChildren();
  }

  #reconcile(list, quiet) {
    const nodes = new Map();
    let next = this.#list.firstElementChild;
    for (const entry of list) {
      const shown = this.#node(entry, quiet);
      nodes.set(entry.id, shown);
      if (next && !next.isConnected) next = shown.node; // it has just been replaced
      if (shown.node === next) next = next.nextElementSibling;
      else this.#list.insertBefore(shown.node, next);
    }
    while (next) {
      const gone = next;
      next = next.nextElementSibling;
      gone.remove();
    }
    this.#nodes = nodes;
  }

  /** The element of an entry: the one that is there, if it still looks right. */
  #node(entry, quiet) {
    if (entry.message?.deleted && entry.message.id === this.#editing) this.#editing = '';
    const editing = this.#editing !== '' && entry.message?.id === this.#editing;
    const known = editing ? this.#editor : this.#nodes.get(entry.id);
    if (known && (editing || known.signature === entry.signature)) {
      known.entry = entry;
      return known;
    }
    const node = this.#make(entry);
    if (known || quiet || document.hidden) node.classList.remove('arrived');
    if (known?.node.isConnected) replace(known.node, node);
    return { node, entry, signature: entry.signature };
  }

  #make(entry) {
    if (entry.day) return el('li', { class: 'day' }, el('span', {}, entry.day));
    if (entry.news) return el('li', { class: 'new-line' }, el('span', {}, entry.news));
    if (entry.line) return el('li', { class: 'line', 'data-id': entry.id }, entry.line);
    return messageNode(entry, this.#actions);
  }

  /** Counts what came from others while the reader was not at the end. */
  #count(list) {
    const messages = list.filter(({ live, own }) => live && !own);
    if (this.#scroll.atEnd || this.#newest === '') {
      this.#missed = 0;
      this.#newest = list.findLast(({ stored }) => stored)?.message.id ?? '';
    } else {
      this.#missed = messages.filter(({ id }) => id > this.#newest).length;
    }
  }

  #mark() {
    if (this.#scroll.atEnd) {
      this.#missed = 0;
      this.#newest = [...this.#nodes.values()].findLast(({ entry }) => entry.stored)?.entry.message.id ?? '';
    }
    this.#pill.hidden = this.#scroll.atEnd;
    const text = this.#missed === 0 ? '' : this.#missed === 1 ? '1 new message' : `${this.#missed} new messages`;
    this.#pill.setAttribute('aria-label', text || 'Go to the newest message');
    this.#pill.replaceChildren(text, icon('down'));
    if (this.#scroll.atEnd) this.#actions.read();
  }
}

/** Puts an element in the place of another, and the focus where it was. */
function replace(old, node) {
  /** @type {any} */
  const activeElement = document.activeElement;
  const act = old.contains(activeElement) ? activeElement.dataset.act : undefined;
  const self = old === activeElement;
  old.replaceWith(node);
  if (self) node.focus({ preventScroll: true });
  else if (act) node.querySelector(`[data-act="${CSS.escape(act)}"]`)?.focus({ preventScroll: true });
}

const calm = () => matchMedia('(prefers-reduced-motion: reduce)').matches;
