// Asking before what cannot be undone, and for how long something is to last.

import { choice, field, openDialog } from './dialog.js';
import { el } from './dom.js';

/** Asks, and acts. @param {{title: string, text: string, action: string, act: () => Promise<any>}} what */
export function confirm({ title, text, action, act }) {
  openDialog({ title, parts: [el('p', {}, text)], action, danger: true, act });
}

/** Asks for how long. @param {{title: string, text: string, action: string, act: (seconds: number) => Promise<any>}} what */
export function confirmFor({ title, text, action, act }) {
  const select = choice([['600', '10 minutes'], ['3600', '1 hour'], ['86400', '1 day'], ['604800', '1 week'], ['0', 'Until it is lifted']], '3600');
  openDialog({ title, parts: [el('p', {}, text), field('For how long', select)], action, danger: true, act: () => act(Number(select.value)) });
}
