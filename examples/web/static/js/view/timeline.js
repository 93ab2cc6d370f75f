// The list of messages. Only what has changed is made anew; the rest of the
// elements stay, with their focus and selection.

import { byId, el } from './dom.js';
import { openEditor } from './editor.js';
import { icon } from './icons.js';
import { messageNode } from './message.js';
import { Scroll } from './scroll.js';
import { entries } from './shown.js';

export class TimelineView {
  #list = byId('timeline');
  #older = byId('older');
  #empty = byId('empty');
  #pill = byId('pill');
  #scroll;
  #actions;
  #nodes = new Map(); // id of an entry -> {node, signature}
  #room = '';
  #newest = ''; // the newest message that was at the end when it was shown
  #editing = '';
  #missed = 0;

  /**
   * @param {Omit<import('./message.js').Actions, 'edit'> & {older: () => Promise<void>, save: (id: string, text: string) => void,
   *   refresh: () => void, read: () => void}} actions
   */
  constructor(actions) {
    this.#actions = { ...actions, edit: (shown) => this.edit(shown.message.id) };
    const scroller = byId('scroller');
    this.#scroll = new Scroll(scroller, this.#list, () => this.#mark());
    const button = byId('load-older');
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
   * Shows a room as it is now.
   * @param {string} room
   * @param {import('../store/timeline.js').Timeline} timeline
   * @param {import('../outbox.js').Command[]} commands
   * @param {{id: string, name: string}} me
   */
  show(room, timeline, commands, me) {
    const changed = room !== this.#room;
    if (changed) this.#clear(room);
    const list = entries(timeline, commands, me);
    byId('scroller').setAttribute('aria-busy', String(!timeline.loaded));
    this.#scroll.keep(() => {
      this.#reconcile(list, changed);
      this.#older.hidden = !timeline.hasMore;
      this.#empty.hidden = !timeline.loaded || list.some(({ message }) => message);
      this.#empty.textContent = 'Nothing has been said here yet.';
    });
    if (changed) this.toEnd();
    this.#count(list);
    this.#mark();
  }

  /** Opens the editor of an own message. */
  edit(id) {
    const known = this.#nodes.get(id);
    if (!known || this.#editing) return;
    this.#editing = id;
    openEditor(known.node, known.entry.text, (text) => {
      this.#editing = '';
      known.signature = ''; // made anew with the next showing
      if (text !== null) this.#actions.save(id, text);
      this.#actions.refresh();
      byId('text').focus({ preventScroll: true });
    });
    if (this.#scroll.atEnd) this.toEnd();
  }

  /** The newest own message that can be edited, or undefined. */
  lastOwn() {
    const own = [...this.#nodes.values()].map(({ entry }) => entry);
    return own.findLast((entry) => entry.own && entry.message.id && !entry.message.deleted && !entry.error)?.message.id;
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
    const known = this.#nodes.get(entry.id);
    const editing = entry.id === this.#editing && !entry.message.deleted;
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
    if (entry.line) return el('li', { class: 'line', 'data-id': entry.id }, entry.line);
    return messageNode(entry, this.#actions);
  }

  /** Counts what came from others while the reader was not at the end. */
  #count(list) {
    const messages = list.filter(({ message, own }) => message?.live && !own);
    if (this.#scroll.atEnd || this.#newest === '') {
      this.#missed = 0;
      this.#newest = list.findLast(({ message }) => message?.id)?.message.id ?? '';
    } else {
      this.#missed = messages.filter(({ id }) => id > this.#newest).length;
    }
  }

  #mark() {
    if (this.#scroll.atEnd) {
      this.#missed = 0;
      this.#newest = [...this.#nodes.values()].findLast(({ entry }) => entry.message?.id)?.entry.message.id ?? '';
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
