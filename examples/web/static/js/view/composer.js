// Writing: Enter sends, Shift and Enter make a new line, @ offers names. Each
// room, and each thread, keeps its own draft. While nothing can be said here it
// tells why.

import { Completion } from './completion.js';
import { el, fill } from './dom.js';
import { grow } from './editor.js';
import { icon } from './icons.js';

const longest = 4_000; // code points

/** @typedef {{id: string, name: string}} User */
/** @typedef {{id: string, user: User, text: string}} Answered */

export class Composer {
  #form;
  #area;
  #send;
  #note;
  #reply;
  #completion;
  #drafts = new Map();
  #place = '';
  /** @type {Answered | null} */
  #answered = null;
  #blocked = '';
  #hint = '';
  #until = 0; // ms since 1970: slow mode lets one write again
  #timer = 0;
  #clock = 0;
  #actions;

  /**
   * @param {{form: HTMLElement, note: HTMLElement, reply: HTMLElement, names: HTMLElement}} elements
   * @param {{send: (text: string, about: {picked: User[], replyTo?: string}) => void, editLast: () => void,
   *   people: () => User[], typing: (text: string) => void}} actions people are those who can be mentioned; typing is called with
   *   every change that the user makes
   */
  constructor({ form, note, reply, names }, actions) {
    this.#form = form;
    this.#area = /** @type {any} */ (form.querySelector('textarea'));
    this.#send = /** @type {any} */ (form.querySelector('.send'));
    this.#note = note;
    this.#reply = reply;
    this.#actions = actions;
    this.#send.append(icon('send'));
    this.#completion = new Completion(this.#area, names, actions.people);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
    let shift = false;
    this.#area.addEventListener('keydown', (event) => {
      shift = event.shiftKey;
      if (event.isComposing || this.#completion.handle(event)) return;
      if (event.key === 'Enter' && !shift) {
        event.preventDefault();
        this.#submit();
      } else if (event.key === 'ArrowUp' && this.#area.value === '') {
        event.preventDefault();
        actions.editLast();
      } else if (event.key === 'Escape' && this.#answered) {
        event.stopPropagation();
        this.answer(null);
      }
    });
    // The keyboards of phones do not always say which key it was.
    this.#area.addEventListener('beforeinput', (event) => {
      if (event.inputType !== 'insertLineBreak' || shift || event.isComposing) return;
      event.preventDefault();
      this.#submit();
    });
    this.#area.addEventListener('input', () => {
      this.#changed();
      actions.typing(this.#area.value);
    });
    this.#changed();
  }

  /** Turns to a room, or a thread, and to what was begun there. */
  open(place) {
    if (place === this.#place) return;
    this.#drafts.set(this.#place, { text: this.#area.value, answered: this.#answered });
    this.#place = place;
    const { text = '', answered = null } = this.#drafts.get(place) ?? {};
    this.#drafts.delete(place);
    this.#area.value = text;
    this.#completion.forget();
    this.#until = 0;
    this.answer(answered);
    this.#changed();
  }

  /** What stands in the field while nothing is written. */
  placeholder(text) {
    if (this.#area.placeholder !== text) this.#area.placeholder = text;
  }

  /** Lets go of what was begun in a place. */
  drop(place) {
    this.#drafts.delete(place);
    if (place !== this.#place) return;
    this.#area.value = '';
    this.answer(null);
    this.#changed();
  }

  /** What is written answers a message; null ends that. @param {Answered | null} answered */
  answer(answered) {
    this.#answered = answered;
    this.#reply.hidden = !answered;
    if (!answered) return fill(this.#reply);
    const end = () => {
      this.answer(null);
      this.focus();
    };
    fill(
      this.#reply,
      icon('reply'),
      el('span', { class: 'reply-text' }, 'Reply to ', el('strong', {}, answered.user.name), ' ', el('span', {}, answered.text)),
      el('button', { type: 'button', class: 'icon-button', 'aria-label': 'Do not reply', onclick: end }, icon('close')),
    );
  }

  /** Keeps what is answered as it is now. @param {(id: string) => {text: string, deleted?: boolean} | undefined} look */
  refresh(look) {
    const now = this.#answered && look(this.#answered.id);
    if (now?.deleted) this.answer(null);
    else if (now && this.#answered && now.text !== this.#answered.text) this.answer({ ...this.#answered, text: now.text });
  }

  /**
   * How things stand for the writer.
   * @param {string} blocked why nothing can be said here; empty if it can
   * @param {string} hint what is good to know while writing
   * @param {number} until ms since 1970 before which it is too soon for another message
   */
  state(blocked, hint, until) {
    if (blocked === this.#blocked && hint === this.#hint && until === this.#until) return;
    this.#blocked = blocked;
    this.#hint = hint;
    this.#until = until;
    this.#form.hidden = blocked !== '';
    if (blocked) this.answer(null);
    this.#changed();
  }

  focus() {
    // On a phone it would open the keyboard over the conversation.
    if (!matchMedia('(pointer: coarse)').matches) this.#area.focus({ preventScroll: true });
  }

  /** Tells something for a few seconds. */
  note(text) {
    clearTimeout(this.#timer);
    this.#note.textContent = text;
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      this.#changed();
    }, 6_000);
  }

  #submit() {
    const text = this.#area.value.trim();
    if (text === '' || length(text) > longest || this.#soon() > 0) return;
    const picked = this.#completion.meant();
    this.#area.value = '';
    this.#completion.forget();
    const replyTo = this.#answered?.id;
    this.answer(null);
    this.#changed();
    this.#actions.send(text, { picked, replyTo });
    this.#area.focus({ preventScroll: true });
  }

  /** Seconds until the next message is welcome. */
  #soon() {
    return Math.max(0, Math.ceil((this.#until - Date.now()) / 1000));
  }

  #changed() {
    clearTimeout(this.#clock);
    const text = this.#area.value.trim();
    const left = longest - length(text);
    const soon = this.#soon();
    if (soon > 0) this.#clock = setTimeout(() => this.#changed(), 500);
    this.#send.disabled = text === '' || left < 0 || soon > 0;
    if (!this.#timer) this.#note.textContent = this.#words(left, soon);
    grow(this.#area);
  }

  #words(left, soon) {
    if (this.#blocked) return this.#blocked;
    if (left < 0) return `${-left} characters too long`;
    if (left <= 200) return `${left} characters left`;
    return soon > 0 ? `${this.#hint} You can write again in ${soon} s.` : this.#hint;
  }
}

const length = (text) => (text.length <= longest ? text.length : [...text].length);
