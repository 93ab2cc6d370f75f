// The small palette of reactions, which opens beside a message.

import { byId, el } from './dom.js';

const choices = [
  ['👍', 'Thumbs up'], ['❤️', 'Heart'], ['😂', 'Laughing'], ['🎉', 'Party'],
  ['😮', 'Surprised'], ['😢', 'Sad'], ['🔥', 'Fire'], ['👀', 'Looking'],
];

export class Palette {
  #popover = byId('palette');
  /** @type {(emoji: string) => void} */
  #chosen = () => {};

  constructor() {
    for (const [emoji, name] of choices) {
      const choose = () => {
        this.#popover.hidePopover();
        this.#chosen(emoji);
      };
      this.#popover.append(el('button', { type: 'button', title: name, 'aria-label': name, onclick: choose }, emoji));
    }
  }

  /** Opens beside an element. @param {Element} anchor @param {(emoji: string) => void} chosen */
  open(anchor, chosen) {
    this.#chosen = chosen;
    this.#popover.showPopover();
    const place = anchor.getBoundingClientRect();
    const { width, height } = this.#popover.getBoundingClientRect();
    const left = Math.min(Math.max(8, place.left + place.width / 2 - width / 2), innerWidth - width - 8);
    const above = place.top - height - 6;
    this.#popover.style.left = `${left}px`;
    this.#popover.style.top = `${above > 8 ? above : place.bottom + 6}px`;
    this.#popover.querySelector('button').focus();
  }
}
