// Writing: Enter sends, Shift and Enter make a new line. Each room keeps its
// own draft.

import { byId } from './dom.js';
import { grow } from './editor.js';
import { icon } from './icons.js';

const longest = 4_000; // code points

export class Composer {
  #form = byId('composer');
  #area = byId('text');
  #send = this.#form.querySelector('.send');
  #note = byId('composer-note');
  #drafts = new Map();
  #room = '';
  #timer = 0;

  /**
   * @param {{send: (text: string) => void, editLast: () => void}} actions
   */
  constructor(actions) {
    this.#send.append(icon('send'));
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit(actions.send);
    });
    let shift = false;
    this.#area.addEventListener('keydown', (event) => {
      shift = event.shiftKey;
      if (event.isComposing) return;
      if (event.key === 'Enter' && !shift) {
        event.preventDefault();
        this.#submit(actions.send);
      } else if (event.key === 'ArrowUp' && this.#area.value === '') {
        event.preventDefault();
        actions.editLast();
      }
    });
    // The keyboards of phones do not always say which key it was.
    this.#area.addEventListener('beforeinput', (event) => {
      if (event.inputType !== 'insertLineBreak' || shift || event.isComposing) return;
      event.preventDefault();
      this.#submit(actions.send);
    });
    this.#area.addEventListener('input', () => this.#changed());
    this.#changed();
  }

  /** Turns to a room, and to what was begun there. */
  open(room) {
    if (room === this.#room) return;
    this.#drafts.set(this.#room, this.#area.value);
    this.#room = room;
    this.#area.value = this.#drafts.get(room) ?? '';
    this.#area.placeholder = `Message ${room}`;
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
    this.#timer = setTimeout(() => this.#changed(), 6_000);
  }

  #submit(send) {
    const text = this.#area.value.trim();
    if (text === '' || length(text) > longest) return;
    this.#area.value = '';
    this.#changed();
    send(text);
    this.#area.focus({ preventScroll: true });
  }

  #changed() {
    const text = this.#area.value.trim();
    const left = longest - length(text);
    this.#send.disabled = text === '' || left < 0;
    this.#note.textContent = left > 200 ? '' : left < 0 ? `${-left} characters too long` : `${left} characters left`;
    grow(this.#area);
  }
}

const length = (text) => (text.length <= longest ? text.length : [...text].length);
