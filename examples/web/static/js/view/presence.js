// How somebody's presence looks, and what it is called.

import { el } from './dom.js';
import { briefly } from './time.js';

export const names = { online: 'Online', away: 'Away', busy: 'Busy', offline: 'Offline' };

/** A dot in the colour of a status. It says nothing to a screen reader: see words. @param {string} status */
export const dot = (status) => el('span', { class: 'dot', 'data-status': status, 'aria-hidden': 'true' });

/** A status in words, with the user's own. @param {{status: string, text?: string}} of */
export const words = ({ status, text }) => [names[status], text].filter(Boolean).join(' · ');

/** @param {string} at RFC 3339, or nothing where it is not known */
export const away = (at) => (at ? `Last seen ${briefly(new Date(at))}` : names.offline);

/** A number of messages that were not read. @param {number} count @param {boolean} more there are more than that */
export const number = (count, more = false) => count.toLocaleString('en') + (more ? '+' : '');
