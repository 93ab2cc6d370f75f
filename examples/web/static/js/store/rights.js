// What a user may do in a room, so that only that is offered. The server has
// the last word: it decides by the same rules, at the moment of the command.

import { lasts } from './room.js';

/**
 * @typedef {object} Rights
 * @property {boolean} write posts, edits and reacts
 * @property {boolean} leads deletes what others wrote
 * @property {boolean} change title, topic, slow mode; archives, and undoes it
 * @property {boolean} add brings others in
 * @property {boolean} roles gives roles
 * @property {boolean} erase deletes the room
 * @property {boolean} leave
 * @property {boolean} handOn must hand the room on before leaving it
 * @property {string | null} muted until when one is; '' is for ever; null if not
 * @property {(member: {id: string, role?: string}) => boolean} over may remove, ban and mute that one
 */

/** @param {import('./room.js').Room} room @param {string} me @returns {Rights} */
export function rightsIn(room, me) {
  const { kind, role, archived, roster } = room;
  const fixed = kind === 'direct'; // keeps its members and what it is
  const leads = role === 'owner' || role === 'admin';
  const owners = [...(roster?.values() ?? [])].filter((member) => member.role === 'owner').length;
  const handOn = role === 'owner' && owners === 1 && room.members > 1;
  const muted = lasts(room.muted, me);
  return {
    write: !archived && muted === null && (kind === 'public' || role !== ''),
    leads,
    change: leads,
    add: leads && !fixed && !archived,
    roles: role === 'owner' && !fixed,
    erase: role === 'owner',
    leave: role !== '' && !fixed && !handOn,
    handOn,
    muted,
    over: (member) => leads && !fixed && member.id !== me && member.role !== 'owner',
  };
}
